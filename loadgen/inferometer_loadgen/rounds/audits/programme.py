"""A compliance test's rounds, and what they say together."""

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec import structs

from inferometer_loadgen.plan import AuditPlan, CachingAuditPlan, OutputsAuditPlan, Plan, SeedsAuditPlan, digest
from inferometer_loadgen.report.schema import AuditReport, OutputsReport, Reason, Report
from inferometer_loadgen.rounds.audits.stages import purposes, stage
from inferometer_loadgen.rounds.programme import Round
from inferometer_loadgen.rounds.together import Word, named, round_report
from inferometer_loadgen.rules.pack import AuditTest
from inferometer_loadgen.verdict.audits import (
    OutputsFound,
    limits_of,
    not_valid,
    outputs_finding,
    performance_finding,
)
from inferometer_loadgen.verdict.audits.limits import tolerance
from inferometer_loadgen.verdict.reasons import Finding, ReasonType, Severity


@dataclass(frozen=True, slots=True)
class Audit:
    """The reference and the audited round, in one run on the same servers; it ends with a round that is not valid."""

    plan: Plan
    audit: AuditPlan

    @property
    def at_most(self) -> int:
        """All rounds of the test."""
        return len(purposes(self.audit))

    @property
    def is_open(self) -> bool:
        """A round that is not valid is the last."""
        return True

    @property
    def cooldown_ns(self) -> int:
        """None is needed: the drain lies between two rounds."""
        return 0

    def after(self, reports: Sequence[Report]) -> Round | None:
        """The next round, unless one of those before it says that the test says nothing."""
        number = len(reports)
        if number >= self.at_most or any(report.verdict != "Valid" for report in reports):
            return None
        following = stage(self.plan, self.audit, number, reports).plan
        return Round(number, following.stream, following.judge)

    def report(self, reports: Sequence[Report], cut_short: str) -> Report:
        """The reference's figures with the test's own verdict."""
        stages = [stage(self.plan, self.audit, number, reports) for number in range(len(reports))]
        findings = [
            found
            for number, (one, report) in enumerate(zip(stages, reports, strict=True), 1)
            if (found := not_valid(number, one.what, report.verdict)) is not None
        ]
        if not findings and len(reports) < self.at_most:
            findings.append(_cut(cut_short, len(reports), self.at_most))
        findings += self._compared(reports)
        of_rounds = (
            reason for number, report in enumerate(reports, 1) for reason in named(f"round {number}", report.reasons)
        )
        word = _word(findings)
        return structs.replace(
            reports[0],
            plan=self.plan,
            plan_hash=digest(self.plan),
            verdict=word,
            reasons=(*(Reason(type=one.type, message=one.message) for one in findings), *of_rounds),
            warnings=tuple(
                warning
                for number, report in enumerate(reports, 1)
                for warning in named(f"round {number}", report.warnings)
            ),
            rounds=tuple(
                structs.replace(round_report(report, number, one.purpose), stream=one.plan.stream, judge=one.plan.judge)
                for number, (one, report) in enumerate(zip(stages, reports, strict=True), 1)
            ),
            audit=self._audit(reports, word),
            outputs=None,
        )

    def _compared(self, reports: Sequence[Report]) -> list[Finding]:
        found: list[Finding | None] = []
        if len(reports) > 1:
            first, second = reports[0].result, reports[1].result
            scenario = self.plan.stream.scenario
            found.append(performance_finding(self.audit, scenario, first.unit, first.value, second.value))
        outputs = _outputs(reports)
        if isinstance(self.audit, OutputsAuditPlan) and outputs is not None:
            found.append(outputs_finding(self.audit, _found(outputs)))
        return [one for one in found if one is not None]

    def _audit(self, reports: Sequence[Report], word: Word) -> AuditReport:
        first = reports[0].result
        scenario = self.plan.stream.scenario
        limits = None if first.value is None else limits_of(self.audit, scenario, first.value, first.unit)
        allowed = None if first.value is None else tolerance(self.audit, scenario, first.value, first.unit)
        return AuditReport(
            test=_name(self.audit),
            passed={"Valid": True, "Invalid": False}.get(word),
            unit=first.unit,
            reference=first.value,
            audited=reports[1].result.value if len(reports) > 1 else None,
            low=None if limits is None else limits.low,
            high=None if limits is None else limits.high,
            tolerance=allowed,
            outputs=_outputs(reports),
        )


def _name(audit: AuditPlan) -> AuditTest:
    match audit:
        case OutputsAuditPlan():
            return "TEST01"
        case CachingAuditPlan():
            return "TEST04"
        case SeedsAuditPlan():
            return "TEST05"


def _outputs(reports: Sequence[Report]) -> OutputsReport | None:
    return next((report.outputs for report in reports if report.outputs is not None), None)


def _found(outputs: OutputsReport) -> OutputsFound:
    return OutputsFound(
        logged=outputs.logged, different=outputs.different, baseline=outputs.baseline, score=outputs.score
    )


def _cut(cut_short: str, rounds: int, at_most: int) -> Finding:
    said = f"{cut_short or 'the run was ended'} after {rounds} of {at_most} rounds. Run again to its end"
    return Finding(ReasonType.CALLED_OFF, Severity.INCONCLUSIVE, said)


def _word(findings: Sequence[Finding]) -> Word:
    if any(one.severity is Severity.INCONCLUSIVE for one in findings):
        return "Inconclusive"
    return "Invalid" if findings else "Valid"
