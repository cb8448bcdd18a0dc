from dataclasses import replace

import numpy as np
import pytest

from inferometer_loadgen.verdict import NEVER_NS, QueryStatus, server_metric
from unit.verdict.runs import MS, QUERIES, US, a_run


@pytest.mark.parametrize(
    "index",
    [[0, 1, 1], [0, 1, 3], [0, 2, 1], [1, 2, 3]],
    ids=["one twice", "one missing", "out of turn", "not from 0"],
)
def test_records_that_are_not_the_whole_stream_once_are_refused(index: list[int]) -> None:
    """Invariant 1: the merge proves 0..n-1 once each."""
    with pytest.raises(ValueError, match="each once and in turn"):
        replace(a_run(queries=3), index=np.array(index))


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="different lengths"):
        replace(a_run(queries=3), status=np.zeros(2, dtype=np.int8))


def test_a_latency_runs_from_the_scheduled_time_however_late_the_query_was_sent() -> None:
    """Invariant 2."""
    run = a_run(queries=2, latency_ns={1: 30 * MS}, lag_ns={1: 29 * MS})

    assert run.latency_ns().tolist() == [5 * MS, 30 * MS]
    assert run.send_lag_ns().tolist() == [50 * US, 29 * MS]


@pytest.mark.parametrize("how", [status for status in QueryStatus if status is not QueryStatus.OK])
def test_a_failed_query_has_an_infinite_latency_even_if_something_came_back(how: QueryStatus) -> None:
    run = a_run(queries=2, failed={1: how})
    with_a_time = replace(run, done_ns=np.array([5 * MS, 6 * MS]))

    assert run.latency_ns().tolist() == [5 * MS, NEVER_NS]
    assert with_a_time.latency_ns().tolist() == [5 * MS, NEVER_NS]


def test_a_query_that_was_not_sent_has_no_send_lag() -> None:
    assert a_run(queries=2, failed={1: QueryStatus.NOT_SENT}).send_lag_ns().tolist() == [50 * US, NEVER_NS]


def test_the_result_is_completed_samples_per_second_up_to_the_last_query_issued() -> None:
    """The straggler, query 500, completes after it and does not count."""
    run = a_run(latency_ns={500: 2_000 * MS, QUERIES - 1: 8 * MS})

    assert server_metric(run) == pytest.approx((QUERIES - 1) / (0.999 + 0.008))


@pytest.mark.parametrize(
    ("run", "metric"),
    [
        (a_run(queries=1), None),
        (a_run(failed=dict.fromkeys(range(QUERIES), QueryStatus.NOT_SENT)), None),
        (a_run(failed={QUERIES - 1: QueryStatus.TIMED_OUT}), None),
        (a_run(failed={7: QueryStatus.TIMED_OUT}), (QUERIES - 2) / 1.004),
        (a_run(failed={QUERIES - 1: QueryStatus.NOT_SENT}), (QUERIES - 2) / 1.003),
    ],
    ids=["one query", "nothing sent", "last unanswered", "another unanswered", "cut short by one"],
)
def test_the_result_counts_good_answers_and_is_absent_where_it_cannot_be_said(run, metric: float | None) -> None:
    assert server_metric(run) == (None if metric is None else pytest.approx(metric))
