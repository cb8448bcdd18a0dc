"""While no operator lives, the kubelet alone ends what a run holds; the next operator reports it, or tidies up."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import yaml

from e2e.cluster import GPUS, Bench, Object, condition, is_finished, is_measuring, quickstart
from e2e.faults import await_operator, no_operator

HELD = "pods,secrets"
SOON_S = 3

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def measuring(bench: Bench) -> Iterator[Bench]:
    """A namespace with the run `alone`, which holds all GPUs and sends load for ten minutes."""
    changes: dict[str, object] = {
        "target.triton.replicas": 1,
        "target.triton.gpu": {"count": GPUS},
        "load.workers": 1,
        "load.minDuration": "10m",
    }
    bench.apply(quickstart("alone", **changes))
    bench.wait("alone", is_measuring, 90, "measuring")
    yield bench
    await_operator()


def test_pods_end_by_their_own_deadline_and_a_later_operator_reports_it(measuring: Bench) -> None:
    bench = measuring
    with no_operator():
        pods = bench.items("pods")
        assert all(pod["spec"]["activeDeadlineSeconds"] <= deadline_s(pod) for pod in pods)
        for pod in pods:
            # Time cannot be made to pass, but a deadline may be brought nearer.
            patch = {"spec": {"activeDeadlineSeconds": age_s(pod) + SOON_S}}
            bench.kubectl("patch", "pod", pod["metadata"]["name"], "--type=merge", "-p", yaml.safe_dump(patch))
        bench.wait_until(lambda: reasons(bench) == {"DeadlineExceeded"}, 60, "ended by the kubelet")
        bench.kubectl("create", "-f", "-", stdin=yaml.safe_dump(a_pod_that_wants_all_gpus()))
        bench.kubectl("wait", "pod/next", "--for=condition=PodScheduled", "--timeout=20s")
    status = bench.wait("alone", is_finished, 60, "finished")["status"]

    assert condition(status, "Failed")["reason"] == "CoordinatorLost"
    assert condition(status, "Complete")["status"] == "False"
    assert status["verdict"] == "Inconclusive"
    assert "DeadlineExceeded" in yaml.safe_dump(status["evidence"])
    bench.wait_until(lambda: bench.of_run("alone", HELD) == [], 30, "rid of everything")


@pytest.mark.parametrize("cascade", ["background", "orphan"])
def test_nothing_is_left_of_a_benchmark_that_was_deleted_while_no_operator_was_alive(
    measuring: Bench, cascade: str
) -> None:
    bench = measuring
    with no_operator():
        bench.kubectl("delete", "ib", "alone", f"--cascade={cascade}", "--wait=true")
        if cascade == "orphan":
            assert len(bench.of_run("alone", "pods")) == 3

    bench.wait_until(lambda: bench.of_run("alone", HELD) == [], 60, "rid of everything")


def reasons(bench: Bench) -> set[str]:
    return {pod["status"].get("reason", "") for pod in bench.items("pods")}


def age_s(pod: Object) -> int:
    started = datetime.fromisoformat(pod["status"]["startTime"])
    return int((datetime.now(UTC) - started).total_seconds())


def deadline_s(pod: Object) -> int:
    """The longest that this run's pods may live: its servers 10 min to start and as much again where one is replaced,
    all 10 min of load and half as much again for the gaps of its stream, 5 min for its client to start, 10 min to
    linger, 10 min to spare.
    """
    started_s = 600 if pod["metadata"]["name"].endswith("server-0") else 600 + 300
    return started_s + 600 + 300 + 900 + 600 + 60


def a_pod_that_wants_all_gpus() -> Object:
    nothing = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    container = {
        "name": "pause",
        "image": "localhost/pause:1",
        "resources": {"limits": {"nvidia.com/gpu": str(GPUS)}},
        "securityContext": nothing,
    }
    spec = {
        "containers": [container],
        "terminationGracePeriodSeconds": 0,
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "next"}, "spec": spec}
