"""Folders that become layers: copies by hard link, and root file systems with our files laid over them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from inferometer_dev.commands import run
from inferometer_dev.locks import locked
from inferometer_dev.paths import cache

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def built_tree(kind: str, key: str, make: Callable[[Path], None]) -> Path:
    """The folder that `make` fills, once for each key. A half-made one is never seen: it gets its name at the end."""
    tree = cache("trees") / f"{kind}-{key}"
    if tree.exists():
        return tree
    with locked(f"tree-{kind}"):
        if not tree.exists():
            part = tree.with_suffix(".part")
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir()
            make(part)
            part.rename(tree)
    return tree


def link_into(source: Path, target: Path) -> None:
    """Puts the content of `source` into `target` by hard links; both must lie on one file system."""
    target.mkdir(parents=True, exist_ok=True)
    run(f"link {source.name}", ["cp", "-al", f"{source}/.", target], "keep the cache on one file system")


def add_user(root: Path, name: str, uid: int) -> None:
    """Gives a uid a name: without one, Python's getpass fails in a pod of that uid.

    The files are written anew, since they are hard links of the base root.
    """
    for file, line in (("passwd", f"{name}:x:{uid}:{uid}::/:/usr/sbin/nologin"), ("group", f"{name}:x:{uid}:")):
        path = root / "etc" / file
        text = path.read_text()
        path.unlink()
        path.write_text(f"{text}{line}\n")


def write_program(path: Path, text: str) -> None:
    """An executable file, with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
