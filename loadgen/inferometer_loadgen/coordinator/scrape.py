"""Reads the replicas' metrics pages: at both ends of the measured window, and in between."""

import asyncio
from collections.abc import Sequence

import aiohttp

from inferometer_loadgen.coordinator.counters import Absent, Growth, ModelCounters, Window
from inferometer_loadgen.coordinator.metrics_page import parse_counters
from inferometer_loadgen.plan import ModelPlan, ReplicaAddress

SCRAPE_TIMEOUT_S = 3.0
MAX_PAGE_BYTES = 8 * 1024 * 1024
"""Longer than any page of a Triton; what goes on for ever must not fill the memory."""
SETTLE_EVERY_S = 0.2
SETTLE_LIMIT_S = 2.0


class Scraper:
    """Readings of every replica. `growth` is from the last `begin_window` to the last reading."""

    def __init__(self, model: ModelPlan, replicas: Sequence[ReplicaAddress], session: aiohttp.ClientSession) -> None:
        self._model = model
        self._replicas = replicas
        self._session = session
        self._windows = [Window() for _ in replicas]

    async def begin_window(self) -> None:
        """The readings from here on are the window's, the first taken once the counts stand still."""
        settled = await self._settle()
        self._windows = [Window() for _ in self._replicas]
        self._take(settled)

    async def read(self) -> None:
        """One more reading of each replica."""
        self._take(await self._read_all())

    async def end_window(self) -> None:
        """The window's last reading, taken once the counts stand still."""
        self._take(await self._settle())

    def growth(self) -> tuple[Growth, ...]:
        """What each replica did within the window."""
        return tuple(window.growth() for window in self._windows)

    def _take(self, readings: Sequence[ModelCounters | Absent]) -> None:
        for window, reading in zip(self._windows, readings, strict=True):
            window.take(reading)

    async def _settle(self) -> list[ModelCounters | Absent]:
        """Readings that did not change for `SETTLE_EVERY_S`, or the last ones after `SETTLE_LIMIT_S`.

        A server may answer before it counts: an answer that has come is counted a moment later.
        """
        loop = asyncio.get_running_loop()
        limit = loop.time() + SETTLE_LIMIT_S
        last = await self._read_all()
        while loop.time() < limit:
            await asyncio.sleep(SETTLE_EVERY_S)
            again = await self._read_all()
            if again == last:
                break
            last = again
        return last

    async def _read_all(self) -> list[ModelCounters | Absent]:
        return list(await asyncio.gather(*(self._read_one(replica) for replica in self._replicas)))

    async def _read_one(self, replica: ReplicaAddress) -> ModelCounters | Absent:
        if not replica.metrics_url:
            return Absent("the spec names no metrics page (metricsURLs: [])")
        timeout = aiohttp.ClientTimeout(total=SCRAPE_TIMEOUT_S)
        try:
            # Followed, a redirect would show our certificate to a server that the spec does not name.
            async with self._session.get(replica.metrics_url, timeout=timeout, allow_redirects=False) as answer:
                if answer.status != 200:
                    return Absent(f"{replica.metrics_url} answered {answer.status}")
                page = await _text(answer)
        except TimeoutError:
            return Absent(f"{replica.metrics_url} did not answer within {SCRAPE_TIMEOUT_S:.0f} s")
        except UnicodeDecodeError:
            return Absent(f"{replica.metrics_url} answered what is no text")
        except _PageTooLongError:
            return Absent(f"{replica.metrics_url} answered with a page longer than {MAX_PAGE_BYTES:,} bytes")
        except aiohttp.ClientError as error:
            return Absent(f"{replica.metrics_url} could not be read: {error}")
        return parse_counters(page, self._model.name, self._model.version)


class _PageTooLongError(Exception):
    pass


async def _text(answer: aiohttp.ClientResponse) -> str:
    content = bytearray()
    async for part in answer.content.iter_any():
        content += part
        if len(content) > MAX_PAGE_BYTES:
            raise _PageTooLongError
    return content.decode()
