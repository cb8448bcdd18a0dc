"""The verdict is a function of its arguments: all reasons, in one order, and nothing is changed or remembered."""

import copy
from dataclasses import fields

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from inferometer_loadgen.plan import Plan
from inferometer_loadgen.verdict import Measured, QueryStatus, ReasonType, Severity, judge
from inferometer_loadgen.verdict.checks import CHECKS

from .runs import MS, a_count, a_plan, a_run, watched

FAILURES = [status for status in QueryStatus if status is not QueryStatus.OK]


@st.composite
def runs(draw: st.DrawFn) -> Measured:
    queries = draw(st.integers(1, 1500))
    index = st.integers(0, queries - 1)
    slow = draw(st.dictionaries(index, st.integers(6 * MS, 40 * MS), max_size=30))
    latencies: list[dict[int, int] | int] = [slow, 5 * MS, 16 * MS]
    run = a_run(
        queries=queries,
        latency_ns=draw(st.sampled_from(latencies)),
        lag_ns=draw(st.one_of(st.integers(0, 4 * MS), st.dictionaries(index, st.integers(0, 4 * MS), max_size=20))),
        failed=draw(st.dictionaries(index, st.sampled_from(FAILURES), max_size=5)),
        counts=draw(st.sampled_from([{}, {1: a_count(1, successes=draw(st.integers(0, 3000)))}])),
    )
    return watched(run, uncertainty_ns=draw(st.integers(0, MS))) if draw(st.booleans()) else run


PLANS = st.builds(
    lambda stops, least: a_plan(early_stopping=stops, min_queries=least), st.booleans(), st.integers(1, 2000)
)


@given(runs(), PLANS)
def test_all_reasons_are_there_in_the_order_of_the_checks(run: Measured, plan: Plan) -> None:
    findings = [finding for check in CHECKS if (finding := check(run, plan)) is not None]

    verdict = judge(run, plan)

    doubts = [reason for reason in verdict.reasons if reason.type is ReasonType.CLIENT_INFLUENCED]
    assert list(verdict.reasons) == [*doubts, *(one for one in findings if one.severity is not Severity.WARNING)]
    assert len(doubts) <= 1
    told = [warning for warning in verdict.warnings if warning.type is not ReasonType.CLIENT_DISTURBED]
    assert told == [one for one in findings if one.severity is Severity.WARNING]


@given(runs(), PLANS)
def test_the_same_run_is_judged_alike_and_left_as_it_was(run: Measured, plan: Plan) -> None:
    before = copy.deepcopy(run)

    assert judge(run, plan) == judge(run, plan)
    for field in fields(Measured):
        now, then = getattr(run, field.name), getattr(before, field.name)
        assert np.array_equal(now, then) if isinstance(now, np.ndarray) else repr(now) == repr(then)
