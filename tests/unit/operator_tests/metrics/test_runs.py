"""Runs as Prometheus sees them."""

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from inferometer_operator.api.conditions import ConditionType
from inferometer_operator.api.status import (
    AccuracyStatus,
    AuditStatus,
    BenchmarkStatus,
    ClientFigures,
    Condition,
    Latency,
    Progress,
    ReasonStatus,
    Result,
    ServerStatus,
    StepStatus,
)
from inferometer_operator.metrics.selection import RUNS_SHOWN
from inferometer_operator.run import Key, Run
from unit.operator_tests.builders import T0, a_run, a_spec
from unit.operator_tests.metrics.builders import page_text, samples, starting

TIME = "2026-11-25T03:06:01.000000Z"
FINISHED = Condition(
    type=ConditionType.FINISHED, status="True", reason="Complete", message="it has", last_transition_time=TIME
)


def a_finished_status(**changes) -> BenchmarkStatus:
    ordinary = BenchmarkStatus(
        phase="Succeeded",
        start_time="2026-11-25T03:05:31.000000Z",
        start_nonce="n",
        completion_time=TIME,
        conditions=(FINISHED,),
        verdict="Invalid",
        reasons=(
            ReasonStatus(type="LatencyBoundExceeded", message="p99 300 ms is over 250 ms"),
            ReasonStatus(type="QueriesFailed", message="2 of 800"),
        ),
        progress=Progress(step="finished", percent=100, completed=798, planned=800, errors=2, time=TIME),
        result=Result(
            metric="completed_samples_per_second",
            unit="samples/s",
            queries=800,
            errors=2,
            duration_ns=20_000_000_000,
            value=40.125,
            qps=40.25,
            latency=Latency(mean_ns=5_000_000, p50_ns=4_500_000, p99_ns=300_000_000),
        ),
        client=ClientFigures(send_lag_p99_ns=110_000),
        servers=(
            ServerStatus(
                name="quickstart-server-0",
                node="gpu-a",
                gpu="1 nvidia.com/gpu",
                ready=True,
                queries=400,
                share=0.5,
                p99_ns=290_000_000,
                queue_ns=200_000,
                compute_ns=3_900_000,
            ),
            ServerStatus(name="quickstart-server-1", node="gpu-b", ready=True, absent_reason="no scrape"),
        ),
    )
    return msgspec.structs.replace(ordinary, **changes)


def named(name: str, status: BenchmarkStatus | None = None, namespace: str = "bench", age_s: int = 0) -> Run:
    return replace(a_run(status=status), key=Key(namespace, name), created=T0 - timedelta(seconds=age_s))


def test_a_run_that_was_just_created_has_no_figures_and_none_is_zero():
    assert starting(page_text([a_run()]), "inferometer_run_") == {
        "info{model=magika,scenario=Server,schedule=}": 1.0,
        "created_timestamp_seconds": T0.timestamp(),
        "phase{phase=Pending}": 1.0,
        "finished": 0.0,
        "target_queries_per_second": 40.0,
        "latency_bound_seconds{percentile=0.99}": 0.25,
    }


def test_a_finished_run_shows_what_its_status_says_in_base_units():
    assert starting(page_text([a_run(status=a_finished_status())]), "inferometer_run_") == {
        "info{model=magika,scenario=Server,schedule=}": 1.0,
        "created_timestamp_seconds": T0.timestamp(),
        "phase{phase=Succeeded}": 1.0,
        "finished": 1.0,
        "start_timestamp_seconds": T0.timestamp() + 30,
        "completion_timestamp_seconds": T0.timestamp() + 60,
        "verdict{verdict=Invalid}": 1.0,
        "reason{reason=LatencyBoundExceeded}": 1.0,
        "reason{reason=QueriesFailed}": 1.0,
        "target_queries_per_second": 40.0,
        "latency_bound_seconds{percentile=0.99}": 0.25,
        "planned_queries": 800.0,
        "completed_queries": 798.0,
        "failed_queries": 2.0,
        "client_send_lag_seconds{percentile=0.99}": 0.00011,
        "result_samples_per_second": 40.125,
        "queries_per_second": 40.25,
        "duration_seconds": 20.0,
        "latency_seconds{percentile=0.5}": 0.0045,
        "latency_seconds{percentile=0.99}": 0.3,
        "latency_mean_seconds": 0.005,
        "replica_info{gpu=1 nvidia.com/gpu,node=gpu-a,replica=quickstart-server-0}": 1.0,
        "replica_info{gpu=,node=gpu-b,replica=quickstart-server-1}": 1.0,
        "replica_ready{replica=quickstart-server-0}": 1.0,
        "replica_ready{replica=quickstart-server-1}": 1.0,
        "replica_queries{replica=quickstart-server-0}": 400.0,
        "replica_share_ratio{replica=quickstart-server-0}": 0.5,
        "replica_queue_seconds{replica=quickstart-server-0}": 0.0002,
        "replica_compute_seconds{replica=quickstart-server-0}": 0.0039,
        "replica_latency_seconds{percentile=0.99,replica=quickstart-server-0}": 0.29,
    }


@pytest.mark.parametrize(
    ("unit", "value", "name", "shown"),
    [
        ("samples/s", 40.5, "samples_per_second", 40.5),
        ("ns", 4_500_000, "latency_seconds", 0.0045),
        ("samples/query", 8, "samples_per_query", 8.0),
    ],
    ids=["a rate", "a latency", "samples of a query"],
)
def test_the_result_is_named_by_its_unit(unit, value, name, shown):
    result = Result(metric="m", unit=unit, queries=1, errors=0, duration_ns=1, value=value, latency=Latency())

    text = page_text([a_run(status=a_finished_status(result=result))])

    assert starting(text, "inferometer_run_result_") == {name: shown}


def test_steps_of_concurrency_show_the_curve_and_leave_out_what_is_not_known():
    steps = (
        StepStatus(
            concurrency=1, errors=0, verdict="Valid", samples_per_second=40.5, p50_ns=4_500_000, p99_ns=9_000_000
        ),
        StepStatus(concurrency=64, errors=9, verdict="Invalid", p50_ns=5_000_000),
    )

    text = page_text([a_run(status=a_finished_status(steps=steps))])

    assert starting(text, "inferometer_run_step_") == {
        "samples_per_second{concurrency=1,verdict=Valid}": 40.5,
        "latency_seconds{concurrency=1,percentile=0.5}": 0.0045,
        "latency_seconds{concurrency=1,percentile=0.99}": 0.009,
        "latency_seconds{concurrency=64,percentile=0.5}": 0.005,
    }


def test_an_accuracy_run_shows_its_score_and_no_rate():
    """Its load is not paced to be judged: a rate beside those of performance runs would be taken for one."""
    status = a_finished_status()
    assert isinstance(status.result, Result)
    scored = msgspec.structs.replace(status.result, accuracy=AccuracyStatus(metric="top1", value=0.93, samples=44))
    scored_status = msgspec.structs.replace(status, result=scored)
    accuracy = a_run(a_spec(mode="Accuracy", accuracy={"scorer": "top1"}), status=scored_status)
    both = a_run(a_spec(mode="PerformanceAndAccuracy", accuracy={"scorer": "top1"}), status=scored_status)

    shown = samples(page_text([accuracy]))
    assert shown["inferometer_run_accuracy{metric=top1}"] == 0.93
    assert not [name for name in shown if name.startswith("inferometer_run_result")]
    assert {"inferometer_run_accuracy{metric=top1}", "inferometer_run_result_samples_per_second"} <= set(
        samples(page_text([both]))
    )


def test_a_run_with_a_spec_that_cannot_be_read_is_shown_all_the_same():
    text = page_text([replace(a_run(), spec=None, spec_problem="scenario: Sever")])

    assert samples(text)["inferometer_run_info{model=,scenario=,schedule=}"] == 1.0


def test_of_a_deleted_run_nothing_is_left():
    assert starting(page_text([]), "inferometer_") == {}


def test_a_run_of_a_schedule_names_it():
    text = page_text([replace(a_run(), schedule="nightly")])

    assert samples(text)["inferometer_run_info{model=magika,scenario=Server,schedule=nightly}"] == 1.0


def test_the_newest_runs_of_a_namespace_have_series_and_those_that_go_on_whatever_their_age():
    old = [named(f"old-{number}", a_finished_status(), age_s=1000 + number) for number in range(RUNS_SHOWN + 3)]
    going_on = named("going-on", BenchmarkStatus(phase="Running"), age_s=9999)
    elsewhere = named("alone", a_finished_status(), namespace="other", age_s=5000)

    text = page_text([*old, going_on, elsewhere])

    shown = starting(text, "inferometer_run_finished")
    assert len(shown) == RUNS_SHOWN + 2
    assert shown["{benchmark=going-on}"] == 0.0
    assert f"{{benchmark=old-{RUNS_SHOWN - 1}}}" in shown
    assert f"{{benchmark=old-{RUNS_SHOWN}}}" not in shown
    assert starting(text, "inferometer_runs_without_series") == {"": 3.0, "{namespace=other}": 0.0}
    assert samples(text)["inferometer_runs{phase=Succeeded}"] == RUNS_SHOWN + 3
    assert samples(text)["inferometer_runs{phase=Failed}"] == 0.0


@pytest.mark.parametrize(("passed", "shown"), [(True, 1.0), (False, 0.0), (msgspec.UNSET, None)])
def test_an_audit_shows_its_outcome_where_it_has_one(passed, shown):
    status = msgspec.structs.replace(a_finished_status(), audit=AuditStatus(test="TEST04", passed=passed))

    text = samples(page_text([a_run(status=status)]))

    assert text.get("inferometer_run_audit_passed{test=TEST04}") == shown
