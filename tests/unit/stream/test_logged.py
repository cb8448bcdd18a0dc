"""TEST01's selection: the answers that are logged are those that the official LoadGen logs for the same settings."""

from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inferometer_loadgen.plan import AccuracyLog, StreamPlan
from inferometer_loadgen.stream import LoggedRows, LoggedSamples, make_stream
from inferometer_loadgen.stream.logged import ROWS_AT_ONCE, log_probability
from unit.stream.official_loadgen import official_log, official_queries
from unit.stream.plans import a_plan

SEED = 720381539243781796
SLOW = a_plan(target_qps=2000.0, min_duration_ns=40_000_000, min_queries=30)
SCENARIOS = {
    "SingleStream": {"scenario": "SingleStream"},
    "MultiStream": {"scenario": "MultiStream", "samples_per_query": 7},
    "Server": {"scenario": "Server"},
    "Server whose least number says how long it is": {"scenario": "Server", "min_queries": 300},
    "Offline": {"scenario": "Offline", "target_qps": 10_000.0},
    "Offline whose least number says how long it is": {"scenario": "Offline", "min_queries": 2_000},
}


def logged_by_us(plan: StreamPlan, log: AccuracyLog, samples: int) -> list[tuple[int, int]]:
    stream = make_stream(plan)
    places = np.flatnonzero(LoggedSamples(log).take(samples))
    return [(place, int(stream.sample[place])) for place in places.tolist()]


def assert_logs_as_official(plan: StreamPlan, folder: Path) -> int:
    log = plan.accuracy_log
    assert log is not None
    official = official_queries(plan, folder)
    if log.sampling_target:
        probability = log_probability(plan, log.sampling_target, plan.target_qps)
        log = msgspec.structs.replace(log, probability=probability)

    found = official_log(folder)

    assert logged_by_us(plan, log, official.sample.size) == found
    return len(found)


@pytest.mark.parametrize("target", [0, 20])
@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS.keys())
def test_the_logged_samples_are_the_official_ones(scenario: dict, target: int, tmp_path: Path) -> None:
    log = AccuracyLog(seed=SEED, probability=0.0 if target else 0.1, sampling_target=target)
    plan = msgspec.structs.replace(SLOW, **scenario, accuracy_log=log)

    assert assert_logs_as_official(plan, tmp_path) > 2


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 2**64 - 1),
    target=st.integers(1, 400),
    queries=st.integers(1, 300),
    scenario=st.sampled_from(list(SCENARIOS.values())),
)
def test_so_they_are_for_any_seed_and_number(seed: int, target: int, queries: int, scenario: dict) -> None:
    log = AccuracyLog(seed=seed, probability=0.0, sampling_target=target)
    plan = msgspec.structs.replace(SLOW, **scenario | {"min_queries": queries, "accuracy_log": log})
    with TemporaryDirectory() as folder:
        assert_logs_as_official(plan, Path(folder))


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("per_row", [1, 4])
def test_each_worker_knows_its_own_rows(workers: int, per_row: int) -> None:
    log = AccuracyLog(seed=SEED, probability=0.05)
    rows = 2 * ROWS_AT_ONCE + 5
    logged = LoggedSamples(log).take(rows * workers * per_row).reshape(-1, per_row).any(axis=1)

    for worker in range(workers):
        wanted = LoggedRows(log, worker, workers, per_row, rows=ROWS_AT_ONCE + 1)
        assert [wanted(row) for row in range(rows)] == logged[worker::workers].tolist()
