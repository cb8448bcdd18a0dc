"""What became of each cell, for people and for programs."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

TARGET = Path(__file__).parents[3] / "build" / "kill-matrix.json"
TOO_LATE = "too late"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One cell: what was done to which write, and what was wrong with the run afterwards."""

    number: int
    moment: str
    write: str
    problems: tuple[str, ...]
    took_s: float

    def __str__(self) -> str:
        return f"{'; '.join(self.problems) or 'finished'}  {self.took_s:.1f} s"


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Of all cells."""

    kills: Sequence[Outcome]
    faults: Sequence[Outcome]
    wall_s: float

    def __str__(self) -> str:
        """A table with a row for each write, and one with a row for each other fault."""
        by_cell = {(one.number, one.moment): one for one in self.kills}
        lines = [f"{'n':>2}  {'write':<34} {'killed before':<17} {'killed after':<17} arrives after the end"]
        for number in sorted({one.number for one in self.kills}):
            cells = [by_cell[number, moment] for moment in ("before", "after", TOO_LATE)]
            lines.append(f"{number:>2}  {cells[0].write:<34} {cells[0]!s:<17} {cells[1]!s:<17} {cells[2]}")
        lines += ["", f"    {'fault':<82} outcome"]
        lines += [f"    {one.write:<82} {one}" for one in self.faults]
        everything = [*self.kills, *self.faults]
        good = sum(not one.problems for one in everything)
        return "\n".join([*lines, "", f"{good} of {len(everything)} runs finished as if nothing; {self.wall_s:.0f} s"])


_tables: list[str] = []


def remember(outcomes: Outcomes) -> None:
    """For programs at once, for people at the end of the session."""
    TARGET.parent.mkdir(exist_ok=True)
    content = {
        "wallS": round(outcomes.wall_s, 1),
        "kills": [asdict(one) for one in outcomes.kills],
        "faults": [asdict(one) for one in outcomes.faults],
    }
    TARGET.write_text(json.dumps(content, indent=1) + "\n")
    _tables.append(str(outcomes))


def tables() -> Sequence[str]:
    """What is to be shown."""
    return tuple(_tables)
