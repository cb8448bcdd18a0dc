"""From an accepted run to servers on each of which the model is ready."""

from msgspec import UnsetType

from inferometer_operator.api.conditions import ConditionType
from inferometer_operator.api.status import ServerStatus
from inferometer_operator.objects.events import Told
from inferometer_operator.objects.server_pods import server_pod
from inferometer_operator.reconcile.endpoint import endpoint_statuses
from inferometer_operator.reconcile.observed import Observed
from inferometer_operator.reconcile.readiness import end_if_hopeless, is_serving, servers_start
from inferometer_operator.reconcile.status_change import TRUE, Said, changed, with_conditions
from inferometer_operator.reconcile.step import Need, Step
from inferometer_operator.run import parse_time


def end_if_servers_are_hopeless(observed: Observed) -> Step | Need | None:
    """Before the start: a server that can't become ready, or ended, ends the run with its own words."""
    if observed.run.has_started:
        return None
    return end_if_hopeless(observed, servers_start(observed))


def create_servers(observed: Observed) -> Step | None:
    """Before the start a missing server is created, also in place of one that was taken away."""
    if observed.run.has_started:
        return None
    missing = [index for index, pod in enumerate(observed.servers) if pod is None]
    if not missing:
        return None
    return Step(create=tuple(server_pod(observed.run, index) for index in missing))


def announce_servers(observed: Observed) -> Step | None:
    """Once the model is ready on each replica, that is said, and the clients may come."""
    run = observed.run
    if run.status.is_true(ConditionType.SERVERS_READY):
        return None
    ready = [pod for pod in observed.servers if pod is not None and is_serving(pod)]
    if len(ready) < len(observed.servers):
        return None
    accepted = run.status.condition(ConditionType.ACCEPTED)
    took_s = (observed.now - parse_time(accepted.last_transition_time)).total_seconds() if accepted else 0.0
    note = f"{_replicas(len(ready))} {_model(observed)} after {took_s:.0f} s"
    status = changed(
        run.status,
        phase="Starting",
        servers=server_statuses(observed),
        conditions=with_conditions(run, observed.now, Said(ConditionType.SERVERS_READY, TRUE, "ModelReady", note)),
    )
    return Step(status=status, tell=(Told("Normal", "ServersReady", note),))


def server_statuses(observed: Observed) -> tuple[ServerStatus, ...]:
    """Who serves now: written when all are ready, and anew at the start."""
    endpoint = observed.run.wanted.target.endpoint
    if not isinstance(endpoint, UnsetType):
        return endpoint_statuses(endpoint)
    return tuple(
        ServerStatus(name=pod.name, uid=pod.uid, node=pod.node, gpu=gpus_of(observed), ready=is_serving(pod))
        for pod in observed.servers
        if pod is not None
    )


def gpus_of(observed: Observed) -> str:
    """What each replica holds, as nodes offer it."""
    if isinstance(triton := observed.run.wanted.target.triton, UnsetType):
        return ""
    gpu = triton.gpu
    return f"{gpu.count} {gpu.resource}" if gpu.count else ""


def _replicas(count: int) -> str:
    return "1 Triton replica serves" if count == 1 else f"{count} Triton replicas serve"


def _model(observed: Observed) -> str:
    model = observed.run.wanted.model
    return f"{model.name} version {model.version}" if model.version else model.name
