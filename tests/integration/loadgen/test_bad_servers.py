"""Servers that refuse, stall, trickle or answer errors: each ends the run typed, in bounded time, with a remedy."""

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from integration.loadgen.recorder import METADATA, MODEL, write_numbered_samples
from integration.loadgen.shell import inferometer, report_in
from integration.loadgen.specs import write_spec

type Behaviour = Callable[[socket.socket, str], None]
"""What a server does with one request, given its first line."""


def stalls(sock: socket.socket, _line: str) -> None:
    while sock.recv(65_536):  # until the client hangs up
        pass


def trickles(sock: socket.socket, _line: str) -> None:
    sock.sendall(b"HTTP/1.1 200 OK\r\n")
    for _ in range(60):
        sock.sendall(b"X")
        threading.Event().wait(1)


def hangs_up(sock: socket.socket, _line: str) -> None:
    sock.close()


def answers_errors(sock: socket.socket, line: str) -> None:
    if line.startswith("GET"):
        answer(sock, "200 OK", json.dumps(METADATA))
    else:
        answer(sock, "500 Internal Server Error", '{"error":"CUDA out of memory"}')


def stalls_on_queries(sock: socket.socket, line: str) -> None:
    if line.startswith("GET"):
        answer(sock, "200 OK", json.dumps(METADATA))
    else:
        stalls(sock, line)


def answer(sock: socket.socket, status: str, body: str) -> None:
    sock.sendall(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())


@contextmanager
def a_server_that(behaves: Behaviour) -> Iterator[str]:
    """Its URL. Each connection has a thread of its own, which ends with the test's process at the latest."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, args=(listener, behaves), daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def accept(listener: socket.socket, behaves: Behaviour) -> None:
    while True:
        try:
            sock, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=serve, args=(sock, behaves), daemon=True).start()


def serve(sock: socket.socket, behaves: Behaviour) -> None:
    buffer = b""
    with sock, contextlib.suppress(OSError):
        while data := sock.recv(65_536):
            buffer += data
            while (end := buffer.find(b"\r\n\r\n")) >= 0:
                head = buffer[:end].decode()
                length = next(
                    (int(line.split(":")[1]) for line in head.splitlines() if line.startswith("Content-Length")), 0
                )
                if len(buffer) < end + 4 + length:
                    break
                buffer = buffer[end + 4 + length :]
                behaves(sock, head)


@pytest.mark.parametrize(
    ("behaves", "words"),
    [
        pytest.param(stalls, "FAILED  ServerUnreachable: worker 0:", id="one that stalls"),
        pytest.param(trickles, "FAILED  ServerUnreachable: worker 0:", id="one that trickles"),
        pytest.param(hangs_up, "FAILED  ServerUnreachable: worker 0:", id="one that hangs up"),
        pytest.param(
            answers_errors, 'the first with: HTTP 500: {"error":"CUDA out of memory"}', id="one that answers errors"
        ),
    ],
)
def test_a_server_that_is_of_no_use_ends_the_run_before_it_is_measured(
    tmp_path: Path, behaves: Behaviour, words: str
) -> None:
    with a_server_that(behaves) as url:
        ended = inferometer("run", *arguments(tmp_path, url))

    assert ended.code == 1, ended.stderr
    assert words in ended.stderr


def test_a_server_that_refuses_is_named_with_its_address(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"

    ended = inferometer("run", *arguments(tmp_path, url))

    assert ended.code == 1
    assert url in ended.stderr
    assert "ServerUnreachable" in ended.stderr


def test_errors_in_the_measured_run_make_it_invalid_in_the_servers_own_words(tmp_path: Path) -> None:
    with a_server_that(answers_errors) as url:
        ended = inferometer("run", *arguments(tmp_path, url, warmup="0s"))

    report = report_in(tmp_path)
    assert ended.code == 3
    assert report.verdict == "Invalid"
    assert report.result.errors == report.result.queries
    assert report.result.latency.p50_ns is None
    assert "CUDA out of memory" in report.reasons[0].message


def test_queries_that_are_never_answered_time_out_and_stay_in(tmp_path: Path) -> None:
    with a_server_that(stalls_on_queries) as url:
        ended = inferometer("run", *arguments(tmp_path, url, warmup="0s", bound="100ms", duration="1s"))

    report = report_in(tmp_path)
    assert ended.code == 3
    assert report.result.answered == 0
    assert report.result.errors == report.result.queries
    assert "timed out" in report.reasons[0].message


def arguments(
    folder: Path, url: str, warmup: str = "500ms", bound: str = "1s", duration: str = "2s"
) -> tuple[str, ...]:
    write_numbered_samples(folder / "samples.npz", 4)
    data = {"configMap": {"name": "samples"}}
    spec = write_spec(folder, model=MODEL, data=data, warmup=warmup, latencyBound=bound, minDuration=duration)
    return (str(spec), "--endpoint", url, "--data", str(folder / "samples.npz"), "-o", str(folder))
