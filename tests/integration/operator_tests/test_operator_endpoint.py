"""A run on servers that run already, by the operator as a process with the chart's rights, on a real API server."""

from datetime import UTC, datetime, timedelta
from typing import Any

from inferometer_loadgen.protocol.api import FailureReport, RunState
from unit.operator_tests.builders import a_report

from .conftest import Cluster, await_true
from .rig import FakeRun, Kubelet, Operator, an_address, serving
from .test_operator import Bench, bench, kubeconfig, kubelet, operator

URLS = ["http://triton-0.serving.svc:8000", "http://triton-1.serving.svc:8000"]
ENDPOINT = {"target": {"endpoint": {"urls": URLS}}}
WITH_A_TOKEN = {"target": {"endpoint": {"urls": URLS, "auth": {"secretRef": {"name": "access", "key": "token"}}}}}


def bring_to_ready(kubelet: Kubelet, run: FakeRun, address: str) -> None:
    kubelet.ready("quickstart-coordinator", address)
    for index in range(2):
        kubelet.ready(f"quickstart-worker-{index}", an_address())
    run.state = RunState.READY


def test_it_runs_to_its_result_without_a_pod_of_a_server(operator: Operator, bench: Bench, kubelet: Kubelet) -> None:
    run, address, uid = FakeRun(), an_address(), bench.create(more=ENDPOINT)
    with serving(run, uid, address):
        bring_to_ready(kubelet, run, address)
        await_true(lambda: run.starts, "the start is given")
        replicas = run.starts[0].assignment.replicas
        assert [(one.url, one.metrics_url, one.uid, one.node) for one in replicas] == [
            (url, url.replace(":8000", ":8002/metrics"), "", "") for url in URLS
        ]
        assert bench.status()["servers"] == [{"name": url.partition("://")[2], "url": url} for url in URLS]
        names = {pod.metadata.name for pod in kubelet.pods()}
        assert names == {"quickstart-coordinator", "quickstart-worker-0", "quickstart-worker-1"}

        run.report, run.state = a_report(uid), RunState.DONE
        await_true(lambda: bench.condition("Finished") == "True", "the run is finished")
        await_true(lambda: run.acknowledged, "the coordinator may leave")

    conditions = {one["type"]: one for one in bench.status()["conditions"]}
    assert conditions["ServersReady"]["reason"] == "EndpointGiven"
    assert conditions["Valid"]["status"] == "True"
    assert bench.told() == ["ServersReady", "Started", "Measured", "Valid"]


def test_a_model_that_its_servers_do_not_have_ends_it_with_their_own_words(
    operator: Operator, bench: Bench, kubelet: Kubelet
) -> None:
    run, address, uid = FakeRun(), an_address(), bench.create(more=ENDPOINT)
    words = "triton-0.serving.svc:8000 answered 400 to GET /v2/models/magika: unknown model"
    with serving(run, uid, address):
        bring_to_ready(kubelet, run, address)
        await_true(lambda: run.starts, "the start is given")
        run.failure = FailureReport(type="ModelNotFound", message=words)
        run.state = RunState.FAILED
        await_true(lambda: bench.condition("Finished") == "True", "the run is finished")

    assert bench.status()["summary"]["reason"] == f"ModelNotFound: {words}"
    assert bench.condition("Valid") == "Unknown"


def test_a_secret_that_is_not_there_ends_it_with_the_field_that_names_it(
    operator: Operator, bench: Bench, kubelet: Kubelet, cluster: Cluster
) -> None:
    run, address, uid = FakeRun(), an_address(), bench.create(more=WITH_A_TOKEN)
    with serving(run, uid, address):
        coordinator = kubelet.ready("quickstart-coordinator", address)
        assert {one.name for one in coordinator.spec.volumes} == {"plan", "token", "tmp"}
        worker = kubelet.pod("quickstart-worker-0")
        # The Secret's name and key are in the pod, what it holds is read by the kubelet alone.
        (volume,) = (one for one in worker.spec.volumes if one.name == "endpoint-token")
        assert (volume.secret.secret_name, volume.secret.items[0].key) == ("access", "token")
        ago = datetime.now(UTC) - timedelta(seconds=12)
        kubelet.container(
            "quickstart-worker-0",
            {"waiting": {"reason": "ContainerCreating"}},
            conditions=[{"type": "PodScheduled", "status": "True", "lastTransitionTime": ago.isoformat()}],
        )
        tell_failed_mount(cluster, bench.namespace, worker)
        await_true(lambda: bench.condition("Finished") == "True", "the run is finished", within_s=60)

    assert bench.status()["summary"]["reason"] == (
        "CredentialsMissing: worker 0 can't mount Secret access, which spec.target.endpoint.auth.secretRef names: "
        f'secret "access" not found; create it in namespace {bench.namespace} with token, or correct the field'
    )
    await_true(lambda: all(one.metadata.deletion_timestamp for one in kubelet.pods()), "everything is released")


def tell_failed_mount(cluster: Cluster, namespace: str, pod: Any) -> None:
    about = {"kind": "Pod", "namespace": namespace, "name": pod.metadata.name, "uid": pod.metadata.uid}
    now = datetime.now(UTC).isoformat()
    body = {
        "metadata": {"name": "failed-mount"},
        "involvedObject": about,
        "reason": "FailedMount",
        "message": 'MountVolume.SetUp failed for volume "endpoint-token" : secret "access" not found',
        "type": "Warning",
        "count": 5,
        "firstTimestamp": now,
        "lastTimestamp": now,
    }
    cluster.core.create_namespaced_event(namespace, body)


__all__ = ["bench", "kubeconfig", "kubelet", "operator"]
