"""Steps of concurrency as rounds: the same stream with more and more requests in flight, and the best step of all.

Every step is measured, whatever became of those before it: where a rate ends to rise is what the steps are to show.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Literal

from msgspec import structs

from inferometer_loadgen.plan import Plan, digest
from inferometer_loadgen.report.schema import Reason, Report, StepReport
from inferometer_loadgen.rounds.programme import Round
from inferometer_loadgen.rounds.together import ended_after, is_called_off, named, round_report
from inferometer_loadgen.verdict.reasons import ReasonType

_RANK = ("Invalid", "Inconclusive", "Valid")
"""One Valid step makes the run Valid. Where none is, one in doubt might have been, so the run is in doubt too."""


@dataclass(frozen=True, slots=True)
class Steps:
    """A round for each of the plan's steps, on servers, workers and connections that stay the same."""

    plan: Plan

    @property
    def at_most(self) -> int:
        """The plan's steps."""
        return len(self.plan.concurrency_steps)

    @property
    def is_open(self) -> bool:
        """All of them are measured."""
        return False

    @property
    def cooldown_ns(self) -> int:
        """None is needed: the drain lies between two rounds."""
        return 0

    def after(self, reports: Sequence[Report]) -> Round | None:
        """The next step, with the same stream: its beginning is the same for all."""
        number = len(reports)
        if number >= self.at_most:
            return None
        return Round(number, self.plan.stream, self.plan.judge, in_flight=self.plan.concurrency_steps[number])

    def report(self, reports: Sequence[Report], cut_short: str) -> Report:
        """That of the Valid step with the highest rate; of none, that of the step with the highest in doubt or failed.

        Of equal rates it is the one with fewer requests in flight. A step that was called off does not count where a
        whole one is there. Raises ValueError without any report.
        """
        whole = [number for number, report in enumerate(reports) if not is_called_off(report)] or range(len(reports))
        best = max(whole, key=lambda number: (_RANK.index(reports[number].verdict), _rate(reports[number])))
        word, reasons = self._judged(reports, best, cut_short)
        return structs.replace(
            reports[best],
            plan=self.plan,
            plan_hash=digest(self.plan),
            start_time=reports[0].start_time,
            verdict=word,
            reasons=reasons,
            warnings=self._named(reports[best].warnings, best),
            rounds=tuple(round_report(report, number, "Step") for number, report in enumerate(reports, 1)),
            steps=tuple(self._step(number, report, is_result=number == best) for number, report in enumerate(reports)),
        )

    def _judged(
        self, reports: Sequence[Report], best: int, cut_short: str
    ) -> tuple[Literal["Valid", "Invalid", "Inconclusive"], tuple[Reason, ...]]:
        word, reasons = reports[best].verdict, self._named(reports[best].reasons, best)
        if word != "Valid" and len(reports) > 1:
            which = "fastest in doubt" if word == "Inconclusive" else "fastest"
            none = f"none of {len(reports)} steps is Valid, and the {which} is "
            reasons = tuple(structs.replace(one, message=none + one.message) for one in reasons[:1]) + reasons[1:]
        called_off = [number for number, report in enumerate(reports) if is_called_off(report) and number != best]
        for number in called_off:
            ended = [one for one in reports[number].reasons if one.type == ReasonType.CALLED_OFF]
            word, reasons = "Inconclusive", (*reasons, *self._named(ended, number))
        if len(reports) < self.at_most and cut_short and not any(is_called_off(report) for report in reports):
            word = "Inconclusive"
            reasons = (*reasons, ended_after(len(reports), self.at_most, "steps", cut_short))
        return word, reasons

    def _named(self, reasons: Sequence[Reason], number: int) -> tuple[Reason, ...]:
        return named(f"concurrency {self.plan.concurrency_steps[number]:,}", reasons)

    def _step(self, number: int, report: Report, *, is_result: bool) -> StepReport:
        result = report.result
        return StepReport(
            concurrency=self.plan.concurrency_steps[number],
            samples_per_second=result.value,
            p50_ns=result.latency.p50_ns,
            p99_ns=result.latency.p99_ns,
            errors=result.errors,
            verdict=report.verdict,
            is_result=is_result,
        )


def _rate(report: Report) -> float:
    return -inf if report.result.value is None else report.result.value
