"""Writes the dashboards into the chart: `python -m inferometer_dev.dashboards.generate [--check]`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from inferometer_dev.dashboards.operator import operator
from inferometer_dev.dashboards.overview import overview
from inferometer_dev.dashboards.run import run
from inferometer_dev.dashboards.schedules import schedules
from inferometer_dev.paths import REPO

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FOLDER = REPO / "charts" / "inferometer" / "dashboards"


def dashboards() -> Mapping[str, str]:
    """The JSON of each dashboard by the name of its file."""
    made = {"overview": overview, "run": run, "schedules": schedules, "operator": operator}
    return {f"{name}.json": make() for name, make in made.items()}


def main(argv: Sequence[str]) -> int:
    """Writes the files and removes others, or with --check names those that differ and returns 1."""
    parser = argparse.ArgumentParser(prog="dashboards", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file is not up to date")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where they lie (default: the chart's)")
    arguments = parser.parse_args(argv)
    folder, wanted = arguments.folder, dashboards()
    found = {path.name: path.read_text() for path in folder.glob("*.json")}
    stale = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
    if arguments.check:
        for name in stale:
            print(f"{folder / name} is not what the code makes. hint: run `make dashboards`", file=sys.stderr)
        return 1 if stale else 0
    folder.mkdir(parents=True, exist_ok=True)
    for name in stale:
        if name in wanted:
            (folder / name).write_text(wanted[name])
        else:
            (folder / name).unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
