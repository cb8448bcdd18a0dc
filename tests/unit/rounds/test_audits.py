"""Compliance tests as rounds: what each sends, when they end, and the verdict."""

import pytest
from msgspec import structs

from inferometer_loadgen.plan import (
    AuditPlan,
    CachingAuditPlan,
    OutputsAuditPlan,
    Plan,
    Seeds,
    SeedsAuditPlan,
    as_accuracy,
    digest,
)
from inferometer_loadgen.report import schema
from inferometer_loadgen.report.schema import OutputsReport, Reason, Report
from inferometer_loadgen.report.short import decode, encode, in_short
from inferometer_loadgen.report.text import report_text
from inferometer_loadgen.rounds import may_keep_answers, programme_of
from unit.report.reports import PLAN, a_report

OTHER = Seeds(qsl=1, sample_index=2, schedule=3)
OUTPUTS = OutputsAuditPlan(tolerance=0.1, short_tolerance=0.2, log_seed=7, log_samples=80, accuracy_delta=0.01)
CACHING = CachingAuditPlan(tolerance=0.1, short_tolerance=0.2, reference="Performance", same_index=3)
UNIQUE = CachingAuditPlan(tolerance=0.1, short_tolerance=0.2, reference="Unique", same_index=3)
SEEDS = SeedsAuditPlan(tolerance=0.05, short_tolerance=0.2, seeds=OTHER)
EQUAL = OutputsReport(logged=80, different=0)
LATE = Reason(type="LatencyBoundExceeded", message="p99 is 3 ms over the bound")


def a_plan(audit: AuditPlan, **stream: object) -> Plan:
    return structs.replace(PLAN, mode="Audit", audit=audit, stream=structs.replace(PLAN.stream, **stream))


def a_round(
    value: float = 40.0, verdict: str = "Valid", *reasons: Reason, outputs: OutputsReport | None = None
) -> Report:
    return a_report(verdict=verdict, reasons=reasons, result={"value": value}, outputs=outputs)


def rounds_of(plan: Plan, *reports: Report) -> list[Plan]:
    """The plan of each round, given the reports of those before."""
    programme, found = programme_of(plan), []
    for number in range(len(reports) + 1):
        following = programme.after(reports[:number])
        assert following is not None
        assert following.number == number
        found.append(following.plan(plan))
    assert len(found) == programme.at_most
    return found


def test_test04_sends_the_load_as_it_is_and_then_the_same_sample_as_long() -> None:
    plan = a_plan(CACHING)

    first, second = rounds_of(plan, a_round())

    assert first == plan
    assert second.stream == structs.replace(plan.stream, order="Same", same_index=3)
    assert second.judge == plan.judge


def test_test04_of_2019_sends_each_loaded_sample_once_and_then_one_of_them_as_often() -> None:
    plan = a_plan(UNIQUE, dialect="loadgen-r0.5")

    first, second = rounds_of(plan, a_round())

    assert (first.stream.order, second.stream.order) == ("Unique", "Same")
    assert (first.judge.min_queries, first.judge.min_duration_ns) == (1, 0)
    assert first.judge == second.judge


def test_test05_sends_the_same_load_with_other_seeds() -> None:
    plan = a_plan(SEEDS)

    first, second = rounds_of(plan, a_round())

    assert first == plan
    assert second == structs.replace(plan, stream=structs.replace(plan.stream, seeds=OTHER))


def test_test01_logs_answers_and_then_asks_for_each_sample_once() -> None:
    plan = a_plan(OUTPUTS)

    first, second, third = rounds_of(plan, a_round(), a_round())

    assert first == plan
    log = second.stream.accuracy_log
    assert log is not None
    # 40 queries/s for 20 s: one in ten is logged.
    assert (log.seed, log.sampling_target, log.probability) == (7, 80, 0.1)
    assert third == as_accuracy(plan)
    assert may_keep_answers(plan)
    assert not may_keep_answers(a_plan(CACHING))


def test_without_a_rate_of_its_own_the_reference_says_how_many_answers_are_expected() -> None:
    plan = a_plan(OUTPUTS, scenario="SingleStream", target_qps=0.0)
    reference = a_report(result={"completed_qps": 80.0})

    _, second, _ = rounds_of(plan, reference, a_round())

    assert second.stream.accuracy_log is not None
    assert second.stream.accuracy_log.probability == 80 / 1600


@pytest.mark.parametrize("verdict", ["Invalid", "Inconclusive"])
def test_a_round_that_is_not_valid_is_the_last_and_the_test_says_nothing(verdict: str) -> None:
    plan, reference = a_plan(CACHING), a_round(40.0, verdict, LATE)

    assert programme_of(plan).after([reference]) is None
    report = programme_of(plan).report([reference], "")

    assert report.verdict == "Inconclusive"
    assert [reason.type for reason in report.reasons] == ["AuditInconclusive", LATE.type]
    assert report.reasons[1].message == f"round 1: {LATE.message}"
    assert report.audit is not None
    assert (report.audit.passed, report.audit.audited) == (None, None)


@pytest.mark.parametrize(
    ("audit", "audited", "outputs", "word", "types"),
    [
        (CACHING, 41.0, None, "Valid", []),
        (CACHING, 44.0, None, "Invalid", ["AuditFailedSameSampleFaster"]),
        (SEEDS, 39.0, None, "Valid", []),
        (SEEDS, 38.0, None, "Invalid", ["AuditFailedOtherSeedsSlower"]),
        (OUTPUTS, 36.0, EQUAL, "Valid", []),
        (OUTPUTS, 35.0, EQUAL, "Invalid", ["AuditFailedPerformanceDiffers"]),
        (OUTPUTS, 40.0, OutputsReport(logged=80, different=2), "Invalid", ["AuditFailedOutputsDiffer"]),
        (
            OUTPUTS,
            35.0,
            OutputsReport(logged=80, different=2),
            "Invalid",
            ["AuditFailedPerformanceDiffers", "AuditFailedOutputsDiffer"],
        ),
        (OUTPUTS, 40.0, OutputsReport(logged=0, different=0), "Inconclusive", ["AuditInconclusive"]),
    ],
)
def test_the_verdict_is_the_tests(
    audit: AuditPlan, audited: float, outputs: OutputsReport | None, word: str, types: list[str]
) -> None:
    plan = a_plan(audit)
    reports = [a_round(), a_round(audited), *([] if outputs is None else [a_round(outputs=outputs)])]

    report = programme_of(plan).report(reports, "")

    assert (report.verdict, [reason.type for reason in report.reasons]) == (word, types)
    assert report.audit is not None
    assert report.audit.passed == {"Valid": True, "Invalid": False}.get(word)
    assert (report.audit.reference, report.audit.audited, report.audit.outputs) == (40.0, audited, outputs)
    assert (report.plan_hash, report.outputs) == (digest(plan), None)
    assert schema.decode(schema.encode(report)) == report
    short = decode(encode(in_short(report, "")).decode())
    assert short is not None
    assert short.audit == report.audit


def test_a_test_that_is_cut_short_says_nothing() -> None:
    report = programme_of(a_plan(OUTPUTS)).report([a_round(), a_round()], "cancelled")

    assert report.verdict == "Inconclusive"
    assert [reason.message for reason in report.reasons] == ["cancelled after 2 of 3 rounds. Run again to its end"]


def test_the_text_has_the_outcome_the_figures_and_their_limits() -> None:
    report = programme_of(a_plan(OUTPUTS)).report([a_round(), a_round(41.0), a_round(outputs=EQUAL)], "")

    text = report_text(report, "")

    assert "audit TEST01 passed: 41 samples/s against 40 samples/s, 36 samples/s to 44 samples/s allowed" in text
    assert "outputs: 80 logged answers, all equal to those of the accuracy round" in text
    assert "round 1 (reference): Valid, 40.0 samples/s" in text
    assert "round 2 (audited): Valid, 41.0 samples/s" in text
