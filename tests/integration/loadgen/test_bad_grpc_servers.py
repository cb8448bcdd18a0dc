"""gRPC servers that are none, refuse or stall: each ends the run typed, in bounded time, in the server's own words."""

import threading
from pathlib import Path

import grpc
import pytest

from integration.loadgen.recorder import MODEL, write_numbered_samples
from integration.loadgen.recorder_grpc import recording_grpc_server
from integration.loadgen.shell import Ended, inferometer, report_in
from integration.loadgen.specs import write_spec
from integration.loadgen.test_bad_servers import Behaviour, a_server_that, answers_errors, hangs_up, stalls


@pytest.mark.parametrize(
    "behaves",
    [
        pytest.param(stalls, id="one that stalls"),
        pytest.param(hangs_up, id="one that hangs up"),
        pytest.param(answers_errors, id="one that speaks HTTP/1.1"),
    ],
)
def test_a_server_that_speaks_no_grpc_ends_the_run_before_it_is_measured(tmp_path: Path, behaves: Behaviour) -> None:
    with a_server_that(behaves) as url:
        ended = run(tmp_path, url)

    assert ended.code == 1, ended.stderr
    assert "FAILED  ServerUnreachable: worker 0:" in ended.stderr
    assert "does not answer as gRPC" in ended.stderr


def test_errors_in_the_warm_up_end_the_run_in_the_servers_words(tmp_path: Path) -> None:
    with recording_grpc_server(refuse) as server:
        ended = run(tmp_path, server.url, warmup="500ms")

    assert ended.code == 1, ended.stderr
    assert "gRPC status 8 (RESOURCE_EXHAUSTED): CUDA out of memory" in ended.stderr


def test_errors_in_the_measured_run_make_it_invalid_and_no_query_is_sent_again(tmp_path: Path) -> None:
    with recording_grpc_server(refuse) as server:
        ended = run(tmp_path, server.url)

    report = report_in(tmp_path)
    assert ended.code == 3
    assert report.verdict == "Invalid"
    assert report.result.errors == report.result.queries == len(server.received)
    assert "CUDA out of memory" in report.reasons[0].message


def test_queries_that_are_never_answered_time_out_and_stay_in(tmp_path: Path) -> None:
    over = threading.Event()
    with recording_grpc_server(lambda _: over.wait(60)) as server:
        ended = run(tmp_path, server.url, bound="100ms", duration="1s")
        over.set()

    report = report_in(tmp_path)
    assert ended.code == 3
    assert report.result.answered == 0
    assert report.result.errors == report.result.queries
    assert "timed out" in report.reasons[0].message


def refuse(context: grpc.ServicerContext) -> None:
    context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "CUDA out of memory")


def run(folder: Path, url: str, warmup: str = "0s", bound: str = "1s", duration: str = "2s") -> Ended:
    write_numbered_samples(folder / "samples.npz", 4)
    data = {"configMap": {"name": "samples"}}
    spec = write_spec(
        folder, model=MODEL, data=data, protocol="grpc", warmup=warmup, latencyBound=bound, minDuration=duration
    )
    samples = str(folder / "samples.npz")
    return inferometer("run", str(spec), "--endpoint", url, "--data", samples, "-o", str(folder))
