"""Which monotonic clock this process reads: two processes with equal answers to both questions read the same one."""

from pathlib import Path


def boot_id() -> str:
    """Which boot of which kernel this is."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def time_namespace() -> str:
    """Which offsets the kernel adds to this process's monotonic clock."""
    return str(Path("/proc/self/ns/time").readlink())
