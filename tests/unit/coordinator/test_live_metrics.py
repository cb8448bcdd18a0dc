"""A run that goes on, as Prometheus sees it."""

from collections.abc import Sequence

import msgspec
import numpy as np
import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from inferometer_loadgen.coordinator.live_metrics import Families, LoadMetrics
from inferometer_loadgen.protocol.api import RunState
from inferometer_loadgen.protocol.frames import Progress, Records
from inferometer_loadgen.stream import make_stream
from inferometer_loadgen.verdict.measured import NEVER_NS, QueryStatus
from unit.verdict.runs import MS, a_plan, a_plan_of

PREFIX = "inferometer_load_"
OK, LOST, UNSENT = QueryStatus.OK, QueryStatus.CONNECTION_LOST, QueryStatus.NOT_SENT


def records(rows: Sequence[int], sent_ns: Sequence[int], done_ns: Sequence[int], status: Sequence[int]) -> Records:
    columns = [np.array(one, dtype="<i8").tobytes() for one in (rows, sent_ns, done_ns)]
    return Records(
        rows=columns[0], sent_ns=columns[1], done_ns=columns[2], status=np.array(status, dtype=np.int8).tobytes()
    )


def progress(sent: int) -> Progress:
    return Progress(sent=sent, completed=0, failed=0, all_sent=False, latencies_ns=())


def page(metrics: LoadMetrics, since_t0_ns: int | None = None) -> dict[str, float]:
    text = generate_latest(Families(lambda: metrics.families(RunState.RUNNING, 2, since_t0_ns))).decode()
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(f"{k}={v}" for k, v in sample.labels.items() if k != "benchmark")
            found[f"{sample.name.removeprefix(PREFIX)}{{{labels}}}"] = sample.value
    return found


def of_worker(found: dict[str, float], worker: int, *names: str) -> list[float]:
    return [found[f"{name}{{worker={worker}}}"] for name in names]


COUNTS = ("queries_sent_total", "queries_completed_total", "queries_failed_total", "queries_in_flight")


def test_every_counter_is_there_from_zero_before_the_start():
    plan = a_plan()
    found = page(LoadMetrics(plan, make_stream(plan.stream)))

    assert found["queries_due_total{}"] == 0.0
    for worker in range(plan.workers):
        assert of_worker(found, worker, *COUNTS, "latency_seconds_count", "send_lag_seconds_count") == [0.0] * 6
    assert found["info{model=magika,protocol=http,scenario=Server}"] == 1.0
    assert found["state{state=Running}"] == 1.0
    assert found["state{state=Done}"] == 0.0
    assert found["connected_workers{}"] == 2.0
    assert found["target_queries_per_second{}"] == 1000.0
    assert found["latency_bound_seconds{percentile=0.99}"] == 0.015


def test_latency_and_lag_run_from_the_time_of_the_query_in_the_stream_of_all_workers():
    plan = a_plan()
    stream = make_stream(plan.stream)
    metrics = LoadMetrics(plan, stream)
    # Row 2 of worker 1 of 2 is query 5.
    due_ns = int(stream.scheduled_ns[5])

    metrics.note_records(1, records([2], [due_ns + MS], [due_ns + 15 * MS], [OK]))

    found = page(metrics)
    assert of_worker(found, 1, "latency_seconds_sum", "send_lag_seconds_sum") == [0.015, 0.001]
    # The bound of the plan is a bucket, and what is at the bound is within it.
    assert found["latency_seconds_bucket{le=0.01,worker=1}"] == 0.0
    assert found["latency_seconds_bucket{le=0.015,worker=1}"] == 1.0
    assert found["latency_seconds_bucket{le=+Inf,worker=0}"] == 0.0


def test_what_failed_has_ended_without_a_latency_and_what_was_not_sent_is_not_counted():
    plan = a_plan()
    stream = make_stream(plan.stream)
    metrics = LoadMetrics(plan, stream)
    due_ns = [int(stream.scheduled_ns[2 * row]) for row in range(3)]

    metrics.note_progress(0, progress(sent=5))
    metrics.note_records(
        0, records([0, 1, 2], [due_ns[0], due_ns[1], NEVER_NS], [9 * MS, NEVER_NS, NEVER_NS], [OK, LOST, UNSENT])
    )

    found = page(metrics)
    assert of_worker(found, 0, *COUNTS) == [5.0, 2.0, 1.0, 3.0]
    assert of_worker(found, 0, "latency_seconds_count", "send_lag_seconds_count") == [1.0, 2.0]


def test_records_that_overtake_the_progress_leave_nothing_less_than_nothing_in_flight():
    plan = a_plan()
    metrics = LoadMetrics(plan, make_stream(plan.stream))

    metrics.note_records(0, records([0, 1], [MS, MS], [2 * MS, 2 * MS], [OK, OK]))
    metrics.note_progress(0, progress(sent=1))

    assert of_worker(page(metrics), 0, *COUNTS) == [2.0, 2.0, 0.0, 0.0]


def test_what_is_due_follows_the_schedule():
    plan = a_plan()
    stream = make_stream(plan.stream)
    metrics = LoadMetrics(plan, stream)

    assert page(metrics, since_t0_ns=-250 * MS)["queries_due_total{}"] == 0.0
    assert page(metrics, since_t0_ns=int(stream.scheduled_ns[9]))["queries_due_total{}"] == 10.0
    assert page(metrics, since_t0_ns=10**12)["queries_due_total{}"] == len(stream)


def test_what_a_trial_that_ended_early_did_not_send_was_never_due():
    plan = a_plan()
    stream = make_stream(plan.stream)
    metrics = LoadMetrics(plan, stream)
    metrics.stop(int(stream.scheduled_ns[9]))

    assert page(metrics, since_t0_ns=10**12)["queries_due_total{}"] == 10.0

    metrics.begin_round(plan, stream)

    assert page(metrics)["queries_due_total{}"] == 10.0
    assert page(metrics, since_t0_ns=10**12)["queries_due_total{}"] == 10.0 + len(stream)


@pytest.mark.parametrize(
    ("scenario", "latency_s"), [("SingleStream", 0.004), ("Offline", 0.009)], ids=["from its sending", "from time 0"]
)
def test_without_a_schedule_there_is_no_lag_and_nothing_is_due(scenario, latency_s):
    plan = a_plan_of("Offline", bound_ns=0)
    plan = msgspec.structs.replace(plan, stream=msgspec.structs.replace(plan.stream, scenario=scenario))
    metrics = LoadMetrics(plan, make_stream(plan.stream))

    metrics.note_records(0, records([0], [5 * MS], [9 * MS], [OK]))

    found = page(metrics)
    assert of_worker(found, 0, "latency_seconds_sum") == [latency_s]
    assert not [name for name in found if "lag" in name or "due" in name or "bound" in name]
