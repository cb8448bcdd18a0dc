"""Events follow from the status: what an operator that died did not tell is told by the next one."""

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from inferometer_loadgen.report import schema
from inferometer_loadgen.report.short import in_short
from inferometer_loadgen.verdict.reasons import ReasonType
from inferometer_operator.api.conditions import ConditionType, FailureReason
from inferometer_operator.reconcile import Step, reconcile
from inferometer_operator.reconcile.ending import end_without_result
from inferometer_operator.reconcile.observed import Observed
from inferometer_operator.reconcile.result import finished_status, told_of
from inferometer_operator.reconcile.telling import TOLD_WITHIN, story, tell_the_rest

from .builders import T0, a_report
from .worlds import ALL_PODS, MEASURED, NOW, SERVING, STARTED, an_observed_run

SHA256 = "ab" * 32
UNTOLD: frozenset[str] = frozenset()
INVALID = a_report(
    verdict="Invalid", reasons=(schema.Reason(type=ReasonType.LATENCY_BOUND_EXCEEDED, message="p99 is 300 ms"),)
)


def finished(report: schema.Report) -> Observed:
    observed = an_observed_run(*MEASURED, told=UNTOLD)
    return replace(observed, run=replace(observed.run, status=finished_status(observed, report, SHA256)))


def ended() -> Observed:
    observed = an_observed_run(*STARTED, told=UNTOLD)
    step = end_without_result(observed, FailureReason.SERVER_LOST, "replica 1's pod is gone")
    assert isinstance(step, Step)
    assert step.status is not None
    return replace(observed, run=replace(observed.run, status=step.status))


@pytest.mark.parametrize("report", [a_report(), INVALID], ids=["a valid run", "an invalid run"])
def test_what_is_told_of_a_verdict_can_be_told_again_from_the_status(report: schema.Report) -> None:
    again = [(told.type, told.reason, told.note) for told in story(finished(report).run)][-2:]

    assert again == [(told.type, told.reason, told.note) for told in told_of(in_short(report, SHA256))]


def test_a_finished_run_is_told_of_once_its_pods_are_gone() -> None:
    answer = reconcile(finished(a_report()))

    assert isinstance(answer, Step)
    assert [told.reason for told in answer.tell] == ["ServersReady", "Started", "Measured", "Valid"]
    assert [told.at for told in answer.tell] == [T0, T0, NOW, NOW]


def test_a_failure_is_told_with_its_reason() -> None:
    answer = reconcile(ended())

    assert isinstance(answer, Step)
    assert [(told.type, told.reason, told.note) for told in answer.tell][-1] == (
        "Warning",
        "ServerLost",
        "replica 1's pod is gone",
    )


def test_what_was_told_is_not_told_again() -> None:
    observed = replace(ended(), told=frozenset({"ServersReady", "Started", "ServerLost"}))

    assert reconcile(observed) == Step()


def test_old_tales_are_not_told() -> None:
    observed = finished(a_report())

    assert reconcile(replace(observed, now=NOW + TOLD_WITHIN + timedelta(seconds=1))) == Step()


def test_a_start_is_told_of_only_once_the_coordinator_has_it() -> None:
    before = an_observed_run(*STARTED, pods=ALL_PODS, told=UNTOLD)
    progress = msgspec.structs.replace(before.run.status, progress=finished(a_report()).run.status.progress)

    assert [told.reason for told in story(before.run)] == ["ServersReady"]
    assert [told.note for told in story(replace(before.run, status=progress))][1:] == [
        "one stream of 800 queries at 40/s over 2 workers"
    ]


def test_an_api_server_that_takes_no_events_is_not_asked_without_a_pause() -> None:
    step = tell_the_rest(an_observed_run(*SERVING, told=UNTOLD))

    assert step is not None
    assert step.again_after_s == 1.0
    assert ConditionType.SERVERS_READY in [told.reason for told in step.tell]
