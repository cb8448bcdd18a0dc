"""What a policy may answer: what is to be done, or what it must know first."""

from dataclasses import dataclass
from typing import Any

from inferometer_loadgen.protocol.api import StartRequest
from inferometer_loadgen.spec.load import DataFormat
from inferometer_operator.api.status import BenchmarkStatus
from inferometer_operator.objects.events import Told
from inferometer_operator.pods import Pod

Manifest = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Start:
    """Give the start; the same one again does no harm."""

    address: str
    request: StartRequest


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Tell the coordinator that its report is stored."""

    address: str


@dataclass(frozen=True, slots=True)
class Abort:
    """Tell the coordinator to stop sending and to report what was measured; again does no harm."""

    address: str
    reason: str


@dataclass(frozen=True, slots=True)
class TokenFor:
    """Create the Secret with the run's token for a coordinator's pod; the token itself is no business of a policy."""

    name: str
    coordinator: Pod


@dataclass(frozen=True, slots=True)
class Step:
    """What is to be done now, in the order of the fields; an empty step waits."""

    create: tuple[Manifest, ...] = ()
    token: TokenFor | None = None
    status: BenchmarkStatus | None = None
    """The whole new status; written only if the run is still as it was observed."""
    call: Start | Acknowledge | Abort | None = None
    delete: tuple[Pod, ...] = ()
    tell: tuple[Told, ...] = ()
    """Events, once everything before is done."""
    forget: bool = False
    """Delete the benchmark itself, and with it all that belongs to it."""
    again_after_s: float | None = None
    """When to look again if nothing happens; None: at once if something was done, else only on news."""

    @property
    def does_something(self) -> bool:
        """Whether it changes anything."""
        return bool(self.create or self.token or self.status or self.call or self.delete or self.tell or self.forget)


@dataclass(frozen=True, slots=True)
class ReadLibrary:
    """Read the sample library."""

    config_map: str
    format: DataFormat


@dataclass(frozen=True, slots=True)
class ReadRecording:
    """Read the times of a replay."""

    config_map: str
    window_ns: int
    """Of which the most queries within it are of interest."""


@dataclass(frozen=True, slots=True)
class TryPods:
    """Ask the API server whether it would let these pods in."""

    manifests: tuple[Manifest, ...]


@dataclass(frozen=True, slots=True)
class ListPods:
    """List the run's pods: the watch may be late."""


@dataclass(frozen=True, slots=True)
class AskCoordinator:
    """Ask the coordinator where the run stands."""

    address: str


@dataclass(frozen=True, slots=True)
class FetchReport:
    """Fetch the report from the coordinator."""

    address: str
    sha256: str


@dataclass(frozen=True, slots=True)
class ReadStoredReport:
    """Read the report's ConfigMap."""


@dataclass(frozen=True, slots=True)
class ReadLog:
    """Read the end of a pod's log."""

    pod: Pod


@dataclass(frozen=True, slots=True)
class ReadEvents:
    """Read what was told of a pod."""

    pod: Pod


@dataclass(frozen=True, slots=True)
class AskAutoscaler:
    """Find out whether an autoscaler said that it makes a node for a pod."""

    pod: Pod


@dataclass(frozen=True, slots=True)
class AskProbe:
    """Find out since when a pod has answered its readiness probe with an error."""

    pod: Pod


Read = (
    ReadLibrary
    | ReadRecording
    | TryPods
    | ListPods
    | AskCoordinator
    | FetchReport
    | ReadStoredReport
    | ReadLog
    | ReadEvents
    | AskAutoscaler
    | AskProbe
)


@dataclass(frozen=True, slots=True)
class Need:
    """What must be read before the policy can decide."""

    reads: tuple[Read, ...]
