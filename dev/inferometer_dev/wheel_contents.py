"""`python -m inferometer_dev.wheel_contents WHEEL`: whether every source file of the packages is in the wheel.

The unit tests do not import every module, so that they alone would not miss one.
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

from inferometer_dev.paths import REPO

SOURCES = (REPO / "loadgen", REPO / "operator")


def missing_from(wheel: Path) -> list[str]:
    """The files of the packages that the wheel lacks, as they would be named in it."""
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    wanted = {
        str(path.relative_to(source))
        for source in SOURCES
        for path in source.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    return sorted(wanted - held)


def main(arguments: list[str]) -> int:
    """Names what is missing; the exit code is 0 when nothing is."""
    if len(arguments) != 1:
        print("usage: python -m inferometer_dev.wheel_contents WHEEL", file=sys.stderr)
        return 2
    missing = missing_from(Path(arguments[0]))
    for name in missing:
        print(f"error: the wheel lacks {name}. hint: see [tool.hatch.build] in pyproject.toml", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
