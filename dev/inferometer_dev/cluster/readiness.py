"""Waiting for the API server and the nodes, each with an end and with the log that tells why it did not come."""

from __future__ import annotations

import json
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

from inferometer_dev.commands import succeeds, tail
from inferometer_dev.errors import StepFailed

from .access import in_cluster, kubectl
from .state import BIN, KUBECONFIG

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from .addresses import Plan

_API_WITHIN_S = 60.0
_NODES_WITHIN_S = 90.0
_POLL_S = 0.1


def wait_for_api(logs: Path) -> None:
    """Until the API server says that it is ready, or StepFailed with the end of its log."""
    ask = in_cluster([BIN / "kubectl", f"--kubeconfig={KUBECONFIG}", "get", "--raw=/readyz"])
    _wait("API server", lambda: succeeds(ask), _API_WITHIN_S, logs / "2-kube-apiserver.log")


def wait_for_nodes(plan: Plan, folders: Mapping[str, Path], started: Mapping[str, datetime]) -> None:
    """Until every node is Ready. One that was `started` just now must have said so since: its old word may be stale."""
    waiting = {node.name for node in plan.workers}

    def all_ready() -> bool:
        waiting.difference_update(ready_nodes(nodes(), started))
        return not waiting

    first = next(iter(folders.values()))
    _wait("nodes Ready", all_ready, _NODES_WITHIN_S, first / "logs" / "2-kubelet.log")


def nodes() -> list[dict[str, Any]]:
    """All Node objects, as the API server shows them."""
    items: list[dict[str, Any]] = json.loads(kubectl("list nodes", "get", "nodes", "-o", "json"))["items"]
    return items


def ready_nodes(items: list[dict[str, Any]], since: Mapping[str, datetime]) -> set[str]:
    """The names of the nodes that are Ready, by a heartbeat not older than `since` where it names them. Pure."""
    ready = set()
    for node in items:
        name = node["metadata"]["name"]
        for condition in node["status"].get("conditions", []):
            if condition["type"] == "Ready" and condition["status"] == "True":
                heartbeat = datetime.fromisoformat(condition["lastHeartbeatTime"])
                # Heartbeats carry whole seconds.
                if name not in since or heartbeat >= since[name].replace(microsecond=0):
                    ready.add(name)
    return ready


def _wait(what: str, is_so: Callable[[], bool], within_s: float, log: Path) -> None:
    deadline_s = time.monotonic() + within_s
    while not is_so():
        if time.monotonic() > deadline_s:
            said = tail(log.read_text(errors="replace")) if log.exists() else "no log yet"
            raise StepFailed(f"{what} within {within_s:.0f} s", said, f"the whole log is {log}")
        time.sleep(_POLL_S)
