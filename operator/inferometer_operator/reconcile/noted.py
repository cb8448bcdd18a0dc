"""Why a run will fail, written down before it ends: so that what was measured can still be stored with that reason."""

from dataclasses import dataclass

from inferometer_loadgen.protocol.api import RunFailure
from inferometer_operator.api.conditions import ConditionType
from inferometer_operator.api.status import Condition
from inferometer_operator.pods import Pod, Terminated
from inferometer_operator.reconcile.ending import evidence_of
from inferometer_operator.reconcile.loss import what_became_of
from inferometer_operator.reconcile.observed import Observed
from inferometer_operator.reconcile.status_change import FALSE, Said, changed, with_conditions
from inferometer_operator.reconcile.step import Need, Step
from inferometer_operator.reconcile.trouble import subject
from inferometer_operator.run import Run, parse_time

TOLD_WITHIN_S = 5.0
"""A kubelet tells of a dead container a second or two after its connections broke."""


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


def is_yet_to_be_told(observed: Observed) -> bool:
    """Whether Kubernetes may soon say what became of a worker of which the coordinator knows only that it hung up."""
    noted = noted_failure(observed.run)
    if noted is None or noted.reason != RunFailure.WORKER_LOST or casualties(observed):
        return False
    workers = {pod.uid for pod in observed.workers if pod is not None}
    if any(one.uid in workers for one in observed.run.status.evidence):
        return False
    return (observed.now - parse_time(noted.last_transition_time)).total_seconds() < TOLD_WITHIN_S


def with_what_became_of_them(why: Why, lost: tuple[Pod, ...]) -> Why:
    """The same reason, with what Kubernetes knows of the pods that were lost, where that is not in it already."""
    became = [words for pod in lost if (words := what_became_of(pod, subject(pod)))]
    return Why(why.reason, "; ".join([why.message, *(words for words in became[:1] if words not in why.message)]))


def _failed(pod: Pod) -> bool:
    return (isinstance(pod.container, Terminated) and pod.container.exit_code != 0) or pod.phase == "Failed"
