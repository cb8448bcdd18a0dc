"""Drives one run: brings events to the state machine and carries its instructions out."""

import asyncio
import contextlib
import ssl
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import aiohttp
from msgspec import structs
from prometheus_client import generate_latest

from inferometer_loadgen import plan as plans
from inferometer_loadgen.coordinator import events as ev
from inferometer_loadgen.coordinator import state as st
from inferometer_loadgen.coordinator.counters import Absent, Growth
from inferometer_loadgen.coordinator.keeping import AnswersKept
from inferometer_loadgen.coordinator.limits import phase_limit_s
from inferometer_loadgen.coordinator.link import LinkServer
from inferometer_loadgen.coordinator.live import LiveView, worker_statuses
from inferometer_loadgen.coordinator.live_metrics import Families, LoadMetrics
from inferometer_loadgen.coordinator.merge import (
    RecordsMissingError,
    RecordsTwiceError,
    WorkerColumns,
    merge,
    merge_open_ended,
    shard_columns,
)
from inferometer_loadgen.coordinator.reporting import RunFacts, build_report
from inferometer_loadgen.coordinator.scrape import Scraper
from inferometer_loadgen.coordinator.self_reports import vitals_of
from inferometer_loadgen.coordinator.spool import OutputsError
from inferometer_loadgen.coordinator.trial_watch import TrialWatch
from inferometer_loadgen.datasets.library import DataError
from inferometer_loadgen.official.reporting import concluded
from inferometer_loadgen.official.results import LogError
from inferometer_loadgen.plan import Plan
from inferometer_loadgen.protocol import frames
from inferometer_loadgen.protocol.api import RunFailure, RunStatus, StartRequest
from inferometer_loadgen.report import schema
from inferometer_loadgen.report.short import ShortReport, in_short
from inferometer_loadgen.rounds import Round, first_round, programme_of
from inferometer_loadgen.stream import Issue, is_open_ended, issue_of, make_stream
from inferometer_loadgen.verdict import ServerCounts, judge, when_called_off
from inferometer_loadgen.verdict.accuracy import Accuracy
from inferometer_loadgen.verdict.fate import judge_ended_early

LEAD_NS = 250_000_000
"""From the message to time 0: long enough to reach every worker."""
PINGS_AT_AN_END = 64
PINGS_BETWEEN = 8
PING_EVERY_S = 10.0
LINGER_S = 600.0
"""How long an ended run waits for somebody to fetch its report."""


class Run:
    """One run, from waiting for workers until its end was acknowledged.

    `leave` is told the report in short before anybody hears that there is one; `metrics_tls` is for metrics pages at
    https:// addresses; `data` is the file of the samples, for the labels of an accuracy run,
    and `outputs` the folder in which its answers are left.
    """

    def __init__(
        self,
        plan: Plan,
        run_uid: str,
        token: bytes,
        leave: Callable[[ShortReport], None],
        metrics_tls: ssl.SSLContext | None = None,
        data: Path | None = None,
        outputs: Path | None = None,
    ) -> None:
        self._metrics_tls = metrics_tls
        self._plan = plan
        self._run_uid = run_uid
        self._leave = leave
        self._state = st.CoordinatorState(plan)
        self._programme = programme_of(plan)
        first = first_round(plan)
        self._round_plan = first.plan(plan)
        """Of the round that is prepared or measured."""
        self._stream = make_stream(self._round_plan.stream)
        self._watch = TrialWatch(first, plan, self._stream)
        self._live = LiveView()
        self._metrics = LoadMetrics(self._round_plan, self._stream)
        self._round_t0_ns = 0
        """Of the round that is measured; 0 between two of them."""
        self._live.rounds, self._live.may_be_fewer = self._programme.at_most, self._programme.is_open
        self._live.planned = len(self._stream) * self._programme.at_most
        self._live.is_open_ended = is_open_ended(plan.stream)
        self._live.last_scheduled_ns = max(int(self._stream.scheduled_ns[-1]), self._round_plan.stream.min_duration_ns)
        self._live.round_takes_ns = self._programme.cooldown_ns + plan.warmup_ns + self._live.last_scheduled_ns
        self._reports: list[schema.Report] = []
        """Of the rounds that were judged."""
        self._is_judged = True
        """Whether everything that was measured is in the reports."""
        self._events: asyncio.Queue[ev.Event] = asyncio.Queue()
        self.links = LinkServer(token, plan.workers, self._events.put_nowait)
        self._columns = shard_columns(len(self._stream), plan.workers, is_open_ended=is_open_ended(plan.stream))
        self._answers = AnswersKept(plan, data, outputs)
        self._answers.begin(self._round_plan, self._stream)
        self._scraper: Scraper | None = None
        self._start_time = ""
        self._report: bytes | None = None
        self._ended = asyncio.Event()
        self._acknowledged = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._during: list[asyncio.Task[None]] = []
        self._watched = st.Phase.WAITING
        self._heard: set[int] = set()
        self._overdue: asyncio.TimerHandle | None = None

    async def drive(self) -> bool:
        """Runs until the end was acknowledged, or nobody came for it; whether there is a report."""
        connector = aiohttp.TCPConnector(ssl=self._metrics_tls or True)
        async with aiohttp.ClientSession(connector=connector) as self._session:
            driver = asyncio.create_task(self._drive())
            ended = asyncio.create_task(self._ended.wait())
            await asyncio.wait((driver, ended), return_when=asyncio.FIRST_COMPLETED)
            if driver.done():
                driver.result()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._acknowledged.wait(), LINGER_S)
            driver.cancel()
            for task in (*self._tasks, *self._during):
                task.cancel()
        self._answers.close()
        return self._report is not None

    def status(self) -> RunStatus:
        """For GET /v1/status."""
        return RunStatus(
            state=st.RUN_STATES[self._state.phase],
            workers=worker_statuses(self._state),
            progress=self._live.progress(self._state, time.monotonic_ns()),
            starts_accepted=self._state.starts_accepted,
            nonce=self._state.nonce,
            plan_hash=plans.digest(self._plan),
            report_sha256=schema.sha256(self._report) if self._report else "",
            failure=self._state.failure,
        )

    def metrics_page(self) -> bytes:
        """For GET /metrics."""
        since_t0_ns = time.monotonic_ns() - self._round_t0_ns if self._round_t0_ns else None
        state, connected = st.RUN_STATES[self._state.phase], len(self.links.links)
        return generate_latest(Families(lambda: self._metrics.families(state, connected, since_t0_ns)))

    def start(self, request: StartRequest) -> str:
        """For POST /v1/start."""
        if request.run_uid != self._run_uid:
            return f"this is run {self._run_uid}, not {request.run_uid}"
        refusal, instructions = self._state.start(request)
        if not refusal:
            self.links.let_nobody_in()
        self._carry_out(instructions)
        self._watch_phase()
        return refusal

    def abort(self, reason: str) -> None:
        """For POST /v1/abort."""
        self._answers.stop_scoring()
        self._events.put_nowait(ev.CalledOff(reason or "the run was called off"))

    def report_json(self) -> bytes | None:
        """For GET /v1/report."""
        return self._report

    def acknowledge(self) -> None:
        """For POST /v1/ack."""
        self._acknowledged.set()

    async def _drive(self) -> None:
        while True:
            event = await self._events.get()
            try:
                self._take(event)
            except Exception as error:  # noqa: BLE001 - whatever it is, the run has to end, or the servers are held
                self._take(_unknown(error))

    def _take(self, event: ev.Event) -> None:
        self._note(event)
        self._carry_out(self._state.handle(event))
        self._watch_phase()
        if self._state.phase in {st.Phase.DONE, st.Phase.FAILED}:
            self._stop_during()
            self._ended.set()

    def _watch_phase(self) -> None:
        """A worker that hangs would hold the servers for ever: each phase has its limit."""
        phase = self._state.phase
        if phase is self._watched:
            return
        self._watched = phase
        if self._overdue is not None:
            self._overdue.cancel()
        self._overdue = None
        self._await_end_of(phase)

    def _await_end_of(self, phase: st.Phase) -> None:
        limit_s = phase_limit_s(self._plan, phase, self._live.last_scheduled_ns)
        if limit_s is not None:
            loop = asyncio.get_running_loop()
            self._overdue = loop.call_later(limit_s, self._events.put_nowait, ev.Overdue(phase))

    def _hear(self, index: int) -> None:
        """Where no schedule says how long the load takes, it may take as long as all workers are heard of."""
        if self._watched is not st.Phase.MEASURING or issue_of(self._round_plan.stream) is Issue.SCHEDULED:
            return
        self._heard.add(index)
        if all(worker.is_through or index in self._heard for index, worker in self._state.workers.items()):
            self._heard.clear()
            if self._overdue is not None:
                self._overdue.cancel()
            self._await_end_of(self._watched)

    def _note(self, event: ev.Event) -> None:
        """What the state machine need not know."""
        match event:
            case ev.Joined(index=index):
                self._spawn(self.links.links[index].ping(PINGS_AT_AN_END))
            case ev.Said(index=index, frame=frames.Records() as records):
                self._add(index, records)
            case ev.Said(index=index, frame=frames.Outputs() as outputs):
                try:
                    self._answers.add(index, outputs)
                except OutputsError as error:
                    self._events.put_nowait(ev.Broken(RunFailure.OUTPUTS_LOST, f"worker {index}: {error}"))
            case ev.Said(index=index, frame=frames.Progress(latencies_ns=latencies) as progress):
                self._live.add(latencies)
                # The warm-up's queries are none of the run's.
                if self._state.phase in {st.Phase.MEASURING, st.Phase.DRAINING}:
                    self._metrics.note_progress(index, progress)
                self._hear(index)
            case ev.Decided() | ev.CalledOff() if self._state.phase is st.Phase.MEASURING:
                self._metrics.stop(time.monotonic_ns() - self._round_t0_ns)
            case _:
                pass

    def _add(self, index: int, records: frames.Records) -> None:
        refusal = ""
        if records.round_number != self._state.round_number:
            refusal = f"it handed over records of round {records.round_number + 1} in another one"
        else:
            try:
                self._columns[index].add(records)
                self._metrics.note_records(index, records)
                if why := self._watch.add(index, records):
                    self._events.put_nowait(ev.Decided(why))
            except (RecordsMissingError, RecordsTwiceError) as error:
                refusal = str(error)
        if refusal:
            self._events.put_nowait(ev.Broken(RunFailure.RECORDS_LOST, f"worker {index}: {refusal}"))

    def _carry_out(self, instructions: list[ev.Instruction]) -> None:
        for instruction in instructions:
            match instruction:
                case ev.SendAll(frame=frame):
                    self.links.send_all(frame)
                case ev.BeginWarmUp():
                    self._spawn(self._begin_warm_up())
                case ev.BeginWindow():
                    self._spawn(self._begin_window())
                case ev.BeginMeasuring():
                    self._begin_measuring()
                case ev.EndWindow():
                    self._spawn(self._end_window())
                case ev.JudgeRound() | ev.CoolDown() | ev.DrawRound():
                    self._spawn(self._go_on(instruction))
                case ev.Score():
                    self._spawn(self._score())

    async def _begin_warm_up(self) -> None:
        await asyncio.gather(*(link.ping(PINGS_AT_AN_END) for link in self.links.links.values()))
        t0_ns = time.monotonic_ns() + LEAD_NS
        for link in self.links.links.values():
            link.send(frames.WarmUp(t0_ns=link.clock().to_worker(t0_ns)))

    async def _begin_window(self) -> None:
        assignment = self._state.assignment
        if assignment is None:
            raise RuntimeError("a window begins after the start")
        self._scraper = Scraper(self._plan.model, assignment.replicas, self._session)
        await self._scraper.begin_window()
        await asyncio.gather(*(link.ping(PINGS_AT_AN_END) for link in self.links.links.values()))
        self._events.put_nowait(ev.WindowRead())

    def _begin_measuring(self) -> None:
        now_ns = time.monotonic_ns()
        t0_ns = now_ns + LEAD_NS
        self._live.t0_ns = self._round_t0_ns = t0_ns
        self._is_judged = False
        self._start_time = datetime.fromtimestamp(time.time() + LEAD_NS / 1e9, UTC).isoformat(timespec="microseconds")
        for link in self.links.links.values():
            link.send(frames.Measure(t0_ns=link.clock().to_worker(t0_ns)))
        self._during = [asyncio.create_task(self._keep_reading()), asyncio.create_task(self._keep_pinging())]

    async def _keep_reading(self) -> None:
        while self._scraper is not None:
            await asyncio.sleep(self._plan.scrape_interval_ns / 1e9)
            await self._scraper.read()

    async def _keep_pinging(self) -> None:
        while True:
            await asyncio.sleep(PING_EVERY_S)
            await asyncio.gather(*(link.ping(PINGS_BETWEEN) for link in self.links.links.values()))

    async def _end_window(self) -> None:
        self._stop_during()
        if self._scraper is None:
            raise RuntimeError("a window ends after it began")
        # Together: whatever else the servers do by the time a slow worker has answered would count as foreign.
        await asyncio.gather(
            self._scraper.end_window(), *(link.ping(PINGS_AT_AN_END) for link in self.links.links.values())
        )
        self._events.put_nowait(ev.WindowRead())

    async def _judge_measured(self) -> bool:
        """Adds the report of the round that was measured last, if it is not there; False where the run is broken."""
        if self._is_judged or self._state.is_broken:
            return True
        try:
            facts = self._facts()
            called_off, ended_early = self._state.called_off, self._state.ended_early
            report = await asyncio.to_thread(_judge, facts, self._columns, called_off, self._accuracy, ended_early)
            self._reports.append(
                await asyncio.to_thread(partial(self._answers.compared, report, is_batched=self._state.is_batched))
            )
        except NothingMeasuredError:
            if not self._reports:
                self._events.put_nowait(
                    ev.Broken(RunFailure.ABORTED, f"{self._state.called_off}, before anything was measured")
                )
                return False
        except (RecordsMissingError, RecordsTwiceError) as error:
            self._events.put_nowait(ev.Broken(RunFailure.RECORDS_LOST, str(error)))
            return False
        except (OutputsError, DataError) as error:
            self._events.put_nowait(ev.Broken(RunFailure.OUTPUTS_LOST, str(error)))
            return False
        except LogError as error:
            self._events.put_nowait(ev.Broken(RunFailure.OFFICIAL_ENGINE_ENDED, str(error)))
            return False
        self._is_judged = True
        return True

    async def _go_on(self, instruction: ev.JudgeRound | ev.CoolDown | ev.DrawRound) -> None:
        match instruction:
            case ev.JudgeRound():
                await self._judge_round()
            case ev.CoolDown(round=following):
                await asyncio.sleep(following.cooldown_ns / 1e9)
                self._events.put_nowait(ev.CooledDown())
            case ev.DrawRound(round=following):
                await self._draw(following)

    async def _judge_round(self) -> None:
        if await self._judge_measured():
            self._events.put_nowait(ev.RoundJudged(self._programme.after(self._reports)))

    async def _draw(self, following: Round) -> None:
        """The coordinator's own first: the workers' answers then find it ready."""
        if following.stream != self._round_plan.stream:
            self._stream = await asyncio.to_thread(make_stream, following.stream)
        self._round_plan = following.plan(self._plan)
        self._answers.begin(self._round_plan, self._stream)
        self._columns = shard_columns(
            len(self._stream), self._plan.workers, is_open_ended=is_open_ended(following.stream)
        )
        self._watch = TrialWatch(following, self._plan, self._stream)
        self._round_t0_ns = 0
        self._metrics.begin_round(self._round_plan, self._stream)
        self._heard.clear()
        before = sum(worker.completed for worker in self._state.workers.values())
        self._live.planned = before + len(self._stream) * (self._programme.at_most - following.number)
        self._live.last_scheduled_ns = max(int(self._stream.scheduled_ns[-1]), following.stream.min_duration_ns)
        self.links.send_all(
            frames.Draw(round_number=following.number, stream=following.stream, in_flight=following.in_flight)
        )

    async def _score(self) -> None:
        if not await self._judge_measured():
            return
        cut_short = self._state.cut_short or self._state.called_off
        report = self._programme.report(self._reports, cut_short)
        encoded = schema.encode(report)
        self._leave(in_short(report, schema.sha256(encoded), self._state.loss))
        self._report = encoded
        self._events.put_nowait(ev.Scored())

    def _accuracy(self) -> Accuracy | None:
        """Of an accuracy round whose queries were all answered."""
        return self._answers.accuracy(self._round_plan, is_batched=self._state.is_batched)

    def _facts(self) -> RunFacts:
        assignment = self._state.assignment
        if assignment is None or self._scraper is None:
            raise RuntimeError("scoring follows the start")
        return RunFacts(
            run_uid=self._run_uid,
            plan=self._round_plan,
            assignment=assignment,
            stream=self._stream,
            start_time=self._start_time.replace("+00:00", "Z"),
            server_version=self._state.server_version,
            growth=self._scraper.growth(),
            workers=tuple(
                (worker.pod_uid, worker.finished, self.links.clock_of(index))
                for index, worker in sorted(self._state.workers.items())
            ),
        )

    def _stop_during(self) -> None:
        for task in self._during:
            task.cancel()
        self._during = []

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._settled)

    def _settled(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._events.put_nowait(_unknown(error))


def _unknown(error: BaseException) -> ev.Broken:
    return ev.Broken(RunFailure.COORDINATOR_ERROR, f"{type(error).__name__}: {error}")


class NothingMeasuredError(Exception):
    """The run was called off before its first query."""


def _judge(
    facts: RunFacts,
    columns: list[WorkerColumns],
    called_off: str,
    accuracy: Callable[[], Accuracy | None],
    ended_early: str = "",
) -> schema.Report:
    servers = tuple(
        _counts(replica.name, growth) for replica, growth in zip(facts.assignment.replicas, facts.growth, strict=True)
    )
    errors = (finished.first_error for _, finished, _ in facts.workers if finished is not None)
    first_error = next(filter(None, errors), "")
    if is_open_ended(facts.plan.stream):
        issued = [finished.rows if finished is not None else None for _, finished, _ in facts.workers]
        lanes = 0 if facts.plan.sequences is None else facts.plan.sequences.count
        measured = merge_open_ended(columns, servers, issued=issued, lanes=lanes, first_error=first_error)
        rows = int(measured.index[-1]) + 1 if len(measured) else 0
        facts = replace(facts, stream=make_stream(facts.plan.stream, rows))
        measured = replace(measured, samples_per_row=facts.stream.samples_per_row)
    else:
        measured = merge(facts.stream, columns, servers, all_there=not called_off, first_error=first_error)
    uncertainties = [clock.uncertainty_ns for _, _, clock in facts.workers if clock is not None]
    measured = replace(
        measured,
        clients=tuple(vitals_of(finished) if finished else None for _, finished, _ in facts.workers),
        clock_uncertainty_ns=max(uncertainties, default=None),
    )
    if called_off:
        measured = when_called_off(measured, called_off)
        if not len(measured):
            raise NothingMeasuredError
    elif ended_early:
        measured, verdict = judge_ended_early(measured, facts.plan, ended_early)
        return structs.replace(build_report(facts, measured, verdict), ended_early=ended_early)
    elif measured.answered().all():
        measured = replace(measured, accuracy=accuracy())
    officials = (finished.official for _, finished, _ in facts.workers if finished is not None)
    verdict, official = concluded(next(officials, None), facts.plan.stream.scenario, judge(measured, facts.plan))
    return structs.replace(build_report(facts, measured, verdict), official=official)


def _counts(replica: str, growth: Growth) -> ServerCounts:
    counters = growth.counters
    if isinstance(counters, Absent):
        return ServerCounts(replica, None, None, counters.reason, restarted=growth.restarted)
    return ServerCounts(replica, counters.successes, counters.failures, "", restarted=growth.restarted)
