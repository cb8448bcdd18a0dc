"""Between which figures an audited round passes (mlcommons/inference, compliance, verify_performance.py of each test).

The scripts compare a latency as it is, but for TEST04 of v6.1, which compares rates: there a latency may be shorter by
1 - 1 / (1 + tolerance) of the reference, not by the tolerance itself.
"""

from dataclasses import dataclass

from inferometer_loadgen.plan import AuditPlan, CachingAuditPlan, OutputsAuditPlan
from inferometer_loadgen.verdict.metric import MetricUnit

SHORT_NS = {"SingleStream": 200_000, "MultiStream": 1_600_000}
"""References up to this are short: there the machine's own noise is most of what differs."""


@dataclass(frozen=True, slots=True)
class Limits:
    """None on a side without a limit."""

    low: float | None
    high: float | None
    is_inclusive: bool
    """Whether a figure on a limit passes."""

    def hold(self, value: float) -> bool:
        """Whether a figure passes."""
        if self.is_inclusive:
            return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)
        return (self.low is None or value > self.low) and (self.high is None or value < self.high)


def limits_of(audit: AuditPlan, scenario: str, reference: float, unit: MetricUnit) -> Limits:
    """The limits that follow from the reference's figure."""
    fraction = tolerance(audit, scenario, reference, unit)
    less, more = reference * (1 - fraction), reference * (1 + fraction)
    is_latency = unit == "ns"
    match audit:
        case OutputsAuditPlan():
            return Limits(less, more, is_inclusive=True)
        case CachingAuditPlan() if not is_latency:
            return Limits(None, more, is_inclusive=False)
        case CachingAuditPlan(reference="Unique"):
            return Limits(less, None, is_inclusive=False)
        case CachingAuditPlan():
            return Limits(reference / (1 + fraction), None, is_inclusive=False)
        case _ if is_latency:
            return Limits(None, more, is_inclusive=False)
        case _:
            return Limits(less, None, is_inclusive=False)


def tolerance(audit: AuditPlan, scenario: str, reference: float, unit: MetricUnit) -> float:
    """By how much a figure may be off, as a fraction of the reference."""
    is_short = unit == "ns" and reference <= SHORT_NS.get(scenario, 0)
    return audit.short_tolerance if is_short else audit.tolerance
