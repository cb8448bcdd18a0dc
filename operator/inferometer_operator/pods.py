"""A pod as the operator looks at it: what decides, and nothing else of its several hundred fields.

The state of its container is read before its phase: the phase follows a second later.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from inferometer_operator.objects.labels import INDEX, ROLE, RUN, Role
from inferometer_operator.run import parse_time

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Waiting:
    """The container is not running yet, or not again."""

    reason: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Running:
    """The container runs."""


@dataclass(frozen=True, slots=True)
class Terminated:
    """The container has ended."""

    exit_code: int
    reason: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod of a run."""

    namespace: str
    name: str
    uid: str
    run: str
    owner_uid: str
    role: Role
    index: int
    created: datetime
    node: str = ""
    ip: str = ""
    ready: bool = False
    ready_since: datetime | None = None
    unready_since: datetime | None = None
    """Since when one that was ready is so no more, or is on its way out; None for one that is not ready yet."""
    deleting: bool = False
    phase: str = "Pending"
    reason: str = ""
    """Of the pod as a whole: Evicted, DeadlineExceeded, OutOfcpu."""
    message: str = ""
    container: Waiting | Running | Terminated | None = None
    scheduled_at: datetime | None = None
    unschedulable: str = ""
    """The scheduler's words while it finds no node."""
    unschedulable_since: datetime | None = None
    disruption: str = ""
    """Who is taking it away: an eviction, a preemption, a taint."""
    token_secret: str = ""
    coordinator: str = ""
    """The address that a worker was told."""

    @property
    def has_ended(self) -> bool:
        """Whether nothing runs in it any more, or soon won't."""
        return isinstance(self.container, Terminated) or self.phase in {"Failed", "Succeeded"}


def decode_pod(stored: Json) -> Pod:
    """The pod behind a stored object that carries our labels."""
    metadata, spec, status = stored["metadata"], stored["spec"], stored.get("status", {})
    labels = metadata.get("labels", {})
    conditions = {condition["type"]: condition for condition in status.get("conditions", ())}
    ready, scheduled = conditions.get("Ready", {}), conditions.get("PodScheduled", {})
    container = _state(spec, status)
    is_scheduled = scheduled.get("status") == "True"
    return Pod(
        namespace=metadata["namespace"],
        name=metadata["name"],
        uid=metadata["uid"],
        run=labels.get(RUN, ""),
        owner_uid=next((owner["uid"] for owner in metadata.get("ownerReferences", ()) if owner.get("controller")), ""),
        role=Role(labels[ROLE]),
        index=int(labels.get(INDEX, 0)),
        created=parse_time(metadata["creationTimestamp"]),
        node=spec.get("nodeName", ""),
        ip=status.get("podIP", ""),
        ready=ready.get("status") == "True",
        ready_since=_time(ready) if ready.get("status") == "True" else None,
        unready_since=_unready_since(metadata, ready, container),
        deleting="deletionTimestamp" in metadata,
        phase=status.get("phase", "Pending"),
        reason=status.get("reason", ""),
        message=status.get("message", ""),
        container=_container(container),
        scheduled_at=_time(scheduled) if is_scheduled else None,
        unschedulable=scheduled.get("message", "") if scheduled.get("reason") == "Unschedulable" else "",
        unschedulable_since=_time(scheduled) if scheduled.get("reason") == "Unschedulable" else None,
        disruption=_disruption(conditions.get("DisruptionTarget", {})),
        token_secret=_token_secret(spec),
        coordinator=_coordinator(spec),
    )


def _state(spec: Json, status: Json) -> Json:
    # Ours is the first; what a mesh injected beside it is not judged here.
    name = spec["containers"][0]["name"]
    return next((one.get("state", {}) for one in status.get("containerStatuses", ()) if one["name"] == name), {})


def _container(state: Json) -> Waiting | Running | Terminated | None:
    match state:
        case {"terminated": ended}:
            return Terminated(ended["exitCode"], ended.get("reason", ""), ended.get("message", ""))
        case {"waiting": waiting}:
            return Waiting(waiting.get("reason", ""), waiting.get("message", ""))
        case {"running": _}:
            return Running()
        case _:
            return None


def _unready_since(metadata: Json, ready: Json, state: Json) -> datetime | None:
    if "deletionTimestamp" in metadata:
        return parse_time(metadata["deletionTimestamp"])
    changed, began = _time(ready), state.get("running", {}).get("startedAt")
    if ready.get("status") != "False" or changed is None or not began:
        return None
    # It is said not to be ready from before its container runs: what was said later was said of one that was ready.
    return changed if changed > parse_time(began) else None


def _time(condition: Json) -> datetime | None:
    text = condition.get("lastTransitionTime")
    return parse_time(text) if text else None


def _disruption(condition: Json) -> str:
    if condition.get("status") != "True":
        return ""
    return f"{condition.get('reason', '')}: {condition.get('message', '')}"


def _token_secret(spec: Json) -> str:
    return next((one["secret"]["secretName"] for one in spec.get("volumes", ()) if one["name"] == "token"), "")


def _coordinator(spec: Json) -> str:
    environment = spec["containers"][0].get("env", ())
    return next((one.get("value", "") for one in environment if one["name"] == "COORDINATOR"), "")
