"""By what the objects of a run are found, and to whom they belong."""

from enum import StrEnum
from typing import Any

from inferometer_operator.api.crd import API_VERSION, KIND
from inferometer_operator.run import Run

MANAGED_BY = "app.kubernetes.io/managed-by"
MANAGER = "inferometer"
SELECTOR = f"{MANAGED_BY}={MANAGER}"
RUN = "inferometer.dev/run"
ROLE = "inferometer.dev/role"
INDEX = "inferometer.dev/index"


class Role(StrEnum):
    """What a pod is in its run."""

    SERVER = "server"
    COORDINATOR = "coordinator"
    WORKER = "worker"


def labels(run: Run, role: Role | None = None, index: int | None = None) -> dict[str, str]:
    """The labels of an object of `run`."""
    found = {MANAGED_BY: MANAGER, RUN: run.name}
    if role is not None:
        found[ROLE] = role.value
    if index is not None:
        found[INDEX] = str(index)
    return found


def owned_by(run: Run) -> list[dict[str, Any]]:
    """The reference by which Kubernetes deletes the object together with its benchmark."""
    return [_reference(API_VERSION, KIND, run.name, run.uid)]


def owned_by_pod(name: str, uid: str) -> list[dict[str, Any]]:
    """The reference by which Kubernetes deletes the object together with a pod."""
    return [_reference("v1", "Pod", name, uid)]


def _reference(api_version: str, kind: str, name: str, uid: str) -> dict[str, Any]:
    # blockOwnerDeletion stays false: true would need a right on the owner's finalizers where that is enforced.
    return {
        "apiVersion": api_version,
        "kind": kind,
        "name": name,
        "uid": uid,
        "controller": True,
        "blockOwnerDeletion": False,
    }
