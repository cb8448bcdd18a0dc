"""Pretended GPUs: the scheduler places pods by a node's capacity, and nobody checks the device.

The kubelet keeps a capacity that it did not set, but a node that registers anew starts without: patch after every `up`.
"""

from __future__ import annotations

import json
from typing import Any

from .access import kubectl
from .readiness import nodes

RESOURCE = "nvidia.com/gpu"


def set_gpus(count: int) -> None:
    """Every node gets `count` GPUs; 0 takes them away."""
    for node in nodes():
        if int(node["status"].get("capacity", {}).get(RESOURCE, "0")) != count:
            name = node["metadata"]["name"]
            patch = json.dumps(capacity_patch(count))
            kubectl(
                f"set GPUs of {name}", "patch", "node", name, "--subresource=status", "--type=merge", f"--patch={patch}"
            )


def capacity_patch(count: int) -> dict[str, Any]:
    """The change of a node's status that gives or takes GPUs. Pure."""
    # Allocatable follows by itself, but only within 10 s, and the first pod should not wait for that.
    value = {RESOURCE: str(count) if count else None}
    return {"status": {"capacity": value, "allocatable": value}}
