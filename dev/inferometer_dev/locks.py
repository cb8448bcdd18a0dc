"""Locks between processes, by flock: the kernel frees them when their holder dies, however it dies."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from inferometer_dev.paths import cache

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def locked(name: str, folder: Path | None = None) -> Iterator[None]:
    """Holds the lock `name`; waits while another process holds it. The holder may remove the file and its folder."""
    path = (folder if folder is not None else cache("locks")) / f"{name}.lock"
    handle = _acquired(path)
    try:
        yield
    finally:
        handle.close()


def _acquired(path: Path) -> TextIO:
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            handle = path.open("w")
        except FileNotFoundError:
            # Its folder was removed between the two lines, by a holder that cleaned up.
            continue
        fcntl.flock(handle, fcntl.LOCK_EX)
        if _is_still(path, handle):
            return handle
        # We waited for a file that its holder has removed: others meet at a new one.
        handle.close()


def _is_still(path: Path, handle: TextIO) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(handle.fileno()))
    except FileNotFoundError:
        return False
