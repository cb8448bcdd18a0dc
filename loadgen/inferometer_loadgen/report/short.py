"""A report in 3 KiB: what a coordinator leaves in its termination message, as a last resort.

Kubernetes keeps that message in the pod's status when the container has ended, however it ended. So where a report is
lost with its coordinator, its verdict and its figures are not. This is not the report: no replica, worker or plan is
in it, and long words are cut.
"""

from typing import Literal

import msgspec

from inferometer_loadgen.protocol.api import FailureReport
from inferometer_loadgen.report.schema import (
    AccuracyReport,
    AuditReport,
    Reason,
    Report,
    ReportStruct,
    Result,
    StepReport,
)
from inferometer_loadgen.verdict.reasons import ReasonType

LIMIT_BYTES = 3072
"""A pod's messages share 12 KiB, up to four containers have this much each; of a longer one the beginning is lost."""

MOST_REASONS = 4
LONGEST_MESSAGE = 192


class ShortStep(msgspec.Struct, frozen=True, array_like=True):
    """A step of concurrency as a row: `schema.StepReport` without names, its rate to six digits."""

    concurrency: int
    samples_per_second: float | None
    p50_ns: int | None
    p99_ns: int | None
    errors: int
    verdict: Literal["Valid", "Invalid", "Inconclusive"]
    is_result: bool


class ShortReport(ReportStruct, frozen=True, kw_only=True):
    """What the status of a run is made from, but for its replicas."""

    run_uid: str
    report_sha256: str
    """Of the whole report."""
    verdict: Literal["Valid", "Invalid", "Inconclusive"]
    reasons: tuple[Reason, ...]
    mode: str = "Performance"
    """The plan's."""
    result: Result
    accuracy: AccuracyReport | None = None
    steps: tuple[ShortStep, ...] = ()
    """Of steps of concurrency; left out where they do not fit."""
    audit: AuditReport | None = None
    send_lag_p99_ns: int | None
    per_rules: bool | None = None
    submittable: bool | None = None
    """As in the report; None in what an older coordinator has left."""
    failure: FailureReport | None = None
    """What the run has failed of, where the report is of what was measured until then."""


def in_short(report: Report, report_sha256: str, failure: FailureReport | None = None) -> ShortReport:
    """The report without its details; `failure` is what its coordinator has given the run up for."""
    return ShortReport(
        run_uid=report.run_uid,
        report_sha256=report_sha256,
        verdict=report.verdict,
        reasons=report.reasons,
        mode=report.plan.mode,
        result=report.result,
        accuracy=None if report.accuracy is None else msgspec.structs.replace(report.accuracy, details={}),
        steps=tuple(_row(step) for step in report.steps),
        audit=None if report.audit is None else _audit(report.audit),
        send_lag_p99_ns=report.client.send_lag_p99_ns,
        per_rules=report.per_rules,
        submittable=report.submittable,
        failure=failure,
    )


def encode(short: ShortReport) -> bytes:
    """As JSON of at most LIMIT_BYTES: the first reasons, shortened, and fewer of them where they are still too long.

    That the run was called off is never left out: its figures are not those of a whole run.
    """
    by_weight = sorted(short.reasons, key=lambda one: one.type != ReasonType.CALLED_OFF)
    reasons = tuple(
        Reason(type=one.type, message=_shortened(one.message, LONGEST_MESSAGE)) for one in by_weight[:MOST_REASONS]
    )
    short = msgspec.structs.replace(short, failure=_shortened_failure(short.failure))
    while (
        len(data := msgspec.json.encode(msgspec.structs.replace(short, reasons=reasons))) > LIMIT_BYTES
        and len(reasons) > 1
    ):
        reasons = reasons[:-1]
    if len(data) > LIMIT_BYTES:
        # A part of the steps would look like all of them.
        data = msgspec.json.encode(msgspec.structs.replace(short, reasons=reasons, steps=()))
    return data


def decode(text: str) -> ShortReport | None:
    """What a coordinator has left; None where the text is something else, such as nothing."""
    try:
        return msgspec.json.decode(text.encode(), type=ShortReport)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return None


def _row(step: StepReport) -> ShortStep:
    rate = step.samples_per_second
    return ShortStep(
        step.concurrency,
        None if rate is None else float(f"{rate:.6g}"),
        step.p50_ns,
        step.p99_ns,
        step.errors,
        step.verdict,
        step.is_result,
    )


def _audit(audit: AuditReport) -> AuditReport:
    """Without the words of a scorer and the samples, which are in the report and have no place in a status."""
    if audit.outputs is None:
        return audit
    return msgspec.structs.replace(
        audit, outputs=msgspec.structs.replace(audit.outputs, differing_samples=(), not_scored="")
    )


def _shortened_failure(failure: FailureReport | None) -> FailureReport | None:
    if failure is None:
        return None
    return FailureReport(type=failure.type, message=_shortened(failure.message, LONGEST_MESSAGE))


def _shortened(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
