"""Why a run will fail, written down before it ends: so that what was measured can still be stored with that reason."""

from dataclasses import dataclass

from inferometer_operator.api.conditions import ConditionType
from inferometer_operator.api.status import Condition
from inferometer_operator.pods import Pod, Terminated
from inferometer_operator.reconcile.ending import evidence_of
from inferometer_operator.reconcile.observed import Observed
from inferometer_operator.reconcile.status_change import FALSE, Said, changed, with_conditions
from inferometer_operator.reconcile.step import Need, Step
from inferometer_operator.run import Run


@dataclass(frozen=True, slots=True)
class Why:
    """Why a run is stopped: it becomes the reason of its failure."""

    reason: str
    message: str


def note(observed: Observed, why: Why, *failed: Pod | None) -> Step | Need:
    """Writes down that the run will fail, and of what; from then on its coordinator's time is bounded.

    What is known of the pods that failed goes with it: they may be gone before the run has ended.
    """
    evidence = evidence_of(observed, *failed)
    if isinstance(evidence, Need):
        return evidence
    said = Said(ConditionType.COMPLETE, FALSE, why.reason, why.message)
    conditions = with_conditions(observed.run, observed.now, said)
    return Step(status=changed(observed.run.status, phase="Stopping", conditions=conditions, evidence=evidence))


def noted_failure(run: Run) -> Condition | None:
    """What a run will fail of, once that is written; None for one that goes on."""
    said = run.status.condition(ConditionType.COMPLETE)
    return said if said is not None and said.status == FALSE else None


def casualties(observed: Observed) -> tuple[Pod, ...]:
    """The pods whose end was none that they chose, nor that we gave them: the evidence."""
    measured = observed.run.status.is_true(ConditionType.MEASURED)
    return tuple(pod for pod in observed.pods if _failed(pod) and not (measured and pod.deleting))


def _failed(pod: Pod) -> bool:
    return (isinstance(pod.container, Terminated) and pod.container.exit_code != 0) or pod.phase == "Failed"
