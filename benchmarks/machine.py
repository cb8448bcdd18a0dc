"""What the figures were taken on."""

import os
import platform
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.clients.contender import BenchmarkError


@dataclass(frozen=True, slots=True)
class Cores:
    """Two cores of their own; the server's would otherwise be charged with the client's waiting."""

    server: int
    client: int
    others: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Machine:
    """Enough to see why other figures may differ."""

    processor: str
    cores: int
    kernel: str
    python: str
    load_before: float
    """Of the last minute: on a machine with neighbours the ratios are noisy too."""


def this_machine() -> Machine:
    """As /proc describes it."""
    models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return Machine(
        processor=models[0].partition(":")[2].strip() if models else platform.machine(),
        cores=len(os.sched_getaffinity(0)),
        kernel=platform.release(),
        python=sys.version.split()[0],
        load_before=os.getloadavg()[0],
    )


def two_cores() -> Cores:
    """The first two that we may use. Raises BenchmarkError."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise BenchmarkError("one core only: client and server would wait for each other. hint: give the process two")
    return Cores(server=cores[0], client=cores[1], others=tuple(cores[2:]))


def free_cores(during_s: float = 0.5) -> int:
    """How many of our cores' worth of time nobody used just now: all but a tenth of a core must be idle to count."""
    ours = {f"cpu{core}" for core in os.sched_getaffinity(0)}
    before = _idle_ticks(ours)
    time.sleep(during_s)
    after = _idle_ticks(ours)
    whole = during_s * os.sysconf("SC_CLK_TCK")
    return sum(after[core] - before[core] >= 0.9 * whole for core in ours)


def _idle_ticks(cores: set[str]) -> dict[str, int]:
    lines = (line.split() for line in Path("/proc/stat").read_text().splitlines())
    return {words[0]: int(words[4]) for words in lines if words and words[0] in cores}
