"""What the figures were taken on."""

import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contender import BenchmarkError
from benchmarks.sitting import Cores


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
    return Cores(server=cores[0], client=cores[1])
