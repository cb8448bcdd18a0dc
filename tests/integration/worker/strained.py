"""A client in a process of its own, that a test may starve, and an independent witness on the same core.

`python -m integration.worker.strained client URL …` runs one schedule and prints what it measured; `… witness` spins
and prints each time in which it was not let run, so that an accusation can be held beside what somebody else saw.
"""

import json
import os
import subprocess
import sys
import time
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from inferometer_loadgen.coordinator.self_reports import vitals_of
from inferometer_loadgen.datasets.bodies import HttpBody
from inferometer_loadgen.plan import ModelPlan, ReplicaAddress
from inferometer_loadgen.protocol.frames import Finished
from inferometer_loadgen.verdict import Measured, ServerCounts, Vitals
from inferometer_loadgen.worker.http_carrier import HttpCarrier
from inferometer_loadgen.worker.http_pool import HttpPool
from inferometer_loadgen.worker.loop import PULSE_NS, Limits, MeasuredLoop
from inferometer_loadgen.worker.requests import make_requests
from inferometer_loadgen.worker.vitals import read_vital_signs
from inferometer_loadgen.worker.work import Work
from integration.worker.runs import ScriptedLink
from integration.worker.scripted import body_of

MS = 1_000_000
GAP_NS = 500_000
"""A spinner that reads its clock later than this was not let run."""


class Told(msgspec.Struct):
    """What a client prints: the columns of its records, and its word; times are monotonic, so that all may compare."""

    t0_ns: int
    scheduled_ns: list[int]
    sent_ns: list[int]
    done_ns: list[int]
    status: list[int]
    finished: Finished


@dataclass(frozen=True)
class Seen:
    """A client's run as the verdict takes it."""

    t0_ns: int
    measured: Measured
    vitals: Vitals


def run_client(url: str, connections: int, rate: int, queries: int) -> None:
    pool = HttpPool([ReplicaAddress(name="r", url=url, metrics_url="")], connections, None)
    carrier = HttpCarrier(pool, make_requests(ModelPlan(name="m"), pool.dialer.replicas, [HttpBody(body_of(0), 0)]))
    loop = MeasuredLoop(carrier, ScriptedLink())
    scheduled_ns = array("q", [n * 1_000_000_000 // rate for n in range(queries)])
    work = Work(body=array("q", bytes(8 * queries)), scheduled_ns=scheduled_ns, first=0, step=1)
    print("ready", flush=True)
    sys.stdin.readline()
    before = read_vital_signs(carrier.by_fd)
    t0_ns = time.monotonic_ns() + 5 * MS
    records, stats = loop.run(work, t0_ns, Limits(drain_ns=2_000 * MS), measured=True)
    vitals = before.until(read_vital_signs(carrier.by_fd))
    sent_ns, done_ns, status = records.relative_to(t0_ns)
    finished = Finished(
        rows=queries,
        backlogged=stats.backlogged,
        cpu_ns=stats.cpu_ns,
        busy_ns=stats.busy_ns,
        elapsed_ns=stats.elapsed_ns,
        first_error=stats.first_error,
        stalls=(np.frombuffer(stats.stalls, dtype=np.int64) - t0_ns).tobytes(),
        vitals=vitals,
    )
    told = Told(t0_ns, list(scheduled_ns), sent_ns.tolist(), done_ns.tolist(), status.tolist(), finished)
    print(msgspec.json.encode(told).decode(), flush=True)


def run_witness() -> None:
    """Spins until its input ends."""
    # It takes only what nobody else wants: it must not be the neighbour that it is to see.
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    os.set_blocking(0, False)
    gaps: list[tuple[int, int]] = []
    print("ready", flush=True)
    last_ns = time.monotonic_ns()
    looked_ns = last_ns
    while True:
        now_ns = time.monotonic_ns()
        if now_ns - last_ns > GAP_NS:
            gaps.append((last_ns, now_ns))
        last_ns = now_ns
        if now_ns - looked_ns > 20 * MS:
            looked_ns = now_ns
            try:
                if not os.read(0, 1):
                    break
            except BlockingIOError:
                pass
    print(json.dumps(gaps), flush=True)


class Process:
    """One of both, ready."""

    def __init__(self, *arguments: str, cpu: int) -> None:
        command = [sys.executable, "-m", "integration.worker.strained", *arguments]
        path = os.pathsep.join(entry for entry in sys.path if entry)
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path}
        )
        os.sched_setaffinity(self.process.pid, {cpu})
        assert self._output.readline() == "ready\n"

    @property
    def pid(self) -> int:
        return self.process.pid

    def begin(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def end(self) -> str:
        output, _ = self.process.communicate(timeout=60)
        return output

    @property
    def _output(self):
        assert self.process.stdout is not None
        return self.process.stdout

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@contextmanager
def processes(*several: Process) -> Iterator[None]:
    try:
        yield
    finally:
        for one in several:
            if one.process.returncode is None:
                one.kill()


def seen(output: str) -> Seen:
    told = msgspec.json.decode(output, type=Told)
    measured = Measured(
        index=np.arange(len(told.status)),
        scheduled_ns=np.array(told.scheduled_ns),
        sent_ns=np.array(told.sent_ns),
        done_ns=np.array(told.done_ns),
        status=np.array(told.status, dtype=np.int8),
        servers=(ServerCounts("r", len(told.status), 0, "", restarted=False),),
        clients=(vitals_of(told.finished),),
        clock_uncertainty_ns=0,
    )
    return Seen(told.t0_ns, measured, vitals_of(told.finished))


@contextmanager
def cpu_quota(share: float) -> Iterator[Path | None]:
    """A cgroup with this much of a CPU, in periods of 100 ms; None where this machine lets nobody make one."""
    root = Path("/sys/fs/cgroup/cpu")
    version_1 = (root / "cpu.cfs_quota_us").exists() or (root / "tasks").exists()
    group = (root if version_1 else Path("/sys/fs/cgroup")) / f"inferometer-test-{os.getpid()}"
    try:
        group.mkdir()
        quota = int(share * 100_000)
        name, value = ("cpu.cfs_quota_us", str(quota)) if version_1 else ("cpu.max", f"{quota} 100000")
        (group / name).write_text(value)
    except OSError:
        if group.exists():
            group.rmdir()
        yield None
        return
    try:
        yield group
    finally:
        group.rmdir()


def unmatched(stalls_ns: Sequence[tuple[int, int]], gaps_ns: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Stalls in which the witness was let run for most of the time.

    A stall is counted from the last moment at which the loop is known to have run, up to a pulse before it was stopped.
    """
    return [
        (begin, end) for begin, end in stalls_ns if _overlap(begin, end, gaps_ns) < max(1, (end - begin - PULSE_NS) / 2)
    ]


def _overlap(begin_ns: int, end_ns: int, gaps_ns: Sequence[tuple[int, int]]) -> int:
    return sum(max(0, min(end, end_ns) - max(begin, begin_ns)) for begin, end in gaps_ns)


if __name__ == "__main__":
    if sys.argv[1] == "client":
        run_client(sys.argv[2], *map(int, sys.argv[3:6]))
    else:
        run_witness()
