"""A cgroup of its own for each node, under /infm, in whichever version of cgroups this machine has."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .addresses import Member

_ROOT = Path("/sys/fs/cgroup")
_NAME = "infm"
# The kernel frees a cgroup a moment after its last process has gone.
_REMOVE_WITHIN_S = 6.0


def make_cgroups(node: Member) -> None:
    """Makes the node's cgroup, ready for kubelet; what is there already stays."""
    if (_ROOT / "cgroup.controllers").exists():
        _make_v2(node)
        return
    for hierarchy in sorted(_ROOT.iterdir()):
        if hierarchy.is_dir() and not hierarchy.is_symlink() and hierarchy.name != "unified":
            _make_v1(hierarchy, node)


def remove_cgroups() -> bool:
    """Removes /infm everywhere; whether it is gone."""
    deadline_s = time.monotonic() + _REMOVE_WITHIN_S
    while True:
        tops = [
            top for top in (_ROOT / _NAME, *_ROOT.glob(f"*/{_NAME}")) if top.is_dir() and not top.parent.is_symlink()
        ]
        for top in tops:
            _remove_tree(top)
        if not any(top.exists() for top in tops):
            return True
        if time.monotonic() > deadline_s:
            return False
        time.sleep(0.1)


def _make_v1(hierarchy: Path, node: Member) -> None:
    parent = hierarchy
    for name in (_NAME, node.name):
        child = parent / name
        child.mkdir(exist_ok=True)
        for setting in ("cpuset.cpus", "cpuset.mems"):
            # A new cpuset is empty, and no process may enter an empty one.
            if (child / setting).exists() and not (child / setting).read_text().strip():
                (child / setting).write_text((parent / setting).read_text())
        parent = child


def _make_v2(node: Member) -> None:
    (_ROOT / _NAME / node.name).mkdir(parents=True, exist_ok=True)
    for parent in (_ROOT, _ROOT / _NAME):
        wanted = {"cpu", "cpuset", "io", "memory", "pids"}
        for controller in sorted(wanted & set((parent / "cgroup.controllers").read_text().split())):
            (parent / "cgroup.subtree_control").write_text(f"+{controller}")


def _remove_tree(top: Path) -> None:
    for folder in sorted((path for path in top.rglob("*") if path.is_dir()), reverse=True):
        _try_remove(folder)
    _try_remove(top)


def _try_remove(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        # Still busy, or removed by its last process: the caller looks again.
        return
