"""One run of our client, `python -m benchmarks.our_process`: case and target as JSON in, the measurement as JSON out.

Closed loop: all queries are due at once, so that each answer sends the next query from the backlog and every
connection always has one. What it costs to put them into the backlog is part of the figure.
"""

import gc
import os
import socket
import sys
import time
from array import array
from pathlib import Path

import msgspec
import numpy as np

from benchmarks.contender import JSON_PART, MODEL, Case, Measurement, Target
from inferometer_loadgen.datasets.bodies import HttpBody
from inferometer_loadgen.plan import ModelPlan, ReplicaAddress, Seeds, StreamPlan
from inferometer_loadgen.protocol.frames import Progress, Records, encode_frame
from inferometer_loadgen.stream import make_stream
from inferometer_loadgen.verdict.measured import QueryStatus
from inferometer_loadgen.worker.http_carrier import HttpCarrier
from inferometer_loadgen.worker.http_pool import HttpPool
from inferometer_loadgen.worker.loop import Limits, MeasuredLoop, Signal
from inferometer_loadgen.worker.requests import make_requests
from inferometer_loadgen.worker.work import Pace, Work

SAMPLES = 64
WARM_UP_QUERIES = 2_000
DRAIN_NS = 60_000_000_000
LEAD_NS = 20_000_000


class SilentLink:
    """A coordinator that says nothing; what is said to it is encoded and sent, as to a real one."""

    def __init__(self) -> None:
        self._own, self._other = socket.socketpair()
        self.said = 0

    def fileno(self) -> int:
        return self._own.fileno()

    def take(self) -> Signal:
        return Signal.GO_ON

    def report(self, progress: Progress, records: Records | None) -> None:
        # What a run costs includes that its records are handed over; here they go nowhere.
        encoded = encode_frame(progress) + (encode_frame(records) if records else b"")
        self._own.send(encoded[:65_536])
        self._other.recv(65_536)


def main() -> None:
    case, target = msgspec.json.decode(sys.stdin.buffer.read(), type=tuple[Case, Target])
    os.sched_setaffinity(0, {target.client_core})
    replica = ReplicaAddress(name="null-server", url=f"http://127.0.0.1:{target.port}", metrics_url="")
    body = HttpBody(case.body(), len(JSON_PART))
    requests = make_requests(ModelPlan(name=MODEL), [replica], [body] * SAMPLES)
    loop = MeasuredLoop(HttpCarrier(HttpPool([replica], case.connections), requests), SilentLink())
    gc.collect()
    gc.freeze()
    gc.disable()
    run(loop, all_at_once(WARM_UP_QUERIES))
    work = poisson(case.rate, case.seconds) if case.rate else all_at_once(int(case.expected_rate * case.seconds))
    sys.stdout.buffer.write(msgspec.json.encode(run(loop, work)))


def all_at_once(queries: int) -> Work:
    return Work(
        body=array("q", (query % SAMPLES for query in range(queries))),
        scheduled_ns=array("q"),
        first=0,
        step=1,
        pace=Pace.AT_ONCE,
    )


def poisson(rate: float, seconds: int) -> Work:
    plan = StreamPlan(
        seeds=Seeds(),
        target_qps=rate,
        min_duration_ns=seconds * 1_000_000_000,
        min_queries=1,
        total_samples=SAMPLES,
        performance_samples=SAMPLES,
    )
    stream = make_stream(plan)
    return Work(
        body=array("q", stream.sample.astype("int64").tobytes()),
        scheduled_ns=array("q", stream.scheduled_ns.astype("int64").tobytes()),
        first=0,
        step=1,
    )


def run(loop: MeasuredLoop, work: Work) -> Measurement:
    t0_ns = time.monotonic_ns() + LEAD_NS
    delayed_ns, begun_ns = run_delay_ns(), time.process_time_ns()
    records, stats = loop.run(work, t0_ns, Limits(drain_ns=DRAIN_NS), measured=True)
    cpu_ns, delayed_ns = time.process_time_ns() - begun_ns, run_delay_ns() - delayed_ns
    sent_ns, done_ns, status = records.relative_to(t0_ns)
    if not (status == QueryStatus.OK).all():
        sys.exit(f"not every query was answered: {stats.first_error}")
    lag_ns = np.sort(sent_ns - np.array(work.scheduled_ns)) if work.scheduled_ns else sent_ns
    return Measurement(
        requests=len(work),
        cpu_ns=cpu_ns,
        elapsed_ns=int(done_ns.max()),
        send_lag_p50_ns=int(lag_ns[len(lag_ns) // 2]),
        send_lag_p99_ns=int(lag_ns[len(lag_ns) * 99 // 100]),
        run_delay_ns=delayed_ns,
    )


def run_delay_ns() -> int:
    return int(Path("/proc/thread-self/schedstat").read_text().split()[1])


if __name__ == "__main__":
    main()
