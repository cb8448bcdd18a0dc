"""After the end state is written: the coordinator may leave, and nothing of the run is held any longer."""

from inferometer_loadgen.spec.units import parse_duration_ns
from inferometer_operator.api.conditions import ConditionType, FailureReason
from inferometer_operator.objects.labels import Role
from inferometer_operator.pods import Pod
from inferometer_operator.reconcile.observed import Observed
from inferometer_operator.reconcile.step import Acknowledge, Step
from inferometer_operator.run import parse_time

LEAVES_WITHIN_S = 30.0
"""A coordinator leaves once it is told that its report is stored, workers once they are told goodbye."""

CALLED_OFF = frozenset({FailureReason.CANCELLED, FailureReason.ACTIVE_DEADLINE_EXCEEDED})
"""Ends after which nothing may run on."""


def leave_a_deleted_run_alone(observed: Observed) -> Step | None:
    """Kubernetes deletes what belongs to it."""
    return Step() if observed.run.deleting else None


def release_everything(observed: Observed) -> Step | None:
    """Acknowledges the report and deletes the pods, but for those that the run's policy keeps once they have ended."""
    if not observed.run.is_finished:
        return None
    there = [pod for pod in observed.pods if not pod.deleting]
    wait_s = _leaves_within_s(observed) if keeps_pods(observed) else 0.0
    held = tuple(pod for pod in there if _is_to_go(observed, pod, wait_s))
    leaving = [pod for pod in there if not pod.has_ended and pod not in held]
    pod = observed.coordinator_pod
    can_hear = pod is not None and pod.ready and not pod.has_ended and not pod.deleting
    is_owed = observed.run.status.is_true(ConditionType.REPORT_STORED) or bool(leaving)
    call = Acknowledge(pod.ip) if pod is not None and can_hear and is_owed and (held or leaving) else None
    if held or leaving:
        return Step(call=call, delete=held, again_after_s=2.0 if leaving else None)
    return None


def delete_when_its_time_is_over(observed: Observed) -> Step | None:
    """Deletes a finished benchmark after the time that its policy gives it, and rests until then."""
    run = observed.run
    if not run.is_finished:
        return None
    due = run.spec.run_policy.ttl_after_finished if run.spec is not None else None
    completed = run.status.completion_time
    if not isinstance(due, str) or not isinstance(completed, str):
        return Step()
    left_s = parse_duration_ns(due) / 1e9 - (observed.now - parse_time(completed)).total_seconds()
    return Step(again_after_s=left_s) if left_s > 0 else Step(forget=True)


def keeps_pods(observed: Observed) -> bool:
    """Whether pods whose containers have ended stay after the run's end."""
    run = observed.run
    if run.spec is None or run.spec.run_policy.clean_pods == "Always":
        return False
    return run.spec.run_policy.clean_pods == "Never" or not run.status.is_true(ConditionType.COMPLETE)


def _is_to_go(observed: Observed, pod: Pod, wait_s: float) -> bool:
    if not keeps_pods(observed):
        return True
    if pod.has_ended:
        return False
    completed = observed.run.status.completion_time
    lasted_s = (observed.now - parse_time(completed)).total_seconds() if isinstance(completed, str) else wait_s
    return pod.role is Role.SERVER or lasted_s >= wait_s


def _leaves_within_s(observed: Observed) -> float:
    failed = observed.run.status.condition(ConditionType.FAILED)
    return 0.0 if failed is not None and failed.reason in CALLED_OFF else LEAVES_WITHIN_S
