"""AuditFailed…: the audited round's performance is too far from the reference's."""

from inferometer_loadgen.plan import AuditPlan, CachingAuditPlan, OutputsAuditPlan
from inferometer_loadgen.spec.units import format_duration_ns
from inferometer_loadgen.verdict.audits.limits import limits_of, tolerance
from inferometer_loadgen.verdict.metric import MetricUnit
from inferometer_loadgen.verdict.reasons import Finding, ReasonType, Severity


def performance_finding(
    audit: AuditPlan, scenario: str, unit: MetricUnit, reference: float | None, audited: float | None
) -> Finding | None:
    """Invalid where the figure is beyond its limits, Inconclusive where one of the two is not there."""
    if reference is None or audited is None:
        said = "a round has no figure to be compared; look at its reasons and run again"
        return Finding(ReasonType.AUDIT_INCONCLUSIVE, Severity.INCONCLUSIVE, said)
    if limits_of(audit, scenario, reference, unit).hold(audited):
        return None
    allowed = f"{tolerance(audit, scenario, reference, unit):.0%}"
    pair = f"{_words(audited, unit)} against {_words(reference, unit)}"
    match audit:
        case OutputsAuditPlan():
            type_ = ReasonType.AUDIT_PERFORMANCE_DIFFERS
            said = f"{pair} while answers were logged, more than {allowed} apart; run again on a quiet system"
        case CachingAuditPlan():
            type_ = ReasonType.AUDIT_SAME_SAMPLE_FASTER
            said = f"{pair} with the same sample all the time, more than {allowed} faster; look for a cache of answers"
        case _:
            type_ = ReasonType.AUDIT_OTHER_SEEDS_SLOWER
            said = f"{pair} with other seeds, more than {allowed} slower; look for what was tuned to the usual ones"
    return Finding(type_, Severity.INVALID, said)


def _words(value: float, unit: MetricUnit) -> str:
    return format_duration_ns(value) if unit == "ns" else f"{value:,.6g} {unit}"
