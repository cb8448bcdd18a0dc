"""The official LoadGen's part of the report."""

from inferometer_loadgen.official.results import OfficialResult, read_result
from inferometer_loadgen.official.verdict import agrees, has_failures, own_word_is_valid, with_official
from inferometer_loadgen.protocol.frames import OfficialRun
from inferometer_loadgen.report.schema import OfficialReport
from inferometer_loadgen.verdict import Verdict

SUMMARY, DETAIL, ACCURACY = "mlperf_log_summary.txt", "mlperf_log_detail.txt", "mlperf_log_accuracy.json"
MAX_LOG_BYTES = 1_500_000
"""Of all logs together: packed, the report with them fits a ConfigMap. The set of loaded samples is most of it."""


def official_report(run: OfficialRun, result: OfficialResult, own: Verdict) -> OfficialReport:
    """As it stands in the report; `own` is the verdict by the worker's records alone."""
    logs = {SUMMARY: run.summary, DETAIL: run.detail, ACCURACY: run.accuracy}
    absent = _why_absent(logs, own)
    return OfficialReport(
        version=run.version,
        verdict="VALID" if result.is_valid else "INVALID",
        advice=result.advice,
        metric=result.metric,
        value=result.value,
        latency_ns=result.latency_ns,
        own_verdict="Valid" if own_word_is_valid(own) else "Invalid",
        agrees=agrees(own, result),
        issue_delay_p50_ns=run.issue_delay_p50_ns,
        issue_delay_p99_ns=run.issue_delay_p99_ns,
        hand_over_p50_ns=run.hand_over_p50_ns,
        hand_over_p99_ns=run.hand_over_p99_ns,
        logs={} if absent else logs,
        logs_absent=absent,
    )


def concluded(run: OfficialRun | None, scenario: str, own: Verdict) -> tuple[Verdict, OfficialReport | None]:
    """The verdict, and what LoadGen says; of a run that it was not the engine of, or did not end, the worker's own.

    Raises LogError where LoadGen's log is none.
    """
    if run is None:
        return own, None
    result = read_result(run.detail, scenario)
    return with_official(own, result, run.version), official_report(run, result, own)


def _why_absent(logs: dict[str, str], own: Verdict) -> str:
    if has_failures(own):
        return "queries failed, and LoadGen, which knows no failure, counts them as answered"
    size = sum(len(text.encode()) for text in logs.values())
    if size > MAX_LOG_BYTES:
        return f"they have {size:,} bytes, and a report holds {MAX_LOG_BYTES:,}"
    return ""
