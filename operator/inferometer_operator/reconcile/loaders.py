"""From ready servers to a client that only waits for its start: the coordinator first, then workers that dial it."""

from inferometer_loadgen.protocol.api import RunState, RunStatus
from inferometer_operator.api.conditions import ConditionType
from inferometer_operator.objects.load_pods import coordinator_pod, worker_pod
from inferometer_operator.objects.names import token_name
from inferometer_operator.pods import Pod, Running
from inferometer_operator.reconcile.ending import end_without_result
from inferometer_operator.reconcile.noted import Why, note, noted_failure, with_what_became_of_them
from inferometer_operator.reconcile.observed import Observed
from inferometer_operator.reconcile.readiness import end_if_hopeless, loaders_start
from inferometer_operator.reconcile.replacing import dials
from inferometer_operator.reconcile.step import AskCoordinator, Need, Step, TokenFor


def ask_a_ready_coordinator(observed: Observed) -> Need | None:
    """Once the coordinator answers it is asked first of all: it knows why a worker failed better than Kubernetes."""
    pod = observed.coordinator_pod
    if pod is None or observed.coordinator is not None or not pod.ip or pod.has_ended:
        return None
    if not pod.ready and not observed.run.has_started:
        return None
    return Need((AskCoordinator(pod.ip),))


def end_if_the_run_failed(observed: Observed) -> Step | Need | None:
    """The coordinator has given up: its reason is the run's."""
    answer = observed.coordinator
    if not isinstance(answer, RunStatus) or answer.state is not RunState.FAILED:
        return None
    if answer.report_sha256 and noted_failure(observed.run) is not None:
        # What was measured until then is stored first.
        return None
    # Once the load has ended it is we who delete the servers.
    measured = observed.run.status.is_true(ConditionType.MEASURED)
    lost = tuple(pod for pod in observed.pods if (pod.has_ended or pod.deleting) and not (measured and pod.deleting))
    failed = lost or (observed.coordinator_pod,)
    if answer.failure is None:
        return end_without_result(observed, "Failed", "the coordinator gives no reason", *failed)
    why = with_what_became_of_them(Why(answer.failure.type, answer.failure.message), lost)
    if answer.report_sha256:
        return note(observed, why, *lost)
    return end_without_result(observed, why.reason, why.message, *failed)


def end_if_loaders_are_hopeless(observed: Observed) -> Step | Need | None:
    """Before the start: a load pod that can't become ready, or ended, ends the run."""
    if observed.run.has_started:
        return None
    return end_if_hopeless(observed, loaders_start(observed))


def create_coordinator(observed: Observed) -> Step | None:
    """The coordinator, and the name of the Secret that it will find."""
    if observed.run.has_started or observed.coordinator_pod is not None:
        return None
    secret = token_name(observed.run.name, observed.nonce[:8])
    return Step(create=(coordinator_pod(observed.run, observed.settings, secret),))


def create_token(observed: Observed) -> Step | None:
    """The Secret comes after the pod, since it belongs to it; the kubelet waits for it."""
    pod = observed.coordinator_pod
    if pod is None or isinstance(pod.container, Running) or pod.has_ended or pod.token_secret in observed.secrets:
        return None
    return Step(token=TokenFor(pod.token_secret, pod))


def drop_workers_of_another_coordinator(observed: Observed) -> Step | None:
    """Before the start a coordinator that was taken away takes its workers with it."""
    pod = observed.coordinator_pod
    if observed.run.has_started or pod is None or not pod.ip:
        return None
    strangers = [one for one in _there(observed.workers) if not dials(one, pod) and not one.deleting]
    return Step(delete=tuple(strangers)) if strangers else None


def create_workers(observed: Observed) -> Step | None:
    """The workers, once there is a coordinator to dial."""
    pod = observed.coordinator_pod
    if observed.run.has_started or pod is None or not pod.ready or not pod.ip:
        return None
    missing = [index for index, worker in enumerate(observed.workers) if worker is None]
    if not missing:
        return None
    return Step(
        create=tuple(worker_pod(observed.run, observed.settings, index, pod.token_secret, pod.ip) for index in missing)
    )


def _there(pods: tuple[Pod | None, ...]) -> list[Pod]:
    return [pod for pod in pods if pod is not None]
