"""What keeps a pod from being ready, as a typed reason with its remedy, and how long that may last.

The shapes are those of a real cluster: the state of the container, the condition PodScheduled, the pod's own reason.
A pod that waits never fails by itself, so each shape has a grace from which on it counts: a quarter of a minute where
waiting helps nobody, else (None) the time-out of the whole start.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from msgspec import UnsetType

from inferometer_operator.api.conditions import FailureReason
from inferometer_operator.objects.labels import Role
from inferometer_operator.pods import Pod, Terminated, Waiting
from inferometer_operator.reconcile.log_words import last_words, server_words
from inferometer_operator.run import Run

HOPELESS_S = 15.0
"""An image may still be loaded on the node, a slower node may still join; after this nobody is expected to act."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a pod is not ready."""

    reason: FailureReason
    message: str
    since: datetime
    grace_s: float | None
    """None: as long as the start may take."""
    autoscaler_may_help: bool = False


def trouble_of(run: Run, pod: Pod, log: str) -> Trouble | None:
    """What is wrong with a pod that must become ready; None where it only takes its time.

    `log` is the end of the log of a container that has ended, and empty for others.
    """
    if pod.has_ended:
        return Trouble(*_ended(run, pod, log), since=pod.created, grace_s=0.0)
    if pod.unschedulable:
        return _unschedulable(run, pod)
    if isinstance(pod.container, Waiting):
        return _waiting(run, pod, pod.container)
    return None


def subject(pod: Pod) -> str:
    """The pod in a sentence."""
    match pod.role:
        case Role.SERVER:
            return f"replica {pod.index}"
        case Role.WORKER:
            return f"worker {pod.index}"
        case Role.COORDINATOR:
            return "the coordinator"


# --- images and containers that do not start

_NEVER_THERE = re.compile(
    r"not found|failed to resolve|manifest unknown|does not exist|access denied|authorization failed"
    r"|unauthorized|forbidden",
    re.IGNORECASE,
)
_UNREACHABLE = re.compile(
    r"connection refused|no route to host|no such host|i/o timeout|network is unreachable", re.IGNORECASE
)
_NOT_ALLOWED = re.compile(r"access denied|authorization failed|unauthorized|forbidden", re.IGNORECASE)


def _waiting(run: Run, pod: Pod, state: Waiting) -> Trouble | None:
    since = pod.scheduled_at or pod.created
    match state.reason:
        case "ErrImageNeverPull":
            return _image(run, pod, state, "not on the node, and its pull policy is Never", since, HOPELESS_S)
        case "InvalidImageName":
            return _image(run, pod, state, "no valid name", since, HOPELESS_S)
        case "ErrImagePull" | "ImagePullBackOff" | "RegistryUnavailable" | "SignatureValidationFailed":
            grace_s = HOPELESS_S if _NEVER_THERE.search(state.message) else None
            return _image(run, pod, state, _pull_problem(state.message), since, grace_s)
        case "CreateContainerConfigError" | "CreateContainerError" | "RunContainerError":
            message = f"{subject(pod)} can't be started: {_clause(state.message)}; {_container_remedy(pod)}"
            return Trouble(FailureReason.CONTAINER_FAILED, message, since, HOPELESS_S)
        case _:
            return None


def _image(run: Run, pod: Pod, state: Waiting, problem: str, since: datetime, grace_s: float | None) -> Trouble:
    image, field = _which_image(run, pod, state.message)
    message = f"{subject(pod)} can't pull {image} ({problem}); correct {field}"
    return Trouble(FailureReason.IMAGE_PULL_FAILED, message, since, grace_s)


def _pull_problem(message: str) -> str:
    if _NOT_ALLOWED.search(message):
        return "its registry does not let the node pull it"
    if _UNREACHABLE.search(message):
        return "not on the node, and its registry can't be reached"
    if _NEVER_THERE.search(message):
        return "not found"
    return _clause(message)


def _which_image(run: Run, pod: Pod, message: str) -> tuple[str, str]:
    # Only the reference in the message tells the server's image from that of the model repository.
    if pod.role is not Role.SERVER:
        return "the load generator's image", "image.repository and image.tag of the operator's chart"
    triton = run.wanted.target.launched
    repository = triton.model_repository.image
    names_server = f'"{triton.image}"' in message
    if not names_server and not isinstance(repository, UnsetType) and repository in message:
        return repository, "spec.target.triton.modelRepository.image"
    return triton.image, "spec.target.triton.image"


def _container_remedy(pod: Pod) -> str:
    if pod.role is Role.SERVER:
        return "correct spec.target.triton"
    return "look at the pod's events"


# --- nodes

_INSUFFICIENT = re.compile(r"Insufficient ([^,.\s]+(?:\.[^,.\s]+)*)")
_MISSING_CLAIM = re.compile(r'persistentvolumeclaim "([^"]+)" not found')


def _unschedulable(run: Run, pod: Pod) -> Trouble:
    since = pod.unschedulable_since or pod.created
    words = pod.unschedulable
    if claim := _MISSING_CLAIM.search(words):
        message = (
            f"{subject(pod)} waits for the PersistentVolumeClaim {claim[1]}, which is not there; create it, or correct "
            "spec.target.triton.modelRepository.persistentVolumeClaim"
        )
        return Trouble(FailureReason.UNSCHEDULABLE, message, since, HOPELESS_S)
    short = _INSUFFICIENT.findall(words)
    message = f"{subject(pod)} fits on no node: {_clause(_without_preemption(words))}; {_node_remedy(run, pod, short)}"
    if short and _exceeds_every_node(words):
        return Trouble(FailureReason.UNSCHEDULABLE, message, since, HOPELESS_S, autoscaler_may_help=True)
    return Trouble(FailureReason.UNSCHEDULABLE, message, since, None)


def _exceeds_every_node(words: str) -> bool:
    # The scheduler itself compares with what nodes have, not with what is free: where evicting others could free
    # enough it speaks of preemption victims, and where a node is too small altogether it says that preemption is not
    # helpful. So the operator needs no right to read nodes.
    return "Preemption is not helpful" in words and "No preemption victims" not in words


def _without_preemption(words: str) -> str:
    return words.split(" preemption:", 1)[0]


def _node_remedy(run: Run, pod: Pod, short: list[str]) -> str:
    if pod.role is not Role.SERVER:
        return "lower spec.load.resources, or add nodes" if short else "correct spec.load.nodeSelector and tolerations"
    if run.wanted.target.launched.gpu.resource in short:
        return "lower spec.target.triton.gpu.count, or add nodes that have as many"
    if short:
        return "lower spec.target.triton.resources, or add larger nodes"
    return "correct spec.target.triton.nodeSelector and tolerations, or add such nodes"


# --- containers that ended


def _ended(run: Run, pod: Pod, log: str) -> tuple[FailureReason, str]:
    state = pod.container
    if pod.reason.startswith("OutOf"):
        return FailureReason.UNSCHEDULABLE, f"{subject(pod)} was refused by its node: {_clause(pod.message)}; run again"
    if pod.reason in {"Evicted", "DeadlineExceeded", "UnexpectedAdmissionError", "NodeLost", "Shutdown"}:
        words = _clause(pod.message)
        return FailureReason.CONTAINER_FAILED, f"{subject(pod)} ended ({pod.reason}): {words}; look at its node"
    if not isinstance(state, Terminated):
        return FailureReason.CONTAINER_FAILED, f"{subject(pod)} ended ({pod.reason or pod.phase}): {pod.message}"
    if state.reason == "OOMKilled":
        field = "spec.target.triton.resources" if pod.role is Role.SERVER else "spec.load.resources"
        return (
            FailureReason.CONTAINER_FAILED,
            f"{subject(pod)} needed more memory than its limit; raise memory in {field}.limits",
        )
    if state.reason in {"StartError", "ContainerCannotRun"}:
        message = f"{subject(pod)} can't be started: {_clause(state.message)}; {_command_remedy(pod)}"
        return FailureReason.CONTAINER_FAILED, message
    return _exited(run, pod, state, log)


def _exited(run: Run, pod: Pod, state: Terminated, log: str) -> tuple[FailureReason, str]:
    exited = f"{subject(pod)} exited with code {state.exit_code}"
    if pod.role is Role.SERVER and (words := server_words(log)):
        loading = f"{exited} while loading `{run.wanted.model.name}`: `{words}`"
        remedy = "correct the model repository; the end of the log is in status.evidence"
        return FailureReason.MODEL_LOAD_FAILED, f"{loading}; {remedy}"
    words = state.message.strip() or last_words(log)
    said = f": `{words}`" if words else ", and its log is gone"
    return FailureReason.CONTAINER_FAILED, f"{exited} before the load began{said}"


def _command_remedy(pod: Pod) -> str:
    if pod.role is Role.SERVER:
        return "spec.target.triton.image must have `tritonserver` on its PATH"
    return "the chart's image must be the load generator's"


def _clause(words: str) -> str:
    return words.strip().rstrip(".")
