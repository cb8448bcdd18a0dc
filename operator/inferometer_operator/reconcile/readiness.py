"""What servers and load pods have in common while they start: troubles, graces, and the time-out of the whole."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

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
    """One of the two starts: what must become ready, since when, and within which time."""

    pods: tuple[Pod | None, ...]
    what: str
    since: ConditionType
    timeout_s: float


def servers_start(observed: Observed) -> Start:
    """The servers, from the acceptance on."""
    timeout_s = startup_timeout_s(observed.run.wanted)
    return Start(observed.servers, "replica", ConditionType.ACCEPTED, timeout_s)


def loaders_start(observed: Observed) -> Start:
    """Coordinator and workers, from the servers' readiness on."""
    pods = (observed.coordinator_pod, *observed.workers)
    return Start(pods, "load pod", ConditionType.SERVERS_READY, LOADERS_TIMEOUT_S)


def end_if_hopeless(observed: Observed, start: Start) -> Step | Need | None:
    """Ends the run if a pod's trouble has lasted longer than its grace, or the start longer than it may.

    A pod that failed by chance is replaced instead (`replacing`).
    """
    pods = [pod for pod in start.pods if pod is not None and not pod.deleting]
    unread = [pod for pod in pods if isinstance(pod.container, Terminated) and pod.name not in observed.logs]
    if unread:
        return Need(tuple(ReadLog(pod) for pod in unread))
    left_s = seconds_left(observed, start)
    for pod in pods:
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
    if left_s > 0:
        return None
    return end_without_result(observed, FailureReason.STARTUP_TIMEOUT, _late(start), *_unready(start.pods))


def seconds_left(observed: Observed, start: Start) -> float:
    """Until the start has lasted longer than it may."""
    condition = observed.run.status.condition(start.since)
    if condition is None or math.isinf(start.timeout_s):
        return start.timeout_s
    created = [pod.created for pod in start.pods if pod is not None]
    if not created:
        # Nothing was begun: time that the operator itself was away does not count.
        return start.timeout_s
    begun = max(parse_time(condition.last_transition_time), min(created))
    return start.timeout_s - (observed.now - begun).total_seconds()


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


def _unready(pods: tuple[Pod | None, ...]) -> list[Pod]:
    return [pod for pod in pods if pod is not None and not pod.ready]


def _late(start: Start) -> str:
    unready = _unready(start.pods)
    missing = sum(pod is None for pod in start.pods)
    names = ", ".join(subject(pod) for pod in unready[:5]) or f"{missing} {start.what}s without a pod"
    more = f" and {len(unready) - 5} more" if len(unready) > 5 else ""
    return f"{names}{more} not ready within {start.timeout_s:g} s; look at the pods' events and logs" + (
        ", or raise spec.target.triton.startupTimeout" if start.what == "replica" else ""
    )
