"""What `up` decides from what it is told and sees."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from inferometer_dev.cluster.addresses import Plan
from inferometer_dev.cluster.gpus import capacity_patch
from inferometer_dev.cluster.lifecycle import wanted_plan
from inferometer_dev.cluster.readiness import ready_nodes
from inferometer_dev.cluster.state import Record

NOON = datetime(2030, 1, 1, 12, 0, 0, 400_000, tzinfo=UTC)


def a_record(nodes: int = 3, gpus: int = 2) -> Record:
    return Record("recipe", "/clone", "/disk", nodes, gpus, (), made_namespace_mount=False, complete=True)


def a_node(name: str = "node-1", ready: str = "True", heartbeat: str = "2030-01-01T12:00:00Z") -> dict[str, Any]:
    condition = {"type": "Ready", "status": ready, "lastHeartbeatTime": heartbeat}
    pressure = {"type": "MemoryPressure", "status": "True", "lastHeartbeatTime": heartbeat}
    return {"metadata": {"name": name}, "status": {"conditions": [pressure, condition]}}


def test_the_first_up_makes_one_node_without_gpus() -> None:
    assert wanted_plan(None, None, None) == Plan(1, 0)


def test_what_is_not_asked_for_stays_as_it_is() -> None:
    assert wanted_plan(a_record(nodes=3, gpus=2), None, None) == Plan(3, 2)
    assert wanted_plan(a_record(nodes=3, gpus=2), 1, None) == Plan(1, 2)
    assert wanted_plan(a_record(nodes=3, gpus=2), None, 0) == Plan(3, 0)


def test_a_node_is_ready_when_it_says_so() -> None:
    nodes = [a_node("node-1"), a_node("node-2", ready="Unknown"), {"metadata": {"name": "new"}, "status": {}}]

    assert ready_nodes(nodes, {}) == {"node-1"}


def test_the_old_word_of_a_node_that_was_started_just_now_does_not_count() -> None:
    before = a_node(heartbeat="2030-01-01T11:59:59Z")
    within_the_same_second = a_node(heartbeat="2030-01-01T12:00:00Z")

    assert ready_nodes([before], {"node-1": NOON}) == set()
    assert ready_nodes([within_the_same_second], {"node-1": NOON}) == {"node-1"}


def test_no_gpu_means_that_the_resource_goes_and_not_that_it_is_zero() -> None:
    assert capacity_patch(4)["status"]["capacity"] == {"nvidia.com/gpu": "4"}
    assert capacity_patch(0)["status"]["allocatable"] == {"nvidia.com/gpu": None}
