"""What a section of the sitting is given, and what it hands back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.goals import Row
from benchmarks.machine import Cores
from benchmarks.progress import Progress


@dataclass(frozen=True, slots=True)
class Bench:
    """One sitting: where it may write, on which cores it runs, and to whom it says how far it is."""

    folder: Path
    cores: Cores
    progress: Progress


@dataclass(frozen=True, slots=True)
class Findings:
    """A section's lines of the table, and every figure that they were made of."""

    rows: Sequence[Row]
    raw: dict[str, Any] = field(default_factory=dict)
    failures: Mapping[str, str] = field(default_factory=dict)
    """By contender, why it has no figures."""


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the sitting: it calls `progress.step` so many times, and takes about so many seconds."""

    name: str
    steps: int
    seconds: int
    run: Callable[[Bench], Findings]
