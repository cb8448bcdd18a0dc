"""Schedules as Prometheus sees them."""

from dataclasses import replace

from inferometer_operator.api.schedule_status import Figures, RunResult, ScheduleStatus, Streaks, Trend
from inferometer_operator.api.status import Condition
from inferometer_operator.run import parse_time
from inferometer_operator.schedules.schedule import Schedule, decode_schedule
from unit.operator_tests.metrics.builders import page_text, starting

SLOT = "2026-11-25T03:00:00.000000Z"
NEXT = "2026-11-25T04:00:00.000000Z"
SPEC = {
    "scenario": "Server",
    "model": {"name": "magika"},
    "target": {"triton": {"image": "i:1", "replicas": 1, "gpu": {"count": 0}, "modelRepository": {"image": "m:1"}}},
    "load": {"targetQPS": 40, "latencyBound": "250ms", "data": {"configMap": {"name": "samples"}}},
}


def a_schedule(status: ScheduleStatus | None = None, **spec) -> Schedule:
    metadata = {
        "namespace": "bench",
        "name": "nightly",
        "uid": "s1",
        "creationTimestamp": "2026-11-25T02:05:01Z",
        "resourceVersion": "1",
    }
    stored = {"metadata": metadata, "spec": {"schedule": "0 * * * *", "template": {"spec": SPEC}} | spec}
    return replace(decode_schedule(stored), status=status or ScheduleStatus())


def shown(schedule: Schedule) -> dict[str, float]:
    found = starting(page_text(schedules=[schedule]), "inferometer_schedule_")
    return {
        name.replace(",schedule=nightly", "").replace("schedule=nightly,", "").replace("{schedule=nightly}", ""): value
        for name, value in found.items()
    }


def condition(kind: str, status: str) -> Condition:
    return Condition(type=kind, status=status, reason="R", message="m", last_transition_time=SLOT)


def a_full_status() -> ScheduleStatus:
    newest = RunResult(
        name="nightly-2",
        time=SLOT,
        finished=SLOT,
        outcome="Invalid",
        reason="LatencyBoundExceeded",
        unit="samples/s",
        value=38.5,
        p50_ns=5_000_000,
        p99_ns=300_000_000,
    )
    failed = RunResult(name="nightly-1", time=SLOT, finished=SLOT, outcome="Failed", reason="ServerLost")
    return ScheduleStatus(
        conditions=(
            condition("Accepted", "True"),
            condition("OnTime", "False"),
            condition("LastRunValid", "Unknown"),
        ),
        last_slot=SLOT,
        next_slot=NEXT,
        results=(newest, failed),
        missed_slots=3,
        streaks=Streaks(not_valid=2, missed=1),
        trend=Trend(
            glance="slower",
            run="nightly-2",
            change=Figures(value=-0.05, p99=0.25),
            valid_runs=3,
            median=Figures(value=40.0, p50=4_000_000.0, p99=240_000_000.0),
        ),
    )


FROM_THE_START = {
    "info{concurrency_policy=Forbid,cron=0 * * * *,model=magika,scenario=Server,time_zone=UTC}": 1.0,
    "suspended": 0.0,
    "active_runs": 0.0,
    "waiting_slots": 0.0,
    "valid_streak": 0.0,
    "invalid_streak": 0.0,
    "missed_streak": 0.0,
    "missed_slots_total": 0.0,
}


def test_a_schedule_that_was_just_created_counts_from_zero_and_knows_no_slot():
    assert shown(a_schedule()) == FROM_THE_START


def test_a_schedule_shows_its_slots_its_streaks_and_how_the_last_runs_ended():
    assert shown(a_schedule(a_full_status(), suspend=True)) == FROM_THE_START | {
        "suspended": 1.0,
        "accepted": 1.0,
        "on_time": 0.0,
        "last_slot_timestamp_seconds": parse_time(SLOT).timestamp(),
        "next_slot_timestamp_seconds": parse_time(NEXT).timestamp(),
        "invalid_streak": 2.0,
        "missed_streak": 1.0,
        "missed_slots_total": 3.0,
        "run_outcome{benchmark=nightly-2,outcome=Invalid,reason=LatencyBoundExceeded}": 1.0,
        "run_outcome{benchmark=nightly-1,outcome=Failed,reason=ServerLost}": 1.0,
        "run_timestamp_seconds{benchmark=nightly-2}": parse_time(SLOT).timestamp(),
        "run_timestamp_seconds{benchmark=nightly-1}": parse_time(SLOT).timestamp(),
        "run_result_samples_per_second{benchmark=nightly-2}": 38.5,
        "run_latency_seconds{benchmark=nightly-2,percentile=0.5}": 0.005,
        "run_latency_seconds{benchmark=nightly-2,percentile=0.99}": 0.3,
        "change_ratio{figure=value}": -0.05,
        "change_ratio{figure=p99}": 0.25,
        "median_latency_seconds{percentile=0.5}": 0.004,
        "median_latency_seconds{percentile=0.99}": 0.24,
    }


def test_a_schedule_that_cannot_be_read_is_shown_without_its_timetable():
    assert "suspended" not in shown(a_schedule(schedule=5))
