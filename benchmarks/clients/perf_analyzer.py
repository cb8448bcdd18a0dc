"""NVIDIA's perf_analyzer as a contender, in the cheaper of its two modes for each protocol.

It comes out of the last tritonclient wheel whose program runs on Debian 12, into the cache and into no environment of
ours. A run is three of its windows, whatever they vary. Its CPU time is its process's (wait4), less that of a run of a
few requests, so that the start and the look at the model are in neither; its requests are those the server counted.
(--request-count would make it simpler, but with a thread a request it hangs in one run of six. Without, its threads
may starve the one that keeps its time, against a fast server on a quiet core: then it sends on and does not end, and
has a second try.)
"""

import re
from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path
from typing import Literal

from benchmarks.clients.child import NotEndedError, program
from benchmarks.clients.contender import BenchmarkError, Case, Measurement, Target
from benchmarks.model import NAME, VERSION
from inferometer_dev.errors import DevError
from inferometer_dev.wheels import installed

LOCK = Path(__file__).with_name("perf_analyzer.txt")
MODES = {"http": "--sync", "grpc": "--async"}
"""Measured on 2 cores, c = 32: HTTP 78 us with a thread a request and 97 with its poller, gRPC 62 and 52."""
FEW = 100
WINDOWS = 3
"""It ends after so many that are alike, which they all are if they may differ by ANY percent …"""
ANY = "100000"
MAX_WINDOWS = "15"
"""… but for those in which a starved client got no answer at all."""
_RATE = re.compile(r"Throughput: ([\d.]+) infer/sec")


class PerfAnalyzer:
    """perf_analyzer 2.50. Raises BenchmarkError where it cannot be had."""

    version = "2.50.0"

    def __init__(self, protocol: Literal["http", "grpc"]) -> None:
        self.name = f"perf_analyzer {protocol}"
        self.protocol = protocol
        try:
            self._folder = installed(LOCK, "3.11")
        except DevError as error:
            raise BenchmarkError(str(error)) from error
        self._program = self._folder / "bin" / "perf_analyzer"
        self._start_up_ns = cache(self._measure_start_up)

    def run(self, case: Case, target: Target) -> Measurement:
        """One run of about the case's seconds and its start."""
        window_ms = max(100, round(case.seconds * 1_000 / WINDOWS))
        options = ["--measurement-interval", str(window_ms), "--max-trials", MAX_WINDOWS, "--stability-percentage", ANY]
        output, cpu_ns = self._run(case, target, [MODES[self.protocol], *options])
        rate = _RATE.search(output)
        if rate is None:
            raise BenchmarkError(f"{self.name} says: {output}")
        return Measurement(requests=0, cpu_ns=cpu_ns - self._start_up_ns(case, target), rate=float(rate[1]))

    def _measure_start_up(self, case: Case, target: Target) -> int:
        return self._run(case, target, ["--async", "--request-count", str(FEW)])[1]

    def command(self, port: int, options: Sequence[str]) -> tuple[list[str], dict[str, str]]:
        """What to run against a server on loopback, and in which environment."""
        libraries = {"LD_LIBRARY_PATH": str(self._folder / "nvidia" / "cuda_runtime" / "lib")}
        model = ["-m", NAME, "-x", VERSION, "-i", self.protocol, "-u", f"127.0.0.1:{port}"]
        return [str(self._program), *model, *options], libraries

    def _run(self, case: Case, target: Target, options: Sequence[str]) -> tuple[str, int]:
        command, libraries = self.command(target.port, ["--concurrency-range", str(case.in_flight), *options])
        run = partial(program, command, target.client_core, case.limit_s, libraries)
        try:
            return run()
        except NotEndedError:
            return run()
