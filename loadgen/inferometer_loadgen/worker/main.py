"""One worker's life: sign in, hold the samples, prepare, warm up, measure, hand over the records."""

import gc
import resource
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from msgspec import structs

from inferometer_loadgen import plan as plans
from inferometer_loadgen.datasets.library import DataError
from inferometer_loadgen.plan import Plan, ReplicaAddress, StreamPlan
from inferometer_loadgen.protocol.api import RunFailure
from inferometer_loadgen.protocol.frames import (
    Bye,
    Draw,
    Drawn,
    Failed,
    Finished,
    FromCoordinator,
    Measure,
    OfficialRun,
    Prepare,
    Prepared,
    Ready,
    Vitals,
    Warmed,
    WarmUp,
)
from inferometer_loadgen.rounds import first_round, keeps_answers, may_keep_answers
from inferometer_loadgen.stream import LoggedRows, Stream, make_stream
from inferometer_loadgen.verdict.measured import QueryStatus
from inferometer_loadgen.worker.access import OPEN, Access, AccessFiles, read_access
from inferometer_loadgen.worker.asking import PrepareError
from inferometer_loadgen.worker.connections import ConnectError
from inferometer_loadgen.worker.credentials import CredentialsError
from inferometer_loadgen.worker.link import AbortedError, CoordinatorLink, LinkLostError, dial
from inferometer_loadgen.worker.loop import Limits, LoopStats, MeasuredLoop
from inferometer_loadgen.worker.official import OfficialTest, require_official
from inferometer_loadgen.worker.outputs import OutputsSender
from inferometer_loadgen.worker.prepare import Prepared as Connected
from inferometer_loadgen.worker.prepare import library_in, prepare
from inferometer_loadgen.worker.records import Records
from inferometer_loadgen.worker.sequenced import Numbering
from inferometer_loadgen.worker.shared_bodies import BodiesFile
from inferometer_loadgen.worker.shared_memory import new_memory
from inferometer_loadgen.worker.vitals import read_vital_signs
from inferometer_loadgen.worker.work import Bodies, Work, fed_work, measured_work, warm_up_work


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """Who this worker is and where it finds what it needs."""

    plan_path: Path
    token: bytes
    coordinator: str
    """host:port of the coordinator's link."""
    index: int
    pod_uid: str
    data_path: Path | None
    access: AccessFiles = OPEN
    bodies_fd: int | None = None
    """The memory file that the plan's workers share, all on this machine; None for one that shares with none."""


class UnexpectedFrameError(Exception):
    """The coordinator said something out of turn."""


def run_worker(settings: WorkerSettings) -> None:
    """Works until the coordinator says goodbye.

    Raises LinkLostError, AbortedError, UnexpectedFrameError, and what `prepare` raises, told to the coordinator first.
    """
    _allow_all_descriptors()
    plan = plans.decode(settings.plan_path.read_bytes())
    link = dial(settings.coordinator, settings.token, settings.index, settings.pod_uid)
    try:
        _work(link, plan, settings)
    except (PrepareError, DataError, ConnectError, CredentialsError) as error:
        type_ = error.type if isinstance(error, PrepareError) else _FAILURE_TYPES[type(error)]
        link.send(Failed(type=type_, message=f"worker {settings.index}: {error}"))
        raise
    finally:
        link.close()


def _allow_all_descriptors() -> None:
    """The soft limit, 1,024 in most shells, is there for programs that use select; this one opens thousands."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


_FAILURE_TYPES: dict[type[Exception], RunFailure] = {
    DataError: RunFailure.SAMPLES_DO_NOT_FIT,
    ConnectError: RunFailure.SERVER_UNREACHABLE,
    CredentialsError: RunFailure.SERVER_UNREACHABLE,
}


def _work(link: CoordinatorLink, plan: Plan, settings: WorkerSettings) -> None:
    require_official(plan)
    library = library_in(plan, settings.data_path, at_once=settings.bodies_fd is None)
    first = first_round(plan).plan(plan)
    stream = make_stream(first.stream)
    link.send(Ready(samples=plan.data.samples, plan_hash=plans.digest(plan)))

    assignment = _expect(link.wait(), Prepare).assignment
    access = read_access(settings.access, assignment.replicas, plan.protocol)
    outputs = OutputsSender(link) if may_keep_answers(plan) else None
    keep = None if outputs is None else outputs.keep
    prepared = prepare(plan, settings.index, assignment.replicas, library, access, _bodies_file(plan, settings), keep)
    del library  # What is sent stands in the bodies.
    connections = len(prepared.carrier.by_fd)
    loop = MeasuredLoop(prepared.carrier, link, least_outstanding=plan.balance == "LeastOutstanding")
    limits = Limits(drain_ns=plan.drain_ns, query_timeout_ns=plan.query_timeout_ns, spin_ns=plan.spin_ns)
    pair = _lay_out(first, stream, settings.index, prepared.numbers)
    del stream  # What is its own of it stands in the work: the rest would cost 16 bytes a query of all workers.
    link.send(Prepared(server_version=prepared.server_version, is_batched=prepared.is_batched))
    rounds = _Rounds(
        link,
        loop,
        prepared,
        assignment.replicas,
        access,
        limits,
        outputs,
        connections,
        settings.index,
        plan.workers,
    )
    frame = rounds.go(pair, first.stream)
    per_query = first.stream.samples_per_query
    while isinstance(frame, Draw):
        in_flight = plan.in_flight if frame.in_flight is None else frame.in_flight
        if frame.stream.samples_per_query != per_query:
            per_query = frame.stream.samples_per_query
            prepared.forget_bodies()
        of_round = structs.replace(plan, stream=frame.stream, in_flight=in_flight)
        pair = _lay_out(of_round, make_stream(frame.stream), settings.index, prepared.numbers, frame.round_number)
        link.send(Drawn(round_number=frame.round_number))
        frame = rounds.go(pair, of_round.stream)
    _expect(frame, Bye)
    loop.close()
    prepared.carrier.close()


def _bodies_file(plan: Plan, settings: WorkerSettings) -> BodiesFile:
    if settings.bodies_fd is None:
        return BodiesFile(new_memory())
    return BodiesFile(settings.bodies_fd, processes=plan.workers)


def _lay_out(plan: Plan, stream: Stream, index: int, numbers: Bodies, round_number: int = 0) -> tuple[Work, Work]:
    """The warm-up and the measured stream of a round, as far as they are worker `index`'s."""
    lay_out = measured_work if plan.engine == "Own" else fed_work
    work = lay_out(plan, stream, index, _numbering(plan, index, numbers))
    work.round_number = round_number
    return warm_up_work(plan, stream, index, _numbering(plan, index, numbers, is_warm_up=True)), work


def _numbering(plan: Plan, index: int, numbers: Bodies, *, is_warm_up: bool = False) -> Bodies:
    """With sequences, a new beginning of them; in a warm-up each query is one of its own.

    So none is left open for the measured run to wait behind until the server forgets it.
    """
    if plan.sequences is None:
        return numbers
    sequences = structs.replace(plan.sequences, length=1) if is_warm_up else plan.sequences
    return Numbering(sequences, plan.data.samples, index, plan.workers)


@dataclass(frozen=True, slots=True)
class _Rounds:
    """What stays the same from one round to the next."""

    link: CoordinatorLink
    loop: MeasuredLoop
    prepared: Connected
    replicas: tuple[ReplicaAddress, ...]
    access: Access
    limits: Limits
    outputs: OutputsSender | None
    """Of a plan with a round that keeps what its answers hold."""
    connections: int
    index: int
    workers: int

    def go(self, pair: tuple[Work, Work], stream: StreamPlan) -> FromCoordinator:
        """One round: warms up, measures and hands over, each when the coordinator says so.

        What it says next; a goodbye may come early, when rounds before this one are all that is reported.
        """
        # What was laid out is kept out of every later collection, and none runs while queries are timed.
        gc.collect()
        gc.freeze()
        gc.disable()
        warm_up, work = pair
        outputs = self.outputs if keeps_answers(stream) else None
        if self.prepared.keeping is not None:
            self.loop.use(self.prepared.keeping(outputs is not None))
        frame = self.link.wait()
        if isinstance(frame, Bye):
            return frame
        records, stats = self.loop.run(warm_up, _expect(frame, WarmUp).t0_ns, self.limits, measured=False)
        answered = records.status.count(QueryStatus.OK)
        first_error = self.access.redacted(stats.first_error)
        warmed = Warmed(answered=answered, failed=records.issued - answered, first_error=first_error)
        if work.feeding is None:
            self.link.send(warmed)
            return self._measure(work, stream, outputs, None)
        with closing(OfficialTest(work, work.feeding, records, self.replicas, self.access)) as test:
            test.await_ready()
            self.link.send(warmed)
            return self._measure(work, stream, outputs, test)

    def _measure(
        self, work: Work, stream: StreamPlan, outputs: OutputsSender | None, test: OfficialTest | None
    ) -> FromCoordinator:
        frame = self.link.wait()
        if isinstance(frame, Bye):
            return frame
        t0_ns = _expect(frame, Measure).t0_ns
        if outputs is not None:
            outputs.begin(self._logged(stream, len(work)))  # The warm-up's are of no interest.
        connections = self.prepared.carrier.by_fd
        before = read_vital_signs(connections)
        records, stats = self.loop.run(work, t0_ns, self.limits, measured=True)
        vitals = before.until(read_vital_signs(connections))
        if outputs is not None and not stats.aborted:
            outputs.end()
        if not stats.aborted:
            official = None
            if test is not None:
                t0_ns, official = test.finish(records, t0_ns)
                for ended in records.ended_at_last(t0_ns):
                    self.link.send(ended)
            said = replace(stats, first_error=self.access.redacted(stats.first_error))
            _hand_over(self.link, records, said, vitals, t0_ns, self.connections, official)
        return self.link.wait()

    def _logged(self, stream: StreamPlan, rows: int) -> LoggedRows | None:
        """Which rows' answers are wanted; None for all of them."""
        if stream.accuracy_log is None:
            return None
        per_row = stream.samples_per_request if stream.scenario == "Offline" else stream.samples_per_query
        return LoggedRows(stream.accuracy_log, self.index, self.workers, per_row, rows)


def _hand_over(
    link: CoordinatorLink,
    records: Records,
    stats: LoopStats,
    vitals: Vitals,
    t0_ns: int,
    connections: int,
    official: OfficialRun | None,
) -> None:
    for frame in records.never_ended(t0_ns):
        link.send(frame)
    link.send(
        Finished(
            rows=records.issued,
            backlogged=stats.backlogged,
            skipped_ticks=stats.skipped_ticks,
            cpu_ns=stats.cpu_ns,
            busy_ns=stats.busy_ns,
            elapsed_ns=stats.elapsed_ns,
            first_error=stats.first_error,
            stalls=(np.frombuffer(stats.stalls, dtype=np.int64) - t0_ns).astype("<i8").tobytes(),
            vitals=vitals,
            connections=connections,
            official=official,
        )
    )


def _expect[F: FromCoordinator](frame: FromCoordinator, kind: type[F]) -> F:
    if not isinstance(frame, kind):
        raise UnexpectedFrameError(f"expected {kind.__name__}, got {type(frame).__name__}")
    return frame


WORKER_ERRORS = (LinkLostError, UnexpectedFrameError, PrepareError, DataError, ConnectError, CredentialsError)
"""All that ends a worker in a known way."""

__all__ = ["WORKER_ERRORS", "AbortedError", "WorkerSettings", "run_worker"]
