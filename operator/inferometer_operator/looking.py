"""Takes keys from the queue and looks at them, many at a time; comes back when there is a reason to."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from inferometer_loadgen.client import CoordinatorError
from inferometer_operator.errors import ConflictError, KubeError, NotFoundError
from inferometer_operator.log import logger
from inferometer_operator.queue import WorkQueue
from inferometer_operator.run import Key


class Outcome(StrEnum):
    """What came of one look at a key."""

    DONE = "Done"
    CHANGED = "Changed"
    """The object was changed meanwhile, and is looked at again."""
    GONE = "Gone"
    REFUSED = "Refused"
    """The API server or a coordinator did not do what was asked."""
    FAULT = "Fault"
    """What should not happen."""


def _nobody_counts(_outcome: Outcome, _seconds: float) -> None:
    pass


@dataclass(slots=True)
class Looking(ABC):
    """The loop round what is done about one key."""

    WORKERS: ClassVar[int]
    """Keys that are looked at at a time."""
    SUBJECT: ClassVar[str] = ""
    """Before the key in the log."""

    queue: WorkQueue[Key] = field(default_factory=WorkQueue, kw_only=True)
    looked: Callable[[Outcome, float], None] = field(default=_nobody_counts, kw_only=True)
    """Is told what came of each look, and how many seconds it took."""
    _wake: asyncio.Event = field(default_factory=asyncio.Event, kw_only=True)

    @abstractmethod
    async def _once(self, key: Key) -> float | None:
        """Looks at a key; after how many seconds again, None where only news make that necessary."""

    def look_at(self, key: Key) -> None:
        """Something was told about it."""
        self.queue.add(key)
        self._wake.set()

    async def run(self) -> None:
        """Looks at keys until it is cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for _ in range(self.WORKERS):
                tasks.create_task(self._work())

    async def _work(self) -> None:
        while True:
            now = time.monotonic()
            key = self.queue.take(now)
            if key is None:
                await self._sleep(now)
                continue
            # Another key may be ready: wake the next worker for it.
            self._wake.set()
            outcome = await self._look(key)
            self.looked(outcome, time.monotonic() - now)

    async def _sleep(self, now: float) -> None:
        self._wake.clear()
        due = self.queue.next_due()
        try:
            async with asyncio.timeout(None if due is None else max(0.0, due - now)):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _look(self, key: Key) -> Outcome:
        what = f"{self.SUBJECT}{key}"
        try:
            again_after_s = await self._once(key)
        except ConflictError:
            # The watch will bring what has changed; a moment is enough.
            logger.debug("%s was changed meanwhile", what)
            self._retry(key)
            return Outcome.CHANGED
        except NotFoundError:
            logger.debug("%s is gone", what)
            self.queue.done(key)
            return Outcome.GONE
        except (KubeError, CoordinatorError) as error:
            logger.warning("%s: %s; trying again in %.2f s", what, error, self._retry(key))
            return Outcome.REFUSED
        except Exception:  # noqa: BLE001 - a fault in one key must not end the others
            logger.exception("%s: this should not happen; trying again in %.2f s", what, self._retry(key))
            return Outcome.FAULT
        self.queue.done(key)
        if again_after_s is not None:
            self._again(key, again_after_s)
        return Outcome.DONE

    def _again(self, key: Key, after_s: float) -> None:
        if after_s == 0:
            self.look_at(key)
        else:
            self.queue.add_at(key, time.monotonic() + after_s)
            self._wake.set()

    def _retry(self, key: Key) -> float:
        delay = self.queue.failed(key, time.monotonic())
        self._wake.set()
        return delay
