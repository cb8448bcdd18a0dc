"""Locks between processes, by flock: the kernel frees them when their holder dies, however it dies."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .paths import cache


@contextmanager
def locked(name: str, folder: Path | None = None) -> Iterator[None]:
    """Holds the lock `name`; waits while another process holds it."""
    place = folder if folder is not None else cache("locks")
    place.mkdir(parents=True, exist_ok=True)
    with (place / f"{name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
