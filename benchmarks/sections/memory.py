"""What a query costs a worker in memory: the slope between a short and a long run of `inferometer run`, so that the
program, its libraries and the samples are in neither. The worker is the real one, and so is what it keeps.
"""

import subprocess
import sys
import time
from pathlib import Path

from benchmarks.bench import Bench, Findings, Section
from benchmarks.clients.contender import BenchmarkError
from benchmarks.goals import Goal, Row
from benchmarks.model import Model
from benchmarks.null_servers import NullServer
from benchmarks.sections.spec import spec

RATE = 25_000
QUERIES = (1_100_000, 1_600_000)
"""More than the stream makes at once (2^20): what making it takes is bounded, and so the same in both."""
POLL_S = 0.02
PATIENCE_S = 120


def run(bench: Bench) -> Findings:
    """The two runs."""
    peaks = []
    with NullServer(bench.folder, "http", bench.cores.server, Model(64)) as server:
        for queries in QUERIES:
            bench.progress.step(f"{queries:,} queries")
            peaks.append(_run(bench.folder, server.port, queries))
    short, long = peaks
    more = QUERIES[1] - QUERIES[0]
    conditions = f"Server, {RATE:,}/s, from {QUERIES[0]:,} to {QUERIES[1]:,} queries"
    row = Row(
        what="a worker's memory at its peak",
        conditions=conditions,
        unit="bytes/query",
        ours=[(long - short) / more],
        goal=Goal(48),
    )
    return Findings([row], {"queries": QUERIES, "peak_bytes": peaks})


def _run(folder: Path, port: int, queries: int) -> int:
    path = folder / "null-model.yaml"
    path.write_text(spec(workers=1, rate=RATE, queries=queries))
    command = [sys.executable, "-m", "inferometer_loadgen", "run", str(path), "--endpoint", f"http://127.0.0.1:{port}"]
    output = folder / "memory-run.log"
    with output.open("wb") as log:
        process = subprocess.Popen(
            [*command, "--output", str(folder / f"memory-run-{queries}")], stdout=log, stderr=log
        )
        peak = _watched(process)
    # 3: the verdict is not Valid, which says nothing here.
    if process.returncode not in (0, 3) or peak is None:
        raise BenchmarkError(f"inferometer run ended with {process.returncode}: {output.read_text()[-1000:]}")
    return peak


def _watched(process: "subprocess.Popen[bytes]") -> int | None:
    """The worker's peak, read again and again until the run is over."""
    peak: int | None = None
    worker: int | None = None
    end_s = time.monotonic() + PATIENCE_S
    while process.poll() is None:
        if time.monotonic() > end_s:
            process.terminate()
            process.wait(10)
            raise BenchmarkError(f"inferometer run did not end within {PATIENCE_S} s")
        worker = worker or _worker_of(process.pid)
        if worker is not None:
            peak = _peak_bytes(worker) or peak
        time.sleep(POLL_S)
    return peak


def _worker_of(pid: int) -> int | None:
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        if b"\x00worker\x00" in Path(f"/proc/{child}/cmdline").read_bytes():
            return int(child)
    return None


def _peak_bytes(pid: int) -> int | None:
    """The most that was ever resident; None once it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return None
    peaks = [int(line.split()[1]) * 1_024 for line in lines if line.startswith("VmHWM")]
    return peaks[0] if peaks else None


SECTION = Section("memory", steps=len(QUERIES), seconds=120, run=run)
