"""AuditFailedOutputsDiffer: mlcommons/inference, compliance/TEST01, README.md and verify_accuracy.py.

The script compares the first element of each answer; here all outputs of a sample are compared, bit by bit. Where some
differ, the rules allow it if both sets of answers are worth the same (part III of the README; submission checker:
abs(1 - baseline / compliance) against 1% or 0.1%).
"""

from dataclasses import dataclass

from inferometer_loadgen.plan import OutputsAuditPlan
from inferometer_loadgen.verdict.reasons import Finding, ReasonType, Severity
from inferometer_loadgen.verdict.wording import counted


@dataclass(frozen=True, slots=True)
class OutputsFound:
    """What a comparison of logged answers with those of the accuracy round found."""

    logged: int
    """Answers, one for each sample that was asked and logged; the same sample may be there several times."""
    different: int
    baseline: float | None
    """The score of the accuracy round's answers to the logged samples; None where nothing differed, and without a
    scorer."""
    score: float | None
    """That of the logged answers themselves."""


def outputs_finding(audit: OutputsAuditPlan, found: OutputsFound) -> Finding | None:
    """Invalid where answers differ, unless they are worth the same; Inconclusive where none was logged."""
    if not found.logged:
        said = "no answer was logged while performance was measured; send more queries and run again"
        return Finding(ReasonType.AUDIT_INCONCLUSIVE, Severity.INCONCLUSIVE, said)
    if not found.different or is_worth_the_same(audit, found):
        return None
    logged = counted(found.logged, "logged answer", "logged answers")
    said = f"{found.different:,} of {logged} differ from those of the accuracy round"
    if found.baseline is None or found.score is None:
        remedy = "look for what answers otherwise while it is timed, or set spec.accuracy to compare their scores"
    else:
        said += f", and their score is {found.score:.6g} against {found.baseline:.6g}"
        remedy = "look for what answers otherwise while it is timed"
    return Finding(ReasonType.AUDIT_OUTPUTS_DIFFER, Severity.INVALID, f"{said}; {remedy}")


def is_worth_the_same(audit: OutputsAuditPlan, found: OutputsFound) -> bool:
    """Whether the scores of differing answers are close enough; never where one is missing, or 0."""
    if not found.baseline or not found.score:
        return False
    return abs(1 - found.baseline / found.score) <= audit.accuracy_delta
