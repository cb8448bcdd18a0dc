"""Which logs a run has: LoadGen's are of one mode each, in the folders in which MLPerf's submission checker looks."""

from collections.abc import Sequence

from msgspec.structs import replace

from inferometer_loadgen.plan import as_accuracy
from inferometer_loadgen.report.schema import Reason, Report, RoundReport

PERFORMANCE, ACCURACY_RUN = "performance/run_1", "accuracy"
"""As in a submission, below results/SYSTEM/BENCHMARK/SCENARIO."""


def parts_of(report: Report) -> tuple[tuple[str, Report], ...]:
    """Each folder, and the report that its logs are of; of a run in one mode the folder itself."""
    if report.plan.mode != "PerformanceAndAccuracy":
        return (("", report),)
    measured = [one for one in report.rounds if one.purpose != "Accuracy"]
    scored = [one for one in report.rounds if one.purpose == "Accuracy"]
    performance = replace(
        report,
        plan=replace(report.plan, mode="Performance"),
        verdict=_verdict_on(measured),
        reasons=_of("reasons", measured),
        warnings=_of("warnings", measured),
        accuracy=None,
        rounds=tuple(measured) if len(measured) > 1 else (),
    )
    found = [(PERFORMANCE, performance)]
    return (*found, *((ACCURACY_RUN, round_alone(report, one)) for one in scored))


def round_alone(report: Report, one: RoundReport) -> Report:
    """An accuracy round as if it had been a run of its own."""
    return replace(
        report,
        plan=as_accuracy(replace(report.plan, mode="Accuracy")),
        start_time=one.start_time,
        stream_digest=one.stream_digest,
        verdict=one.verdict,
        reasons=one.reasons,
        warnings=one.warnings,
        result=one.result,
        accuracy=one.accuracy,
        rounds=(),
        spread=None,
        peak=None,
    )


def _verdict_on(rounds: Sequence[RoundReport]) -> str:
    """Of a search the last round is the result; otherwise each must be valid."""
    chosen = [one for one in rounds if one.purpose != "Trial"] or list(rounds)
    judged = chosen[-1:] if any(one.purpose == "Trial" for one in rounds) else chosen
    return next((one.verdict for one in judged if one.verdict != "Valid"), "Valid")


def _of(name: str, rounds: Sequence[RoundReport]) -> tuple[Reason, ...]:
    return tuple(reason for one in rounds for reason in getattr(one, name))
