"""Compliance tests around their limits: which figures pass, and what a finding says."""

from dataclasses import dataclass

import pytest

from inferometer_loadgen.plan import AuditPlan, CachingAuditPlan, OutputsAuditPlan, Seeds, SeedsAuditPlan
from inferometer_loadgen.verdict.audits import OutputsFound, not_valid, outputs_finding, performance_finding
from inferometer_loadgen.verdict.metric import MetricUnit
from inferometer_loadgen.verdict.reasons import ReasonType, Severity

OUTPUTS = OutputsAuditPlan(tolerance=0.1, short_tolerance=0.2, log_seed=1, log_samples=64, accuracy_delta=0.01)
CACHING = CachingAuditPlan(tolerance=0.1, short_tolerance=0.2, reference="Performance", same_index=3)
CACHING_OF_2019 = CachingAuditPlan(tolerance=0.1, short_tolerance=0.2, reference="Unique", same_index=3)
SEEDS = SeedsAuditPlan(tolerance=0.05, short_tolerance=0.2, seeds=Seeds())

US, MS = 1_000, 1_000_000


@dataclass(frozen=True)
class Row:
    audit: AuditPlan
    reference: float
    audited: float
    passes: bool
    unit: MetricUnit = "samples/s"
    scenario: str = "Offline"


ROWS = {
    "TEST01 passes at the same rate": Row(OUTPUTS, 100, 100, True),
    "TEST01 passes 10% above, the limit included": Row(OUTPUTS, 100, 100 * 1.1, True),
    "TEST01 fails beyond 10% above": Row(OUTPUTS, 100, 110.1, False),
    "TEST01 passes 10% below, the limit included": Row(OUTPUTS, 100, 90, True),
    "TEST01 fails beyond 10% below": Row(OUTPUTS, 100, 89.9, False),
    "TEST01 fails with a latency 11% longer": Row(OUTPUTS, 4 * MS, 4.44 * MS, False, "ns", "SingleStream"),
    "TEST01 passes with a short latency 19% longer": Row(OUTPUTS, 200 * US, 238 * US, True, "ns", "SingleStream"),
    "TEST01 fails with one a nanosecond longer than short": Row(
        OUTPUTS, 200 * US + 1, 238 * US, False, "ns", "SingleStream"
    ),
    "TEST01 passes with MultiStream's short latency 19% longer": Row(
        OUTPUTS, 1_600 * US, 1_904 * US, True, "ns", "MultiStream"
    ),
    "TEST01 fails with MultiStream's longer one 19% longer": Row(
        OUTPUTS, 1_601 * US, 1_905 * US, False, "ns", "MultiStream"
    ),
    "TEST04 passes just below 10% faster": Row(CACHING, 100, 109.9, True),
    "TEST04 fails at 10% faster": Row(CACHING, 100, 100 * 1.1, False),
    "TEST04 passes however much slower": Row(CACHING, 100, 1, True),
    "TEST04 fails with a latency 10% faster as a rate": Row(CACHING, 4 * MS, 3.63 * MS, False, "ns", "SingleStream"),
    "TEST04 passes with a latency 9% faster as a rate": Row(CACHING, 4 * MS, 3.67 * MS, True, "ns", "SingleStream"),
    "TEST04 passes with a short latency 19% faster": Row(CACHING, 190 * US, 160 * US, True, "ns", "SingleStream"),
    "TEST04 passes with a longer latency": Row(CACHING, 4 * MS, 40 * MS, True, "ns", "SingleStream"),
    "TEST04 of 2019 compares latencies themselves": Row(CACHING_OF_2019, 4 * MS, 3.63 * MS, True, "ns", "SingleStream"),
    "TEST04 of 2019 fails at 10% shorter": Row(CACHING_OF_2019, 4 * MS, 3.6 * MS, False, "ns", "SingleStream"),
    "TEST04 of 2019 fails at 10% faster": Row(CACHING_OF_2019, 100, 100 * 1.1, False),
    "TEST04 of 2019 passes with equal samples a query": Row(
        CACHING_OF_2019, 8, 8, True, "samples/query", "MultiStream"
    ),
    "TEST05 passes just less than 5% slower": Row(SEEDS, 100, 95.1, True),
    "TEST05 fails at 5% slower": Row(SEEDS, 100, 95, False),
    "TEST05 passes however much faster": Row(SEEDS, 100, 1_000, True),
    "TEST05 fails with a latency 5% longer": Row(SEEDS, 4 * MS, 4.2 * MS, False, "ns", "SingleStream"),
    "TEST05 passes with a latency 4% longer": Row(SEEDS, 4 * MS, 4.16 * MS, True, "ns", "SingleStream"),
    "TEST05 passes with a short latency 19% longer": Row(SEEDS, 100 * US, 119 * US, True, "ns", "SingleStream"),
}
TYPES = {
    "TEST01": ReasonType.AUDIT_PERFORMANCE_DIFFERS,
    "TEST04": ReasonType.AUDIT_SAME_SAMPLE_FASTER,
    "TEST05": ReasonType.AUDIT_OTHER_SEEDS_SLOWER,
}


@pytest.mark.parametrize(("name", "row"), ROWS.items(), ids=ROWS.keys())
def test_a_figure_passes_within_its_limits(name: str, row: Row) -> None:
    found = performance_finding(row.audit, row.scenario, row.unit, row.reference, row.audited)

    assert (found is None) == row.passes
    if found is not None:
        assert (found.type, found.severity) == (TYPES[name[:6]], Severity.INVALID)


@pytest.mark.parametrize(("reference", "audited"), [(None, 1.0), (1.0, None)])
def test_without_a_figure_nothing_is_said(reference: float | None, audited: float | None) -> None:
    found = performance_finding(CACHING, "Offline", "samples/s", reference, audited)

    assert found is not None
    assert (found.type, found.severity) == (ReasonType.AUDIT_INCONCLUSIVE, Severity.INCONCLUSIVE)


def test_a_failure_says_both_figures_how_far_apart_they_may_be_and_what_to_do() -> None:
    found = performance_finding(CACHING, "SingleStream", "ns", 4 * MS, 1 * MS)

    assert found is not None
    assert found.message == (
        "1.0 ms against 4.0 ms with the same sample all the time, more than 10% faster; look for a cache of answers"
    )


@pytest.mark.parametrize(
    ("found", "type_"),
    [
        (OutputsFound(logged=64, different=0, baseline=None, score=None), None),
        (OutputsFound(logged=0, different=0, baseline=None, score=None), ReasonType.AUDIT_INCONCLUSIVE),
        (OutputsFound(logged=64, different=1, baseline=None, score=None), ReasonType.AUDIT_OUTPUTS_DIFFER),
        (OutputsFound(logged=64, different=9, baseline=0.991, score=1.0), None),
        (OutputsFound(logged=64, different=9, baseline=1.0, score=0.99), ReasonType.AUDIT_OUTPUTS_DIFFER),
        (OutputsFound(logged=64, different=9, baseline=0.9, score=0.9), None),
        (OutputsFound(logged=64, different=9, baseline=0.0, score=0.0), ReasonType.AUDIT_OUTPUTS_DIFFER),
        (OutputsFound(logged=64, different=9, baseline=0.9, score=None), ReasonType.AUDIT_OUTPUTS_DIFFER),
    ],
    ids=[
        "equal answers pass",
        "nothing logged says nothing",
        "one that differs fails, without a scorer",
        "differing answers pass where they are worth as much within 1%",
        "1% of the baseline is more than 1% of the score",
        "differing answers of one score pass",
        "scores of 0 say nothing for them",
        "one score is none",
    ],
)
def test_logged_answers_are_those_of_the_accuracy_round_or_worth_as_much(
    found: OutputsFound, type_: ReasonType | None
) -> None:
    finding = outputs_finding(OUTPUTS, found)

    assert (None if finding is None else finding.type) == type_


def test_a_round_that_is_not_valid_makes_a_test_say_nothing() -> None:
    assert not_valid(1, "other seeds", "Valid") is None
    found = not_valid(2, "other seeds", "Invalid")
    assert found is not None
    assert found.severity is Severity.INCONCLUSIVE
    assert found.message.startswith("round 2 (other seeds) was Invalid")
