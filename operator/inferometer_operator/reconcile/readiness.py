"""What servers and load pods have in common while they start: troubles, graces, and the time-out of the whole."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from inferometer_operator.api.conditions import ConditionType, FailureReason
from inferometer_operator.objects.deadlines import LOADERS_TIMEOUT_S, startup_timeout_s
from inferometer_operator.pods import Pod, Terminated
from inferometer_operator.reconcile.ending import end_without_result
from inferometer_operator.reconcile.observed import Observed
from inferometer_operator.reconcile.replacing import replace_once
from inferometer_operator.reconcile.step import AskAutoscaler, Need, ReadLog, Step
from inferometer_operator.reconcile.trouble import Trouble, subject, trouble_of
from inferometer_operator.run import parse_time


@dataclass(frozen=True, slots=True)
class Start:
    """One of the two starts: what must become ready, within which time, and since when that runs."""

    pods: tuple[Pod | None, ...]
    what: str
    begun: tuple[datetime | None, ...]
    """For each of the pods; None: its time does not run."""
    timeout_s: float


def servers_start(observed: Observed) -> Start:
    """The servers: all of them from the acceptance on, and after their readiness each one that does not serve."""
    pods = observed.servers
    if observed.run.status.is_true(ConditionType.SERVERS_READY):
        begun = tuple(_idle_since(observed, pod) for pod in pods)
    else:
        begun = (_since(observed, ConditionType.ACCEPTED, pods),) * len(pods)
    return Start(pods, "replica", begun, startup_timeout_s(observed.run.wanted))


def loaders_start(observed: Observed) -> Start:
    """Coordinator and workers, from the servers' readiness on; they are not late while they wait for a server."""
    pods = (observed.coordinator_pod, *observed.workers)
    begun = _since(observed, ConditionType.SERVERS_READY, pods)
    serving = [pod.ready_since or pod.created for pod in observed.servers if pod is not None and is_serving(pod)]
    all_serve = len(serving) == len(observed.servers)
    since = max((begun, *serving)) if begun is not None and all_serve else None
    return Start(pods, "load pod", (since,) * len(pods), LOADERS_TIMEOUT_S)


def is_serving(pod: Pod) -> bool:
    """Whether a server can be sent load."""
    return pod.ready and bool(pod.ip) and not pod.deleting and not pod.has_ended


def end_if_hopeless(observed: Observed, start: Start) -> Step | Need | None:
    """Ends the run if a pod's trouble has lasted longer than its grace, or the start longer than it may.

    A pod that failed by chance is replaced instead (`replacing`).
    """
    pods = [
        (pod, left_s)
        for pod, left_s in zip(start.pods, _left_s(observed, start), strict=True)
        if pod is not None and not pod.deleting
    ]
    unread = [pod for pod, _ in pods if isinstance(pod.container, Terminated) and pod.name not in observed.logs]
    if unread:
        return Need(tuple(ReadLog(pod) for pod in unread))
    for pod, left_s in pods:
        trouble = trouble_of(observed.run, pod, observed.logs.get(pod.name, ""))
        if trouble is None or (left_s > 0 and not _has_lasted(observed, trouble)):
            continue
        if trouble.autoscaler_may_help and left_s > 0:
            if pod.name not in observed.awaited:
                return Need((AskAutoscaler(pod),))
            if observed.awaited[pod.name]:
                continue
        again = replace_once(observed, pod) if left_s > 0 else None
        return again or end_without_result(observed, trouble.reason, trouble.message, pod)
    if seconds_left(observed, start) > 0:
        return None
    late = _late(observed, start)
    return end_without_result(observed, FailureReason.STARTUP_TIMEOUT, _words(start, late), *late)


def seconds_left(observed: Observed, start: Start) -> float:
    """Until the first of the pods has taken longer than it may."""
    return min(_left_s(observed, start), default=math.inf)


def seconds_to_next_grace(observed: Observed, start: Start) -> Iterable[float]:
    """When each pending trouble is to be judged, and the start as a whole."""
    yield seconds_left(observed, start)
    for pod in start.pods:
        trouble = None if pod is None else trouble_of(observed.run, pod, "")
        if trouble is not None and trouble.grace_s is not None:
            lasted_s = (observed.now - trouble.since).total_seconds()
            # A trouble that an autoscaler is about to cure stays due; it is looked at again with each grace.
            yield trouble.grace_s - lasted_s if lasted_s < trouble.grace_s else max(trouble.grace_s, 1.0)


def _has_lasted(observed: Observed, trouble: Trouble) -> bool:
    return trouble.grace_s is not None and (observed.now - trouble.since).total_seconds() >= trouble.grace_s


def _since(observed: Observed, said: ConditionType, pods: tuple[Pod | None, ...]) -> datetime | None:
    condition = observed.run.status.condition(said)
    created = [pod.created for pod in pods if pod is not None]
    if condition is None or not created:
        # Nothing was begun: time that the operator itself was away does not count.
        return None
    return max(parse_time(condition.last_transition_time), min(created))


def _idle_since(observed: Observed, pod: Pod | None) -> datetime | None:
    """Since when a server that was replaced starts, or one that served does not any more."""
    if pod is None or is_serving(pod) or (pod.has_ended and not pod.deleting):
        return None
    return pod.unready_since or _since(observed, ConditionType.SERVERS_READY, (pod,))


def _left_s(observed: Observed, start: Start) -> list[float]:
    return [
        math.inf if begun is None else start.timeout_s - (observed.now - begun).total_seconds() for begun in start.begun
    ]


def _late(observed: Observed, start: Start) -> list[Pod]:
    left_s = zip(start.pods, _left_s(observed, start), strict=True)
    return [pod for pod, left in left_s if left <= 0 and pod is not None and not (pod.ready and not pod.deleting)]


def _words(start: Start, late: list[Pod]) -> str:
    missing = sum(pod is None for pod in start.pods)
    others = f"{missing} {start.what}s without a pod" if missing else f"the {start.what}s as a whole"
    names = ", ".join(subject(pod) for pod in late[:5]) or others
    more = f" and {len(late) - 5} more" if len(late) > 5 else ""
    return f"{names}{more} not ready within {start.timeout_s:g} s; look at the pods' events and logs" + (
        ", or raise spec.target.triton.startupTimeout" if start.what == "replica" else ""
    )
