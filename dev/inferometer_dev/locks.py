"""Locks between processes, by flock: the kernel frees them when their holder dies, however it dies."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from inferometer_dev.paths import cache

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SUFFIX = ".lock"


@contextmanager
def locked(name: str, folder: Path | None = None) -> Iterator[None]:
    """Holds the lock `name`; waits while another process holds it. The holder may remove the file and its folder."""
    path = (folder if folder is not None else cache("locks")) / f"{name}{_SUFFIX}"
    handle = _acquired(path)
    try:
        yield
    finally:
        handle.close()


def remove_folder(folder: Path) -> None:
    """Removes a folder, as the last thing that the holder of the only lock in it does.

    The lock's file goes last, so that nobody enters a half-removed folder. From then on it is no longer held: whoever
    waits may make the folder anew at once; it is theirs then, and stays.
    """
    for path in folder.iterdir():
        if path.suffix == _SUFFIX:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    for path in list(folder.glob(f"*{_SUFFIX}")):
        path.unlink()
    with contextlib.suppress(OSError):
        folder.rmdir()


def _acquired(path: Path) -> TextIO:
    while True:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = path.open("w")
        except (FileExistsError, FileNotFoundError):
            # A holder removed the folder in the middle of this. (mkdir looks a second time, and finds it gone.)
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
