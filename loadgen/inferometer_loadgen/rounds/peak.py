"""The highest load that is valid: bracketed by doubling, then narrowed by halving, then measured in full.

Rates lie on a fixed grid of ratio 1 + tolerance between min and max, samples per query on the whole numbers, so that
the same verdicts lead to the same loads whatever the machine. The search ends when two neighbours on the grid are
known, one valid and one not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log


@dataclass(frozen=True, slots=True)
class Grid:
    """The rates that may be tried: number 0 is `least`, the last one `most`, in queries per second."""

    least: float
    most: float
    tolerance: float
    """As a fraction: two neighbours lie no further apart than this."""

    @property
    def last(self) -> int:
        """The number of the greatest rate."""
        return ceil(log(self.most / self.least) / log(1 + self.tolerance) - 1e-9) if self.most > self.least else 0

    def rate(self, number: int) -> float:
        """The rate of this number."""
        if number in {0, self.last}:
            return self.most if number else self.least
        return float(self.least * (self.most / self.least) ** (number / self.last))


@dataclass(frozen=True, slots=True)
class SampleCounts:
    """The samples of a query that may be tried: number 0 is `least`, the last one `most`."""

    least: int
    most: int

    @property
    def last(self) -> int:
        """The number of the most samples."""
        return self.most - self.least

    def samples(self, number: int) -> int:
        """The samples of this number."""
        return self.least + number


@dataclass(frozen=True, slots=True)
class Tried:
    """A trial and its fate."""

    number: int
    valid: bool


@dataclass(frozen=True, slots=True)
class Bracket:
    """What trials have shown: `valid` is the greatest number that passed below all that failed, -1 where none did."""

    valid: int
    invalid: int
    """The least that failed, one beyond the grid where none did."""

    @property
    def is_narrow(self) -> bool:
        """Whether nothing is left between the two."""
        return self.invalid - self.valid <= 1


def bracket(tried: Sequence[Tried], last: int) -> Bracket:
    """Where servers contradict themselves, the failure counts: a peak that fails now and then is none."""
    invalid = min((one.number for one in tried if not one.valid), default=last + 1)
    valid = max((one.number for one in tried if one.valid and one.number < invalid), default=-1)
    return Bracket(valid, invalid)


def next_trial(tried: Sequence[Tried], last: int, max_trials: int) -> int | None:
    """The number of the load to try next; None when the bracket is narrow or all trials are used up.

    Upwards in steps that double (0, 1, 3, 7 …) until one fails; then the middle.
    """
    found = bracket(tried, last)
    if found.is_narrow or len(tried) >= max_trials:
        return None
    if found.invalid > last:
        return min(last, 2 * found.valid + 1) if found.valid >= 0 else 0
    return (found.valid + found.invalid) // 2
