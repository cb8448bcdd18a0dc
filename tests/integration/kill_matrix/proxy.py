"""Between an operator and its API server: plain HTTP in, TLS out, with the operator's own token.

Every operator has a `Line`, a port of its own. A line holds all requests until it is opened, so that an operator can be
started before it is its turn: it is told nothing until then. All lines share one `Gate`, which counts the writes that
concern one namespace and lets a fault meet them. Watches are streamed, late by `watch_delay_s`.
"""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

from .admin import cut_when_left
from .faults import DroppedError, Fault, Forward, NoFault
from .writes import Write

PASSED_ON = ("Authorization", "Accept", "Content-Type", "User-Agent")
READS = frozenset({"GET", "HEAD"})


@dataclass
class Gate:
    """Where writes are counted and faults are met; armed for one cell at a time."""

    namespace: str = ""
    fault: Fault = field(default_factory=NoFault)
    writes: list[tuple[Write, int]] = field(default_factory=list)
    """Each write that was carried out, with its answer's status."""
    count: int = 0

    def arm(self, namespace: str, fault: Fault) -> None:
        self.namespace, self.fault, self.writes, self.count = namespace, fault, [], 0

    async def meet(self, write: Write, forward: Forward) -> web.StreamResponse:
        async def noted() -> web.StreamResponse:
            answer = await forward()
            self.writes.append((write, answer.status))
            return answer

        if not write.is_to_the_coordinator and f"/namespaces/{self.namespace}/" not in write.path:
            return await forward()
        self.count += 1
        return await self.fault.meet(self.count, write, noted)


def refuse_to_answer(request: web.Request) -> web.Response:
    """Cuts the connection; what is returned goes nowhere."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def write_of(request: web.Request) -> Write:
    return Write(request.method, request.path, dict(request.query), await request.read())


class Line:
    """One operator's way to the API server."""

    def __init__(self, session: aiohttp.ClientSession, upstream: str, tls: ssl.SSLContext, gate: Gate) -> None:
        self._session, self._upstream, self._tls, self._gate = session, upstream, tls, gate
        self._opened = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self.watch_delay_s = 0.0
        self.asked = asyncio.Event()
        """Set once the operator has asked for anything: it has come up."""

    async def listen(self) -> int:
        """The port on loopback."""
        application = web.Application(client_max_size=16 << 20)
        application.router.add_route("*", "/{path:.*}", self._handle)
        # A watch whose operator has died must not wait for the next event to notice it.
        runner = web.AppRunner(application, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self._runner = runner
        port: int = runner.addresses[0][1]
        return port

    def open(self) -> None:
        self._opened.set()

    async def close(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.set()
        await self._opened.wait()
        try:
            if request.method in READS:
                return await self._read(request)
            write = await write_of(request)
            return await self._gate.meet(write, lambda: self._forward(request, write.body))
        except (DroppedError, aiohttp.ClientError):
            return refuse_to_answer(request)

    @contextlib.asynccontextmanager
    async def _asked(self, request: web.Request, body: bytes) -> AsyncIterator[aiohttp.ClientResponse]:
        headers = {name: request.headers[name] for name in PASSED_ON if name in request.headers}
        url = self._upstream + request.path_qs
        timeout = aiohttp.ClientTimeout(total=None)
        async with self._session.request(
            request.method, url, data=body or None, headers=headers, ssl=self._tls, timeout=timeout
        ) as answer:
            with cut_when_left(answer):
                yield answer

    async def _forward(self, request: web.Request, body: bytes) -> web.StreamResponse:
        async with self._asked(request, body) as answer:
            content = await answer.read()
            return web.Response(status=answer.status, body=content, content_type=answer.content_type)

    async def _read(self, request: web.Request) -> web.StreamResponse:
        if "watch" not in request.query:
            return await self._forward(request, b"")
        async with self._asked(request, b"") as answer:
            out = web.StreamResponse(status=answer.status, headers={"Content-Type": answer.content_type})
            await out.prepare(request)
            async with contextlib.aclosing(_later(answer, self)) as parts:
                async for due, part in parts:
                    await asyncio.sleep(due - asyncio.get_running_loop().time())
                    await out.write(part)
            return out


async def _later(answer: aiohttp.ClientResponse, line: Line) -> AsyncGenerator[tuple[float, bytes]]:
    """The parts of a watch with the time at which each is due; read at once, so that no delay adds to another."""
    parts: asyncio.Queue[tuple[float, bytes] | None] = asyncio.Queue()

    async def read() -> None:
        clock = asyncio.get_running_loop().time
        with contextlib.suppress(aiohttp.ClientError):
            async for part in answer.content.iter_any():
                parts.put_nowait((clock() + line.watch_delay_s, part))
        parts.put_nowait(None)

    reading = asyncio.create_task(read())
    try:
        while (part := await parts.get()) is not None:
            yield part
    finally:
        reading.cancel()
