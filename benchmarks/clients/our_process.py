"""One run of our client, `python -m benchmarks.clients.our_process`: an order as JSON in, the outcome as JSON out.

Closed loop: all queries are due at once, and as many are open as the case says. What it costs to keep and hand over
their records is part of the figure.
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

from benchmarks.clients.ours import Order, Outcome
from benchmarks.model import NAME, VERSION, Model
from inferometer_loadgen.datasets.bodies import HttpBody
from inferometer_loadgen.plan import ModelPlan, ReplicaAddress, Seeds, StreamPlan
from inferometer_loadgen.protocol.frames import Progress, Records, encode_frame
from inferometer_loadgen.stream import Issue, make_stream, shard
from inferometer_loadgen.verdict.measured import QueryStatus
from inferometer_loadgen.wire.grpc import INFER_PATH, GrpcRequest, framed, header_block
from inferometer_loadgen.worker.carrier import Carrier
from inferometer_loadgen.worker.grpc_carrier import GrpcCarrier
from inferometer_loadgen.worker.grpc_pool import GrpcPool
from inferometer_loadgen.worker.http_carrier import HttpCarrier
from inferometer_loadgen.worker.http_pool import HttpPool
from inferometer_loadgen.worker.loop import Limits, MeasuredLoop, Signal
from inferometer_loadgen.worker.requests import make_requests
from inferometer_loadgen.worker.work import Work

SAMPLES = 64
WARM_UP_S = 0.1
DRAIN_NS = 60_000_000_000
LEAD_NS = 20_000_000


class SilentLink:
    """A coordinator that says nothing; what is said to it is encoded and sent, as to a real one."""

    def __init__(self) -> None:
        self._own, self._other = socket.socketpair()

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
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    if order.target.is_pinned:
        os.sched_setaffinity(0, {order.target.client_core})
    loop = MeasuredLoop(carrier_of(order), SilentLink())
    gc.collect()
    gc.freeze()
    gc.disable()
    if order.rate:
        run(loop, all_at_once(1_000, order.case.in_flight))
        work = poisson(order)
    else:
        # As many as fill the time, at the rate that the warm-up has shown.
        warm_up = run(loop, all_at_once(2_000, order.case.in_flight))
        rate = warm_up.requests / warm_up.elapsed_ns * 1e9
        work = all_at_once(max(100, int(rate * order.case.seconds)), order.case.in_flight)
    sys.stdout.buffer.write(msgspec.json.encode(run(loop, work)))


def carrier_of(order: Order) -> Carrier:
    address = f"127.0.0.1:{order.target.port}"
    replica = ReplicaAddress(name="null", url=f"http://{address}", metrics_url="")
    model = Model(order.case.input_values)
    if order.protocol == "grpc":
        request = GrpcRequest(header_block(address, INFER_PATH), framed(model.grpc_request))
        return GrpcCarrier(GrpcPool([replica], 1), [[request] * SAMPLES])
    body = HttpBody(*model.http_request)
    requests = make_requests(ModelPlan(name=NAME, version=VERSION), [replica], [body] * SAMPLES)
    return HttpCarrier(HttpPool([replica], order.case.in_flight), requests)


def all_at_once(queries: int, in_flight: int) -> Work:
    return Work(
        body=array("q", (query % SAMPLES for query in range(queries))),
        scheduled_ns=array("q"),
        first=0,
        step=1,
        issue=Issue.AT_ONCE,
        window=in_flight,
    )


def poisson(order: Order) -> Work:
    plan = StreamPlan(
        seeds=Seeds(),
        target_qps=order.rate,
        min_duration_ns=int(order.case.seconds * 1e9),
        min_queries=1,
        total_samples=SAMPLES,
        performance_samples=SAMPLES,
    )
    own = shard(make_stream(plan), order.worker, order.workers)
    return Work(
        body=array("q", own.sample.astype("int64").tobytes()),
        scheduled_ns=array("q", own.scheduled_ns.astype("int64").tobytes()),
        first=order.worker,
        step=order.workers,
    )


def run(loop: MeasuredLoop, work: Work) -> Outcome:
    t0_ns = time.monotonic_ns() + LEAD_NS
    delayed_ns, begun_ns = run_delay_ns(), time.process_time_ns()
    records, stats = loop.run(work, t0_ns, Limits(drain_ns=DRAIN_NS), measured=True)
    cpu_ns, delayed_ns = time.process_time_ns() - begun_ns, run_delay_ns() - delayed_ns
    sent_ns, done_ns, status = records.relative_to(t0_ns)[:3]
    if not (status == QueryStatus.OK).all():
        sys.exit(f"not every query was answered: {stats.first_error}")
    lag_ns = np.sort(sent_ns - np.array(work.scheduled_ns)) if work.scheduled_ns else sent_ns
    return Outcome(
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
