"""From several rounds' reports to one."""

import pytest
from msgspec import structs

from inferometer_loadgen.plan import RepeatPlan
from inferometer_loadgen.report import schema
from inferometer_loadgen.report.schema import Reason, Report
from inferometer_loadgen.report.text import report_text
from inferometer_loadgen.rounds import programme_of, together
from unit.report.reports import a_report

LATE = Reason(type="LatencyBoundExceeded", message="p99 is 3 ms over the bound")
CALLED_OFF = Reason(type="CalledOff", message="cancelled after 12 queries")


def a_round(value: float | None, verdict: str = "Valid", *reasons: Reason, start: str = "t0", unit: str = "") -> Report:
    report: Report = a_report(verdict=verdict, reasons=reasons, start_time=start)
    result = structs.replace(report.result, value=value, **({"unit": unit} if unit else {}))
    return structs.replace(report, result=result)


def joined(*reports: Report, at_most: int | None = None, cut_short: str = "") -> Report:
    return together(reports[0].plan, reports, at_most or len(reports), cut_short)


def test_of_a_plan_with_one_round_nothing_changes() -> None:
    only = a_round(40.0)

    assert together(only.plan, [only], 1) is only
    assert (only.rounds, only.spread) == ((), None)


def test_the_result_is_the_median_rounds_and_each_round_is_there() -> None:
    report = joined(*(a_round(value, start=f"t{value}") for value in (41.0, 39.0, 43.0, 40.0, 42.0)))

    assert report.result.value == 41.0
    assert report.spread == schema.Spread(rounds=5, median=41.0, low=39.0, high=43.0, confidence=0.9375)
    assert [one.result.value for one in report.rounds] == [41.0, 39.0, 43.0, 40.0, 42.0]
    assert report.start_time == "t41.0"
    assert report.verdict == "Valid"
    assert schema.decode(schema.encode(report)) == report


@pytest.mark.parametrize(
    ("unit", "value"), [("samples/s", 40.0), ("ns", 41.0)], ids=["less is worse", "more latency is worse"]
)
def test_of_an_even_number_it_is_the_worse_of_the_two_in_the_middle(unit: str, value: float) -> None:
    report = joined(*(a_round(value, unit=unit) for value in (39.0, 41.0, 40.0, 42.0)))

    assert report.result.value == value
    assert report.spread is not None
    assert (report.spread.low, report.spread.high) == (39.0, 42.0)


def test_a_round_without_a_figure_is_worse_than_any_other() -> None:
    report = joined(a_round(None), a_round(41.0), a_round(40.0))

    assert report.result.value == 40.0
    assert report.spread is not None
    assert (report.spread.low, report.spread.high) == (None, 41.0)


@pytest.mark.parametrize(
    ("verdicts", "word"),
    [
        (("Valid", "Valid", "Valid"), "Valid"),
        (("Valid", "Inconclusive", "Valid"), "Inconclusive"),
        (("Inconclusive", "Valid", "Invalid"), "Invalid"),
    ],
)
def test_one_round_that_is_not_valid_makes_the_run_so(verdicts: tuple[str, ...], word: str) -> None:
    assert joined(*(a_round(40.0, verdict) for verdict in verdicts)).verdict == word


def test_a_reason_names_the_round() -> None:
    report = joined(a_round(40.0), a_round(39.0, "Invalid", LATE), a_round(40.0))

    assert report.reasons == (Reason(type=LATE.type, message=f"round 2: {LATE.message}"),)
    assert report.rounds[1].reasons == (LATE,)


def test_the_result_is_of_whole_rounds_where_there_are_any() -> None:
    report = joined(a_round(40.0), a_round(12.0, "Inconclusive", CALLED_OFF), at_most=5, cut_short="cancelled")

    assert report.result.value == 40.0
    assert report.verdict == "Inconclusive"
    assert [reason.message for reason in report.reasons] == ["round 2: cancelled after 12 queries"]
    assert len(report.rounds) == 2


def test_rounds_that_never_began_are_a_reason() -> None:
    report = joined(a_round(40.0), a_round(41.0), at_most=5, cut_short="cancelled")

    assert report.verdict == "Inconclusive"
    assert [reason.type for reason in report.reasons] == ["CalledOff"]
    assert report.reasons[0].message.startswith("cancelled after 2 of 5 rounds")


def test_the_text_has_a_line_for_each_round_and_one_for_the_median() -> None:
    text = report_text(joined(a_round(40.0), a_round(39.0, "Invalid", LATE), a_round(41.0)), "")

    assert "round 1: Valid, 40.0 samples/s" in text
    assert "round 2: Invalid, 39.0 samples/s" in text
    assert "median of 3 rounds: 40.0 samples/s, between 39.0 samples/s and 41.0 samples/s with 75.0% confidence" in text


def test_repeats_are_the_same_round_whatever_became_of_those_before() -> None:
    plan = structs.replace(a_report().plan, repeat=RepeatPlan(count=3, cooldown_ns=7))
    programme = programme_of(plan)

    reports: list[Report] = []
    while (following := programme.after(reports)) is not None:
        assert following.plan(plan) == plan
        assert following.cooldown_ns == (7 if reports else 0)
        assert following.number == len(reports)
        reports.append(a_round(None, "Invalid", LATE))
    assert len(reports) == programme.at_most == 3


def test_a_plan_without_repeats_has_one_round() -> None:
    programme = programme_of(a_report().plan)

    assert programme.at_most == 1
    assert programme.after([a_report()]) is None
