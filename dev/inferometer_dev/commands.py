"""Runs a program to its end and turns a bad end into a StepFailed that shows what the program said."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from inferometer_dev.errors import Missing, NeedsRoot, StepFailed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TAIL_LINES = 15


def tail(text: str, lines: int = TAIL_LINES) -> str:
    """The last lines of what a program said."""
    return "\n".join(text.rstrip().splitlines()[-lines:])


def run(
    step: str,
    argv: Sequence[str | Path],
    hint: str,
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: str | None = None,
) -> str:
    """The program's stdout. `env` is added to ours. Both streams are shown when it fails."""
    try:
        ended = subprocess.run(
            [str(part) for part in argv],
            cwd=cwd,
            env={**os.environ, **(env or {})},
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except FileNotFoundError as error:
        raise Missing(str(argv[0]), hint) from error
    if ended.returncode != 0:
        said = tail(ended.stdout + ended.stderr) or f"exit code {ended.returncode}, no output"
        raise StepFailed(step, said, hint)
    return ended.stdout


def succeeds(argv: Sequence[str | Path]) -> bool:
    """Whether the program exists and ends with 0; what it says is dropped."""
    try:
        ended = subprocess.run([str(part) for part in argv], capture_output=True, stdin=subprocess.DEVNULL, check=False)
    except FileNotFoundError:
        return False
    return ended.returncode == 0


def find_program(name: str, hint: str) -> Path:
    """The path of a program, also from the folders that only root's PATH has."""
    # Debian keeps debootstrap and iptables in sbin, which is not on every user's PATH.
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/local/go/bin")
    if found is None:
        raise Missing(name, hint)
    return Path(found)


def require_root(what: str) -> None:
    """Raises NeedsRoot, naming what it is needed for."""
    if os.geteuid() != 0:
        raise NeedsRoot(what)
