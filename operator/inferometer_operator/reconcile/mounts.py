"""A load pod whose Secret or ConfigMap is not there: said in seconds, with the field that names it.

Such a pod waits for ever, and its status says no more than ContainerCreating. Only the kubelet's event tells why, so it
is asked for; of pods that mount nothing of their user's, nobody asks.
"""

import re
from collections.abc import Iterator

from inferometer_operator.api.conditions import ConditionType, FailureReason
from inferometer_operator.objects.endpoint_access import Mounted, mounted
from inferometer_operator.pods import Pod, Waiting
from inferometer_operator.reconcile.ending import end_without_result
from inferometer_operator.reconcile.observed import Observed
from inferometer_operator.reconcile.step import Need, ReadEvents, Step
from inferometer_operator.reconcile.trouble import HOPELESS_S, subject

LOOK_EVERY_S = 5.0

_MISSING = re.compile(
    r'^FailedMount\b.*for volume "(endpoint-[a-z0-9-]+)" *: *(.*(?:\bnot found\b|\bnon-existent\b).*)$', re.DOTALL
)
"""The kubelet's event about one volume, as `Observed.events` holds it. These words say that its user has to act: a
cache that is not filled yet, or a node that is not let in yet, keeps it from mounting one too, and passes by itself."""
_MOUNTED = re.compile(r"^(Pulling|Pulled)\b")
"""The kubelet looks for a container's image once all its volumes are mounted: what was missing before has come."""


def end_if_a_mount_is_missing(observed: Observed) -> Step | Need | None:
    """Before the start: a load pod that has waited for what it mounts for a quarter of a minute ends the run."""
    pod = _waiting_pod(observed)
    if pod is None or _waited_s(observed, pod) < HOPELESS_S:
        return None
    if pod.name not in observed.events:
        return Need((ReadEvents(pod),))
    events = observed.events[pod.name]
    if any(_MOUNTED.match(told) for told in events):
        return None
    by_volume = {one.volume: one for one in mounted(observed.run.wanted.target.endpoint)}
    failed = (found for told in reversed(events) if (found := _MISSING.match(told)))
    missing = next(((by_volume[found[1]], found[2]) for found in failed if found[1] in by_volume), None)
    if missing is None:
        return None
    return end_without_result(observed, FailureReason.CREDENTIALS_MISSING, _words(observed, pod, *missing), pod)


def seconds_to_next_look(observed: Observed) -> Iterator[float]:
    """When the events of a load pod that waits are to be read, or read again."""
    if (pod := _waiting_pod(observed)) is not None:
        left_s = HOPELESS_S - _waited_s(observed, pod)
        yield left_s if left_s > 0 else LOOK_EVERY_S


def _waiting_pod(observed: Observed) -> Pod | None:
    run = observed.run
    if run.has_started or not run.status.is_true(ConditionType.SERVERS_READY):
        return None
    if not mounted(run.wanted.target.endpoint):
        return None
    load_pods = (pod for pod in (observed.coordinator_pod, *observed.workers) if pod is not None and not pod.deleting)
    return next((pod for pod in load_pods if _is_created(pod)), None)


def _is_created(pod: Pod) -> bool:
    """Whether its container is being made, which waits for its mounts and for nothing that its status would tell."""
    return isinstance(pod.container, Waiting) and pod.container.reason == "ContainerCreating"


def _words(observed: Observed, pod: Pod, missing: Mounted, said: str) -> str:
    keys = " and ".join(missing.keys)
    return (
        f"{subject(pod)} can't mount {missing.kind} {missing.name}, which {missing.field} names: {said.strip()}; "
        f"create it in namespace {observed.run.namespace} with {keys}, or correct the field"
    )


def _waited_s(observed: Observed, pod: Pod) -> float:
    return (observed.now - (pod.scheduled_at or pod.created)).total_seconds()
