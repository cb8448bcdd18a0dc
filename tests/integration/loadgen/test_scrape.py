"""Metrics pages that are none: absent with the reason, and never the end of a run."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from inferometer_loadgen.coordinator.counters import Absent, Growth
from inferometer_loadgen.coordinator.scrape import MAX_PAGE_BYTES, Scraper
from inferometer_loadgen.plan import ModelPlan, ReplicaAddress


@asynccontextmanager
async def a_page(content: bytes) -> AsyncIterator[str]:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=content, content_type="text/plain", charset="utf-8")

    async def lead_away(_request: web.Request) -> web.Response:
        raise web.HTTPFound("/metrics")

    application = web.Application()
    application.router.add_get("/metrics", answer)
    application.router.add_get("/elsewhere", lead_away)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/metrics"
    await runner.cleanup()


def growth_over(content: bytes, path: str = "/metrics") -> Growth:
    async def story() -> Growth:
        async with a_page(content) as root, aiohttp.ClientSession() as session:
            url = root.removesuffix("/metrics") + path
            scraper = Scraper(ModelPlan(name="m"), [ReplicaAddress(name="r0", url=url, metrics_url=url)], session)
            await scraper.begin_window()
            await scraper.end_window()
            return scraper.growth()[0]

    return asyncio.run(story())


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b'nv_inference_count{model="m"} 1\n# \xff\n', "no text", id="one that is no text"),
        pytest.param(b"# " + b"x" * MAX_PAGE_BYTES, "longer than", id="one that does not end"),
    ],
)
def test_a_page_that_cannot_be_read_is_absent_with_the_reason(content: bytes, reason: str) -> None:
    counters = growth_over(content).counters

    assert isinstance(counters, Absent)
    assert reason in counters.reason


def test_a_page_that_leads_elsewhere_is_not_followed() -> None:
    """Where it leads, the spec has not named; a certificate of ours would be shown there."""
    counters = growth_over(b'nv_inference_count{model="m"} 1\n', "/elsewhere").counters

    assert isinstance(counters, Absent)
    assert "answered 302" in counters.reason
