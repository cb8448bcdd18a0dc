"""The course of a run as a state machine: an event in, instructions out; no clock, no socket.

    Waiting -> Ready -> Preparing -> WarmingUp -> ReadingBefore -> Measuring -> Draining -> ReadingAfter -> Scoring
    -> Done

and from everywhere to Failed. Before the start a worker may leave and another take its index; after it none may.
The driver (`coordinator.run`) carries the instructions out and brings back what came of them.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from inferometer_loadgen.coordinator import events as ev
from inferometer_loadgen.plan import Assignment, Plan, digest
from inferometer_loadgen.protocol import frames
from inferometer_loadgen.protocol.api import FailureReport, RunFailure, RunState, StartRequest


class Phase(StrEnum):
    """Finer than `RunState`: what the coordinator is waiting for."""

    WAITING = "Waiting"
    READY = "Ready"
    PREPARING = "Preparing"
    WARMING_UP = "WarmingUp"
    READING_BEFORE = "ReadingBefore"
    MEASURING = "Measuring"
    DRAINING = "Draining"
    READING_AFTER = "ReadingAfter"
    SCORING = "Scoring"
    DONE = "Done"
    FAILED = "Failed"


RUN_STATES = {
    Phase.WAITING: RunState.WAITING,
    Phase.READY: RunState.READY,
    Phase.PREPARING: RunState.RUNNING,
    Phase.WARMING_UP: RunState.RUNNING,
    Phase.READING_BEFORE: RunState.RUNNING,
    Phase.MEASURING: RunState.RUNNING,
    Phase.DRAINING: RunState.DRAINING,
    Phase.READING_AFTER: RunState.DRAINING,
    Phase.SCORING: RunState.SCORING,
    Phase.DONE: RunState.DONE,
    Phase.FAILED: RunState.FAILED,
}


@dataclass(slots=True)
class Worker:
    """What is known of one worker."""

    pod_uid: str
    ready: bool = False
    prepared: bool = False
    warmed: bool = False
    finished: frames.Finished | None = None
    progress: frames.Progress | None = None
    gone: bool = False
    """Lost after the start."""
    connected: bool = True

    @property
    def is_through(self) -> bool:
        """Whether nothing more is to be expected of it."""
        return self.gone or self.finished is not None


@dataclass(slots=True)
class CoordinatorState:
    """Where the run stands. `handle` and `start` are the only ways to change it."""

    plan: Plan
    phase: Phase = Phase.WAITING
    workers: dict[int, Worker] = field(default_factory=dict)
    nonce: str = ""
    starts_accepted: int = 0
    """Counted where the load is set off, so that a second start would show, whatever its nonce."""
    assignment: Assignment | None = None
    server_version: str = ""
    is_batched: bool = False
    """Whether the model has a batch dimension."""
    failure: FailureReport | None = None
    called_off: str = ""
    """Why the run was ended while it was measured; empty when it was not."""
    loss: FailureReport | None = None
    """What the run will have failed of, once what was measured is reported."""

    def start(self, request: StartRequest) -> tuple[str, list[ev.Instruction]]:
        """The point of no return. An empty refusal accepts; the same nonce is accepted again, to no effect."""
        if self.nonce:
            refusal = (
                "" if request.nonce == self.nonce else f"this run was started with another nonce ({self.nonce[:8]})"
            )
            return refusal, []
        if self.phase is not Phase.READY:
            return f"the run is {self.phase}, not Ready", []
        refusal = self._refuse(request.assignment)
        if refusal or not request.nonce:
            return refusal or "the nonce is empty", []
        self.nonce = request.nonce
        self.starts_accepted += 1
        self.assignment = request.assignment
        self.phase = Phase.PREPARING
        return "", [ev.SendAll(frames.Prepare(assignment=request.assignment))]

    def handle(self, event: ev.Event) -> list[ev.Instruction]:
        """What an event leads to."""
        if self.phase in {Phase.FAILED, Phase.DONE}:
            return []
        match event:
            case ev.Joined():
                return self._joined(event)
            case ev.Left():
                return self._left(event.index)
            case ev.Said():
                return self._said(event.index, self.workers[event.index], event.frame)
            case ev.WindowRead():
                return self._window_read()
            case ev.Scored():
                self.phase, self.failure = (Phase.FAILED, self.loss) if self.loss else (Phase.DONE, None)
                return [ev.SendAll(frames.Bye())]
            case ev.Overdue():
                return self._overdue(event.phase)
            case ev.CalledOff():
                return self._call_off(event.reason)
            case ev.Broken():
                return self._fail(event.type, event.message)

    def _refuse(self, assignment: Assignment) -> str:
        if len(assignment.replicas) != self.plan.replicas:
            return f"{len(assignment.replicas)} replicas were assigned, and the plan has {self.plan.replicas}"
        uids = tuple(self.workers[index].pod_uid for index in range(self.plan.workers))
        if assignment.worker_uids and assignment.worker_uids != uids:
            return f"the assigned worker pods {assignment.worker_uids} are not those that signed in {uids}"
        return ""

    def _joined(self, event: ev.Joined) -> list[ev.Instruction]:
        if not self.nonce:
            self.workers[event.index] = Worker(pod_uid=event.pod_uid)
        return []

    def _left(self, index: int) -> list[ev.Instruction]:
        if self.nonce:
            worker = self.workers[index]
            worker.connected = False
            if worker.is_through:
                return []
            worker.gone = True
            return self._lose(RunFailure.WORKER_LOST, f"worker {index} hung up while the run was {self.phase}")
        del self.workers[index]
        self.phase = Phase.WAITING
        return []

    def _said(self, index: int, worker: Worker, frame: frames.FromWorker) -> list[ev.Instruction]:
        match frame:
            case frames.Ready():
                return self._ready(index, worker, frame)
            case frames.Prepared():
                worker.prepared = True
                self.server_version, self.is_batched = frame.server_version, frame.is_batched
                return self._when_all("prepared", Phase.PREPARING, Phase.WARMING_UP, ev.BeginWarmUp())
            case frames.Warmed():
                if frame.failed:
                    return self._fail(RunFailure.WARM_UP_FAILED, _warm_up_failed(index, frame))
                worker.warmed = True
                return self._when_all("warmed", Phase.WARMING_UP, Phase.READING_BEFORE, ev.BeginWindow())
            case frames.Progress():
                return self._progress(worker, frame)
            case frames.Finished():
                worker.finished = frame
                return self._when_all_are_through()
            case frames.Failed():
                worker.gone = True
                return self._lose(frame.type, frame.message)
            case _:
                return []

    def _ready(self, index: int, worker: Worker, frame: frames.Ready) -> list[ev.Instruction]:
        if frame.plan_hash != digest(self.plan):
            return self._fail(
                RunFailure.PLAN_DIFFERS, f"worker {index} was given another plan ({frame.plan_hash[:12]})"
            )
        worker.ready = True
        if self.phase is not Phase.WAITING:
            return []
        if len(self.workers) == self.plan.workers and all(other.ready for other in self.workers.values()):
            self.phase = Phase.READY
        return []

    def _when_all(self, what: str, here: Phase, there: Phase, then: ev.Instruction) -> list[ev.Instruction]:
        if self.phase is not here or not all(getattr(worker, what) for worker in self.workers.values()):
            return []
        self.phase = there
        return [then]

    def _progress(self, worker: Worker, frame: frames.Progress) -> list[ev.Instruction]:
        if self.phase is Phase.MEASURING:
            worker.progress = frame
            if all(other.progress and other.progress.all_sent for other in self.workers.values() if not other.gone):
                self.phase = Phase.DRAINING
        return []

    def _window_read(self) -> list[ev.Instruction]:
        if self.phase is Phase.READING_BEFORE:
            self.phase = Phase.MEASURING
            return [ev.BeginMeasuring()]
        self.phase = Phase.SCORING
        return [ev.Score()]

    def _when_all_are_through(self) -> list[ev.Instruction]:
        if self.phase not in {Phase.MEASURING, Phase.DRAINING}:
            return []
        if not all(worker.is_through for worker in self.workers.values()):
            return []
        self.phase = Phase.READING_AFTER
        return [ev.EndWindow()]

    def _call_off(self, reason: str) -> list[ev.Instruction]:
        if self.phase in {Phase.READING_AFTER, Phase.SCORING}:
            return []
        if self.phase not in {Phase.MEASURING, Phase.DRAINING}:
            return self._fail(RunFailure.ABORTED, f"{reason}, before anything was measured")
        self.called_off = self.called_off or reason
        return self._stop()

    def _lose(self, type_: RunFailure, message: str) -> list[ev.Instruction]:
        """A worker is of no use any more. What the others measured is reported, if anything was measured."""
        if self.phase not in {Phase.MEASURING, Phase.DRAINING}:
            return self._fail(type_, message)
        self.loss = self.loss or FailureReport(type=type_, message=message)
        self.called_off = self.called_off or f"{type_}: {message},"
        return [*self._stop(), *self._when_all_are_through()]

    def _stop(self) -> list[ev.Instruction]:
        self.phase = Phase.DRAINING
        return [ev.SendAll(frames.Stop())]

    def _overdue(self, phase: str) -> list[ev.Instruction]:
        if self.phase != phase:
            return []
        silent = [index for index, worker in sorted(self.workers.items()) if not self._has_done_its_part(worker)]
        who = ", ".join(map(str, silent))
        for index in silent:
            self.workers[index].gone = True
        return self._lose(RunFailure.WORKER_SILENT, f"worker {who} did not get through phase {phase} in time")

    def _has_done_its_part(self, worker: Worker) -> bool:
        done = {Phase.PREPARING: worker.prepared, Phase.WARMING_UP: worker.warmed}
        return done.get(self.phase, worker.is_through)

    def _fail(self, type_: RunFailure, message: str) -> list[ev.Instruction]:
        self.phase = Phase.FAILED
        self.failure = self.loss or FailureReport(type=type_, message=message)
        return [ev.SendAll(frames.Abort(reason=f"{type_}: {message}"))]


def _warm_up_failed(index: int, frame: frames.Warmed) -> str:
    total = frame.answered + frame.failed
    return (
        f"{frame.failed} of worker {index}'s {total} warm-up queries failed, the first with: {frame.first_error}. "
        "Correct the samples or the server before it is measured"
    )
