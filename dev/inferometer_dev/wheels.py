"""Python packages for an image's own Python, out of a lock file with hashes, whatever Python runs this.

Wheels only: nothing is compiled, and a package without a wheel for the image's Python is an error that names it.
"""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

from inferometer_dev.commands import run, succeeds
from inferometer_dev.errors import Missing
from inferometer_dev.keys import content_key
from inferometer_dev.locks import locked
from inferometer_dev.paths import cache
from inferometer_dev.progress import Step

if TYPE_CHECKING:
    from pathlib import Path

# Every glibc that a manylinux wheel may ask for, up to the one of Debian 12 (2.36); Debian 13 takes these too.
_GLIBC_MINORS = (5, 12, 17, 24, 26, 27, 28, 31, 34, 35, 36)
_RECIPE = "2"


def installed(lock: Path, python: str) -> Path:
    """A folder with the lock's packages for Python `python` ("3.13"), unpacked and not yet compiled."""
    key = content_key(_RECIPE, python, lock.read_bytes())
    target = cache("wheels") / f"{lock.stem}-{python}-{key}"
    if target.exists():
        return target
    with locked(f"wheels-{lock.stem}"):
        if not target.exists():
            with Step(f"wheels of {lock.name}", f"for Python {python}"):
                _install(lock, python, target)
    return target


def _install(lock: Path, python: str, target: Path) -> None:
    part = target.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    pip = _pip()
    # Debian's pip of the host would otherwise refuse to install "into a managed environment".
    flags = ["--quiet", "--disable-pip-version-check", "--no-input", "--target", str(part)]
    requirement = ["--only-binary=:all:", "--no-deps", "--no-compile", "--require-hashes"]
    # An old pip holds the running Python against Requires-Python, whatever --python-version says.
    requirement += ["--ignore-requires-python", "-r", str(lock)]
    hint = f"check that {lock.name} is locked with hashes for Python {python} and that the package index answers"
    run(f"wheels of {lock.name}", [*pip, "install", *flags, *platform_flags(python), *requirement], hint)
    part.rename(target)


def platform_flags(python: str) -> list[str]:
    """pip's flags that select wheels for CPython `python` on x86-64 Linux, independent of the running Python."""
    flags = ["--python-version", python, "--implementation", "cp"]
    for abi in (f"cp{python.replace('.', '')}", "abi3", "none"):
        flags += ["--abi", abi]
    for minor in reversed(_GLIBC_MINORS):
        flags += ["--platform", f"manylinux_2_{minor}_x86_64"]
    for name in ("manylinux2014_x86_64", "manylinux2010_x86_64", "manylinux1_x86_64", "any"):
        flags += ["--platform", name]
    return flags


def _pip() -> list[str]:
    candidates = ([sys.executable, "-m", "pip"], ["/usr/bin/python3", "-m", "pip"], ["pip3"], ["pip"])
    for candidate in candidates:
        if succeeds([*candidate, "--version"]):
            return list(candidate)
    raise Missing("pip", "apt-get install python3-pip")
