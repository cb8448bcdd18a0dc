"""Looks at runs: observe, decide, do, and come back when there is a reason to."""

from dataclasses import dataclass, replace

from inferometer_operator.apply import Applier, NameTakenError
from inferometer_operator.errors import KubeError
from inferometer_operator.log import logger
from inferometer_operator.looking import Looking
from inferometer_operator.observe import Observer
from inferometer_operator.reconcile import Step, reconcile
from inferometer_operator.reconcile.observed import Observed, Refused
from inferometer_operator.run import Key
from inferometer_operator.sweeping import sweep

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
class Controller(Looking):
    """The loop round the pure part."""

    WORKERS = 16  # Each spends its time waiting for an answer, up to 3 s for a silent coordinator.

    observer: Observer
    applier: Applier

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
