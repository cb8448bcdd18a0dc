"""Performance and accuracy in one run: which round follows, and what they say together."""

import pytest
from msgspec import structs

from inferometer_loadgen.plan import FindPeakPlan, Plan, RepeatPlan, as_accuracy, digest
from inferometer_loadgen.report import schema
from inferometer_loadgen.report.schema import AccuracyReport, Reason, Report
from inferometer_loadgen.report.text import report_text
from inferometer_loadgen.rounds import keeps_answers, may_keep_answers, programme_of
from unit.report.reports import PLAN, a_report

BOTH = structs.replace(PLAN, mode="PerformanceAndAccuracy")
LATE = Reason(type="LatencyBoundExceeded", message="p99 is 3 ms over the bound")
WRONG = Reason(type="AccuracyBelowTarget", message="top1 was 0.5")
SCORE = AccuracyReport(metric="top1", value=0.9, target=0.8, met=True, samples=64)


def measured(verdict: str = "Valid", *reasons: Reason, plan: Plan = BOTH) -> Report:
    report: Report = a_report(verdict=verdict, reasons=reasons, plan=plan)
    return report


def scored(verdict: str = "Valid", *reasons: Reason) -> Report:
    report: Report = a_report(verdict=verdict, reasons=reasons, plan=as_accuracy(BOTH), accuracy=SCORE)
    return report


def joined(*reports: Report, plan: Plan = BOTH, cut_short: str = "") -> Report:
    return programme_of(plan).report(reports, cut_short)


def test_the_accuracy_round_follows_on_the_measured_one_and_asks_for_each_sample_once() -> None:
    programme = programme_of(BOTH)

    first, second = programme.after(()), programme.after((measured("Invalid", LATE),))

    assert first is not None
    assert first.plan(BOTH) == BOTH
    assert second is not None
    assert second.plan(BOTH) == as_accuracy(BOTH)
    assert (second.number, second.stream.mode, second.judge.latency_bound_ns) == (1, "Accuracy", 0)
    assert programme.after((measured(), scored())) is None
    assert programme.at_most == 2


def test_it_follows_on_all_repetitions() -> None:
    plan = structs.replace(BOTH, repeat=RepeatPlan(count=2, cooldown_ns=7))
    programme, reports = programme_of(plan), [measured(plan=plan), measured(plan=plan)]

    following = programme.after(reports)

    assert following is not None
    assert (following.number, following.stream.mode) == (2, "Accuracy")
    report = joined(*reports, scored(), plan=plan)
    assert [one.purpose for one in report.rounds] == ["Repeat", "Repeat", "Accuracy"]
    assert report.spread is not None
    assert report.spread.rounds == 2


def test_after_a_search_answers_are_scored_at_the_load_that_was_found_and_not_at_the_highest_that_was_tried() -> None:
    search = FindPeakPlan(min_qps=10, max_qps=4_000, tolerance=1, trial_duration_ns=1, max_trials=9)
    plan = structs.replace(BOTH, find_peak=search, stream=structs.replace(BOTH.stream, target_qps=4_000.0))
    programme = programme_of(plan)
    reports: list[Report] = []
    while (following := programme.after(reports)) is not None and following.stream.mode == "Performance":
        word = "Valid" if following.stream.target_qps < 100 else "Invalid"
        reports.append(measured(word, plan=following.plan(plan)))

    assert following is not None
    assert following.stream.target_qps == reports[-1].plan.stream.target_qps < 100


def test_only_the_accuracy_round_keeps_what_its_answers_hold() -> None:
    assert may_keep_answers(BOTH)
    assert not keeps_answers(BOTH.stream)
    assert keeps_answers(as_accuracy(BOTH).stream)
    assert not may_keep_answers(PLAN)


def test_the_report_has_the_measured_result_and_the_score() -> None:
    report = joined(measured(), scored())

    assert report.verdict == "Valid"
    assert report.result == measured().result
    assert report.accuracy == SCORE
    assert (report.plan, report.plan_hash) == (BOTH, digest(BOTH))
    assert [(one.purpose, one.accuracy) for one in report.rounds] == [("Measured", None), ("Accuracy", SCORE)]
    assert schema.decode(schema.encode(report)) == report


@pytest.mark.parametrize(
    ("first", "second", "word", "said"),
    [
        (measured("Invalid", LATE), scored(), "Invalid", [f"performance: {LATE.message}"]),
        (measured(), scored("Invalid", WRONG), "Invalid", [f"accuracy: {WRONG.message}"]),
        (
            measured("Inconclusive", LATE),
            scored("Invalid", WRONG),
            "Invalid",
            [f"performance: {LATE.message}", f"accuracy: {WRONG.message}"],
        ),
        (measured("Inconclusive", LATE), scored(), "Inconclusive", [f"performance: {LATE.message}"]),
    ],
)
def test_it_is_valid_only_if_both_are_and_a_reason_says_which_is_not(
    first: Report, second: Report, word: str, said: list[str]
) -> None:
    report = joined(first, second)

    assert (report.verdict, [reason.message for reason in report.reasons]) == (word, said)


def test_a_run_that_ends_before_its_accuracy_round_is_inconclusive_with_what_was_measured() -> None:
    report = joined(measured(), cut_short="cancelled")

    assert report.verdict == "Inconclusive"
    assert [reason.message for reason in report.reasons] == [
        "accuracy: cancelled before any answer was scored. Run again to its end"
    ]
    assert report.result == measured().result


def test_a_measured_round_that_was_called_off_says_so_once() -> None:
    off = Reason(type="CalledOff", message="cancelled after 12 queries")

    report = joined(measured("Inconclusive", off), cut_short="cancelled")

    assert [reason.message for reason in report.reasons] == [f"performance: {off.message}"]


def test_the_text_has_a_line_for_each_round() -> None:
    text = report_text(joined(measured(), scored()), "")

    assert text.startswith("VALID   40.1 samples/s")
    assert "accuracy: top1 0.9 (target 0.8, met), 64 samples" in text
    assert "round 1 (measured): Valid, 40.1 samples/s" in text
    assert "round 2 (accuracy): Valid, top1 0.9 (target 0.8, met), 64 samples" in text
