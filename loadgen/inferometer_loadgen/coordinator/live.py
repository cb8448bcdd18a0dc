"""How far a run is, for people: completed queries against the plan's, from what the workers last said."""

from collections import deque
from collections.abc import Iterable

from inferometer_loadgen.coordinator.state import CoordinatorState, Phase
from inferometer_loadgen.protocol.api import RunProgress, Step, WorkerStatus

RECENT_LATENCIES = 20_000

_STEPS: dict[Phase, Step] = {
    Phase.WAITING: "waiting for workers",
    Phase.READY: "ready",
    Phase.PREPARING: "preparing",
    Phase.WARMING_UP: "warming up",
    Phase.READING_BEFORE: "warming up",
    Phase.MEASURING: "measuring",
    Phase.DRAINING: "draining",
    Phase.READING_AFTER: "draining",
    Phase.JUDGING: "draining",
    Phase.COOLING_DOWN: "cooling down",
    Phase.DRAWING: "warming up",
    Phase.SCORING: "scoring",
    Phase.DONE: "finished",
    Phase.FAILED: "finished",
}

_OF_NO_ROUND = frozenset({Phase.WAITING, Phase.READY, Phase.PREPARING, Phase.SCORING, Phase.DONE, Phase.FAILED})


class LiveView:
    """The latest latencies of all workers, and the times that an ETA needs."""

    def __init__(self) -> None:
        self._recent_ns: deque[int] = deque(maxlen=RECENT_LATENCIES)
        self.t0_ns = 0
        self.last_scheduled_ns = 0
        self.planned = 0
        """Queries of all rounds."""
        self.rounds = 1
        self.may_be_fewer = False
        """Of a search, whose rounds are not all needed: then an ETA is of the round that is measured."""
        self.is_open_ended = False
        """Of a load that goes on for as long as it takes: what is planned is then only the least of it."""
        self._share = 0, 0.0
        """Of such a load: a round, and which share of its least duration was over when it was last seen measuring."""
        self.round_takes_ns = 0
        """Another round from the last query of the one before to its own."""

    def add(self, latencies_ns: Iterable[int]) -> None:
        """Takes latencies that a worker reported."""
        self._recent_ns.extend(latencies_ns)

    def progress(self, state: CoordinatorState, now_ns: int) -> RunProgress:
        """The run's progress at `now_ns`."""
        completed = sum(worker.completed for worker in state.workers.values())
        # What was called off has not come to its end, whatever was answered.
        over = state.phase in {Phase.SCORING, Phase.DONE} and not (state.called_off or state.cut_short)
        measuring = state.phase is Phase.MEASURING
        to_come_ns = 0 if self.may_be_fewer else (self.rounds - state.round_number - 1) * self.round_takes_ns
        return RunProgress(
            step=self._step(state),
            percent=100 if over else min(99, self._percent(state, completed, now_ns)),
            completed=completed,
            planned=self.planned,
            errors=sum(worker.failed for worker in state.workers.values()),
            eta_ns=max(0, self.t0_ns + self.last_scheduled_ns - now_ns) + to_come_ns if measuring else 0,
            p99_ns=self._p99_ns(),
        )

    def _percent(self, state: CoordinatorState, completed: int, now_ns: int) -> int:
        by_queries = 100 * completed // self.planned if self.planned else 0
        if not self.is_open_ended:
            return by_queries
        if state.phase is Phase.MEASURING:
            since_t0_ns = max(0, now_ns - self.t0_ns)
            self._share = state.round_number, min(1.0, since_t0_ns / max(1, self.last_scheduled_ns))
        number, share = self._share
        rounds = state.round_number + (share if number == state.round_number else 0)
        return min(by_queries, int(100 * rounds / self.rounds))

    def _step(self, state: CoordinatorState) -> str:
        step = _STEPS[state.phase]
        if self.rounds == 1 or state.phase in _OF_NO_ROUND:
            return step
        return f"{step}, round {state.round_number + 1} of {'at most ' if self.may_be_fewer else ''}{self.rounds}"

    def _p99_ns(self) -> int | None:
        ordered = sorted(self._recent_ns)
        return ordered[int(len(ordered) * 0.99)] if ordered else None


def worker_statuses(state: CoordinatorState) -> tuple[WorkerStatus, ...]:
    """Each worker that has signed in, by index."""
    return tuple(
        WorkerStatus(
            index=index,
            pod_uid=worker.pod_uid,
            connected=worker.connected,
            ready=worker.ready,
            completed=worker.completed,
        )
        for index, worker in sorted(state.workers.items())
    )
