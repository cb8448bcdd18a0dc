"""A pod as it is looked at, out of what the API server sends."""

from datetime import UTC, datetime
from typing import Any

import pytest

from inferometer_operator.objects.labels import Role
from inferometer_operator.objects.load_pods import coordinator_pod, worker_pod
from inferometer_operator.objects.server_pods import server_pod
from inferometer_operator.pods import Running, Terminated, Waiting, decode_pod
from inferometer_operator.run import format_time, parse_time

from .builders import SETTINGS, UID, a_run

SENT: dict[str, Any] = {"uid": "p1", "creationTimestamp": "2026-11-25T03:05:02Z", "resourceVersion": "7"}


def as_sent(manifest: dict[str, Any], **status: Any) -> dict[str, Any]:
    return manifest | {"metadata": manifest["metadata"] | SENT, "status": status}


def of_container(state: dict[str, Any]) -> dict[str, Any]:
    return as_sent(
        server_pod(a_run(), 1),
        containerStatuses=[
            {"name": "istio-proxy", "state": {"running": {}}},
            {"name": "triton", "state": state},
        ],
    )


def test_a_pod_of_ours_is_known_by_its_labels_and_its_owner() -> None:
    pod = decode_pod(as_sent(server_pod(a_run(), 1)))

    assert (pod.run, pod.role, pod.index, pod.owner_uid) == ("quickstart", Role.SERVER, 1, UID)
    assert pod.created == datetime(2026, 11, 25, 3, 5, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("state", "container"),
    [
        ({"waiting": {"reason": "ErrImagePull", "message": "m"}}, Waiting("ErrImagePull", "m")),
        ({"running": {"startedAt": "2026-11-25T03:05:02Z"}}, Running()),
        ({"terminated": {"exitCode": 1, "reason": "Error"}}, Terminated(1, "Error")),
        ({}, None),
    ],
    ids=["waiting", "running", "terminated", "not known yet"],
)
def test_our_container_counts_and_not_one_that_was_injected(state: dict[str, Any], container: object) -> None:
    assert decode_pod(of_container(state)).container == container


def test_the_scheduler_is_heard_while_it_finds_no_node() -> None:
    condition = {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": "0/1 nodes",
        "lastTransitionTime": "2026-11-25T03:05:03Z",
    }

    pod = decode_pod(as_sent(server_pod(a_run(), 0), conditions=[condition]))
    assert pod.unschedulable == "0/1 nodes"
    assert pod.unschedulable_since == datetime(2026, 11, 25, 3, 5, 3, tzinfo=UTC)
    assert pod.scheduled_at is None


def test_who_takes_a_pod_away_is_told() -> None:
    condition = {"type": "DisruptionTarget", "status": "True", "reason": "PreemptionByScheduler", "message": "m"}

    assert decode_pod(as_sent(server_pod(a_run(), 0), conditions=[condition])).disruption == "PreemptionByScheduler: m"


def test_load_pods_know_their_secret_and_whom_they_dial() -> None:
    coordinator = decode_pod(as_sent(coordinator_pod(a_run(), SETTINGS, "token-1")))
    worker = decode_pod(as_sent(worker_pod(a_run(), SETTINGS, 0, "token-1", "198.18.0.9")))

    assert (coordinator.token_secret, worker.token_secret) == ("token-1", "token-1")
    assert worker.coordinator == "198.18.0.9:9182"


BEGAN, LATER = "2026-11-25T03:05:04Z", "2026-11-25T03:09:00Z"


@pytest.mark.parametrize(
    ("status", "changed", "gone_by", "ready_since", "unready_since"),
    [
        ("True", LATER, "", LATER, ""),
        ("False", BEGAN, "", "", ""),
        ("False", LATER, "", "", LATER),
        ("True", BEGAN, LATER, BEGAN, LATER),
    ],
    ids=["ready", "not ready yet", "ready no more", "on its way out"],
)
def test_who_was_ready_is_told_from_who_is_not_ready_yet(
    status: str, changed: str, gone_by: str, ready_since: str, unready_since: str
) -> None:
    stored = of_container({"running": {"startedAt": BEGAN}})
    stored["status"]["conditions"] = [{"type": "Ready", "status": status, "lastTransitionTime": changed}]
    if gone_by:
        stored["metadata"]["deletionTimestamp"] = gone_by

    pod = decode_pod(stored)
    told = tuple(format_time(one) if one else "" for one in (pod.ready_since, pod.unready_since))
    assert told == tuple(format_time(parse_time(one)) if one else "" for one in (ready_since, unready_since))
