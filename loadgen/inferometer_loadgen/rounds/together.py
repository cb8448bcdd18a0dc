"""From the reports of single rounds to the report of the run."""

from collections.abc import Sequence
from math import inf
from typing import Literal

from msgspec import structs

from inferometer_loadgen.plan import Plan
from inferometer_loadgen.report.schema import Purpose, Reason, Report, Result, RoundReport, Spread
from inferometer_loadgen.rounds.spread import coverage, interval_rank
from inferometer_loadgen.verdict.reasons import ReasonType

type Word = Literal["Valid", "Invalid", "Inconclusive"]


def together(plan: Plan, reports: Sequence[Report], at_most: int, cut_short: str = "") -> Report:
    """The report of all rounds; of a plan that has one, that round's own.

    Its figures are those of the median round by the metric, so that all of them belong to one measured stream; of an
    even number of rounds it is the worse of the two in the middle. A round that was called off does not count where a
    whole one is there. `cut_short`: why rounds that were planned did not begin, empty when all did.

    Raises ValueError without any report.
    """
    if at_most == 1:
        (only,) = reports
        return only
    whole = [report for report in reports if not is_called_off(report)] or list(reports)
    ordered = sorted(whole, key=lambda report: _merit(report.result))
    median = ordered[(len(ordered) - 1) // 2]
    reasons = [
        reason for number, report in enumerate(reports, 1) for reason in named(f"round {number}", report.reasons)
    ]
    word = worst([report.verdict for report in reports])
    if len(reports) < at_most and cut_short and not any(is_called_off(report) for report in reports):
        word = worst([word, "Inconclusive"])
        reasons.append(ended_after(len(reports), at_most, "rounds", cut_short))
    return structs.replace(
        median,
        plan=plan,
        start_time=reports[0].start_time,
        verdict=word,
        reasons=tuple(reasons),
        warnings=tuple(
            reason for number, report in enumerate(reports, 1) for reason in named(f"round {number}", report.warnings)
        ),
        rounds=tuple(round_report(report, number, "Repeat") for number, report in enumerate(reports, 1)),
        spread=_spread(ordered, median),
    )


def round_report(report: Report, number: int, purpose: Purpose) -> RoundReport:
    """One round's own part of the run's report; `number` from 1."""
    return RoundReport(
        number=number,
        purpose=purpose,
        target_qps=report.plan.stream.target_qps,
        samples_per_query=report.plan.stream.samples_per_query,
        start_time=report.start_time,
        stream_digest=report.stream_digest,
        verdict=report.verdict,
        reasons=report.reasons,
        warnings=report.warnings,
        result=report.result,
        ended_early=report.ended_early,
        accuracy=report.accuracy,
    )


def _spread(ordered: Sequence[Report], median: Report) -> Spread:
    rank = interval_rank(len(ordered))
    ends = [ordered[rank - 1].result.value, ordered[-rank].result.value]
    low, high = ends if _more_is_better(median.result) else reversed(ends)
    return Spread(
        rounds=len(ordered),
        median=median.result.value,
        low=low,
        high=high,
        confidence=coverage(len(ordered), rank),
    )


def _merit(result: Result) -> float:
    """The greater the better; a round without a figure is worse than any other."""
    if result.value is None:
        return -inf
    return result.value if _more_is_better(result) else -result.value


def _more_is_better(result: Result) -> bool:
    return result.unit != "ns"


def worst(words: Sequence[Word]) -> Word:
    """Within a round doubt outweighs Invalid; but what one round showed, another one's doubt does not take back."""
    order: tuple[Word, ...] = ("Valid", "Inconclusive", "Invalid")
    return max(words, key=order.index)


def named(which: str, reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    """The same reasons, each beginning with whose they are."""
    return tuple(Reason(type=reason.type, message=f"{which}: {reason.message}") for reason in reasons)


def ended_after(done: int, at_most: int, what: str, cut_short: str) -> Reason:
    """Why only `done` of `at_most` rounds or steps, which `what` says, were measured."""
    said = f"{cut_short} after {done} of {at_most} {what}; the figures are of those. Run again to its end"
    return Reason(type=ReasonType.CALLED_OFF, message=said)


def is_called_off(report: Report) -> bool:
    """Whether a round was ended before its time."""
    return any(reason.type == ReasonType.CALLED_OFF for reason in report.reasons)
