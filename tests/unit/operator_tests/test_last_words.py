"""Where a coordinator is lost with its report, its verdict and its figures are taken from what it left."""

import gzip
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from msgspec import UNSET

from inferometer_loadgen.protocol.api import FailureReport, RunState
from inferometer_loadgen.report import schema
from inferometer_loadgen.report.short import encode, in_short
from inferometer_operator.api.conditions import ConditionStatus, ConditionType
from inferometer_operator.api.status import BenchmarkStatus, Condition, Evidence
from inferometer_operator.objects.labels import Role
from inferometer_operator.pods import Pod, Terminated
from inferometer_operator.reconcile import Need, Step, reconcile
from inferometer_operator.reconcile.observed import Observed, StoredReport, Unreachable
from inferometer_operator.reconcile.result import finished_status
from inferometer_operator.reconcile.step import ReadEvents, ReadLog
from inferometer_operator.reconcile.telling import story
from inferometer_operator.run import format_time

from .builders import a_report
from .worlds import MEASURED, NOW, SERVERS, SERVING, STARTED, WORKERS, a_pod, an_answer, an_observed_run

SHA256 = "ab" * 32
NO_REPORT = StoredReport(None)


def left(report: schema.Report, failure: FailureReport | None = None) -> str:
    return encode(in_short(report, SHA256, failure)).decode()


def an_ended_coordinator(message: str = left(a_report()), **changes: Any) -> Pod:
    end = Terminated(137, "Error", message)
    return a_pod(Role.COORDINATOR, **{"ready": False, "phase": "Failed", "container": end, **changes})


def observed_with(pod: Pod, *said: ConditionType, **changes: Any) -> Observed:
    """With the servers until they are released."""
    logs = {pod.name: "the end of its log"}
    servers = () if ConditionType.MEASURED in said else SERVERS
    return an_observed_run(
        *said, **{"pods": (*servers, pod, *WORKERS), "stored_report": NO_REPORT, "logs": logs, **changes}
    )


def status_after(observed: Observed) -> BenchmarkStatus:
    step = reconcile(observed)
    assert isinstance(step, Step), step
    assert step.status is not None, step
    return step.status


def said(status: BenchmarkStatus, kind: ConditionType) -> tuple[str, str]:
    found = status.condition(kind)
    assert found is not None
    return found.status, found.reason


@pytest.mark.parametrize("before", [MEASURED, STARTED], ids=["the load's end was noted", "it was not noted"])
def test_a_run_whose_report_was_lost_has_the_verdict_that_its_report_would_have_given(
    before: tuple[ConditionType, ...],
) -> None:
    observed = observed_with(an_ended_coordinator(), *before)

    status = status_after(observed)

    whole = finished_status(observed, a_report(), SHA256)
    for field in ("phase", "verdict", "reasons", "result", "summary", "progress", "completion_time"):
        assert getattr(status, field) == getattr(whole, field), field
    for kind in (ConditionType.MEASURED, ConditionType.FINISHED, ConditionType.COMPLETE, ConditionType.VALID):
        assert status.condition(kind) == whole.condition(kind)
    assert said(status, ConditionType.REPORT_STORED) == ("False", "ReportLost")
    assert status.report is UNSET
    stored = status.condition(ConditionType.REPORT_STORED)
    assert stored is not None
    assert stored.message == (
        f"the coordinator exited with code 137 before its report (sha256 {SHA256}) was stored; what is here is its "
        "summary, from its pod's status; run again if you need the report"
    )


def test_the_coordinator_is_the_evidence_without_its_last_words() -> None:
    observed = observed_with(an_ended_coordinator(), *MEASURED)

    (evidence,) = status_after(observed).evidence
    assert evidence == Evidence(
        pod="quickstart-coordinator",
        uid="coordinator-0",
        node="node-0",
        reason="Error",
        exit_code=137,
        log_tail="the end of its log",
    )

    pod = observed.coordinator_pod
    assert pod is not None
    assert reconcile(replace(observed, logs={}, events={})) == Need((ReadLog(pod), ReadEvents(pod)))


def test_a_coordinator_for_whose_report_nobody_came_has_not_failed() -> None:
    pod = an_ended_coordinator(phase="Succeeded", container=Terminated(0, "Completed", left(a_report())))

    status = status_after(observed_with(pod, *MEASURED))

    assert status.verdict == "Valid"
    assert status.evidence == ()


def test_the_stored_report_goes_before_what_was_left() -> None:
    stored = StoredReport(gzip.compress(schema.encode(a_report()), mtime=0))

    status = status_after(observed_with(an_ended_coordinator(), *MEASURED, stored_report=stored))

    assert said(status, ConditionType.REPORT_STORED) == ("True", "Stored")


def test_it_is_told_and_can_be_told_again_from_the_status() -> None:
    observed = observed_with(an_ended_coordinator(), *MEASURED)

    step = reconcile(observed)

    assert isinstance(step, Step)
    assert step.status is not None
    assert [(told.type, told.reason) for told in step.tell] == [
        ("Warning", "ReportLost"),
        ("Normal", "Measured"),
        ("Normal", "Valid"),
    ]
    again = story(replace(observed.run, status=step.status))[-3:]
    assert [(one.type, one.reason, one.note) for one in again] == [
        (one.type, one.reason, one.note) for one in step.tell
    ]


@pytest.mark.parametrize(
    "message",
    ["", "Killed", left(a_report(run_uid="another run's"))],
    ids=["nothing", "words", "another run's summary"],
)
def test_a_coordinator_that_left_nothing_of_this_run_is_lost(message: str) -> None:
    status = status_after(observed_with(an_ended_coordinator(message), *MEASURED))

    assert said(status, ConditionType.FAILED) == ("True", "CoordinatorLost")
    assert status.verdict == "Inconclusive"


def test_before_the_start_nothing_can_have_been_measured() -> None:
    status = status_after(observed_with(an_ended_coordinator(), *SERVING))

    assert status.result is UNSET
    assert status.verdict == ""


def stopping(reason: str) -> dict[str, Any]:
    """The status of a run that is being ended."""
    noted = Condition(
        type=ConditionType.COMPLETE,
        status=ConditionStatus.FALSE.value,
        reason=reason,
        message="why it ends",
        last_transition_time=format_time(NOW),
    )
    before = an_observed_run(*STARTED).run.status
    return {"conditions": (*before.conditions, noted)}


def test_a_run_that_was_called_off_keeps_its_reason_and_the_figures_that_were_left() -> None:
    called_off = schema.Reason(type="CalledOff", message="Cancelled: spec.cancel was set")
    partial = a_report(verdict="Inconclusive", reasons=(called_off,))

    status = status_after(observed_with(an_ended_coordinator(left(partial)), *STARTED, status=stopping("Cancelled")))

    assert said(status, ConditionType.FAILED) == ("True", "Cancelled")
    assert said(status, ConditionType.COMPLETE) == ("False", "Cancelled")
    assert said(status, ConditionType.REPORT_STORED) == ("False", "ReportLost")
    assert status.verdict == "Inconclusive"
    assert status.result == finished_status(an_observed_run(*MEASURED), partial, SHA256).result


def test_a_run_that_its_coordinator_gave_up_has_its_reason() -> None:
    called_off = schema.Reason(type="CalledOff", message="WorkerLost: worker 1 hung up,")
    partial = a_report(verdict="Inconclusive", reasons=(called_off,))
    lost = FailureReport(type="WorkerLost", message="worker 1 hung up while the run was Measuring")

    status = status_after(observed_with(an_ended_coordinator(left(partial, lost)), *STARTED))

    assert said(status, ConditionType.FAILED) == ("True", "WorkerLost")
    assert status.result is not UNSET


def test_a_run_that_was_whole_before_it_was_called_off_has_its_verdict() -> None:
    status = status_after(observed_with(an_ended_coordinator(), *STARTED, status=stopping("Cancelled")))

    assert said(status, ConditionType.COMPLETE) == ("True", "Complete")
    assert status.verdict == "Valid"


@pytest.mark.parametrize(
    ("answer", "is_awaited"),
    [
        (an_answer(RunState.SCORING), True),
        (Unreachable(NOW - timedelta(seconds=9), "no answer"), True),
        (Unreachable(NOW - timedelta(seconds=11), "no answer"), False),
        (an_answer(RunState.RUNNING), False),
    ],
    ids=["it scores", "it has just fallen silent", "its end was not told in time", "it has nothing to report yet"],
)
def test_a_coordinator_that_is_taken_away_is_awaited_for_its_last_words(answer: Any, is_awaited: bool) -> None:
    step = reconcile(observed_with(a_pod(Role.COORDINATOR, deleting=True), *STARTED, coordinator=answer))

    assert isinstance(step, Step)
    ended = step.status is not None and step.status.is_true(ConditionType.FINISHED)
    assert ended is not is_awaited


def test_what_was_left_is_taken_once_the_container_has_ended() -> None:
    assert status_after(observed_with(an_ended_coordinator(deleting=True), *MEASURED)).verdict == "Valid"
