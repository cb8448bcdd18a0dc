"""What happens to a run, and what it makes the driver do: the words of the state machine."""

from dataclasses import dataclass

from inferometer_loadgen.protocol import frames
from inferometer_loadgen.protocol.api import RunFailure
from inferometer_loadgen.rounds import Round


@dataclass(frozen=True, slots=True)
class Joined:
    """Worker `index` has signed in."""

    index: int
    pod_uid: str


@dataclass(frozen=True, slots=True)
class Said:
    """Worker `index` sent a frame."""

    index: int
    frame: frames.FromWorker


@dataclass(frozen=True, slots=True)
class Left:
    """Worker `index` hung up."""

    index: int


@dataclass(frozen=True, slots=True)
class WindowRead:
    """The servers' counters were read at one end of the window."""


@dataclass(frozen=True, slots=True)
class RoundJudged:
    """The round that was measured last has its own report; `then` follows, or nothing does."""

    then: Round | None


@dataclass(frozen=True, slots=True)
class CooledDown:
    """The servers had their time without load."""


@dataclass(frozen=True, slots=True)
class Scored:
    """The report is there."""


@dataclass(frozen=True, slots=True)
class Broken:
    """The run cannot go on: the driver met an obstacle."""

    type: RunFailure
    message: str


@dataclass(frozen=True, slots=True)
class Overdue:
    """The run was in this phase for longer than it can take."""

    phase: str


@dataclass(frozen=True, slots=True)
class CalledOff:
    """Somebody wants the run to end now. What was measured so far is reported, if anything was."""

    reason: str


@dataclass(frozen=True, slots=True)
class Decided:
    """The round that is measured cannot be valid any more, and need not be sent to its end."""

    why: str


type Event = (
    Joined | Said | Left | WindowRead | RoundJudged | CooledDown | Scored | Broken | Overdue | CalledOff | Decided
)


@dataclass(frozen=True, slots=True)
class SendAll:
    """Send a frame to every worker."""

    frame: frames.Frame


@dataclass(frozen=True, slots=True)
class BeginWarmUp:
    """Give each worker a time 0 for the warm-up, on its own clock."""


@dataclass(frozen=True, slots=True)
class BeginMeasuring:
    """Give each worker a time 0 for the measured run, on its own clock."""


@dataclass(frozen=True, slots=True)
class BeginWindow:
    """Read the servers' counters before the measured run."""


@dataclass(frozen=True, slots=True)
class EndWindow:
    """Read the servers' counters after the last answer."""


@dataclass(frozen=True, slots=True)
class JudgeRound:
    """Merge and judge the round that was measured last, and say what follows on it."""


@dataclass(frozen=True, slots=True)
class CoolDown:
    """Let the servers be for as long as the round wants before it begins."""

    round: Round


@dataclass(frozen=True, slots=True)
class DrawRound:
    """Draw a round's stream, and have every worker draw it."""

    round: Round


@dataclass(frozen=True, slots=True)
class Score:
    """Merge and judge what was not yet, write the report."""


type Instruction = (
    SendAll | BeginWarmUp | BeginMeasuring | BeginWindow | EndWindow | JudgeRound | CoolDown | DrawRound | Score
)
