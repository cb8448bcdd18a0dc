"""What is said of a round before its end is what its end says."""

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from inferometer_loadgen.plan import Plan
from inferometer_loadgen.verdict import Measured, QueryStatus, judge
from inferometer_loadgen.verdict.fate import Fate, judge_ended_early
from inferometer_loadgen.verdict.reasons import ReasonType
from unit.verdict.runs import MS, S, a_plan, a_plan_of, a_run, a_ticking_run

NO_LENGTH: dict[str, Any] = {"min_duration_ns": 0, "min_queries": 1}
BY_FATE = {ReasonType.LATENCY_BOUND_EXCEEDED, ReasonType.QUERIES_FAILED, ReasonType.INTERVALS_SKIPPED}


def seen(fate: Fate, measured: Measured, rows: Any) -> str:
    return fate.note(measured.index[rows], measured.sent_ns[rows], measured.done_ns[rows], measured.status[rows])


def is_doomed(measured: Measured, plan: Plan) -> bool:
    return any(reason.type in BY_FATE for reason in judge(measured, plan).reasons)


@st.composite
def runs(draw: st.DrawFn) -> tuple[Measured, list[int]]:
    """Some queries, around a tenth of them late or failed, in any order of their ends."""
    queries = draw(st.integers(1, 120))
    late = draw(st.dictionaries(st.integers(0, queries - 1), st.integers(14 * MS, 17 * MS), max_size=20))
    failed = draw(st.dictionaries(st.integers(0, queries - 1), st.just(QueryStatus.ERROR_STATUS), max_size=1))
    order = draw(st.permutations(range(queries)))
    return a_run(queries=queries, latency_ns=late, failed=failed), list(order)


@given(runs(), st.sampled_from([0.5, 0.9, 0.97, 0.99]), st.integers(1, 30))
def test_a_round_is_given_up_exactly_where_its_end_is_not_valid(
    drawn: tuple[Measured, list[int]], percentile: float, at_once: int
) -> None:
    measured, order = drawn
    plan = a_plan(latency_percentile=percentile, **NO_LENGTH)
    fate = Fate(plan, measured.scheduled_ns)

    said = [seen(fate, measured, order[start : start + at_once]) for start in range(0, len(order), at_once)]

    doomed = is_doomed(measured, plan)
    assert bool(said[-1]) == doomed
    assert doomed or not any(said)


@given(st.lists(st.booleans(), min_size=2, max_size=60), st.integers(1, 10))
def test_a_round_at_ticks_is_given_up_only_where_its_end_is_not_valid(skips: list[bool], at_once: int) -> None:
    ticks = np.cumsum([2 if skipped else 1 for skipped in skips])
    run = a_run(queries=len(skips))
    sent_ns = (ticks - ticks[0]) * MS
    measured = a_measured_at(run, sent_ns)
    plan = at_ticks(ticks_planned=int(ticks[-1]))
    fate = Fate(plan, np.zeros(0, dtype=np.int64))

    rows = list(range(len(skips)))
    said = [seen(fate, measured, rows[start : start + at_once]) for start in range(0, len(rows), at_once)]

    assert is_doomed(measured, plan) or not any(said)


def at_ticks(ticks_planned: int) -> Plan:
    plan = a_plan_of("MultiStream", bound_ns=0, **NO_LENGTH)
    return structs.replace(plan, stream=structs.replace(plan.stream, min_queries=1, min_duration_ns=ticks_planned * MS))


def a_measured_at(run: Measured, sent_ns: Any) -> Measured:
    return replace(run, scheduled_ns=sent_ns, sent_ns=sent_ns, done_ns=sent_ns + MS // 2)


def test_a_query_too_many_at_ticks_is_told_at_once() -> None:
    measured = a_ticking_run(skipped=12)
    fate = Fate(at_ticks(ticks_planned=1_000), np.zeros(0, dtype=np.int64))

    assert seen(fate, measured, slice(0, 9)) == ""
    assert seen(fate, measured, slice(9, 20)) == "12 of its queries were still open at the next tick, 9 of 1,000 may be"


def test_a_failed_query_is_the_end_of_a_trial() -> None:
    measured = a_run(failed={3: QueryStatus.TIMED_OUT})

    assert seen(Fate(a_plan(), measured.scheduled_ns), measured, slice(0, 5)) == "1 of its queries failed"


def test_what_was_not_sent_says_nothing() -> None:
    measured = a_run(failed={3: QueryStatus.NOT_SENT})

    assert seen(Fate(a_plan(), measured.scheduled_ns), measured, slice(None)) == ""


@given(st.integers(20, 990))
def test_a_round_that_was_given_up_is_invalid_by_what_it_has_sent_and_by_nothing_else(sent: int) -> None:
    measured = a_run(
        latency_ns=dict.fromkeys(range(5, 17), S),
        failed=dict.fromkeys(range(sent, 1_000), QueryStatus.NOT_SENT),
    )
    why = seen(Fate(a_plan(), measured.scheduled_ns), measured, slice(None))

    cut, verdict = judge_ended_early(measured, a_plan(), why)

    assert why == "12 of its queries were late, 9 of 1,000 may be"
    assert (len(cut), verdict.word) == (sent, "Invalid")
    assert [reason.type for reason in verdict.reasons] == [ReasonType.LATENCY_BOUND_EXCEEDED]
    assert cut.called_off == ""


def test_where_the_late_ones_were_the_last_of_another_worker_it_is_invalid_all_the_same() -> None:
    """Worker 1 has a query that was never sent, long before those of worker 0 that were late."""
    measured = a_run(latency_ns=dict.fromkeys(range(100, 130, 2), S), failed={51: QueryStatus.NOT_SENT})
    why = seen(Fate(a_plan(), measured.scheduled_ns), measured, slice(None))

    cut, verdict = judge_ended_early(measured, a_plan(), why)

    assert (len(cut), verdict.word) == (51, "Invalid")
    assert "15 of its queries were late" in verdict.reasons[0].message
