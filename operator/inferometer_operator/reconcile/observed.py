"""All that one reconcile may know, as one immutable value.

The first fields come from the cache. The others are None until a policy asks for them (`step.Need`): each is one call
to somewhere, and most reconciles need none of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from msgspec import UnsetType

from inferometer_loadgen.protocol.api import RunStatus
from inferometer_loadgen.spec.resolve import LibraryFacts, ReplayFacts
from inferometer_operator.objects.labels import Role
from inferometer_operator.pods import Pod
from inferometer_operator.run import Run
from inferometer_operator.settings import Settings


@dataclass(frozen=True, slots=True)
class Absent:
    """Something could not be read; the sentence says why."""

    why: str


@dataclass(frozen=True, slots=True)
class LetIn:
    """The API server would create one pod of each kind."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The API server refuses an object, in its own words."""

    kind: str
    name: str
    words: str


@dataclass(frozen=True, slots=True)
class Unreachable:
    """The coordinator did not answer, for the first time at `since`."""

    since: datetime
    why: str


@dataclass(frozen=True, slots=True)
class StoredReport:
    """The report's ConfigMap: its compressed report, or None where there is no ConfigMap yet."""

    compressed: bytes | None


@dataclass(frozen=True, slots=True)
class Observed:
    """One run at one moment."""

    run: Run
    settings: Settings
    now: datetime
    nonce: str
    """Fresh randomness, for names that must not repeat."""
    pods: tuple[Pod, ...] = ()
    names_taken: frozenset[str] = frozenset()
    """Pods of an earlier benchmark of this name."""
    secrets: frozenset[str] = frozenset()
    """Secrets that are known to be there."""
    told: frozenset[str] = frozenset()
    """The reasons of events that this operator has told of the run."""
    refused: Refused | None = None
    """What the API server has just refused to create."""
    blocked: str = ""
    """Whose name was just found to be in use by somebody else."""
    pods_are_live: bool = False
    """Whether `pods` were listed for this reconcile, and not told by the watch."""
    library: LibraryFacts | Absent | None = None
    recording: ReplayFacts | Absent | None = None
    trial: LetIn | Refused | None = None
    coordinator: RunStatus | Unreachable | None = None
    stored_report: StoredReport | None = None
    fetched_report: bytes | Absent | None = None
    logs: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """The ends of logs, by pod; empty where there is none."""
    events: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """What was told of pods, by pod, the latest last."""
    awaited: Mapping[str, bool] = field(default_factory=lambda: MappingProxyType({}))
    """Whether an autoscaler said that it makes a node, by pod."""
    unserved: Mapping[str, datetime | None] = field(default_factory=lambda: MappingProxyType({}))
    """Since when a pod has answered its readiness probe with an error, by pod; None where it did not."""

    @property
    def servers(self) -> tuple[Pod | None, ...]:
        """The pod of each replica, by index; none where the servers are not the operator's."""
        triton = self.run.wanted.target.triton
        return () if isinstance(triton, UnsetType) else self._by_index(Role.SERVER, triton.replicas)

    @property
    def workers(self) -> tuple[Pod | None, ...]:
        """The pod of each worker, by index."""
        return self._by_index(Role.WORKER, self.run.wanted.load.workers)

    @property
    def coordinator_pod(self) -> Pod | None:
        """The coordinator's pod."""
        return next((pod for pod in self.pods if pod.role is Role.COORDINATOR), None)

    def _by_index(self, role: Role, count: int) -> tuple[Pod | None, ...]:
        found = {pod.index: pod for pod in self.pods if pod.role is role}
        return tuple(found.get(index) for index in range(count))
