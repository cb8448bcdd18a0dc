"""A KServe v2 server that writes down which sample it was asked about, on which connection, and when.

It serves one model whose input is the sample's own number, so that what came in can be held against the stream.
"""

import json
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import numpy as np

MODEL = "recorder"


def metadata(width: int) -> dict[str, object]:
    """Of a model whose samples are so many numbers, the first of which is written down."""
    tensor = {"name": "number", "datatype": "INT64", "shape": [-1, width]}
    return {"name": MODEL, "versions": ["1"], "platform": "test", "inputs": [tensor], "outputs": [tensor]}


METADATA = metadata(1)


@dataclass(frozen=True)
class Received:
    """One request: its first sample, the client's port (its connection), when it was whole, and all its samples."""

    sample: int
    connection: int
    at_ns: int
    samples: tuple[int, ...] = ()
    turn: tuple[int, bool, bool] | None = None
    """Of a sequence: its id, and whether this is its first and its last request."""


@dataclass
class Recorder:
    """What one server received, in the order of arrival."""

    url: str
    received: list[Received] = field(default_factory=list)
    delay_s: float = 0.0
    delay_a_sample_s: float = 0.0
    is_slow: Callable[[Received], bool] = lambda _: True
    """Whose answer is delayed."""
    lock: threading.Lock = field(default_factory=threading.Lock)


def turn_in(parameters: Mapping[str, Any]) -> tuple[int, bool, bool] | None:
    """What a request's parameters say of a sequence."""
    if "sequence_id" not in parameters:
        return None
    return parameters["sequence_id"], parameters["sequence_start"], parameters["sequence_end"]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # Head and body are two writes: the second would wait for an acknowledgement.
    recorder: Recorder
    required: Mapping[str, str]
    width: int

    def do_GET(self) -> None:
        if self._is_refused():
            return
        known = {"/v2": {"name": "recorder", "version": "0"}, f"/v2/models/{MODEL}": metadata(self.width)}
        self._answer(200 if self.path in known else 404, json.dumps(known.get(self.path, {})).encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        json_length = int(self.headers["Inference-Header-Content-Length"])
        tensor, parameters = body[json_length:], json.loads(body[:json_length]).get("parameters", {})
        numbers = np.frombuffer(tensor, "<i8")[:: self.width].tolist()
        if self._is_refused():
            return
        received = Received(
            numbers[0], self.client_address[1], time.monotonic_ns(), tuple(numbers), turn_in(parameters)
        )
        with self.recorder.lock:
            self.recorder.received.append(received)
        delay_s = self.recorder.delay_s + self.recorder.delay_a_sample_s * len(numbers)
        if delay_s and self.recorder.is_slow(received):
            threading.Event().wait(delay_s)
        self._answer(200, b"{}")

    def _is_refused(self) -> bool:
        """Without the header fields that are required; what was shown is repeated, as careless servers do."""
        if all(self.headers[name] == value for name, value in self.required.items()):
            return False
        self._answer(401, str(self.headers).encode())
        return True

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Says nothing."""


class _Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    request_queue_size = 512

    def handle_error(self, *_args: object) -> None:
        """A client that breaks a handshake off is the tests' own."""


@contextmanager
def recording_server(
    delay_s: float = 0.0,
    tls: ssl.SSLContext | None = None,
    required: Mapping[str, str] | None = None,
    width: int = 1,
    delay_a_sample_s: float = 0.0,
    is_slow: Callable[[Received], bool] = lambda _: True,
) -> Iterator[Recorder]:
    """A server on loopback, for as long as the context lasts. `required`: header fields that each request must have."""
    asked_for, numbers = required or {}, width

    class Handler(_Handler):
        recorder = Recorder(url="", delay_s=delay_s, delay_a_sample_s=delay_a_sample_s, is_slow=is_slow)
        required = asked_for
        width = numbers

        def setup(self) -> None:
            if tls is not None:  # Here, in the connection's own thread: a handshake must not keep others waiting.
                self.request = tls.wrap_socket(self.request, server_side=True)
            super().setup()

        def finish(self) -> None:
            super().finish()
            if tls is not None:
                self.request.close()

    with _Server(("127.0.0.1", 0), Handler) as server:
        Handler.recorder.url = f"{'http' if tls is None else 'https'}://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield Handler.recorder
        finally:
            server.shutdown()
            thread.join()


def write_numbered_samples(path: Path, count: int, width: int = 1) -> None:
    """An npz library whose sample i is the number i, `width` times."""
    np.savez(path, number=np.arange(count, dtype=np.int64).repeat(width).reshape(count, width))
