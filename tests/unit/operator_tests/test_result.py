"""What the status says of a report."""

import msgspec
import pytest
from msgspec import UNSET

from inferometer_loadgen.plan import Deviation
from inferometer_loadgen.report.schema import (
    AccuracyReport,
    AuditReport,
    OutputsReport,
    Peak,
    Reason,
    Report,
    Spread,
    StepReport,
)
from inferometer_loadgen.report.short import in_short
from inferometer_loadgen.rules.submittable import Obstacle
from inferometer_operator.api.conditions import ConditionType
from inferometer_operator.api.status import (
    AccuracyStatus,
    AuditStatus,
    BenchmarkStatus,
    ClientFigures,
    PeakStatus,
    Result,
    SpreadStatus,
    StepStatus,
    Summary,
)
from inferometer_operator.reconcile.result import finished_status, told_of

from .builders import a_report
from .worlds import MEASURED, an_observed_run

SHA256 = "ab" * 32
LATE = Reason(type="LatencyBoundExceeded", message="p99 was 317 ms, the bound is 250 ms")


def of(report: Report) -> BenchmarkStatus:
    return finished_status(an_observed_run(*MEASURED), report, SHA256)


def test_columns_are_words() -> None:
    assert of(a_report()).summary == Summary(
        progress="100%", result="40.1 samples/s", p99="15.2 ms", qps="40.2", errors="0", reason=""
    )


def test_a_score_is_the_result_that_a_scored_run_is_known_by() -> None:
    scored = AccuracyReport(metric="top1", value=0.76456, target=0.757, met=True, samples=50_000, details={"x": 1.0})

    status = of(a_report(accuracy=scored))

    assert isinstance(status.summary, Summary)
    assert status.summary.result == "top1 0.7646"
    assert isinstance(status.result, Result)
    assert status.result.accuracy == AccuracyStatus(
        metric="top1", value=0.76456, samples=50_000, target=0.757, met=True
    )


def test_of_a_run_that_was_measured_and_scored_both_are_shown() -> None:
    scored = AccuracyReport(metric="top1", value=0.76456, target=None, met=None, samples=50_000)
    report = a_report(accuracy=scored)

    status = of(
        msgspec.structs.replace(report, plan=msgspec.structs.replace(report.plan, mode="PerformanceAndAccuracy"))
    )

    assert isinstance(status.summary, Summary)
    assert status.summary.result == "40.1 samples/s, top1 0.7646"


@pytest.mark.parametrize(
    ("passed", "words"), [(True, "TEST01 passed"), (False, "TEST01 failed"), (None, "TEST01 says nothing")]
)
def test_an_audit_is_known_by_its_outcome(passed: bool | None, words: str) -> None:
    audit = AuditReport(
        test="TEST01",
        passed=passed,
        unit="samples/s",
        reference=40.0,
        audited=41.0,
        low=36.0,
        high=44.0,
        tolerance=0.1,
        outputs=OutputsReport(logged=64, different=2),
    )

    status = of(a_report(audit=audit))

    assert isinstance(status.summary, Summary)
    assert status.summary.result == words
    assert status.audit == AuditStatus(
        test="TEST01",
        passed=UNSET if passed is None else passed,
        reference=40.0,
        audited=41.0,
        different_outputs=2,
    )
    assert of(a_report()).audit is UNSET


def test_what_a_search_has_found_and_how_far_rounds_lie_apart_are_there() -> None:
    peak = Peak(valid_qps=120, not_valid_qps=None, trials=6, client_limited=True)
    spread = Spread(rounds=5, median=41.0, low=40.1, high=None, confidence=0.9375)

    status = of(a_report(peak=peak, spread=spread))

    assert status.peak == PeakStatus(trials=6, client_limited=True, valid_qps=120)
    assert status.spread == SpreadStatus(rounds=5, confidence=0.9375, low=40.1)
    assert of(a_report()).peak is UNSET


def test_steps_of_concurrency_are_a_table_of_which_one_is_the_result() -> None:
    one, other = (
        StepReport(
            concurrency=number,
            samples_per_second=rate,
            p50_ns=1,
            p99_ns=None,
            errors=2,
            verdict="Valid",
            is_result=rate is not None,
        )
        for number, rate in ((1, 123.45678), (2, None))
    )

    assert of(a_report(steps=(one, other))).steps == (
        StepStatus(concurrency=1, errors=2, verdict="Valid", is_result=True, samples_per_second=123.457, p50_ns=1),
        StepStatus(concurrency=2, errors=2, verdict="Valid", p50_ns=1),
    )


def test_a_search_for_samples_per_query_has_found_samples() -> None:
    peak = Peak(
        valid_qps=None,
        not_valid_qps=None,
        trials=6,
        client_limited=False,
        valid_samples_per_query=11,
        not_valid_samples_per_query=12,
    )

    assert of(a_report(peak=peak)).peak == PeakStatus(
        trials=6, valid_samples_per_query=11, not_valid_samples_per_query=12
    )


@pytest.mark.parametrize(("verdict", "valid"), [("Valid", "True"), ("Invalid", "False"), ("Inconclusive", "Unknown")])
def test_a_verdict_is_a_condition_and_each_is_a_complete_run(verdict: str, valid: str) -> None:
    status = of(a_report(verdict=verdict, reasons=() if verdict == "Valid" else (LATE,)))

    found = status.condition(ConditionType.VALID)
    assert found is not None
    assert found.status == valid
    assert status.is_true(ConditionType.COMPLETE)
    assert not status.is_true(ConditionType.FAILED)


def test_an_invalid_run_says_why_in_its_last_column_and_in_an_event() -> None:
    report = a_report(verdict="Invalid", reasons=(LATE,))

    status = of(report)
    assert isinstance(status.summary, Summary)
    assert status.summary.reason == "LatencyBoundExceeded: p99 was 317 ms, the bound is 250 ms"
    told = told_of(in_short(report, SHA256))
    assert [(one.type, one.reason) for one in told] == [("Normal", "Measured"), ("Warning", "Invalid")]
    assert told[0].note == "20.0 s, 0 errors, client send lag p99 0.11 ms"


def test_how_late_the_client_sent_is_a_figure_and_absent_where_nothing_was_sent() -> None:
    report = a_report()
    unsent = msgspec.structs.replace(report.client, send_lag_p99_ns=None)

    assert of(report).client == ClientFigures(send_lag_p99_ns=110_000)
    assert of(a_report(client=unsent)).client is msgspec.UNSET


def test_each_replica_has_its_share_its_times_and_its_node() -> None:
    first, second = of(a_report()).servers

    assert (first.name, first.node, first.queries, first.share) == ("quickstart-server-0", "gpu-a", 400, 0.5)
    assert (first.p99_ns, first.queue_ns, first.compute_ns) == (14_900_000, 200_000, 3_900_000)
    # No data is not zero.
    assert second.absent_reason == "2 of 2 scrapes had no answer"
    assert not isinstance(second.queue_ns, int)


def test_deviations_and_obstacles_are_in_the_status() -> None:
    deviation = Deviation(field="spec.load.minDuration", value="20s", fixed="600s", source="mlperf.conf")
    obstacle = Obstacle(type="OwnEngine", short="own engine", message="the rules ask for the official LoadGen")

    status = of(a_report(per_rules=False, deviations=(deviation,), obstacles=(obstacle,)))

    assert (status.per_rules, status.submittable) == (False, False)
    assert status.deviations == ("spec.load.minDuration: 20s, not 600s (mlperf.conf)",)
    assert [one.type for one in status.obstacles] == ["OwnEngine"]


def test_a_run_by_no_edition_is_neither_by_the_rules_nor_against_them() -> None:
    assert of(a_report()).per_rules is UNSET
