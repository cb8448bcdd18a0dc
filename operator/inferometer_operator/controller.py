"""Takes keys from the queue and looks at them: observe, decide, do, and come back when there is a reason to."""

import asyncio
import time
from dataclasses import dataclass, field, replace

from inferometer_loadgen.client import CoordinatorError
from inferometer_operator.apply import Applier, NameTakenError
from inferometer_operator.errors import ConflictError, KubeError, NotFoundError
from inferometer_operator.log import logger
from inferometer_operator.observe import Observer
from inferometer_operator.queue import WorkQueue
from inferometer_operator.reconcile import Step, reconcile
from inferometer_operator.reconcile.observed import Observed, Refused
from inferometer_operator.run import Key
from inferometer_operator.sweeping import sweep

WORKERS = 16
"""Runs that are looked at at a time: each spends its time waiting for an answer, up to 3 s for a silent coordinator."""

MOST_READS = 12
"""Rounds of questions in one reconcile; a policy that asks for what it was given would never end."""


class UndecidedError(Exception):
    """Policies asked for what they had been given."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What the API server has against a step: the policies decide what becomes of the run."""

    refused: Refused | None = None
    blocked: str = ""

    def told_to(self, observed: Observed) -> Observed:
        """The run with this known."""
        return replace(observed, refused=self.refused, blocked=self.blocked)

    def __str__(self) -> str:
        """For the log."""
        return self.blocked if self.refused is None else f"{self.refused.name} is refused: {self.refused.words}"


@dataclass(slots=True)
class Controller:
    """The loop round the pure part."""

    observer: Observer
    applier: Applier
    queue: WorkQueue[Key] = field(default_factory=WorkQueue)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    def look_at(self, key: Key) -> None:
        """Something was told about a run."""
        self.queue.add(key)
        self._wake.set()

    async def run(self) -> None:
        """Looks at keys until it is cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for _ in range(WORKERS):
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
            await self._look(key)

    async def _sleep(self, now: float) -> None:
        self._wake.clear()
        due = self.queue.next_due()
        try:
            async with asyncio.timeout(None if due is None else max(0.0, due - now)):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _look(self, key: Key) -> None:
        try:
            again_after_s = await self._once(key)
        except ConflictError:
            # The watch will bring what has changed; a moment is enough.
            logger.debug("%s was changed meanwhile", key)
            self._retry(key)
        except NotFoundError:
            logger.debug("%s is gone", key)
            self.queue.done(key)
        except (KubeError, CoordinatorError) as error:
            logger.warning("%s: %s; trying again in %.2f s", key, error, self._retry(key))
        except Exception:  # noqa: BLE001 - a fault in one run must not end the others
            logger.exception("%s: this should not happen; trying again in %.2f s", key, self._retry(key))
        else:
            self.queue.done(key)
            if again_after_s is not None:
                self._again(key, again_after_s)

    async def _once(self, key: Key) -> float | None:
        observed = self.observer.observe(key)
        if observed is None:
            await sweep(self.observer.kube, key)
            return None
        if observed.names_taken:
            await self._sweep_beside(key)
        step, observed = await self._decide(observed)
        problem = await self._apply(step, observed)
        if problem is not None:
            logger.warning("%s: %s", key, problem)
            fresh = self.observer.observe(key)
            if fresh is None:
                return None
            step, observed = await self._decide(problem.told_to(fresh))
            await self.applier.apply(step, observed)
        if step.again_after_s is not None:
            return step.again_after_s
        return 0.0 if step.does_something else None

    async def _sweep_beside(self, key: Key) -> None:
        try:
            await sweep(self.observer.kube, key)
        except KubeError as error:
            # Pods that somebody else's rules keep there are no reason to leave this run alone.
            logger.warning("%s: pods of an earlier benchmark of this name are not swept: %s", key, error)

    async def _apply(self, step: Step, observed: Observed) -> Problem | None:
        try:
            refused = await self.applier.apply(step, observed)
        except NameTakenError as error:
            return Problem(blocked=str(error))
        return None if refused is None else Problem(refused=refused)

    async def _decide(self, observed: Observed) -> tuple[Step, Observed]:
        for _ in range(MOST_READS):
            answer = reconcile(observed)
            if isinstance(answer, Step):
                return answer, observed
            observed = await self.observer.read(observed, answer.reads)
        raise UndecidedError(f"{observed.run.key}: still undecided after {MOST_READS} rounds of reads")

    def _retry(self, key: Key) -> float:
        delay = self.queue.failed(key, time.monotonic())
        self._wake.set()
        return delay

    def _again(self, key: Key, after_s: float) -> None:
        if after_s == 0:
            self.look_at(key)
        else:
            self.queue.add_at(key, time.monotonic() + after_s)
            self._wake.set()
