"""The measured loop, run against scripted servers: a schedule in, what became of each query out."""

import socket
import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from inferometer_loadgen.datasets.bodies import HttpBody
from inferometer_loadgen.plan import ModelPlan
from inferometer_loadgen.protocol.frames import Progress
from inferometer_loadgen.protocol.frames import Records as RecordsFrame
from inferometer_loadgen.verdict.measured import Measured, QueryStatus
from inferometer_loadgen.wire.grpc import INFER_PATH, GrpcRequest, framed, header_block
from inferometer_loadgen.worker.connections import Tls
from inferometer_loadgen.worker.grpc_carrier import GrpcCarrier
from inferometer_loadgen.worker.grpc_pool import GrpcPool
from inferometer_loadgen.worker.http_carrier import HttpCarrier
from inferometer_loadgen.worker.http_pool import HttpPool
from inferometer_loadgen.worker.loop import Limits, LoopStats, MeasuredLoop, Signal
from inferometer_loadgen.worker.records import Records
from inferometer_loadgen.worker.requests import make_requests
from inferometer_loadgen.worker.work import Work
from integration.worker.scripted import ScriptedServer, body_of
from integration.worker.scripted_grpc import GrpcConversation

MS = 1_000_000


class ScriptedLink:
    """A coordinator that says `signal` once, when a test wants it to."""

    def __init__(self) -> None:
        self._own, self._other = socket.socketpair()
        self._own.setblocking(False)
        self._signal = Signal.GO_ON
        self.reports: list[Progress] = []
        self.records: list[RecordsFrame] = []
        self.on_report: Callable[[Progress], None] = lambda _: None

    def fileno(self) -> int:
        return self._own.fileno()

    def say(self, signal: Signal) -> None:
        self._signal = signal
        self._other.send(b"!")

    def take(self) -> Signal:
        try:
            self._own.recv(1)
        except BlockingIOError:
            return Signal.GO_ON
        return self._signal

    def report(self, progress: Progress, records: RecordsFrame | None) -> None:
        self.reports.append(progress)
        self.records.extend([records] if records else [])
        self.on_report(progress)

    def close(self) -> None:
        self._own.close()
        self._other.close()


@dataclass
class Outcome:
    """What became of each query, and what the loop says of itself."""

    measured: Measured
    stats: LoopStats
    records: Records

    @property
    def statuses(self) -> list[QueryStatus]:
        return [QueryStatus(status) for status in self.measured.status]

    @property
    def latency_ms(self) -> list[float]:
        return [latency / MS for latency in self.measured.latency_ns().tolist()]


@dataclass
class Client:
    """A loop and what it needs; query j of a phase asks about sample `first_sample` + j, so that each is told apart."""

    loop: MeasuredLoop
    pool: HttpPool | GrpcPool
    link: ScriptedLink = field(default_factory=ScriptedLink)

    def run(
        self, scheduled_ms: Sequence[float], *, drain_ms: float, first_sample: int = 0, lead_ms: float = 5
    ) -> Outcome:
        """One phase, which begins `lead_ms` from now."""
        scheduled_ns = array("q", [int(time_ms * MS) for time_ms in scheduled_ms])
        sample = array("q", range(first_sample, first_sample + len(scheduled_ns)))
        work = Work(body=sample, scheduled_ns=scheduled_ns, first=0, step=1)
        return self.run_work(work, Limits(drain_ns=int(drain_ms * MS)), lead_ms=lead_ms)

    def run_work(self, work: Work, limits: Limits, *, lead_ms: float = 5) -> Outcome:
        """Any phase; where nothing is scheduled, times in the outcome's `measured` run from its time 0."""
        t0_ns = time.monotonic_ns() + int(lead_ms * MS)
        records, stats = self.loop.run(work, t0_ns, limits, measured=True)
        sent_ns, done_ns, status = records.relative_to(t0_ns)
        scheduled_ns = np.array(work.scheduled_ns, dtype=np.int64)
        measured = Measured(
            index=np.arange(len(records), dtype=np.int64),
            scheduled_ns=scheduled_ns if len(scheduled_ns) else np.zeros(len(records), dtype=np.int64),
            sent_ns=sent_ns,
            done_ns=done_ns,
            status=status,
            servers=(),
        )
        return Outcome(measured, stats, records)


@contextmanager
def client_of(
    *servers: ScriptedServer,
    connections: int = 1,
    samples: int = 400,
    body_bytes: int = 200,
    least_outstanding: bool = False,
    tls: Tls | None = None,
) -> Iterator[Client]:
    """A client with open connections to these replicas, of the protocol that the first of them speaks."""
    bodies = [body_of(sample, body_bytes) for sample in range(samples)]
    replicas = [server.address for server in servers]
    pool: HttpPool | GrpcPool
    carrier: HttpCarrier | GrpcCarrier
    if servers[0].kind is GrpcConversation:
        pool = GrpcPool(replicas, connections, tls)
        block = header_block("h", INFER_PATH)
        carrier = GrpcCarrier(pool, [[GrpcRequest(block, framed(body)) for body in bodies]] * len(servers))
    else:
        pool = HttpPool(replicas, connections, tls)
        carrier = HttpCarrier(
            pool, make_requests(ModelPlan(name="m"), replicas, [HttpBody(body, 0) for body in bodies])
        )
    link = ScriptedLink()
    loop = MeasuredLoop(carrier, link, least_outstanding=least_outstanding)
    try:
        yield Client(loop, pool, link)
    finally:
        loop.close()
        pool.close()
        link.close()
