"""From records to one word with its reasons."""

from dataclasses import dataclass
from typing import Literal

from inferometer_loadgen.plan import Plan
from inferometer_loadgen.verdict.checks import ACCURACY_CHECKS, CHECKS
from inferometer_loadgen.verdict.counterfactual import client_disturbed, client_influenced
from inferometer_loadgen.verdict.measured import Measured
from inferometer_loadgen.verdict.reasons import Finding, Severity

type Word = Literal["Valid", "Invalid", "Inconclusive"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One word, the reasons for it (none for Valid), and what a reader should know besides."""

    word: Word
    reasons: tuple[Finding, ...]
    warnings: tuple[Finding, ...]


def judge(measured: Measured, plan: Plan) -> Verdict:
    """The verdict on a run: all checks, and the client's own share where latency alone speaks against the run.

    Inconclusive outweighs Invalid: where the measurement is in doubt, so is what it says against the servers.
    Raises ValueError when the records are of another number of replicas than the plan.
    """
    if len(measured.servers) != plan.replicas:
        raise ValueError(f"counts of {len(measured.servers)} servers, but the plan has {plan.replicas} replicas")
    is_accuracy = plan.stream.mode == "Accuracy"
    checks = ACCURACY_CHECKS if is_accuracy else CHECKS
    findings = [finding for check in checks if (finding := check(measured, plan)) is not None]
    reasons = tuple(finding for finding in findings if finding.severity is not Severity.WARNING)
    warnings = tuple(finding for finding in findings if finding.severity is Severity.WARNING)
    if is_accuracy:
        return Verdict(word=word_of(reasons), reasons=reasons, warnings=warnings)
    doubt = client_influenced(measured, plan, reasons)
    if doubt is not None:
        reasons = (doubt, *reasons)
    elif (disturbed := client_disturbed(measured, plan)) is not None:
        warnings = (*warnings, disturbed)
    return Verdict(word=word_of(reasons), reasons=reasons, warnings=warnings)


def word_of(reasons: tuple[Finding, ...]) -> Word:
    """The word that follows from the reasons alone."""
    if any(reason.severity is Severity.INCONCLUSIVE for reason in reasons):
        return "Inconclusive"
    return "Invalid" if reasons else "Valid"
