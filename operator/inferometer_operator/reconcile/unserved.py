"""A server that serves, but not the model: said in seconds, and not by the time-out of the start.

Triton opens its HTTP port only once it has loaded its models. So a readiness probe that is answered with 400 while
the container runs does not mean "not yet", it means "no such model". Nothing in the pod's status tells this, only the
kubelet's event does: it is asked for, for one server at a time, since all have the same repository.
"""

import re
from collections.abc import Iterator

from inferometer_operator.api.conditions import ConditionType, FailureReason
from inferometer_operator.pods import Pod, Running
from inferometer_operator.reconcile.ending import end_without_result
from inferometer_operator.reconcile.observed import Observed
from inferometer_operator.reconcile.step import AskProbe, Need, ReadLog, Step
from inferometer_operator.reconcile.trouble import HOPELESS_S, subject

ASK_EVERY_S = 5.0

_READY_MODEL = re.compile(r"^\| (\S+) +\| (\d+) +\| READY", re.MULTILINE)
"""A row of the table of models in Triton's log."""


def end_if_the_model_is_not_served(observed: Observed) -> Step | Need | None:
    """Before the start: a server that has answered its probe with an error for a quarter of a minute ends the run."""
    pod = _silent_server(observed)
    if pod is None or _age_s(observed, pod) < ASK_EVERY_S:
        return None
    if pod.name not in observed.unserved:
        return Need((AskProbe(pod),))
    since = observed.unserved[pod.name]
    if since is None or (observed.now - since).total_seconds() < HOPELESS_S:
        return None
    if pod.name not in observed.logs:
        return Need((ReadLog(pod),))
    return end_without_result(observed, FailureReason.MODEL_NOT_READY, _words(observed, pod), pod)


def seconds_to_next_question(observed: Observed) -> Iterator[float]:
    """When a server that runs and is not ready is to be asked about again."""
    if (pod := _silent_server(observed)) is not None:
        left_s = ASK_EVERY_S - _age_s(observed, pod)
        yield left_s if left_s > 0 else ASK_EVERY_S


def _silent_server(observed: Observed) -> Pod | None:
    if observed.run.has_started or observed.run.status.is_true(ConditionType.SERVERS_READY):
        return None
    runs = (pod for pod in observed.servers if pod is not None and isinstance(pod.container, Running))
    return next((pod for pod in runs if not pod.ready and not pod.deleting), None)


def _words(observed: Observed, pod: Pod) -> str:
    model = observed.run.wanted.model
    wanted = f"`{model.name}`" + (f" version {model.version}" if model.version else "")
    found = sorted({f"`{name}` version {version}" for name, version in _READY_MODEL.findall(observed.logs[pod.name])})
    has = f"; it serves {', '.join(found[:8])}" if found else ""
    return (
        f"{subject(pod)} answers, but does not serve model {wanted}{has}; correct spec.model.name or version, or the "
        "model repository"
    )


def _age_s(observed: Observed, pod: Pod) -> float:
    return (observed.now - pod.created).total_seconds()
