"""After the end state is written: the coordinator may leave, and nothing of the run is held any longer."""

from inferometer_operator.api.conditions import ConditionType
from inferometer_operator.reconcile.observed import Observed
from inferometer_operator.reconcile.step import Acknowledge, Step


def leave_a_deleted_run_alone(observed: Observed) -> Step | None:
    """Kubernetes deletes what belongs to it."""
    return Step() if observed.run.deleting else None


def release_everything(observed: Observed) -> Step | None:
    """Acknowledges the report and deletes the pods, also those of a failed run: their evidence is in the status."""
    if not observed.run.is_finished:
        return None
    held = tuple(pod for pod in observed.pods if not pod.deleting)
    if not held:
        return Step()
    pod = observed.coordinator_pod
    is_owed = observed.run.status.is_true(ConditionType.REPORT_STORED)
    can_hear = pod is not None and pod.ready and not pod.has_ended and not pod.deleting
    return Step(call=Acknowledge(pod.ip) if pod is not None and is_owed and can_hear else None, delete=held)
