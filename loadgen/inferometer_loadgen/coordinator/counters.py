"""Triton's counters of one model in one replica, and their growth over a window.

Counters are per process and start at zero: a counter that fell is a server that began anew. What was not on the page is
absent; a page without the model's counters is no zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import pairwise


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


def growth(readings: Sequence[ModelCounters | Absent]) -> Growth:
    """The growth from the first reading to the last; those in between show a restart that the ends would hide."""
    if not readings:
        return Growth(Absent("the metrics were never read"), restarted=False)
    first, last = readings[0], readings[-1]
    read = [reading for reading in readings if isinstance(reading, ModelCounters)]
    restarted = any(_fell(earlier, later) for earlier, later in pairwise(read))
    if isinstance(first, Absent):
        return Growth(Absent(f"before the run: {first.reason}"), restarted)
    if isinstance(last, Absent):
        return Growth(Absent(f"after the run: {last.reason}"), restarted)
    if restarted:
        return Growth(Absent("the server restarted within the run"), restarted)
    grown = {field.name: getattr(last, field.name) - getattr(first, field.name) for field in fields(ModelCounters)}
    return Growth(ModelCounters(**grown), restarted)


def _fell(earlier: ModelCounters, later: ModelCounters) -> bool:
    return any(getattr(later, field.name) < getattr(earlier, field.name) for field in fields(ModelCounters))
