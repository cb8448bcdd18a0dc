"""`python -m inferometer_dev TOOL ARGS...`: what the executables in dev/ run."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING

from inferometer_dev.errors import DevError

if TYPE_CHECKING:
    from collections.abc import Callable

_TOOLS = {
    "cluster": "inferometer_dev.cluster.cli",
    "images": "inferometer_dev.images.cli",
    "triton": "inferometer_dev.triton",
    "demo": "inferometer_dev.demo",
    "soak": "inferometer_dev.soak",
}


def main(argv: list[str]) -> int:
    """Run one tool; every expected trouble ends as one readable message and exit code 1."""
    if not argv or argv[0] not in _TOOLS:
        print(f"usage: python -m inferometer_dev {{{','.join(_TOOLS)}}} ...", file=sys.stderr)
        return 2
    # Imported late: a tool must not fail because of another.
    tool: Callable[[list[str]], int] = importlib.import_module(_TOOLS[argv[0]]).main
    try:
        return tool(argv[1:])
    except DevError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
