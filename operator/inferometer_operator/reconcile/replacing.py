"""Before the start a pod that failed by chance is replaced, once: its node may have been full, or have gone.

What was told of it is kept first, in status.evidence, which also is the memory of who was replaced: a second end of the
same pod ends the run, and so does a run of bad luck that the evidence has no room for. What will end again as it did is
not tried again: a model that can't be loaded, a command that is not there, too little memory.
"""

from inferometer_operator.api.status import EVIDENCE_LIMIT
from inferometer_operator.objects.labels import Role
from inferometer_operator.objects.load_pods import coordinator_host
from inferometer_operator.pods import Pod, Terminated
from inferometer_operator.reconcile.ending import evidence_of
from inferometer_operator.reconcile.observed import Observed, Unreachable
from inferometer_operator.reconcile.status_change import changed
from inferometer_operator.reconcile.step import Need, Step

OF_THE_NODE = frozenset({"Evicted", "NodeLost", "NodeShutdown", "Preempting", "Shutdown", "UnexpectedAdmissionError"})
"""Why kubelets end pods that did nothing wrong; `OutOf…` is one more, with the resource in its name."""

HOPELESS = frozenset({"OOMKilled", "StartError", "ContainerCannotRun"})


def replace_once(observed: Observed, pod: Pod) -> Step | Need | None:
    """Deletes a pod that has failed, so that another takes its place; None where its end is that of the run."""
    if not _is_by_chance(pod):
        return None
    if pod.role is Role.WORKER and (with_its_coordinator := _as_a_casualty(observed, pod)) is not None:
        return with_its_coordinator
    status = observed.run.status
    kept = next((one for one in status.evidence if one.pod == pod.name), None)
    if kept is not None and kept.uid == pod.uid:
        return Step(delete=(pod,))
    if kept is not None or len(status.evidence) >= EVIDENCE_LIMIT:
        return None
    evidence = evidence_of(observed, pod)
    if isinstance(evidence, Need):
        return evidence
    return Step(status=changed(status, evidence=evidence), delete=(pod,))


def _as_a_casualty(observed: Observed, worker: Pod) -> Step | None:
    """A worker whose coordinator has gone hangs up; that is no failure of its own."""
    coordinator = observed.coordinator_pod
    if coordinator is None or coordinator.deleting or not dials(worker, coordinator):
        return Step(delete=(worker,))
    # Its end may be known a moment before that of its coordinator.
    return Step(again_after_s=1.0) if isinstance(observed.coordinator, Unreachable) else None


def dials(worker: Pod, coordinator: Pod) -> bool:
    """Whether a worker was told this coordinator's address."""
    return worker.coordinator == coordinator_host(coordinator.ip)


def _is_by_chance(pod: Pod) -> bool:
    if not pod.has_ended:
        return False
    if pod.disruption or pod.reason in OF_THE_NODE or pod.reason.startswith("OutOf"):
        return True
    if pod.role is Role.SERVER or not isinstance(pod.container, Terminated):
        return False
    return pod.reason != "DeadlineExceeded" and pod.container.reason not in HOPELESS
