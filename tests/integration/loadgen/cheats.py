"""A KServe v2 server that may cheat: faster where it has seen a request, or wrong while it is timed.

Its model is the recorder's: a sample is a number, and the right answer is that number.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

import numpy as np

from integration.loadgen.recorder import METADATA, MODEL, _Server

WORK_S = 0.1
"""One after another, so that ten are answered in a second: what a busy machine adds is little beside it."""
CACHED_S = 0.001
SLOW_S = 0.02


@dataclass
class Server:
    """How it answers the request with this number, counted from 0, about a sample: after how long, and what.

    Its work is done one request at a time.
    """

    takes_s: Callable[[int, int, bool], float]
    """Also told whether the sample was asked for before."""
    answer: Callable[[int, int], int] = lambda _number, sample: sample
    url: str = ""
    asked: list[int] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def work(self, sample: int) -> int:
        """Takes its time, and gives its answer."""
        with self.lock:
            number, is_known = len(self.asked), sample in self.asked
            self.asked.append(sample)
            threading.Event().wait(self.takes_s(number, sample, is_known))
        return self.answer(number, sample)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # Or the body would wait for the client's word on the head.
    server_of: Server

    def do_GET(self) -> None:
        known = {"/v2": {"name": "cheat", "version": "0"}, f"/v2/models/{MODEL}": METADATA}
        self._say(200 if self.path in known else 404, known.get(self.path, {}))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        (sample,) = np.frombuffer(body[int(self.headers["Inference-Header-Content-Length"]) :], "<i8").tolist()
        output = {"name": "number", "datatype": "INT64", "shape": [1, 1], "data": [self.server_of.work(sample)]}
        self._say(200, {"model_name": MODEL, "outputs": [output]})

    def _say(self, status: int, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Says nothing."""


def honest() -> Server:
    """As fast and as right whatever it is asked."""
    return Server(takes_s=lambda _number, _sample, _known: CACHED_S)


def slow() -> Server:
    """Never done in less than its time, on the fastest machine."""
    return Server(takes_s=lambda _number, _sample, _known: SLOW_S)


def caching() -> Server:
    """Works only for what it has not seen."""
    return Server(takes_s=lambda _number, _sample, known: CACHED_S if known else WORK_S)


def lying_for(requests: int) -> Server:
    """Wrong at first, while performance is measured."""
    return Server(
        takes_s=lambda _number, _sample, _known: CACHED_S,
        answer=lambda number, sample: -1 if number < requests else sample,
    )


def tuned_to(samples: frozenset[int]) -> Server:
    """Fast for the samples that the usual seeds ask for."""
    return Server(takes_s=lambda _number, sample, _known: CACHED_S if sample in samples else WORK_S)


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    """On loopback, for as long as the context lasts."""

    class Handler(_Handler):
        server_of = server

    with _Server(("127.0.0.1", 0), Handler) as listening:
        server.url = f"http://127.0.0.1:{listening.server_address[1]}"
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown()
            thread.join()
