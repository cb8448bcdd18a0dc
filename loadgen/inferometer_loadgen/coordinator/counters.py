"""Triton's counters of one model in one replica, and their growth over a window.

Counters are per process and start at zero: a counter that fell is a server that began anew. What was not on the page is
absent; a page without the model's counters is no zero.
"""

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class ModelCounters:
    """Sums over the model's versions, or one version; durations in microseconds, as Triton counts them."""

    successes: int
    failures: int
    inferences: int
    executions: int
    queue_us: int
    compute_us: int


@dataclass(frozen=True, slots=True)
class Absent:
    """No counters, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Growth:
    """What a replica did within a window; `restarted` when its counters fell meanwhile (they are absent then)."""

    counters: ModelCounters | Absent
    restarted: bool


class Window:
    """What a replica did from one reading to another; those in between show a restart that the ends would hide.

    It holds no more than it needs to say so, however many readings there are.
    """

    def __init__(self) -> None:
        self._first: ModelCounters | Absent | None = None
        self._last: ModelCounters | Absent | None = None
        self._latest: ModelCounters | None = None
        self._restarted = False

    def take(self, reading: ModelCounters | Absent) -> None:
        """One reading more."""
        self._first = reading if self._first is None else self._first
        self._last = reading
        if isinstance(reading, ModelCounters):
            self._restarted = self._restarted or (self._latest is not None and _fell(self._latest, reading))
            self._latest = reading

    def growth(self) -> Growth:
        """The growth from the first reading to the last."""
        first, last = self._first, self._last
        if first is None or last is None:
            return Growth(Absent("the metrics were never read"), restarted=False)
        if isinstance(first, Absent):
            return Growth(Absent(f"before the run: {first.reason}"), self._restarted)
        if isinstance(last, Absent):
            return Growth(Absent(f"after the run: {last.reason}"), self._restarted)
        if self._restarted:
            return Growth(Absent("the server restarted within the run"), restarted=True)
        grown = {field.name: getattr(last, field.name) - getattr(first, field.name) for field in fields(ModelCounters)}
        return Growth(ModelCounters(**grown), restarted=False)


def _fell(earlier: ModelCounters, later: ModelCounters) -> bool:
    return any(getattr(later, field.name) < getattr(earlier, field.name) for field in fields(ModelCounters))
