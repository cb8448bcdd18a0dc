"""The operator as a process with the chart's rights, from a benchmark to its result, on a real API server."""

import base64
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inferometer_loadgen.protocol.api import FailureReport, RunState, StartRequest
from inferometer_loadgen.protocol.signing import run_token
from inferometer_loadgen.report import schema
from unit.operator_tests.builders import a_report

from .conftest import Cluster, await_true
from .rig import (
    KEY,
    FakeRun,
    Kubelet,
    Operator,
    an_address,
    compressed_digest,
    install_rights,
    operator_kubeconfig,
    serving,
)

GROUP = ("inferometer.dev", "v1alpha1")
PLURAL = "inferencebenchmarks"


@pytest.fixture(scope="session")
def kubeconfig(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Path:
    install_rights(cluster)
    return operator_kubeconfig(cluster, tmp_path_factory.mktemp("access"))


@pytest.fixture
def operator(kubeconfig: Path, tmp_path: Path) -> Iterator[Operator]:
    operator = Operator(kubeconfig, tmp_path)
    operator.start()
    yield operator
    if operator.is_alive:
        status = operator.stop()
        assert status == 0, operator.log
    assert "should not happen" not in operator.log, operator.log


@pytest.fixture
def kubelet(cluster: Cluster, namespace: str) -> Kubelet:
    return Kubelet(cluster, namespace)


class Bench:
    """The benchmarks of one namespace, as their user sees them."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self._cluster = cluster
        self.namespace = namespace

    def create(self, name: str = "quickstart", more: dict[str, Any] | None = None, **triton: Any) -> str:
        """`more` are blocks of the spec beside the ordinary ones, the rest fields of its target."""
        spec = {
            "scenario": "Server",
            "model": {"name": "magika"},
            "target": {
                "triton": {
                    "image": "localhost/triton-cpu:2.51",
                    "replicas": 2,
                    "gpu": {"count": 0},
                    "modelRepository": {"image": "localhost/magika-model:1.0.3"},
                }
                | triton
            },
            "load": {
                "workers": 2,
                "targetQPS": 40,
                "latencyBound": "250ms",
                "minDuration": "20s",
                "data": {"configMap": {"name": "samples"}},
            },
        }
        body = {
            "apiVersion": "inferometer.dev/v1alpha1",
            "kind": "InferenceBenchmark",
            "metadata": {"name": name},
            "spec": spec | (more or {}),
        }
        stored = self._cluster.custom.create_namespaced_custom_object(*GROUP, self.namespace, PLURAL, body)
        return stored["metadata"]["uid"]

    def set(self, **fields: Any) -> None:
        """Changes the spec, as its user does."""
        self._cluster.custom.patch_namespaced_custom_object(
            *GROUP, self.namespace, PLURAL, "quickstart", {"spec": fields}, _content_type="application/merge-patch+json"
        )

    def delete(self) -> None:
        self._cluster.custom.delete_namespaced_custom_object(*GROUP, self.namespace, PLURAL, "quickstart")

    def find(self) -> dict[str, Any] | None:
        found = self._cluster.custom.list_namespaced_custom_object(*GROUP, self.namespace, PLURAL)["items"]
        return found[0] if found else None

    def samples(self) -> None:
        file = io.BytesIO()
        np.savez(file, bytes=np.zeros((8, 2048), np.int32))
        data = {"samples.npz": base64.b64encode(file.getvalue()).decode()}
        body = {"metadata": {"name": "samples"}, "binaryData": data}
        self._cluster.core.create_namespaced_config_map(self.namespace, body)

    def status(self, name: str = "quickstart") -> dict[str, Any]:
        found = self._cluster.custom.get_namespaced_custom_object(*GROUP, self.namespace, PLURAL, name)
        return found.get("status", {})

    def condition(self, kind: str) -> str | None:
        return next((one["status"] for one in self.status().get("conditions", ()) if one["type"] == kind), None)

    def config_map(self, name: str) -> Any:
        return self._cluster.core.read_namespaced_config_map(name, self.namespace)

    def secret(self, name: str) -> Any:
        return self._cluster.core.read_namespaced_secret(name, self.namespace)

    def told(self) -> list[str]:
        events = self._cluster.core.list_namespaced_event(self.namespace).items
        ours = [one for one in events if one.involved_object.kind == "InferenceBenchmark"]
        return [one.reason for one in sorted(ours, key=lambda one: one.event_time)]


@pytest.fixture
def bench(cluster: Cluster, namespace: str) -> Bench:
    bench = Bench(cluster, namespace)
    bench.samples()
    return bench


def serve(kubelet: Kubelet, replicas: int = 2) -> None:
    for index in range(replicas):
        kubelet.ready(f"quickstart-server-{index}", an_address(), node=f"gpu-{index}")


def bring_to_ready(kubelet: Kubelet, run: FakeRun, address: str) -> None:
    """Servers, coordinator and workers are up, and the workers hold their samples."""
    serve(kubelet)
    kubelet.ready("quickstart-coordinator", address)
    for index in range(2):
        kubelet.ready(f"quickstart-worker-{index}", an_address())
    run.state = RunState.READY


def test_a_benchmark_runs_from_its_creation_to_its_result(
    operator: Operator, bench: Bench, kubelet: Kubelet, cluster: Cluster
) -> None:
    run, address, uid = FakeRun(), an_address(), bench.create()
    persisted: list[str] = []

    def look(_request: StartRequest) -> None:
        persisted.append(bench.status().get("startNonce", ""))

    run.at_the_start = look
    with serving(run, uid, address):
        # Before the servers are ready no load pod is there.
        first = kubelet.pod("quickstart-server-0")
        assert kubelet.find("quickstart-coordinator") is None
        serve(kubelet)
        coordinator = kubelet.pod("quickstart-coordinator")
        assert kubelet.find("quickstart-worker-0") is None

        # The token is a function of the operator's key and the run; it goes away with the coordinator's pod.
        name = next(one.secret.secret_name for one in coordinator.spec.volumes if one.name == "token")
        secret = await_true(lambda: _or_none(bench.secret, name), "the token's Secret is created")
        assert base64.b64decode(secret.data["token"]).decode() == run_token(KEY, uid)
        assert secret.metadata.owner_references[0].uid == coordinator.metadata.uid

        kubelet.ready("quickstart-coordinator", address)
        worker = kubelet.pod("quickstart-worker-1")
        environment = {one.name: one.value for one in worker.spec.containers[0].env}
        assert environment["COORDINATOR"] == f"{address}:9182"
        for index in range(2):
            kubelet.ready(f"quickstart-worker-{index}", an_address())

        # The start is given once all workers are ready, and is in the status before it is given.
        run.state = RunState.READY
        await_true(lambda: run.starts, "the start is given")
        assert persisted == [run.nonce]
        start = run.starts[0]
        assert start.run_uid == uid
        assert [one.name for one in start.assignment.replicas] == ["quickstart-server-0", "quickstart-server-1"]
        assert start.assignment.replicas[0].uid == first.metadata.uid
        assert start.assignment.worker_uids[1] == worker.metadata.uid

        run.completed = 500
        await_true(lambda: bench.status().get("progress", {}).get("completed") == 500, "progress is told")

        # The servers are released when the load ends, before there is a report.
        run.state = RunState.SCORING
        await_true(lambda: _is_deleted(kubelet, "quickstart-server-1"), "the servers are released")
        assert not _is_deleted(kubelet, "quickstart-coordinator")
        kubelet.bury()

        run.report, run.state = a_report(uid), RunState.DONE
        await_true(lambda: bench.condition("Finished") == "True", "the run is finished")
        await_true(lambda: run.acknowledged, "the coordinator may leave")
        await_true(lambda: _is_deleted(kubelet, "quickstart-worker-1"), "the load pods are deleted")

    status = bench.status()
    conditions = {one["type"]: one["status"] for one in status["conditions"]}
    assert conditions == {
        "Accepted": "True",
        "ServersReady": "True",
        "LoadersReady": "True",
        "Measured": "True",
        "ReportStored": "True",
        "Finished": "True",
        "Complete": "True",
        "Failed": "False",
        "Valid": "True",
    }
    assert status["summary"]["result"] == "40.1 samples/s"
    assert status["summary"]["p99"] == "15.2 ms"
    assert status["verdict"] == "Valid"
    assert status["phase"] == "Succeeded"
    assert status["servers"][0]["p99Ns"] == 14_900_000
    assert status["servers"][1]["absentReason"] == "2 of 2 scrapes had no answer"
    stored = base64.b64decode(bench.config_map("quickstart-report").binary_data["report.json.gz"])
    assert status["report"] == {"configMap": "quickstart-report", "sha256": compressed_digest(stored)}
    plan = json.loads(bench.config_map("quickstart-plan").data["plan.json"])
    assert plan["data"]["samples"] == 8
    assert bench.told() == ["ServersReady", "Started", "Measured", "Valid"]
    assert len(run.starts) == 1


@pytest.mark.parametrize("moment", ["before the start is accepted", "while it is measured", "before the report"])
def test_an_operator_that_is_killed_goes_on_where_it_was(
    operator: Operator, bench: Bench, kubelet: Kubelet, moment: str
) -> None:
    run, address, uid = FakeRun(), an_address(), bench.create()

    def die_before_accepting(_request: StartRequest) -> None:
        run.at_the_start = lambda _again: None
        operator.kill()

    if moment == "before the start is accepted":
        run.at_the_start = die_before_accepting
    with serving(run, uid, address):
        bring_to_ready(kubelet, run, address)
        await_true(lambda: run.starts, "the start is given")
        if moment == "while it is measured":
            operator.kill()
        nonce = bench.status()["startNonce"]
        if moment != "before the report":
            assert not operator.is_alive
            operator.start()
        run.completed, run.state = 800, RunState.SCORING
        await_true(lambda: bench.condition("Measured") == "True", "the end of the load is noted")
        if moment == "before the report":
            operator.kill()
            operator.start()
        run.report, run.state = a_report(uid), RunState.DONE
        await_true(lambda: bench.condition("Finished") == "True", "the run is finished")

    assert run.status().starts_accepted == 1
    assert {one.nonce for one in run.starts} == {nonce}
    assert bench.status()["verdict"] == "Valid"


LOSSES = {
    "a server": ("quickstart-server-1", "ServerLost", "replica 1"),
    "a worker": ("quickstart-worker-0", "WorkerLost", "worker 0"),
    "the coordinator": ("quickstart-coordinator", "CoordinatorLost", "the coordinator"),
}


@pytest.mark.parametrize(("pod", "reason", "who"), LOSSES.values(), ids=LOSSES.keys())
def test_what_is_lost_after_the_start_ends_the_run_and_is_not_replaced(
    operator: Operator, bench: Bench, kubelet: Kubelet, pod: str, reason: str, who: str
) -> None:
    run, address, uid = FakeRun(), an_address(), bench.create()
    with serving(run, uid, address):
        bring_to_ready(kubelet, run, address)
        await_true(lambda: run.starts, "the start is given")
        kubelet.take_away(pod)
        await_true(lambda: bench.condition("Finished") == "True", "the run is finished")

    status = bench.status()
    assert [bench.condition(one) for one in ("Complete", "Failed", "Valid")] == ["False", "True", "Unknown"]
    # On its way out, or gone already: as the watch happened to tell.
    assert re.match(rf"{reason}: {who}('s pod is gone| is being deleted)", status["summary"]["reason"])
    assert status["verdict"] == "Inconclusive"
    await_true(lambda: all(one.metadata.deletion_timestamp for one in kubelet.pods()), "everything is released")
    assert kubelet.find(pod) is None


def test_a_run_that_its_coordinator_gives_up_fails_with_the_coordinators_reason(
    operator: Operator, bench: Bench, kubelet: Kubelet
) -> None:
    run, address, uid = FakeRun(), an_address(), bench.create()
    with serving(run, uid, address):
        serve(kubelet)
        run.failure = FailureReport(type="ModelMismatch", message="the model has no input `bytes`; correct spec.model")
        run.state = RunState.FAILED
        kubelet.ready("quickstart-coordinator", address)
        await_true(lambda: bench.condition("Finished") == "True", "the run is finished")

    assert bench.status()["summary"]["reason"] == ("ModelMismatch: the model has no input `bytes`; correct spec.model")
    assert "verdict" not in bench.status()


def test_an_image_that_is_not_there_ends_the_run_with_its_remedy(
    operator: Operator, bench: Bench, kubelet: Kubelet
) -> None:
    bench.create(image="example.test/triton:nope")
    reference = 'failed to pull and unpack image "example.test/triton:nope": failed to resolve image: not found'
    kubelet.container(
        "quickstart-server-0",
        {"waiting": {"reason": "ErrImagePull", "message": reference}},
        conditions=[{"type": "PodScheduled", "status": "True", "lastTransitionTime": _ago(seconds=12)}],
    )

    await_true(lambda: bench.condition("Finished") == "True", "the run is finished", within_s=10)
    assert bench.status()["summary"]["reason"] == (
        "ImagePullFailed: replica 0 can't pull example.test/triton:nope (not found); correct spec.target.triton.image"
    )
    await_true(lambda: all(one.metadata.deletion_timestamp for one in kubelet.pods()), "everything is released")
    assert bench.told() == ["ImagePullFailed"]


def test_a_server_that_exits_while_it_loads_ends_the_run_at_once(
    operator: Operator, bench: Bench, kubelet: Kubelet
) -> None:
    bench.create()
    uid = kubelet.bind("quickstart-server-1").metadata.uid
    kubelet.container("quickstart-server-1", {"terminated": {"exitCode": 1, "reason": "Error"}})

    await_true(lambda: bench.condition("Finished") == "True", "the run is finished", within_s=10)
    # Without a kubelet there is no log; with one its words would be told.
    assert bench.status()["summary"]["reason"] == (
        "ContainerFailed: replica 1 exited with code 1 before the load began, and its log is gone"
    )
    assert bench.status()["evidence"] == [
        {"pod": "quickstart-server-1", "uid": uid, "node": "node-a", "reason": "Error", "exitCode": 1}
    ]
    await_true(lambda: all(one.metadata.deletion_timestamp for one in kubelet.pods()), "everything is released")


def test_a_server_that_was_evicted_before_the_start_is_replaced(
    operator: Operator, bench: Bench, kubelet: Kubelet
) -> None:
    bench.create()
    first = kubelet.bind("quickstart-server-1").metadata.uid
    ended = {"terminated": {"exitCode": 137, "reason": "Error"}}
    kubelet.container("quickstart-server-1", ended, phase="Failed", reason="Evicted", message="low on memory")

    def is_replaced() -> bool:
        kubelet.bury()
        found = kubelet.find("quickstart-server-1")
        return found is not None and found.metadata.uid != first

    await_true(is_replaced, "another pod is in its place")
    (evidence,) = bench.status()["evidence"]
    assert (evidence["uid"], evidence["reason"]) == (first, "Evicted: low on memory")
    assert bench.condition("Finished") is None


def test_more_gpus_than_any_node_has_end_the_run(operator: Operator, bench: Bench, kubelet: Kubelet) -> None:
    bench.create(gpu={"count": 64})
    pod = kubelet.pod("quickstart-server-0")
    assert pod.spec.containers[0].resources.limits == {"nvidia.com/gpu": "64"}
    words = (
        "0/2 nodes are available: 2 Insufficient nvidia.com/gpu. preemption: 0/2 nodes are available: "
        "2 Preemption is not helpful for scheduling."
    )
    kubelet.say(
        "quickstart-server-0",
        conditions=[
            {
                "type": "PodScheduled",
                "status": "False",
                "reason": "Unschedulable",
                "message": words,
                "lastTransitionTime": _ago(seconds=12),
            }
        ],
    )

    await_true(lambda: bench.condition("Finished") == "True", "the run is finished", within_s=10)
    assert bench.status()["summary"]["reason"] == (
        "Unschedulable: replica 0 fits on no node: 0/2 nodes are available: 2 Insufficient nvidia.com/gpu; "
        "lower spec.target.triton.gpu.count, or add nodes that have as many"
    )


def test_a_namespace_that_refuses_the_servers_ends_the_run_before_anything_is_created(
    operator: Operator, bench: Bench, kubelet: Kubelet, cluster: Cluster
) -> None:
    quota = {"metadata": {"name": "none"}, "spec": {"hard": {"requests.nvidia.com/gpu": "0"}}}
    cluster.core.create_namespaced_resource_quota(bench.namespace, quota)
    status = {"status": {"hard": {"requests.nvidia.com/gpu": "0"}, "used": {"requests.nvidia.com/gpu": "0"}}}
    cluster.core.patch_namespaced_resource_quota_status("none", bench.namespace, status)
    bench.create(gpu={"count": 1})

    await_true(lambda: bench.condition("Finished") == "True", "the run is finished", within_s=10)
    assert bench.status()["summary"]["reason"].startswith(
        f"QuotaExceeded: ResourceQuota none of namespace {bench.namespace} has no room for Pod quickstart-server-0, "
        "which asks for requests.nvidia.com/gpu=1"
    )
    assert bench.condition("Accepted") == "False"
    assert kubelet.pods() == []


def test_workers_that_the_namespace_refuses_end_the_run_before_a_server_is_created(
    operator: Operator, bench: Bench, kubelet: Kubelet, cluster: Cluster
) -> None:
    limits = {"limits": [{"type": "Container", "max": {"memory": "256Mi"}, "default": {"memory": "256Mi"}}]}
    limit_range = {"metadata": {"name": "small"}, "spec": limits}
    cluster.core.create_namespaced_limit_range(bench.namespace, limit_range)
    bench.create()

    await_true(lambda: bench.condition("Finished") == "True", "the run is finished", within_s=10)
    assert bench.status()["summary"]["reason"].startswith(
        "PodRejected: the API server refuses Pod quickstart-worker-0:"
    )
    assert "maximum memory usage per Container is 256Mi" in bench.status()["summary"]["reason"]
    assert kubelet.pods() == []


def test_a_spec_whose_fields_do_not_fit_each_other_is_not_accepted(operator: Operator, bench: Bench) -> None:
    bench.create(args=["--http-port=9"])

    await_true(lambda: bench.condition("Finished") == "True", "the run is finished", within_s=10)
    assert bench.status()["summary"]["reason"] == (
        "SpecInvalid: spec.target.triton.args[0]: `--http-port` is set by the operator. hint: leave it out"
    )


def test_a_benchmark_of_an_old_name_waits_until_the_old_pods_are_gone(
    operator: Operator, bench: Bench, kubelet: Kubelet, cluster: Cluster
) -> None:
    bench.create()
    # On a node: there a pod takes its time to end.
    old = kubelet.bind("quickstart-server-0")
    kubelet.bind("quickstart-server-1")
    bench.delete()
    cluster.core.delete_namespaced_config_map("quickstart-plan", bench.namespace)
    uid = bench.create()
    await_true(lambda: _is_deleted(kubelet, "quickstart-server-0"), "the old pods are on their way out")
    assert kubelet.pod("quickstart-server-0").metadata.uid == old.metadata.uid
    await_true(lambda: _are_buried(kubelet), "the old pods are gone")

    new = await_true(lambda: kubelet.find("quickstart-server-0"), "the new run has its server")
    assert new.metadata.uid != old.metadata.uid
    assert new.metadata.owner_references[0].uid == uid
    assert "is not this run's" not in operator.log


def test_a_pod_of_somebody_else_that_bears_a_servers_name_is_left_alone(
    operator: Operator, bench: Bench, kubelet: Kubelet, cluster: Cluster
) -> None:
    other = {"metadata": {"name": "quickstart-server-1"}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    stranger = cluster.core.create_namespaced_pod(bench.namespace, other)
    bench.create()

    await_true(lambda: "quickstart-server-1 is not this run's" in operator.log, "the operator says whose name it needs")
    assert kubelet.pod("quickstart-server-1").metadata.uid == stranger.metadata.uid
    kubelet.take_away("quickstart-server-1")
    await_true(lambda: kubelet.find("quickstart-server-1"), "the run has its server")


def test_a_model_that_is_not_there_is_told_by_the_probe(
    operator: Operator, bench: Bench, kubelet: Kubelet, cluster: Cluster
) -> None:
    bench.create()
    pod = kubelet.ready("quickstart-server-0", an_address())
    kubelet.say("quickstart-server-0", conditions=[{"type": "Ready", "status": "False"}])
    event = {
        "metadata": {"name": "unhealthy", "namespace": bench.namespace},
        "involvedObject": {
            "kind": "Pod",
            "namespace": bench.namespace,
            "name": "quickstart-server-0",
            "uid": pod.metadata.uid,
        },
        "type": "Warning",
        "reason": "Unhealthy",
        "message": "Readiness probe failed: HTTP probe failed with statuscode: 400",
        "firstTimestamp": _ago(30),
    }
    cluster.core.create_namespaced_event(bench.namespace, event)

    await_true(lambda: bench.condition("Finished") == "True", "the run is finished", within_s=20)
    assert bench.status()["summary"]["reason"] == (
        "ModelNotReady: replica 0 answers, but does not serve model `magika`; correct spec.model.name or version, or "
        "the model repository"
    )


def test_a_suspended_benchmark_holds_nothing_until_it_is_let_go(
    operator: Operator, bench: Bench, kubelet: Kubelet, cluster: Cluster
) -> None:
    bench.create(more={"suspend": True})
    await_true(lambda: bench.condition("Accepted") == "Unknown", "the run is suspended")
    assert kubelet.pods() == []
    assert [
        one.metadata.name for one in cluster.core.list_namespaced_config_map(bench.namespace).items if one.data
    ] == []

    bench.set(suspend=False)
    serve(kubelet)
    await_true(lambda: bench.condition("ServersReady") == "True", "the servers are ready")
    bench.set(suspend=True)
    await_true(lambda: _is_deleted(kubelet, "quickstart-server-0"), "the servers are given back")
    assert bench.condition("ServersReady") == "False"
    await_true(lambda: _are_buried(kubelet), "the pods are gone")
    bench.set(suspend=False)
    assert kubelet.pod("quickstart-server-0")


class ObedientRun(FakeRun):
    """A run that reports what it has measured when it is called off."""

    reason = ""

    def abort(self, reason: str) -> None:
        if self.state is RunState.RUNNING:
            self.reason, self.state = reason, RunState.DONE


@pytest.mark.parametrize("obeys", [True, False], ids=["that obeys", "that hangs"])
def test_a_run_is_cancelled_whatever_its_coordinator_does(
    operator: Operator, bench: Bench, kubelet: Kubelet, obeys: bool
) -> None:
    address, uid = an_address(), bench.create()
    run = ObedientRun()
    called_off = schema.Reason(type="CalledOff", message="called off after 5 s")
    with serving(run, uid, address):
        bring_to_ready(kubelet, run, address)
        await_true(lambda: run.state is RunState.RUNNING, "the load is sent")
        if obeys:
            run.report = a_report(uid, verdict="Inconclusive", reasons=(called_off,))
        else:
            run.abort = lambda reason: None  # type: ignore[method-assign]
        bench.set(cancel=True)
        await_true(lambda: bench.condition("Finished") == "True", "the run is finished", within_s=20)
        await_true(lambda: _are_buried(kubelet), "the pods are gone")

    assert bench.condition("Complete") == "False"
    assert bench.condition("Failed") == "True"
    assert bench.condition("Valid") == "Unknown"
    assert bench.status()["verdict"] == "Inconclusive"
    assert bench.status()["summary"]["reason"].startswith("Cancelled: spec.cancel was set")
    assert (bench.condition("ReportStored") == "True") is obeys
    if obeys:
        assert bench.config_map(bench.status()["report"]["configMap"]).binary_data
        assert run.reason.startswith("Cancelled: ")


def test_a_run_that_exceeds_its_deadline_ends_and_is_deleted_when_its_time_is_over(
    operator: Operator, bench: Bench, kubelet: Kubelet
) -> None:
    load = {
        "targetQPS": 40,
        "latencyBound": "250ms",
        "minDuration": "1s",
        "warmup": "0s",
        "data": {"configMap": {"name": "samples"}},
    }
    bench.create(more={"load": load, "runPolicy": {"activeDeadline": "3s", "ttlAfterFinished": "2s"}})
    kubelet.pod("quickstart-server-0")

    await_true(lambda: bench.condition("Finished") == "True", "the run is finished", within_s=10)
    assert bench.status()["summary"]["reason"].startswith("ActiveDeadlineExceeded: the run took longer than")
    await_true(lambda: bench.find() is None, "the benchmark is deleted")


def test_pods_whose_benchmark_was_deleted_while_no_operator_was_alive_are_swept_at_its_start(
    operator: Operator, bench: Bench, kubelet: Kubelet
) -> None:
    """No garbage collector runs here: what is deleted was deleted by the operator."""
    bench.create()
    for index in range(2):
        kubelet.ready(f"quickstart-server-{index}", an_address())
    operator.kill()
    bench.delete()
    assert [pod.metadata.deletion_timestamp for pod in kubelet.pods()] == [None, None]

    operator.start()

    await_true(lambda: all(pod.metadata.deletion_timestamp for pod in kubelet.pods()), "the pods are swept")


def test_pods_that_were_orphaned_on_purpose_make_way_for_a_later_benchmark_of_the_name(
    operator: Operator, bench: Bench, kubelet: Kubelet, cluster: Cluster
) -> None:
    bench.create()
    for index in range(2):
        kubelet.bind(f"quickstart-server-{index}")
    operator.kill()
    for pod in kubelet.pods():
        cluster.core.patch_namespaced_pod(pod.metadata.name, bench.namespace, {"metadata": {"ownerReferences": None}})
    bench.delete()
    cluster.core.delete_namespaced_config_map("quickstart-plan", bench.namespace)
    uid = bench.create()

    operator.start()

    await_true(lambda: _are_buried(kubelet), "the pods are swept")
    await_true(lambda: _owners(kubelet) == {uid}, "the later benchmark has its own")


def test_the_operator_writes_neither_annotations_nor_finalizers(
    operator: Operator, bench: Bench, kubelet: Kubelet, cluster: Cluster
) -> None:
    bench.create()
    await_true(lambda: bench.condition("Accepted") == "True", "the benchmark is accepted")

    found = cluster.custom.get_namespaced_custom_object(*GROUP, bench.namespace, PLURAL, "quickstart")
    assert "annotations" not in found["metadata"]
    assert "finalizers" not in found["metadata"]


def test_the_operator_uses_each_of_its_rights_and_asks_for_no_other(
    cluster: Cluster, request: pytest.FixtureRequest
) -> None:
    """Last in this file: the audit log holds what the tests before it, and those of schedules, made the operator do."""
    names = [item.path.name for item in request.session.items]
    if names.count(request.path.name) < 18 or names.count("test_ibs.py") < 5:
        pytest.skip("says something only together with the other tests of this file and of test_ibs.py")
    used = set()
    for line in cluster.server.audit_log.read_text().splitlines():
        entry = json.loads(line)
        reference = entry.get("objectRef", {})
        if entry["user"]["username"] != "system:serviceaccount:inferometer-system:inferometer" or not reference:
            continue
        resource = "/".join(filter(None, [reference["resource"], reference.get("subresource")]))
        used.add((reference.get("apiGroup", ""), resource, entry["verb"]))

    assert used == granted(cluster)


def granted(cluster: Cluster) -> set[tuple[str, str, str]]:
    role = cluster.rights.read_cluster_role("inferometer-inferometer")
    return {
        (group, resource, verb)
        for rule in role.rules
        for group in rule.api_groups
        for resource in rule.resources
        for verb in rule.verbs
    }


def _owners(kubelet: Kubelet) -> set[str]:
    return {owner.uid for pod in kubelet.pods() for owner in pod.metadata.owner_references or ()}


def _ago(seconds: int) -> str:
    return (datetime.now(UTC) - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _are_buried(kubelet: Kubelet) -> bool:
    kubelet.bury()
    return kubelet.pods() == []


def _is_deleted(kubelet: Kubelet, name: str) -> bool:
    pod = kubelet.find(name)
    return pod is None or pod.metadata.deletion_timestamp is not None


def _or_none(read: Any, name: str) -> Any | None:
    try:
        return read(name)
    except Exception:  # noqa: BLE001 - not there yet
        return None
