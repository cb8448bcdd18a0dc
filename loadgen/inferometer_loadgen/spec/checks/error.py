"""What a check finds, and what a check is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from inferometer_loadgen.spec.benchmark import BenchmarkSpec


@dataclass(frozen=True, slots=True)
class SpecError:
    """One thing that is wrong with a spec: where, what, and what to write instead."""

    path: str
    message: str
    hint: str

    def __str__(self) -> str:
        """The line that a user reads."""
        return f"{self.path}: {self.message}. hint: {self.hint}"


type Rule = Callable[[str, BenchmarkSpec], Iterator[SpecError]]
"""Of a benchmark's name and spec; its docstring says what is refused and what to do next, for docs/reasons.md."""
