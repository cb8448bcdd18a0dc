"""The course of a run as a state machine: an event in, instructions out; no clock, no socket.

    Waiting -> Ready -> Preparing -> WarmingUp -> ReadingBefore -> Measuring -> Draining -> ReadingAfter -> Scoring
    -> Done

and from everywhere to Failed. A run of several rounds goes on after each but the last:

    ReadingAfter -> Judging -> CoolingDown -> Drawing -> WarmingUp

From the end of its first round on it has something to report: what ends it then leads to Scoring.

Before the start a worker may leave and another take its index; after it none may. The driver (`coordinator.run`)
carries the instructions out and brings back what came of them.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from inferometer_loadgen.coordinator import events as ev
from inferometer_loadgen.plan import Assignment, Plan, digest
from inferometer_loadgen.protocol import frames
from inferometer_loadgen.protocol.api import FailureReport, RunFailure, RunState, StartRequest
from inferometer_loadgen.rounds import Programme, Round, programme_of


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
    JUDGING = "Judging"
    """A round, after which another one may follow."""
    COOLING_DOWN = "CoolingDown"
    DRAWING = "Drawing"
    SCORING = "Scoring"
    DONE = "Done"
    FAILED = "Failed"


BETWEEN_ROUNDS = frozenset({Phase.COOLING_DOWN, Phase.DRAWING, Phase.WARMING_UP, Phase.READING_BEFORE})
"""Phases in which nothing of a round was measured yet."""

RUN_STATES = {
    Phase.WAITING: RunState.WAITING,
    Phase.READY: RunState.READY,
    Phase.PREPARING: RunState.RUNNING,
    Phase.WARMING_UP: RunState.RUNNING,
    Phase.READING_BEFORE: RunState.RUNNING,
    Phase.MEASURING: RunState.RUNNING,
    Phase.DRAINING: RunState.DRAINING,
    Phase.READING_AFTER: RunState.DRAINING,
    Phase.JUDGING: RunState.RUNNING,
    Phase.COOLING_DOWN: RunState.RUNNING,
    Phase.DRAWING: RunState.RUNNING,
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
    drawn: bool = False
    finished: frames.Finished | None = None
    progress: frames.Progress | None = None
    completed_before: int = 0
    """Queries answered in the rounds before this one."""
    failed_before: int = 0
    gone: bool = False
    """Lost after the start."""
    connected: bool = True

    def begin_round(self, *, was_ended_early: bool) -> None:
        """What was said of the round before is history. Of one that ended early not all rows were sent."""
        if was_ended_early:
            self.completed_before = self.completed
        elif self.finished is not None:  # Later than the last progress.
            self.completed_before += self.finished.rows
        if self.progress is not None:
            self.failed_before += self.progress.failed
        self.progress = self.finished = None
        self.drawn = self.warmed = False

    @property
    def completed(self) -> int:
        """Queries answered so far, in all rounds."""
        return self.completed_before + (self.progress.completed if self.progress else 0)

    @property
    def failed(self) -> int:
        """Of those the ones that were not answered well."""
        return self.failed_before + (self.progress.failed if self.progress else 0)

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
    ended_early: str = ""
    """Why the round that is measured was not sent to its end; empty where it was."""
    loss: FailureReport | None = None
    """What the run will have failed of, once what was measured is reported."""
    round_number: int = 0
    """Of the round that is prepared or measured, from 0."""
    cut_short: str = ""
    """Why no further round began, where one was to; empty when none was."""
    is_broken: bool = False
    """Whether the round that was measured last is not to be judged."""
    _next: Round | None = None
    _programme: Programme = field(init=False)

    def __post_init__(self) -> None:
        self._programme = programme_of(self.plan)

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
            case ev.WindowRead() | ev.RoundJudged() | ev.CooledDown():
                return self._went_on(event)
            case ev.Scored():
                self.phase, self.failure = (Phase.FAILED, self.loss) if self.loss else (Phase.DONE, None)
                return [ev.SendAll(frames.Bye())]
            case ev.Overdue():
                return self._overdue(event.phase)
            case ev.CalledOff() | ev.Decided():
                return self._cut(event)
            case ev.Broken():
                return self._break(event.type, event.message)

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
                if frame.failed and not self._may_be_too_much:
                    return self._lose(RunFailure.WARM_UP_FAILED, _warm_up_failed(index, frame))
                worker.warmed = True
                return self._when_all("warmed", Phase.WARMING_UP, Phase.READING_BEFORE, ev.BeginWindow())
            case frames.Drawn():
                worker.drawn = True
                return self._when_all("drawn", Phase.DRAWING, Phase.WARMING_UP, ev.BeginWarmUp())
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
        if self.phase in {Phase.MEASURING, Phase.DRAINING}:
            worker.progress = frame
        here = [other for other in self.workers.values() if not other.gone]
        if self.phase is Phase.MEASURING and all(other.progress and other.progress.all_sent for other in here):
            self.phase = Phase.DRAINING
        return []

    def _window_read(self) -> list[ev.Instruction]:
        if self.phase is Phase.READING_BEFORE:
            self.phase = Phase.MEASURING
            return [ev.BeginMeasuring()]
        if self.phase is not Phase.READING_AFTER:
            return []  # The run has come to its end meanwhile.
        if self._may_go_on and not self.called_off:
            self.phase = Phase.JUDGING
            return [ev.JudgeRound()]
        return self._score()

    def _went_on(self, event: ev.WindowRead | ev.RoundJudged | ev.CooledDown) -> list[ev.Instruction]:
        match event:
            case ev.WindowRead():
                return self._window_read()
            case ev.RoundJudged():
                return self._round_judged(event.then)
            case ev.CooledDown():
                return self._cooled_down()

    def _score(self) -> list[ev.Instruction]:
        self.phase = Phase.SCORING
        return [ev.Score()]

    def _round_judged(self, then: Round | None) -> list[ev.Instruction]:
        if self.phase is not Phase.JUDGING:
            return []
        if then is None and not self.loss:
            self.cut_short = ""  # There was nothing left to be cut.
        if then is None or self.cut_short:
            return self._score()
        left = [index for index, worker in self.workers.items() if not worker.connected]
        for worker in self.workers.values():
            worker.begin_round(was_ended_early=bool(self.ended_early))
        self.round_number, self._next, self.ended_early = then.number, then, ""
        self.phase = Phase.COOLING_DOWN
        if left:
            return self._lose(RunFailure.WORKER_LOST, f"worker {left[0]} hung up between two rounds")
        return [ev.CoolDown(then)]

    def _cooled_down(self) -> list[ev.Instruction]:
        if self.phase is not Phase.COOLING_DOWN or self._next is None:
            return []
        self.phase = Phase.DRAWING
        return [ev.DrawRound(self._next)]

    def _when_all_are_through(self) -> list[ev.Instruction]:
        if self.phase not in {Phase.MEASURING, Phase.DRAINING}:
            return []
        if not all(worker.is_through for worker in self.workers.values()):
            return []
        self.phase = Phase.READING_AFTER
        return [ev.EndWindow()]

    def _call_off(self, reason: str) -> list[ev.Instruction]:
        if self._is_between_rounds:
            self.cut_short = reason
            return [ev.SendAll(frames.Stop()), *self._score()]
        if self.phase in {Phase.READING_AFTER, Phase.JUDGING, Phase.SCORING}:
            # Its round has been measured; if others were to follow, they do not.
            if self._may_go_on and self.phase is not Phase.SCORING:
                self.cut_short = self.cut_short or reason
            return []
        if self.phase not in {Phase.MEASURING, Phase.DRAINING}:
            return self._fail(RunFailure.ABORTED, f"{reason}, before anything was measured")
        self.called_off = self.called_off or reason
        return self._stop()

    def _cut(self, event: ev.CalledOff | ev.Decided) -> list[ev.Instruction]:
        if isinstance(event, ev.CalledOff):
            return self._call_off(event.reason)
        if self.phase is not Phase.MEASURING:
            return []  # All is sent, or something else has ended it.
        self.ended_early = event.why
        return self._stop()

    def _lose(self, type_: RunFailure, message: str) -> list[ev.Instruction]:
        """A worker is of no use any more. What the others measured is reported, if anything was measured."""
        if self._is_between_rounds or self.phase is Phase.JUDGING:
            self.loss = self.loss or FailureReport(type=type_, message=message)
            self.cut_short = self.cut_short or f"{type_}: {message},"
            return [] if self.phase is Phase.JUDGING else [ev.SendAll(frames.Stop()), *self._score()]
        if self.phase not in {Phase.MEASURING, Phase.DRAINING}:
            return self._fail(type_, message)
        self.loss = self.loss or FailureReport(type=type_, message=message)
        self.called_off = self.called_off or f"{type_}: {message},"
        return [*self._stop(), *self._when_all_are_through()]

    def _break(self, type_: RunFailure, message: str) -> list[ev.Instruction]:
        """What was measured in this round is of no use; whole rounds before it are reported."""
        if not self.round_number or self.is_broken:
            return self._fail(type_, message)
        self.loss = self.loss or FailureReport(type=type_, message=message)
        self.cut_short = self.cut_short or f"{type_}: {message},"
        self.is_broken = True
        return [ev.SendAll(frames.Stop()), *self._score()]

    @property
    def _may_go_on(self) -> bool:
        """Whether another round may follow on this one."""
        return self.round_number + 1 < self._programme.at_most

    @property
    def _may_be_too_much(self) -> bool:
        """Whether the round tries what servers may refuse, and is judged all the same: a search's, or a later step."""
        return self.plan.find_peak is not None or bool(self.plan.concurrency_steps and self.round_number)

    @property
    def _is_between_rounds(self) -> bool:
        """Whether whole rounds are there to be reported, and nothing of the next."""
        return self.round_number > 0 and self.phase in BETWEEN_ROUNDS

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
        done = {Phase.PREPARING: worker.prepared, Phase.WARMING_UP: worker.warmed, Phase.DRAWING: worker.drawn}
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
