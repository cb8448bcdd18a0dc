"""A run that is held before its start: nothing of it exists, and it begins anew once it is let go."""

from inferometer_operator.api.conditions import ConditionType
from inferometer_operator.objects.events import Told
from inferometer_operator.reconcile.observed import Observed
from inferometer_operator.reconcile.status_change import FALSE, UNKNOWN, Said, changed, with_conditions
from inferometer_operator.reconcile.step import Step

SUSPENDED = "Suspended"
WORDS = "spec.suspend is true: nothing of the run exists until it is set to false"


def hold_while_suspended(observed: Observed) -> Step | None:
    """Says so, gives back what the run held, and waits. Acceptance begins anew after it, and so does its deadline."""
    run = observed.run
    if run.spec is None or not run.spec.suspend or run.has_started:
        return None
    held = tuple(pod for pod in observed.pods if not pod.deleting)
    accepted = run.status.condition(ConditionType.ACCEPTED)
    if accepted is not None and accepted.reason == SUSPENDED:
        return Step(delete=held)
    said = [Said(ConditionType.ACCEPTED, UNKNOWN, SUSPENDED, WORDS)]
    if run.status.condition(ConditionType.SERVERS_READY) is not None:
        said.append(Said(ConditionType.SERVERS_READY, FALSE, SUSPENDED, WORDS))
    status = changed(
        run.status,
        observed_generation=run.generation,
        phase=SUSPENDED,
        servers=(),
        conditions=with_conditions(run, observed.now, *said),
    )
    return Step(status=status, delete=held, tell=(Told("Normal", SUSPENDED, WORDS),))
