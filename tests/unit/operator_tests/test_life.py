"""A run is held before its start, called off at any moment, and leaves behind what its policy says."""

import gzip
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from inferometer_loadgen.protocol.api import FailureReport, RunState
from inferometer_loadgen.report import schema
from inferometer_operator.api.conditions import ConditionStatus, ConditionType
from inferometer_operator.api.status import Condition, Evidence, Summary
from inferometer_operator.objects.config_maps import report_config_map
from inferometer_operator.objects.labels import Role
from inferometer_operator.pods import Terminated
from inferometer_operator.reconcile import Need, Step, reconcile
from inferometer_operator.reconcile.observed import Absent, Observed, StoredReport, Unreachable
from inferometer_operator.reconcile.step import Abort, Acknowledge, AskCoordinator, FetchReport, ReadStoredReport
from inferometer_operator.run import format_time

from .builders import a_report, a_spec
from .worlds import (
    ACCEPTED,
    ALL_PODS,
    COORDINATOR,
    COORDINATOR_IP,
    FINISHED,
    MEASURED,
    NOW,
    SERVERS,
    SERVING,
    STARTED,
    WORKERS,
    a_pending_pod,
    a_pod,
    an_answer,
    an_observed_run,
)

CANCELLED = a_spec(cancel=True)
SUSPENDED = a_spec(suspend=True)
RUNNING = an_answer(RunState.RUNNING)
DONE = an_answer(RunState.DONE, report_sha256="e" * 64)
SCORING = an_answer(RunState.SCORING)
SILENT = Unreachable(NOW, "no answer: timed out")
NO_REPORT = StoredReport(None)
CALLED_OFF = schema.Reason(type="CalledOff", message="called off")
PARTIAL = gzip.compress(schema.encode(a_report(verdict="Inconclusive", reasons=(CALLED_OFF,))), mtime=0)
WHOLE = gzip.compress(schema.encode(a_report()), mtime=0)


def step(observed: Observed) -> Step:
    answer = reconcile(observed)
    assert isinstance(answer, Step), answer
    return answer


def said(one: Step, kind: ConditionType) -> tuple[str, str]:
    assert one.status is not None, one
    found = one.status.condition(kind)
    assert found is not None, one.status
    return found.status, found.reason


def noted(*true: ConditionType, ago_s: float = 1, reason: str = "Cancelled", **changes: Any) -> Observed:
    """A run of which it is written that it will fail."""
    observed = an_observed_run(*true, **changes)
    condition = Condition(
        type=ConditionType.COMPLETE,
        status=ConditionStatus.FALSE.value,
        reason=reason,
        message="why",
        last_transition_time=format_time(NOW - timedelta(seconds=ago_s)),
    )
    status = observed.run.status
    status = msgspec.structs.replace(status, conditions=(*status.conditions, condition))
    return replace(observed, run=replace(observed.run, status=status))


# --- suspend


def test_of_a_suspended_run_nothing_is_created() -> None:
    held = step(an_observed_run(spec=SUSPENDED))

    assert said(held, ConditionType.ACCEPTED) == ("Unknown", "Suspended")
    assert held.create == ()
    assert held.status is not None
    assert step(an_observed_run(spec=SUSPENDED, status={"conditions": held.status.conditions})) == Step()


def test_a_suspended_run_whose_spec_does_not_fit_is_refused_at_once() -> None:
    spec = a_spec(suspend=True, target__triton__args=["--http-port=1"])

    assert said(step(an_observed_run(spec=spec)), ConditionType.FAILED) == ("True", "SpecInvalid")


def test_a_run_that_is_suspended_before_its_start_gives_back_what_it_held() -> None:
    held = step(an_observed_run(*SERVING, spec=SUSPENDED, pods=ALL_PODS))

    assert set(held.delete) == set(ALL_PODS)
    assert said(held, ConditionType.ACCEPTED) == ("Unknown", "Suspended")
    assert said(held, ConditionType.SERVERS_READY) == ("False", "Suspended")


def test_pods_that_a_dead_operator_left_to_a_suspended_run_are_deleted_too() -> None:
    first = step(an_observed_run(spec=SUSPENDED))
    assert first.status is not None
    again = an_observed_run(spec=SUSPENDED, status={"conditions": first.status.conditions})

    assert step(replace(again, pods=SERVERS)) == Step(delete=SERVERS)


def test_a_run_that_is_let_go_is_accepted_anew() -> None:
    held = step(an_observed_run(*SERVING, spec=SUSPENDED))
    assert held.status is not None

    going = step(an_observed_run(status={"conditions": held.status.conditions}))

    assert said(going, ConditionType.ACCEPTED) == ("True", "PlanStored")
    assert going.status is not None
    accepted = going.status.condition(ConditionType.ACCEPTED)
    assert accepted is not None
    assert accepted.last_transition_time == format_time(NOW)


def test_a_start_is_not_taken_back_by_a_suspension_that_the_api_server_would_refuse() -> None:
    observed = an_observed_run(*STARTED, spec=SUSPENDED, pods=ALL_PODS, coordinator=RUNNING)

    assert step(observed).delete == ()


# --- cancel

BEFORE_THE_START: dict[str, dict[str, Any]] = {
    "was just created": {},
    "is suspended": {"spec": a_spec(cancel=True, suspend=True)},
    "is about to start its servers": {"said": ACCEPTED},
    "has its servers": {"said": SERVING, "pods": SERVERS},
    "only waits for its start": {"said": SERVING, "pods": ALL_PODS, "coordinator": an_answer(RunState.READY)},
}


@pytest.mark.parametrize("world", BEFORE_THE_START.values(), ids=BEFORE_THE_START.keys())
def test_cancel_ends_a_run_at_once_that(world: dict[str, Any]) -> None:
    ended = step(
        an_observed_run(*world.get("said", ()), **{"spec": CANCELLED} | {k: world[k] for k in world if k != "said"})
    )

    assert said(ended, ConditionType.FINISHED) == ("True", "Cancelled")
    assert said(ended, ConditionType.FAILED) == ("True", "Cancelled")
    assert ended.create == ()
    assert ended.status is not None
    assert ended.status.verdict == ""


def test_cancel_is_written_before_the_coordinator_is_told() -> None:
    first = step(an_observed_run(*STARTED, spec=CANCELLED, pods=ALL_PODS))

    assert said(first, ConditionType.COMPLETE) == ("False", "Cancelled")
    assert first.call is None
    assert first.status is not None
    assert not first.status.is_true(ConditionType.FINISHED)


def test_the_coordinator_is_told_until_it_obeys() -> None:
    observed = noted(*STARTED, pods=ALL_PODS)

    assert reconcile(observed) == Need((AskCoordinator(COORDINATOR_IP),))
    assert step(replace(observed, coordinator=RUNNING)) == Step(
        call=Abort(COORDINATOR_IP, "Cancelled: why"), again_after_s=1.0
    )
    assert step(replace(observed, coordinator=Unreachable(NOW, "no answer"))) == Step(again_after_s=1.0)


def test_what_was_measured_is_stored_and_ends_the_run_as_failed() -> None:
    observed = noted(*STARTED, pods=ALL_PODS, coordinator=DONE)

    assert said(step(observed), ConditionType.MEASURED)[0] == "True"
    observed = noted(*MEASURED, pods=(COORDINATOR, *WORKERS), coordinator=DONE, stored_report=NO_REPORT)
    assert reconcile(observed) == Need((FetchReport(COORDINATOR_IP, "e" * 64),))
    observed = replace(observed, fetched_report=PARTIAL)
    assert step(observed) == Step(create=(report_config_map(observed.run, PARTIAL),))

    ended = step(replace(observed, stored_report=StoredReport(PARTIAL)))
    assert said(ended, ConditionType.REPORT_STORED) == ("True", "StoredInPart")
    assert said(ended, ConditionType.FINISHED) == ("True", "Cancelled")
    assert said(ended, ConditionType.FAILED) == ("True", "Cancelled")
    assert said(ended, ConditionType.COMPLETE) == ("False", "Cancelled")
    assert said(ended, ConditionType.VALID)[0] == "Unknown"
    assert ended.status is not None
    assert ended.status.verdict == "Inconclusive"
    assert isinstance(ended.status.summary, Summary)
    assert ended.status.summary.result == "-"


@pytest.mark.parametrize(
    ("true", "changes"),
    [
        (STARTED, {"coordinator": RUNNING}),
        (STARTED, {"coordinator": SILENT}),
        (MEASURED, {"coordinator": SCORING, "stored_report": NO_REPORT}),
        (MEASURED, {"coordinator": DONE, "fetched_report": Absent("timed out"), "stored_report": NO_REPORT}),
    ],
    ids=["that never stops", "that is silent", "that has ended the load and never reports", "that does not give it"],
)
def test_a_coordinator_has_ten_seconds(true: tuple[ConditionType, ...], changes: dict[str, Any]) -> None:
    ended = step(noted(*true, ago_s=10, pods=ALL_PODS, **changes))

    assert said(ended, ConditionType.FAILED) == ("True", "Cancelled")
    assert said(ended, ConditionType.FINISHED) == ("True", "Cancelled")


def test_a_report_that_is_there_is_taken_however_late_its_operator_is() -> None:
    late = noted(*MEASURED, ago_s=60, pods=(COORDINATOR, *WORKERS), stored_report=NO_REPORT)

    assert reconcile(late) == Need((AskCoordinator(COORDINATOR_IP),))
    late = replace(late, coordinator=DONE)
    assert reconcile(late) == Need((FetchReport(COORDINATOR_IP, "e" * 64),))
    late = replace(late, fetched_report=WHOLE)
    assert step(late) == Step(create=(report_config_map(late.run, WHOLE),))


def test_a_report_that_is_stored_counts_however_late_it_is() -> None:
    late = noted(*MEASURED, ago_s=60)

    assert reconcile(late) == Need((ReadStoredReport(),))
    ended = step(replace(late, stored_report=StoredReport(PARTIAL)))
    assert said(ended, ConditionType.REPORT_STORED) == ("True", "StoredInPart")


def test_a_run_whose_load_had_ended_before_the_coordinator_was_told_keeps_its_verdict() -> None:
    ended = step(noted(*MEASURED, stored_report=StoredReport(WHOLE)))

    assert said(ended, ConditionType.COMPLETE) == ("True", "Complete")
    assert said(ended, ConditionType.FAILED)[0] == "False"


@pytest.mark.parametrize(
    "pods", [SERVERS, (*SERVERS, a_pod(Role.COORDINATOR, ready=False, container=Terminated(1, "Error")))]
)
def test_a_run_without_a_coordinator_is_not_waited_for(pods: tuple[Any, ...]) -> None:
    observed = noted(*STARTED, pods=pods, logs={"quickstart-coordinator": "dead"})

    ended = step(observed)
    assert said(ended, ConditionType.FINISHED) == ("True", "Cancelled")


def test_a_coordinator_that_had_measured_nothing_is_not_waited_for() -> None:
    failed = an_answer(RunState.FAILED, failure=FailureReport(type="Aborted", message="before anything was measured"))

    ended = step(noted(*STARTED, pods=ALL_PODS, coordinator=failed))
    assert said(ended, ConditionType.FAILED) == ("True", "Cancelled")


# --- a loss of which there is a report


def test_what_was_measured_before_a_worker_was_lost_is_stored_with_the_coordinators_reason() -> None:
    failure = FailureReport(type="WorkerLost", message="worker 1 hung up")
    lost = an_answer(RunState.FAILED, failure=failure, report_sha256="e" * 64)
    first = step(an_observed_run(*STARTED, pods=ALL_PODS, coordinator=lost))

    assert said(first, ConditionType.COMPLETE) == ("False", "WorkerLost")
    observed = noted(*STARTED, reason="WorkerLost", pods=ALL_PODS, coordinator=lost)
    assert said(step(observed), ConditionType.MEASURED)[0] == "True"
    pods = (COORDINATOR, *WORKERS)
    observed = noted(*MEASURED, reason="WorkerLost", pods=pods, coordinator=lost, stored_report=NO_REPORT)
    assert reconcile(observed) == Need((FetchReport(COORDINATOR_IP, "e" * 64),))
    late = noted(
        *MEASURED, ago_s=5, reason="WorkerLost", pods=pods, coordinator=lost, stored_report=StoredReport(PARTIAL)
    )
    ended = step(late)
    assert said(ended, ConditionType.FAILED) == ("True", "WorkerLost")
    assert said(ended, ConditionType.REPORT_STORED) == ("True", "StoredInPart")


def test_kubernetes_is_given_a_moment_to_tell_what_became_of_a_worker_that_hung_up() -> None:
    stored = StoredReport(PARTIAL)
    failure = FailureReport(type="WorkerLost", message="worker 0 hung up")
    lost: dict[str, Any] = {
        "coordinator": an_answer(RunState.FAILED, failure=failure, report_sha256="e" * 64),
        "stored_report": stored,
    }
    waiting = noted(*MEASURED, ago_s=4.9, reason="WorkerLost", pods=(COORDINATOR, *WORKERS), **lost)
    assert step(waiting) == Step(again_after_s=1.0)

    killed = a_pod(Role.WORKER, 0, ready=False, container=Terminated(137, "OOMKilled"))
    told: dict[str, Any] = {"logs": {killed.name: "the last words"}, "events": {killed.name: ()}}
    ended = step(replace(waiting, pods=(COORDINATOR, killed), **told))
    assert ended.status is not None
    assert [(one.pod, one.exit_code) for one in ended.status.evidence] == [(killed.name, 137)]
    failed = next(one for one in ended.status.conditions if one.type == ConditionType.FAILED)
    assert failed.message == "why; worker 0 exited with code 137 (OOMKilled)"


def test_what_was_kept_of_a_pod_that_was_replaced_before_the_start_is_no_word_about_a_lost_worker() -> None:
    replaced = {"evidence": (Evidence(pod="quickstart-worker-0", uid="an earlier one"),)}
    failure = FailureReport(type="WorkerLost", message="worker 0 hung up")
    lost = an_answer(RunState.FAILED, failure=failure, report_sha256="e" * 64)
    pods = (COORDINATOR, *WORKERS)
    stored = StoredReport(PARTIAL)
    waiting = noted(*MEASURED, reason="WorkerLost", pods=pods, coordinator=lost, stored_report=stored, status=replaced)

    assert step(waiting) == Step(again_after_s=1.0)


def test_servers_that_are_released_are_no_reason_for_a_worker_that_hung_up() -> None:
    failure = FailureReport(type="WorkerLost", message="worker 0 hung up")
    lost = an_answer(RunState.FAILED, failure=failure, report_sha256="e" * 64)
    released = tuple(replace(pod, deleting=True) for pod in SERVERS)
    first = step(an_observed_run(*MEASURED, pods=(*released, COORDINATOR, *WORKERS), coordinator=lost))

    assert first.status is not None
    assert first.status.evidence == ()
    complete = next(one for one in first.status.conditions if one.type == ConditionType.COMPLETE)
    assert complete.message == "worker 0 hung up"


def test_a_lost_server_leaves_the_coordinator_time_for_the_answers_that_never_come() -> None:
    lost = noted(*STARTED, ago_s=15.4, reason="ServerLost", pods=ALL_PODS[1:], coordinator=RUNNING)

    assert step(lost) == Step(call=Abort(COORDINATOR_IP, "ServerLost: why"), again_after_s=1.0)
    late = noted(*STARTED, ago_s=15.6, reason="ServerLost", pods=ALL_PODS[1:], coordinator=RUNNING)
    assert said(step(late), ConditionType.FAILED) == ("True", "ServerLost")


def test_a_bound_of_hours_does_not_hold_the_servers_for_hours() -> None:
    patient = a_spec(load__latencyBound="3h")
    world: dict[str, Any] = {"reason": "ServerLost", "spec": patient, "pods": ALL_PODS[1:], "coordinator": RUNNING}

    assert isinstance(step(noted(*STARTED, ago_s=299, **world)).call, Abort)
    assert said(step(noted(*STARTED, ago_s=300, **world)), ConditionType.FAILED) == ("True", "ServerLost")


def test_what_was_kept_of_a_lost_pod_outlives_the_pod() -> None:
    kept = Evidence(pod="quickstart-server-0", reason="OOMKilled", exit_code=137, log_tail="the last words")
    status = {"evidence": (kept,)}
    observed = noted(*STARTED, ago_s=60, reason="ServerLost", pods=ALL_PODS[1:], coordinator=SILENT, status=status)

    ended = step(observed)
    assert ended.status is not None
    assert ended.status.evidence == (kept,)


def test_a_server_that_is_deleted_at_the_end_of_the_load_is_no_evidence() -> None:
    released = a_pod(Role.SERVER, 0, ready=False, deleting=True, container=Terminated(137, "Error"))
    observed = noted(*MEASURED, reason="ServerLost", pods=(released,), stored_report=StoredReport(PARTIAL))

    ended = step(observed)
    assert ended.status is not None
    assert ended.status.evidence == ()


# --- activeDeadline


def test_a_deadline_counts_from_the_acceptance_and_is_looked_at_in_time() -> None:
    spec = a_spec(runPolicy={"activeDeadline": "40s"})

    waiting = step(an_observed_run(*ACCEPTED, spec=spec, pods=(SERVERS[0], a_pending_pod(Role.SERVER, 1))))
    assert waiting == Step(again_after_s=10.0)


def test_a_run_that_takes_longer_than_it_may_ends_as_if_it_was_cancelled() -> None:
    spec = a_spec(runPolicy={"activeDeadline": "30s"})

    before = step(an_observed_run(*ACCEPTED, spec=spec, pods=SERVERS))
    assert said(before, ConditionType.FINISHED) == ("True", "ActiveDeadlineExceeded")
    during = step(an_observed_run(*STARTED, spec=spec, pods=ALL_PODS))
    assert said(during, ConditionType.COMPLETE) == ("False", "ActiveDeadlineExceeded")


# --- what stays

ENDED = Terminated(0, "Completed")
FAILED = (*ACCEPTED, ConditionType.FINISHED, ConditionType.FAILED)
COMPLETE = (*FINISHED, ConditionType.COMPLETE)
ENDED_SERVER = a_pod(Role.SERVER, 0, ready=False, container=Terminated(1, "Error"))
ENDED_WORKER = a_pod(Role.WORKER, 0, ready=False, container=ENDED)
ENDED_COORDINATOR = a_pod(Role.COORDINATOR, ready=False, container=ENDED)
RESTED = (ENDED_SERVER, ENDED_COORDINATOR, ENDED_WORKER)


@pytest.mark.parametrize(
    ("policy", "true", "stay"),
    [
        ("Always", FAILED, False),
        ("Always", COMPLETE, False),
        ("OnSuccess", FAILED, True),
        ("OnSuccess", COMPLETE, False),
        ("Never", FAILED, True),
        ("Never", COMPLETE, True),
    ],
)
def test_pods_that_have_ended_stay_as_the_policy_says(policy: str, true: tuple[ConditionType, ...], stay: bool) -> None:
    observed = an_observed_run(*true, spec=a_spec(runPolicy={"cleanPods": policy}), pods=RESTED)

    assert step(observed) == (Step() if stay else Step(delete=RESTED))


def finished(ago_s: float, *true: ConditionType, reason: str = "", **policy: str) -> Observed:
    observed = an_observed_run(*true, spec=a_spec(runPolicy=policy))
    status = msgspec.structs.replace(
        observed.run.status,
        completion_time=format_time(NOW - timedelta(seconds=ago_s)),
        conditions=tuple(
            msgspec.structs.replace(one, reason=reason or one.reason) for one in observed.run.status.conditions
        ),
    )
    return replace(observed, run=replace(observed.run, status=status))


def test_a_server_that_runs_never_stays() -> None:
    observed = replace(finished(0, *FAILED, cleanPods="Never"), pods=(ENDED_SERVER, SERVERS[1]))

    assert step(observed) == Step(delete=(SERVERS[1],))


def test_load_pods_have_half_a_minute_to_end_by_themselves() -> None:
    pods = (COORDINATOR, ENDED_WORKER, WORKERS[1])
    soon = replace(finished(29, *COMPLETE, cleanPods="Never"), pods=pods)

    assert step(soon) == Step(call=Acknowledge(COORDINATOR_IP), again_after_s=2.0)
    late = replace(finished(30, *COMPLETE, cleanPods="Never"), pods=pods)
    assert step(late).delete == (COORDINATOR, WORKERS[1])


def test_load_pods_of_a_run_that_was_called_off_have_no_time() -> None:
    observed = replace(finished(0, *FAILED, reason="Cancelled", cleanPods="Never"), pods=(ENDED_WORKER, WORKERS[1]))

    assert step(observed) == Step(delete=(WORKERS[1],))


def test_servers_that_have_ended_stay_also_when_the_load_ends() -> None:
    spec = a_spec(runPolicy={"cleanPods": "Never"})
    observed = an_observed_run(*MEASURED, spec=spec, pods=(ENDED_SERVER, SERVERS[1], COORDINATOR))

    assert step(replace(observed, coordinator=an_answer(RunState.SCORING))) == Step(delete=(SERVERS[1],))


# --- ttlAfterFinished


def test_a_finished_benchmark_is_deleted_when_its_time_is_over() -> None:
    assert step(finished(20, *COMPLETE, ttlAfterFinished="1m")) == Step(again_after_s=40.0)
    assert step(finished(60, *COMPLETE, ttlAfterFinished="1m")) == Step(forget=True)
    assert step(finished(0, *COMPLETE, ttlAfterFinished="0s")) == Step(forget=True)
    assert step(finished(10**6, *COMPLETE)) == Step()


def test_durations_of_many_millennia_are_waited_for() -> None:
    ages = "999999999999999h"
    waiting = an_observed_run(
        *ACCEPTED,
        spec=a_spec(runPolicy={"activeDeadline": ages}, target__triton__startupTimeout=ages),
        pods=(SERVERS[0], a_pending_pod(Role.SERVER, 1)),
    )

    assert not step(waiting).does_something
    assert not step(finished(60, *COMPLETE, ttlAfterFinished=ages)).does_something


def test_a_benchmark_is_not_deleted_before_its_pods() -> None:
    observed = replace(finished(60, *COMPLETE, ttlAfterFinished="1m"), pods=WORKERS)

    assert step(observed) == Step(delete=WORKERS)
