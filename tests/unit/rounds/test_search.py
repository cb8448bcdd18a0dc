"""A search for the peak as rounds, against servers that are a function from a rate to a verdict."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from inferometer_loadgen.plan import FindPeakPlan, Plan
from inferometer_loadgen.report.schema import Peak, Report
from inferometer_loadgen.report.text import report_text
from inferometer_loadgen.rounds import first_round, programme_of
from inferometer_loadgen.rounds.programme import Round
from inferometer_loadgen.rounds.search import MAX_STEPS_DOWN
from unit.report.reports import a_report

TRIAL_NS = 2_000_000_000
SEARCH = FindPeakPlan(min_qps=10, max_qps=1_000, tolerance=0.05, trial_duration_ns=TRIAL_NS, max_trials=30)

type Server = Callable[[float, bool], str]
"""From a rate, and whether it is measured in full, to a verdict."""


def a_plan(**changes: float) -> Plan:
    return structs.replace(a_report().plan, find_peak=structs.replace(SEARCH, **changes))


def is_full(following: Round) -> bool:
    return following.stream.min_duration_ns != TRIAL_NS


def rounds_of(plan: Plan, server: Server) -> list[Report]:
    programme = programme_of(plan)
    reports: list[Report] = []
    while (following := programme.after(reports)) is not None:
        verdict = server(following.stream.target_qps, is_full(following))
        reports.append(a_report(verdict=verdict, plan=following.plan(plan), start_time=f"t{len(reports)}"))
        assert len(reports) <= programme.at_most
    return reports


def found_by(plan: Plan, server: Server) -> Report:
    return programme_of(plan).report(rounds_of(plan, server), "")


@given(st.floats(10, 1_000))
def test_the_peak_of_a_server_with_a_capacity_is_found_within_the_tolerance_and_measured_once(capacity: float) -> None:
    report = found_by(a_plan(), lambda qps, _: "Valid" if qps <= capacity else "Invalid")

    assert report.peak is not None
    assert report.peak.valid_qps is not None
    assert capacity / 1.0501 <= report.peak.valid_qps <= capacity
    assert report.verdict == "Valid"
    assert [one.purpose for one in report.rounds] == ["Trial"] * report.peak.trials + ["Measured"]
    assert report.rounds[-1].target_qps == report.peak.valid_qps
    assert report.peak.not_valid_qps is None or capacity < report.peak.not_valid_qps <= report.peak.valid_qps * 1.0501


def test_equal_verdicts_lead_to_equal_rates() -> None:
    first, second = (
        [one.plan.stream.target_qps for one in rounds_of(a_plan(), lambda qps, _: "Valid" if qps < 77 else "Invalid")]
        for _ in range(2)
    )
    assert first == second


def test_where_the_measured_run_fails_lower_rates_are_measured_in_full() -> None:
    report = found_by(a_plan(), lambda qps, full: "Valid" if qps <= (94 if full else 100) else "Invalid")

    assert report.peak is not None
    assert report.peak.valid_qps is not None
    assert 94 / 1.0501 <= report.peak.valid_qps <= 94
    assert report.verdict == "Valid"
    assert [one.verdict for one in report.rounds if one.purpose == "Measured"][-2:] == ["Invalid", "Valid"]


def test_the_way_down_ends() -> None:
    report = found_by(a_plan(), lambda qps, full: "Invalid" if full or qps > 100 else "Valid")

    assert sum(one.purpose == "Measured" for one in report.rounds) == 1 + MAX_STEPS_DOWN
    assert report.verdict == "Invalid"
    assert report.peak is not None
    assert report.peak.valid_qps is None


def test_of_a_server_that_is_never_valid_the_least_rate_is_measured_so_that_reasons_are_there() -> None:
    report = found_by(a_plan(), lambda *_: "Invalid")

    assert [(one.purpose, one.target_qps) for one in report.rounds] == [("Trial", 10), ("Measured", 10)]
    assert report.peak == Peak(valid_qps=None, not_valid_qps=10, trials=1, client_limited=False)


def test_where_the_client_is_in_doubt_the_peak_is_a_rate_at_least() -> None:
    report = found_by(a_plan(), lambda qps, _: "Valid" if qps <= 100 else "Inconclusive")

    assert report.peak is not None
    assert report.peak.client_limited
    assert "peak: client-limited, at least" in report_text(report, "")


def test_a_server_that_takes_every_rate_has_a_peak_above_the_greatest() -> None:
    report = found_by(a_plan(), lambda *_: "Valid")

    assert report.peak is not None
    assert (report.peak.valid_qps, report.peak.not_valid_qps) == (1_000, None)
    assert "peak: at least 1,000 queries/s, nothing higher failed" in report_text(report, "")


def test_trials_are_bounded() -> None:
    report = found_by(a_plan(max_trials=2), lambda qps, _: "Valid" if qps <= 400 else "Invalid")

    assert [one.purpose for one in report.rounds] == ["Trial", "Trial", "Measured"]


def test_a_search_that_is_cut_short_is_inconclusive_and_says_so() -> None:
    plan = a_plan()
    reports = rounds_of(plan, lambda *_: "Valid")[:2]

    report = programme_of(plan).report(reports, "cancelled")

    assert report.verdict == "Inconclusive"
    assert "cancelled after 2 rounds" in report.reasons[-1].message
    assert report.start_time == "t0"


def test_the_first_round_is_a_trial_at_the_least_rate() -> None:
    first = first_round(a_plan())

    assert (first.stream.target_qps, first.stream.min_duration_ns, first.judge.min_queries) == (10, TRIAL_NS, 1)


def test_only_the_measured_run_must_be_sure_of_its_percentile() -> None:
    """Early stopping takes more queries than a short trial has: no rate would be valid."""
    plan = a_plan()
    plan = structs.replace(plan, judge=structs.replace(plan.judge, early_stopping=True))

    rounds = rounds_of(plan, lambda qps, _: "Valid" if qps <= 77 else "Invalid")

    must_be_sure = [report.plan.judge.early_stopping for report in rounds]
    assert must_be_sure == [False] * (len(rounds) - 1) + [True]


def test_a_trial_that_failed_where_the_measured_run_was_valid_is_not_hushed_up() -> None:
    report = found_by(a_plan(), lambda qps, full: "Valid" if full and qps == 10 else "Invalid")

    assert report.peak == Peak(valid_qps=10, not_valid_qps=10, trials=1, client_limited=False)
    assert "peak: at least 10.0 queries/s, though a trial of it was not valid" in report_text(report, "")


SAMPLES = FindPeakPlan(
    min_samples_per_query=1, max_samples_per_query=64, tolerance=0.02, trial_duration_ns=TRIAL_NS, max_trials=30
)


def a_plan_of_samples(**changes: int) -> Plan:
    plan = a_report().plan
    stream = structs.replace(
        plan.stream, scenario="MultiStream", dialect="loadgen-r0.5", target_qps=20, samples_per_query=64
    )
    return structs.replace(plan, stream=stream, find_peak=structs.replace(SAMPLES, **changes))


def samples_found_by(plan: Plan, server: Callable[[int, bool], str]) -> Report:
    programme = programme_of(plan)
    reports: list[Report] = []
    while (following := programme.after(reports)) is not None:
        verdict = server(following.stream.samples_per_query, is_full(following))
        reports.append(a_report(verdict=verdict, plan=following.plan(plan)))
        assert len(reports) <= programme.at_most
    return programme.report(reports, "")


@given(st.integers(1, 63))
def test_the_most_samples_of_a_query_are_found_to_the_last_one(most: int) -> None:
    report = samples_found_by(a_plan_of_samples(), lambda samples, _: "Valid" if samples <= most else "Invalid")

    assert report.peak is not None
    assert (report.peak.valid_samples_per_query, report.peak.not_valid_samples_per_query) == (most, most + 1)
    assert (report.peak.valid_qps, report.peak.not_valid_qps) == (None, None)
    assert report.rounds[-1].samples_per_query == most
    assert {one.target_qps for one in report.rounds} == {20}


def test_samples_are_doubled_until_there_are_too_many_and_then_halved_between() -> None:
    report = samples_found_by(a_plan_of_samples(), lambda samples, _: "Valid" if samples <= 11 else "Invalid")

    assert [one.samples_per_query for one in report.rounds] == [1, 2, 4, 8, 16, 12, 10, 11, 11]
    assert "round 6 (trial at 12 samples a query)" in report_text(report, "")
    assert "peak: 11 samples a query (12 samples a query was not valid), 8 trials" in report_text(report, "")


def test_where_the_measured_run_fails_a_sample_less_is_measured() -> None:
    report = samples_found_by(
        a_plan_of_samples(), lambda samples, full: "Valid" if samples <= (9 if full else 11) else "Invalid"
    )

    assert [one.samples_per_query for one in report.rounds if one.purpose == "Measured"] == [11, 10, 9]
    assert report.peak is not None
    assert (report.peak.valid_samples_per_query, report.peak.not_valid_samples_per_query) == (9, 10)


def test_the_search_for_samples_begins_where_it_is_told() -> None:
    assert first_round(a_plan_of_samples(min_samples_per_query=5)).stream.samples_per_query == 5


def test_only_trials_may_be_given_up_before_their_end() -> None:
    programme, reports = programme_of(a_plan()), list[Report]()
    while (following := programme.after(reports)) is not None:
        assert following.may_end_early != is_full(following)
        verdict = "Valid" if following.stream.target_qps <= 100 else "Invalid"
        reports.append(a_report(verdict=verdict, plan=following.plan(a_plan())))


def test_a_trial_that_was_given_up_says_why() -> None:
    plan = a_plan()
    first, *others = rounds_of(plan, lambda *_: "Invalid")
    ended = structs.replace(first, ended_early="12 of its queries were late, 9 of 1,000 may be")

    report = programme_of(plan).report([ended, *others], "")

    assert [bool(one.ended_early) for one in report.rounds] == [True, False]
    assert "ended early: 12 of its queries were late, 9 of 1,000 may be" in report_text(report, "")
