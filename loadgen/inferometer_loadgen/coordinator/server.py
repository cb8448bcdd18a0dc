"""The coordinator's HTTP API: signatures checked here, everything else decided by the run."""

import gzip
from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec
from aiohttp import web
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from inferometer_loadgen.protocol.api import REPLAYED, Refusal, RunStatus, StartRequest
from inferometer_loadgen.protocol.signing import COUNTER_HEADER, SIGNATURE_HEADER, same, sign_answer, sign_request

MAX_REQUEST_BYTES = 1_048_576


class RunPort(Protocol):
    """What the API needs of a run."""

    def status(self) -> RunStatus:
        """Where it stands."""

    def start(self, request: StartRequest) -> str:
        """Starts it; gives a refusal, or nothing."""

    def abort(self, reason: str) -> None:
        """Calls it off."""

    def report_json(self) -> bytes | None:
        """The report, once there is one."""

    def acknowledge(self) -> None:
        """The report was stored."""


class Api:
    """Signed requests in, signed answers out. A counter that does not grow is a request that was seen before."""

    def __init__(self, token: bytes, run: RunPort, metrics: Callable[[], bytes] | None = None) -> None:
        """`metrics` makes the page for Prometheus, which asks unsigned: it holds nothing that must be kept secret."""
        self._metrics = metrics
        self._token = token
        self._run = run
        self._last_counter = 0

    def application(self) -> web.Application:
        """The API as an aiohttp application."""
        application = web.Application(client_max_size=MAX_REQUEST_BYTES)
        application.router.add_get("/healthz", _healthz)
        if self._metrics is not None:
            application.router.add_get("/metrics", _showing(self._metrics))
        for method, path, handler in (
            ("GET", "/v1/status", self._status),
            ("POST", "/v1/start", self._start),
            ("POST", "/v1/abort", self._abort),
            ("GET", "/v1/report", self._report),
            ("POST", "/v1/ack", self._ack),
        ):
            application.router.add_route(method, path, self._signed(handler))
        return application

    def _signed(
        self, handler: Callable[[bytes], tuple[int, bytes]]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            body = await request.read()
            counter = _counter(request)
            expected = sign_request(self._token, request.method, request.path, counter, body)
            if not same(request.headers.get(SIGNATURE_HEADER, ""), expected):
                return _answer(401, _refusal("the request is not signed with this run's token"))
            if counter <= self._last_counter:
                status = REPLAYED
                content = _refusal(f"counter {counter} was used already; it must grow", self._last_counter)
            else:
                self._last_counter = counter
                status, content = handler(body)
            answer = _answer(status, content)
            answer.headers[SIGNATURE_HEADER] = sign_answer(self._token, request.path, counter, status, content)
            return answer

        return handle

    def _status(self, _body: bytes) -> tuple[int, bytes]:
        return 200, msgspec.json.encode(self._run.status())

    def _start(self, body: bytes) -> tuple[int, bytes]:
        try:
            request = msgspec.json.decode(body, type=StartRequest)
        except msgspec.DecodeError as error:
            return 400, _refusal(str(error))
        refusal = self._run.start(request)
        return (409, _refusal(refusal)) if refusal else (200, b"{}")

    def _abort(self, body: bytes) -> tuple[int, bytes]:
        self._run.abort(body[:500].decode("utf-8", "replace"))
        return 200, b"{}"

    def _report(self, _body: bytes) -> tuple[int, bytes]:
        report = self._run.report_json()
        if report is None:
            return 404, _refusal("there is no report yet")
        return 200, gzip.compress(report, mtime=0)

    def _ack(self, _body: bytes) -> tuple[int, bytes]:
        if self._run.report_json() is None and self._run.status().failure is None:
            return 409, _refusal("there is nothing to acknowledge yet")
        self._run.acknowledge()
        return 200, b"{}"


async def _healthz(_request: web.Request) -> web.Response:
    return web.Response(text="ok")


def _showing(metrics: Callable[[], bytes]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def show(_request: web.Request) -> web.Response:
        return web.Response(body=metrics(), headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})

    return show


def _counter(request: web.Request) -> int:
    text = request.headers.get(COUNTER_HEADER, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 25 else 0


def _refusal(message: str, last_counter: int | None = None) -> bytes:
    return msgspec.json.encode(Refusal(message=message, last_counter=last_counter))


def _answer(status: int, content: bytes) -> web.Response:
    return web.Response(status=status, body=content, content_type="application/octet-stream")
