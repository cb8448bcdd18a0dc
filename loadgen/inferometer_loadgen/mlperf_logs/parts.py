"""Which logs a run has: LoadGen's are of one mode each, in the folders in which MLPerf's submission checker looks."""

from collections.abc import Sequence

from msgspec.structs import replace

from inferometer_loadgen.plan import Plan, as_accuracy
from inferometer_loadgen.report.schema import Reason, Report, RoundReport

PERFORMANCE, ACCURACY_RUN = "performance/run_1", "accuracy"
"""As in a submission, below results/SYSTEM/BENCHMARK/SCENARIO."""


def parts_of(report: Report) -> tuple[tuple[str, Report], ...]:
    """Each folder, and the report that its logs are of; of a run in one mode the folder itself."""
    if report.audit is not None:
        return _of_audit(report, report.audit.test)
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
    return (*found, *((ACCURACY_RUN, _alone(report, one, _accuracy_plan(report.plan, one))) for one in scored))


def _accuracy_plan(plan: Plan, one: RoundReport) -> Plan:
    """Of the round that was scored: after a search it had the load that was found, and its rows are those of that."""
    stream = replace(plan.stream, target_qps=one.target_qps, samples_per_query=one.samples_per_query)
    return as_accuracy(replace(plan, mode="Accuracy", stream=stream))


def _of_audit(report: Report, test: str) -> tuple[tuple[str, Report], ...]:
    """The reference as a submission has it; the audited round below the test's name, as its compliance folder is."""
    folders = {"Reference": PERFORMANCE, "Audited": f"{test}/{PERFORMANCE}", "Accuracy": ACCURACY_RUN}
    return tuple(
        (
            folders[one.purpose],
            _alone(
                report,
                one,
                replace(
                    report.plan,
                    mode="Performance",
                    audit=None,
                    stream=one.stream or report.plan.stream,
                    judge=one.judge or report.plan.judge,
                ),
            ),
        )
        for one in report.rounds
    )


def _alone(report: Report, one: RoundReport, plan: Plan) -> Report:
    """A round as if it had been a run of its own."""
    return replace(
        report,
        plan=plan,
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
        audit=None,
    )


def _verdict_on(rounds: Sequence[RoundReport]) -> str:
    """Of a search the last round is the result; otherwise each must be valid."""
    chosen = [one for one in rounds if one.purpose != "Trial"] or list(rounds)
    judged = chosen[-1:] if any(one.purpose == "Trial" for one in rounds) else chosen
    return next((one.verdict for one in judged if one.verdict != "Valid"), "Valid")


def _of(name: str, rounds: Sequence[RoundReport]) -> tuple[Reason, ...]:
    return tuple(reason for one in rounds for reason in getattr(one, name))
