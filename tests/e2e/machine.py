"""The machine as a cluster found it, and as it must be again: what is compared, and how it is read."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

from inferometer_dev.paths import STATE, cache_dir

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclasses.dataclass(frozen=True)
class Machine:
    """What a cluster could leave behind, as plain sets that compare well."""

    processes: frozenset[str]
    mounts: tuple[str, ...]
    network_namespaces: frozenset[str]
    cgroups: frozenset[str]
    links: str
    packet_filter: str
    folders: frozenset[str]


def wait_until(reached: Callable[[], bool], within_s: float = 60.0, poll_s: float = 0.05) -> None:
    deadline_s = time.monotonic() + within_s
    while not reached():
        assert time.monotonic() < deadline_s, "never came"
        time.sleep(poll_s)


def look() -> Machine:
    """The machine as it is; waits until the kernel has ended what was killed."""
    wait_until(lambda: not ours(), within_s=10)
    run_folders = [path for parent in ("/run", "/var/lib", "/opt", "/usr/libexec") for path in Path(parent).glob("*")]
    return Machine(
        processes=frozenset(ours()),
        mounts=tuple(sorted(Path("/proc/self/mounts").read_text().splitlines())),
        network_namespaces=frozenset(os.listdir("/run/netns") if Path("/run/netns").exists() else []),  # noqa: PTH208
        cgroups=frozenset(str(path) for path in Path("/sys/fs/cgroup").glob("**/infm*")),
        links=output("ip", "-o", "link", "show"),
        packet_filter=output("iptables-save"),
        folders=frozenset(str(path) for path in run_folders),
    )


def ours() -> set[str]:
    """Processes in another network namespace than ours, or whose command line names the cluster's state or disk."""
    marks = (str(cache_dir() / "cluster"), str(STATE))
    own_network = Path("/proc/self/ns/net").readlink()
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            network = (process / "ns" / "net").readlink()
            words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if network != own_network or any(mark in words for mark in marks):
            found.add(f"{process.name} {words}")
    return found


def output(*argv: str) -> str:
    """Without counters, which change by themselves."""
    said = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    return "\n".join(line for line in said.splitlines() if not line.startswith(("#", ":")))
