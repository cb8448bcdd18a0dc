"""A file in memory that the worker processes of one machine share: inherited, and opened again."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

NAME = "inferometer-bodies"
"""As /proc/PID/maps shows it."""
SEALS = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL


def new_memory() -> int:
    """The descriptor of an empty file that is in memory only."""
    return os.memfd_create(NAME, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)


def open_inherited(fd: int) -> int:
    """A descriptor of the file that this process was started with. Raises OSError where there is no such file.

    It is opened again: a lock belongs to an opening, and all heirs have the same one.
    """
    own = os.open(f"/proc/self/fd/{fd}", os.O_RDWR | os.O_CLOEXEC)
    fcntl.fcntl(own, fcntl.F_GET_SEALS)  # Only such a file has seals.
    return own


@contextmanager
def locked(fd: int) -> Iterator[None]:
    """One opening at a time; where its process dies, the next one's turn comes."""
    fcntl.flock(fd, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(fd, fcntl.LOCK_UN)


def is_sealed(fd: int) -> bool:
    """Whether nobody can change it any more."""
    return fcntl.fcntl(fd, fcntl.F_GET_SEALS) & SEALS == SEALS


def seal(fd: int) -> None:
    """What it holds now it holds for ever."""
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, SEALS)
