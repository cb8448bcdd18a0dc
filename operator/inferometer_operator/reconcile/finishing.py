"""From the end of the load to the result in the status: the report is stored first, everything else follows from it."""

from collections.abc import Iterable
from dataclasses import replace

import msgspec

from inferometer_loadgen.protocol.api import FailureReport, RunFailure, RunState, RunStatus
from inferometer_loadgen.report import schema
from inferometer_loadgen.report.short import in_short
from inferometer_loadgen.verdict.reasons import ReasonType
from inferometer_operator.api.conditions import ConditionType, FailureReason
from inferometer_operator.objects.config_maps import report_config_map
from inferometer_operator.reconcile.ending import end_without_result
from inferometer_operator.reconcile.noted import (
    Why,
    casualties,
    is_yet_to_be_told,
    noted_failure,
    with_what_became_of_them,
)
from inferometer_operator.reconcile.observed import Absent, Observed
from inferometer_operator.reconcile.result import finished_status, told_of, with_what_was_measured
from inferometer_operator.reconcile.step import FetchReport, Need, ReadStoredReport, Step
from inferometer_operator.unpacking import UnpackError, unpack


def finish_from_the_stored_report(observed: Observed) -> Step | Need | None:
    """Once the report's ConfigMap is there the run is finished from it, whatever became of its pods."""
    if not observed.run.status.is_true(ConditionType.MEASURED):
        return None
    stored = observed.stored_report
    if stored is None:
        return Need((ReadStoredReport(),))
    if stored.compressed is None:
        return None
    report = _read(stored.compressed, observed.run.uid)
    if isinstance(report, Absent):
        return end_without_result(observed, FailureReason.REPORT_UNREADABLE, report.why)
    digest = schema.sha256(unpack(stored.compressed))
    if (called_off := called_off_by(report.reasons)) is not None:
        ended = end_called_off(observed, called_off)
        if isinstance(ended, Need) or ended.status is None:
            return ended
        return replace(ended, status=with_what_was_measured(observed, ended.status, report, digest))
    return Step(status=finished_status(observed, report, digest), tell=told_of(in_short(report, digest)))


def store_the_report(observed: Observed) -> Step | Need | None:
    """Fetches the report and stores it as it came."""
    answer, pod = observed.coordinator, observed.coordinator_pod
    if not observed.run.status.is_true(ConditionType.MEASURED) or not isinstance(answer, RunStatus) or pod is None:
        return None
    is_partial = answer.state is RunState.FAILED and bool(answer.report_sha256)
    if answer.state is not RunState.DONE and not is_partial:
        return None
    fetched = observed.fetched_report
    if fetched is None:
        return Need((FetchReport(pod.ip, answer.report_sha256),))
    if isinstance(fetched, Absent):
        # The next poll tries again, until the coordinator counts as lost.
        return Step(again_after_s=1.0)
    report = _read(fetched, observed.run.uid)
    if isinstance(report, Absent):
        return end_without_result(observed, FailureReason.REPORT_UNREADABLE, report.why, pod)
    return Step(create=(report_config_map(observed.run, fetched),))


def called_off_by(reasons: Iterable[schema.Reason]) -> str | None:
    """The coordinator's words in a report that ends where the run was called off; None of a whole one."""
    return next((one.message for one in reasons if one.type == ReasonType.CALLED_OFF), None)


def end_called_off(observed: Observed, called_off: str, failure: FailureReport | None = None) -> Step | Need:
    """Ends a run that was called off for what is noted of it, else for what its coordinator gave it up for.

    Waits while what became of a worker is yet to be told.
    """
    if is_yet_to_be_told(observed):
        return Step(again_after_s=1.0)
    noted, lost = noted_failure(observed.run), casualties(observed)
    if noted is not None:
        why = Why(noted.reason, noted.message)
    elif failure is not None:
        why = Why(failure.type, failure.message)
    else:
        # Nobody but the operator calls a run off, and it notes why; who holds the token can do it too.
        why = Why(RunFailure.ABORTED, called_off)
    if why.reason == RunFailure.WORKER_LOST:
        why = with_what_became_of_them(why, lost)
    return end_without_result(observed, why.reason, why.message, *lost)


def _read(compressed: bytes, run_uid: str) -> schema.Report | Absent:
    try:
        report = schema.decode(unpack(compressed))
    except (UnpackError, msgspec.DecodeError) as error:
        return Absent(f"the report can't be read: {error}; are the operator and its load pods of one version?")
    if report.run_uid != run_uid:
        return Absent(f"the report is that of another run ({report.run_uid})")
    return report
