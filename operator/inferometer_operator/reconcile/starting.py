"""The point of no return: written first, given afterwards, and given again with the same name after a crash."""

from typing import Literal

from msgspec import UnsetType

from inferometer_loadgen.plan import Assignment, ReplicaAddress
from inferometer_loadgen.protocol.api import RunState, RunStatus, StartRequest
from inferometer_loadgen.spec.endpoint import replica_addresses
from inferometer_loadgen.spec.find_peak import bounds_words
from inferometer_loadgen.spec.scenarios import target_qps
from inferometer_operator.api.conditions import ConditionType, FailureReason
from inferometer_operator.objects.events import Told
from inferometer_operator.objects.server_pods import GRPC_PORT, HTTP_PORT, METRICS_PORT
from inferometer_operator.pods import Pod
from inferometer_operator.reconcile.ending import end_without_result
from inferometer_operator.reconcile.observed import Observed
from inferometer_operator.reconcile.readiness import is_serving
from inferometer_operator.reconcile.servers import server_statuses
from inferometer_operator.reconcile.status_change import TRUE, Said, changed, with_conditions
from inferometer_operator.reconcile.step import ListPods, Need, Start, Step
from inferometer_operator.run import Run, format_time, parse_time

ACCEPT_WITHIN_S = 60.0
"""The coordinator takes a start at once, or never."""


def decide_the_start(observed: Observed) -> Step | Need | None:
    """Everything is ready: the start's time and nonce go into the status, and no pod is replaced from now on."""
    answer = observed.coordinator
    if observed.run.has_started or not isinstance(answer, RunStatus) or not answer.ready:
        return None
    if not observed.pods_are_live:
        return Need((ListPods(),))
    if not _all_are_there(observed):
        # The watch will tell the same in a moment; what is missing is created then.
        return Step(again_after_s=0.5)
    run, workers = observed.run, len(observed.workers)
    said = f"{workers} workers hold their samples" if workers > 1 else "the worker holds its samples"
    status = changed(
        run.status,
        phase="Running",
        start_time=format_time(observed.now),
        start_nonce=observed.nonce,
        servers=server_statuses(observed),
        conditions=with_conditions(run, observed.now, Said(ConditionType.LOADERS_READY, TRUE, "WorkersReady", said)),
    )
    return Step(status=status)


def give_the_start(observed: Observed) -> Step | Need | None:
    """Gives the persisted start until the coordinator has it."""
    answer, run = observed.coordinator, observed.run
    if not run.has_started or not isinstance(answer, RunStatus):
        return None
    if answer.nonce:
        if answer.nonce == run.status.start_nonce:
            return None
        message = f"the coordinator runs another start ({answer.nonce}); run again"
        return end_without_result(observed, FailureReason.COORDINATOR_LOST, message, observed.coordinator_pod)
    if answer.state not in {RunState.WAITING, RunState.READY}:
        return None
    if _seconds_since_start(observed) > ACCEPT_WITHIN_S:
        message = f"the start was not accepted within {ACCEPT_WITHIN_S:g} s (state {answer.state}); run again"
        return end_without_result(observed, FailureReason.COORDINATOR_LOST, message, observed.coordinator_pod)
    pod = observed.coordinator_pod
    if answer.state is not RunState.READY or pod is None:
        return None
    request = StartRequest(run_uid=run.uid, nonce=str(run.status.start_nonce), assignment=_assignment(observed))
    note = stream_note(run, answer.progress.planned)
    return Step(call=Start(pod.ip, request), tell=(Told("Normal", "Started", note),))


def stream_note(run: Run, planned: int) -> str:
    """What is sent, for those who look on."""
    load = run.wanted.load
    workers = f"{load.workers} worker{'s' if load.workers > 1 else ''}"
    match run.wanted.scenario:
        case "Server" | "MultiStream" if not isinstance(search := load.find_peak, UnsetType):
            return f"a search for the peak from {bounds_words(search)} over {workers}"
        case "Server" if not isinstance(repeat := run.wanted.repeat, UnsetType) and repeat.count > 1:
            return f"{repeat.count} rounds, in all {planned:,} queries at {target_qps(load):,g}/s over {workers}"
        case "Server":
            return f"one stream of {planned:,} queries at {target_qps(load):,g}/s over {workers}"
        case "Replay":
            return f"one recording of {planned:,} queries over {workers}"
        case "Offline":
            return f"one query in {planned:,} requests over {workers}"
        case "Concurrency" if not isinstance(steps := load.concurrency_steps, UnsetType):
            return (
                f"{len(steps)} rounds with {', '.join(f'{step:,}' for step in steps)} queries in flight over {workers}"
            )
        case _:
            return f"one stream of queries, each sent when an answer has come, over {workers}"


def _assignment(observed: Observed) -> Assignment:
    protocol = observed.run.wanted.load.protocol
    endpoint = observed.run.wanted.target.endpoint
    launched = tuple(_address(pod, protocol) for pod in observed.servers if pod is not None)
    return Assignment(
        replicas=launched if isinstance(endpoint, UnsetType) else replica_addresses(endpoint),
        worker_uids=tuple(pod.uid for pod in observed.workers if pod is not None),
        worker_nodes=tuple(pod.node for pod in observed.workers if pod is not None),
    )


def _address(pod: Pod, protocol: Literal["http", "grpc"]) -> ReplicaAddress:
    host = f"[{pod.ip}]" if ":" in pod.ip else pod.ip
    return ReplicaAddress(
        name=pod.name,
        url=f"http://{host}:{HTTP_PORT}" if protocol == "http" else f"grpc://{host}:{GRPC_PORT}",
        metrics_url=f"http://{host}:{METRICS_PORT}/metrics",
        uid=pod.uid,
        node=pod.node,
    )


def _all_are_there(observed: Observed) -> bool:
    return all(pod is not None and is_serving(pod) for pod in observed.servers) and all(
        pod is not None and not pod.deleting and not pod.has_ended for pod in observed.workers
    )


def _seconds_since_start(observed: Observed) -> float:
    start = observed.run.status.start_time
    return (observed.now - parse_time(start)).total_seconds() if isinstance(start, str) else 0.0
