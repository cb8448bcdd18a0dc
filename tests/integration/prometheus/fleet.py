"""Twelve hours of a small fleet, by our own code for metrics: runs by hand and by schedule, one that just went on.

Pretended throughout: no figure here was measured. Triton's and dcgm-exporter's pages have the recorded shapes.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
from msgspec.structs import replace as replaced

from inferometer_operator.api.schedule_status import Figures, RunResult, ScheduleStatus, Streaks, Trend
from inferometer_operator.api.status import (
    BenchmarkStatus,
    ClientFigures,
    Latency,
    ReasonStatus,
    Result,
    ServerStatus,
)
from inferometer_operator.api.status import (
    Progress as RunProgress,
)
from inferometer_operator.looking import Outcome
from inferometer_operator.metrics.instruments import Instruments
from inferometer_operator.metrics.page import Page
from inferometer_operator.run import Key, Run
from inferometer_operator.schedules.schedule import Schedule
from unit.operator_tests.builders import a_run, a_spec
from unit.operator_tests.metrics.test_runs import FINISHED
from unit.operator_tests.metrics.test_schedule_families import a_schedule, condition

from .recording import Recording

HOURS = 12
MINUTE = 60.0
LIVE_S = 12 * MINUTE
"""Of the newest run, from its creation to the end of the recording."""
LIVE = "magika-load"
MS, S = 1_000_000, 1_000_000_000
GPUS = ("GPU-2c6c0a53", "GPU-9f1d77b0")


class Story:
    """One run: when it was created, and how it ends."""

    def __init__(self, name: str, at_s: float, p99_ms: float, verdict: str, *reasons: str, **more: str) -> None:
        self.name, self.at_s, self.p99_ms, self.verdict, self.reasons = name, at_s, p99_ms, verdict, reasons
        self.namespace = more.get("namespace", "bench")
        self.schedule = more.get("schedule", "")
        self.model = more.get("model", "magika")
        self.failed = "failed" in more
        self.length_s = 9 * MINUTE

    @property
    def rate(self) -> float:
        """Samples per second; less where it was slow."""
        return 200.0 if self.p99_ms < 200 else 171.4


def stories(end_s: float) -> list[Story]:
    """All runs, oldest first."""
    chance = np.random.default_rng(7)
    found = []
    for hour in range(HOURS):
        at_s = end_s - (HOURS - hour) * 60 * MINUTE + 10 * MINUTE
        p99_ms, ending = 90 + 8 * hour + 10 * chance.random(), ["Valid"]
        if hour in {7, 10}:
            p99_ms, ending = 260 + 10 * hour, ["Invalid", "LatencyBoundExceeded"]
        if hour == 4:
            ending = ["Inconclusive", "ClientInfluenced"]
        found.append(Story(f"hourly-{29400000 + 60 * hour}", at_s, p99_ms, *ending, schedule="hourly"))
    for hour in (1, 5, 9):
        at_s = end_s - (HOURS - hour) * 60 * MINUTE + 35 * MINUTE
        more = {"namespace": "search", "schedule": "embeddings", "model": "minilm"}
        found.append(Story(f"embeddings-{29400000 + 60 * hour}", at_s, 22 + hour, "Valid", **more))
    two_hours_ago = end_s - 120 * MINUTE
    found.append(Story("canary", two_hours_ago, 0, "Inconclusive", "ModelLoadFailed", namespace="search", failed="yes"))
    found.append(Story("by-hand", two_hours_ago + 20 * MINUTE, 130, "Valid"))
    found.append(Story(LIVE, end_s - LIVE_S, 141, "Valid"))
    return found


def run_at(story: Story, now_s: float) -> Run | None:
    """The run as it stood."""
    age_s = now_s - story.at_s
    if age_s < 0:
        return None
    created = datetime.fromtimestamp(story.at_s, UTC)
    ordinary = a_run(a_spec(model__name=story.model, load__targetQPS=200), _status(story, age_s, created))
    return replace(ordinary, key=Key(story.namespace, story.name), created=created, schedule=story.schedule)


def _status(story: Story, age_s: float, created: datetime) -> BenchmarkStatus:
    def time(after_s: float) -> str:
        return (created + timedelta(seconds=after_s)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    planned = 96_000
    if age_s < 0.2 * MINUTE:
        return BenchmarkStatus()
    if age_s < 1 * MINUTE:
        return BenchmarkStatus(phase="Starting", servers=_servers(story, finished=False))
    started = BenchmarkStatus(start_time=time(60), start_nonce="n", servers=_servers(story, finished=False))
    reasons = tuple(ReasonStatus(type=one, message="m") for one in story.reasons)
    if story.failed:
        return BenchmarkStatus(
            phase="Failed", completion_time=time(90), conditions=(FINISHED,), verdict="Inconclusive", reasons=reasons
        )
    if age_s < story.length_s:
        done = int(planned * (age_s - MINUTE) / (story.length_s - MINUTE))
        progress = RunProgress(step="measured", percent=1, completed=done, planned=planned, errors=0, time=time(age_s))
        return replaced(started, phase="Running", progress=progress)
    if age_s < story.length_s + 25:
        return replaced(started, phase="Finishing")
    p99 = int(story.p99_ms * MS)
    latency = {"mean": 0.4, "p50": 0.36, "p90": 0.66, "p95": 0.78, "p97": 0.88, "p99": 1.0, "p999": 1.5, "max": 1.9}
    return replaced(
        started,
        phase="Succeeded",
        completion_time=time(story.length_s + 25),
        conditions=(FINISHED,),
        verdict=story.verdict,
        reasons=reasons,
        progress=RunProgress(
            step="finished", percent=100, completed=planned, planned=planned, errors=0, time=time(600)
        ),
        result=Result(
            metric="completed_samples_per_second",
            unit="samples/s",
            queries=planned,
            errors=0,
            duration_ns=480 * S,
            value=story.rate,
            qps=story.rate,
            latency=msgspec.convert({f"{name}Ns": int(part * p99) for name, part in latency.items()}, Latency),
        ),
        client=ClientFigures(send_lag_p99_ns=310_000),
        servers=_servers(story, finished=True),
    )


def _servers(story: Story, *, finished: bool) -> tuple[ServerStatus, ...]:
    found = []
    for index in range(2):
        server = ServerStatus(
            name=f"{story.name}-server-{index}", node=f"gpu-{'ab'[index]}", gpu="1 nvidia.com/gpu", ready=True
        )
        p99_ns = int((0.98 + 0.05 * index) * story.p99_ms * MS)
        times = {"p99_ns": p99_ns, "queue_ns": 900_000 * (index + 1), "compute_ns": 3_900_000}
        found.append(replaced(server, queries=48_000, share=0.5, **times) if finished else server)
    return tuple(found)


def schedules_at(runs: list[Story], now_s: float, end_s: float) -> Iterator[Schedule]:
    """The schedules with the results of the runs that have ended."""
    for namespace, name, every_s in (("bench", "hourly", 60 * MINUTE), ("search", "embeddings", 240 * MINUTE)):
        own = [one for one in runs if one.schedule == name and one.at_s + one.length_s + 25 <= now_s]
        late = name == "embeddings" and now_s > end_s - 30 * MINUTE
        schedule = a_schedule(_schedule_status(own, now_s, every_s, late=late), schedule="10 * * * *")
        yield replace(schedule, key=Key(namespace, name))


def _schedule_status(own: list[Story], now_s: float, every_s: float, *, late: bool) -> ScheduleStatus:
    def text(at_s: float) -> str:
        return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    results = tuple(
        RunResult(
            name=one.name,
            time=text(one.at_s),
            finished=text(one.at_s + one.length_s),
            outcome=one.verdict,
            reason=one.reasons[0] if one.reasons else "",
            unit="samples/s",
            value=one.rate,
            p50_ns=int(0.36 * one.p99_ms * MS),
            p99_ns=int(one.p99_ms * MS),
        )
        for one in reversed(own[-10:])
    )
    bad = 0
    for one in reversed(own):
        if one.verdict == "Valid":
            break
        bad += 1
    found = ScheduleStatus(
        conditions=(
            condition("Accepted", "True"),
            condition("OnTime", "False" if late else "True"),
            condition("LastRunValid", "Unknown" if not own else "False" if bad else "True"),
        ),
        last_slot=text(own[-1].at_s if own else now_s - every_s),
        next_slot=text((own[-1].at_s if own else now_s) + every_s),
        results=results,
        missed_slots=3 if late else 0,
        streaks=Streaks(valid=0 if bad else len(own), not_valid=bad, missed=1 if late else 0),
    )
    valid = [one for one in own[:-1] if one.verdict == "Valid"]
    if not valid:
        return found
    change = {"value": own[-1].rate / valid[-1].rate - 1, "p99": own[-1].p99_ms / valid[-1].p99_ms - 1}
    median = float(np.median([one.p99_ms for one in valid])) * MS
    trend = Trend(
        glance="so",
        run=own[-1].name,
        change=Figures(p50=change["p99"], **change),
        valid_runs=len(valid),
        median=Figures(value=200.0, p50=0.36 * median, p99=median),
    )
    return replaced(found, trend=trend)


def record_the_operator(recording: Recording, end_s: float) -> None:
    """Each minute, and each quarter of a minute at the end."""
    runs = stories(end_s)
    instruments = Instruments("0.1.0")
    looks = {one: instruments.looks(one, lambda: 14, lambda: 0) for one in ("benchmark", "schedule")}
    chance = np.random.default_rng(3)
    early, late = end_s - HOURS * 60 * MINUTE, end_s - 15 * MINUTE
    for at_s in [*np.arange(early, late, 60.0), *np.arange(late, end_s + 1, 15.0)]:
        existing = [found for one in runs if (found := run_at(one, at_s)) is not None]
        going_on = [one for one in existing if not one.is_finished]
        for _ in range((1 + 8 * len(going_on)) * (4 if at_s < late else 1)):
            looks["benchmark"](Outcome.DONE, float(chance.lognormal(-6.5, 1.0)))
            instruments.answered(
                "PATCH", "/apis/inferometer.dev/v1alpha1/namespaces/b/inferencebenchmarks/x/status", 200
            )
        looks["schedule"](Outcome.DONE, float(chance.lognormal(-7, 0.6)))
        if chance.random() < 0.01:
            looks["benchmark"](Outcome.REFUSED, 0.2)
            instruments.answered("POST", "/api/v1/namespaces/b/pods", 403)
        page = Page(instruments.registry, existing, schedules_at(runs, at_s, end_s)).text().decode()
        recording.take(at_s, page, job="inferometer", instance="10.1.0.7:8081")
