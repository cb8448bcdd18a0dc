"""How much memory this process may use: its cgroup's limit, or the machine's, whichever is less."""

from collections.abc import Iterator
from pathlib import Path

UNLIMITED = 1 << 60
"""Version 1 of cgroups says "no limit" as a number near 2^63."""


def available_bytes(root: Path = Path("/")) -> int:
    """What may still be taken: the tightest of the limits that are set, and the machine's available memory."""
    return min((*_cgroup_limits(root), _machine_available(root)))


def _cgroup_limits(root: Path) -> Iterator[int]:
    # Inside a container both show the container's own group.
    for name in ("sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            text = (root / name).read_text().strip()
        except OSError:
            continue
        if text.isdecimal() and int(text) < UNLIMITED:
            yield int(text)


def _machine_available(root: Path) -> int:
    for line in (root / "proc/meminfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == "MemAvailable":
            return int(value.split()[0]) * 1024
    return UNLIMITED
