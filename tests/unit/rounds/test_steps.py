"""Steps of concurrency as rounds, and which of them the run's figures are of."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from inferometer_loadgen.plan import Plan, digest
from inferometer_loadgen.report.schema import Reason, Report
from inferometer_loadgen.report.text import report_text
from inferometer_loadgen.rounds import first_round, programme_of
from unit.report.reports import PLAN, a_report

STEPS = (1, 2, 4, 8)
LATE = Reason(type="LatencyBoundExceeded", message="p99 was 300 ms")
IN_DOUBT = Reason(type="ClientDisturbed", message="the client was throttled")
CALLED_OFF = Reason(type="CalledOff", message="cancelled after 10 queries")

type Fate = tuple[str, float | None]
"""A verdict and a rate."""


def a_plan(*steps: int) -> Plan:
    stream = structs.replace(PLAN.stream, scenario="Concurrency", target_qps=0.0)
    return structs.replace(PLAN, stream=stream, in_flight=max(steps), concurrency_steps=steps)


def measured(plan: Plan, fates: Sequence[Fate]) -> list[Report]:
    """The reports of the first steps."""
    programme, reports = programme_of(plan), list[Report]()
    for verdict, rate in fates:
        following = programme.after(reports)
        assert following is not None
        reasons = {"Valid": (), "Invalid": (LATE,), "Inconclusive": (IN_DOUBT,), "CalledOff": (CALLED_OFF,)}[verdict]
        word = "Inconclusive" if verdict == "CalledOff" else verdict
        of_round = following.plan(plan)
        reports.append(
            a_report(verdict=word, reasons=reasons, plan=of_round, result={"value": rate, "scheduled_qps": None})
        )
    return reports


def found(*fates: Fate, cut_short: str = "", steps: tuple[int, ...] = STEPS) -> Report:
    plan = a_plan(*steps)
    return programme_of(plan).report(measured(plan, fates), cut_short)


def test_each_step_is_one_round_of_the_same_stream_with_its_own_number_in_flight() -> None:
    plan = a_plan(*STEPS)
    programme = programme_of(plan)

    reports = measured(plan, [("Valid", 1.0)] * len(STEPS))

    assert programme.after(reports) is None
    assert programme.at_most == len(STEPS)
    assert not programme.is_open
    assert [report.plan.in_flight for report in reports] == list(STEPS)
    assert all(report.plan.stream == plan.stream for report in reports)
    assert first_round(plan).plan(plan).in_flight == 1


def test_the_result_is_the_valid_step_with_the_highest_rate_and_the_report_says_which() -> None:
    report = found(("Valid", 40.0), ("Valid", 75.0), ("Invalid", 120.0), ("Valid", 70.0))

    assert report.verdict == "Valid"
    assert report.reasons == ()
    assert report.result.value == 75.0
    assert [(step.concurrency, step.samples_per_second, step.verdict, step.is_result) for step in report.steps] == [
        (1, 40.0, "Valid", False),
        (2, 75.0, "Valid", True),
        (4, 120.0, "Invalid", False),
        (8, 70.0, "Valid", False),
    ]
    assert [one.purpose for one in report.rounds] == ["Step"] * 4
    assert report.plan_hash == digest(a_plan(*STEPS))
    assert "result: of concurrency 2, the fastest of 3 Valid among 4 steps" in report_text(report, "")


def test_of_equal_rates_fewer_in_flight_are_enough() -> None:
    assert [step.is_result for step in found(("Valid", 40.0), ("Valid", 40.0)).steps] == [True, False]


def test_a_faster_step_in_doubt_is_named() -> None:
    report = found(("Valid", 40.0), ("Inconclusive", 75.0))

    assert report.verdict == "Valid"
    assert report_text(report, "").count("faster, but in doubt: 2") == 1


def test_where_none_is_valid_the_closest_says_why() -> None:
    report = found(("Invalid", 40.0), ("Invalid", 75.0))

    assert report.verdict == "Invalid"
    assert report.result.value == 75.0
    assert report.reasons == (
        Reason(
            type="LatencyBoundExceeded",
            message="none of 2 steps is Valid, and the fastest is concurrency 2: p99 was 300 ms",
        ),
    )
    assert "result: of concurrency 2, since none of 2 steps is Valid" in report_text(report, "")


def test_where_none_is_valid_one_in_doubt_might_have_been() -> None:
    report = found(("Inconclusive", 40.0), ("Invalid", 75.0))

    assert report.verdict == "Inconclusive"
    assert report.reasons[0].message == (
        "none of 2 steps is Valid, and the fastest in doubt is concurrency 1: the client was throttled"
    )


@pytest.mark.parametrize(
    ("fates", "cut_short", "said"),
    [
        ([("Valid", 40.0), ("Valid", 75.0)], "cancelled", "cancelled after 2 of 4 steps; the figures are of those."),
        ([("Valid", 40.0), ("CalledOff", 99.0)], "cancelled", "concurrency 2: cancelled after 10 queries"),
    ],
    ids=["between two steps", "within a step"],
)
def test_steps_that_were_cut_short_are_in_doubt_and_report_the_best_whole_one(
    fates: list[Fate], cut_short: str, said: str
) -> None:
    report = found(*fates, cut_short=cut_short)

    assert report.verdict == "Inconclusive"
    assert [reason.type for reason in report.reasons] == ["CalledOff"]
    assert report.reasons[0].message.startswith(said)
    assert report.result.value == max(rate or 0 for verdict, rate in fates if verdict == "Valid")


def test_a_step_that_was_called_off_is_reported_where_there_is_no_other() -> None:
    report = found(("CalledOff", None), cut_short="cancelled")

    assert report.verdict == "Inconclusive"
    assert [reason.type for reason in report.reasons] == ["CalledOff"]
    assert [step.samples_per_second for step in report.steps] == [None]


FATES = st.tuples(st.sampled_from(["Valid", "Invalid", "Inconclusive"]), st.none() | st.floats(0, 1e6))


@given(st.lists(FATES, min_size=1, max_size=6))
def test_no_valid_step_is_faster_than_the_result_and_the_word_is_the_best_of_all(fates: list[Fate]) -> None:
    report = found(*fates, steps=tuple(range(1, len(fates) + 1)))

    (chosen,) = (step for step in report.steps if step.is_result)
    words = [verdict for verdict, _ in fates]
    assert report.verdict == next(word for word in ("Valid", "Inconclusive", "Invalid") if word in words)
    assert chosen.verdict == report.verdict
    assert (chosen.samples_per_second or 0) == max(rate or 0 for verdict, rate in fates if verdict == report.verdict)
