"""The page on a port. It is made in a thread of its own: thousands of series must not keep a run waiting."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from inferometer_operator.metrics.page import Page

METRICS_PORT = 8081


class PortError(Exception):
    """The address is not to be had."""


@asynccontextmanager
async def serving(page: Callable[[], Page], host: str, port: int) -> AsyncIterator[None]:
    """Serves GET /metrics as long as it is entered; an empty host is all addresses. Raises PortError."""

    async def metrics(_request: web.Request) -> web.Response:
        # What exists is taken here, where nothing else runs; it consists of values that do not change.
        text = await asyncio.to_thread(page().text)
        return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})

    application = web.Application()
    application.router.add_get("/metrics", metrics)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host or None, port).start()
        except OSError as error:
            raise PortError(f"metrics can't be shown at {host or '*'}:{port}: {error}") from error
        yield
    finally:
        await runner.cleanup()
