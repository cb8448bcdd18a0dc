"""When to look again although nothing was told."""

from inferometer_operator.api.conditions import ConditionType
from inferometer_operator.reconcile.mounts import seconds_to_next_look
from inferometer_operator.reconcile.observed import Observed
from inferometer_operator.reconcile.readiness import loaders_start, seconds_to_next_grace, servers_start
from inferometer_operator.reconcile.step import Step
from inferometer_operator.reconcile.stopping import seconds_to_deadline
from inferometer_operator.reconcile.unserved import seconds_to_next_question

POLL_S = 1.0
SOONEST_S = 0.1


def wait_for_servers(observed: Observed) -> Step | None:
    """The client comes once there is something to ask."""
    return None if observed.run.status.is_true(ConditionType.SERVERS_READY) else wait(observed)


def wait(observed: Observed) -> Step:
    """A coordinator is polled; what starts is looked at when its next grace is over."""
    if observed.coordinator_pod is not None and (observed.coordinator_pod.ready or observed.run.has_started):
        return Step(again_after_s=POLL_S)
    starts = [servers_start(observed)]
    if observed.run.status.is_true(ConditionType.SERVERS_READY):
        starts.append(loaders_start(observed))
    left_s = seconds_to_deadline(observed)
    graces = [left_s for start in starts for left_s in seconds_to_next_grace(observed, start)]
    return Step(
        again_after_s=max(
            SOONEST_S, min(left_s, *graces, *seconds_to_next_question(observed), *seconds_to_next_look(observed))
        )
    )
