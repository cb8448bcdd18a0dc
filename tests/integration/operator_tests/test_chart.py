"""The chart, installed by the real helm on a real API server."""

import base64
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from inferometer_dev.bare_apiserver import BareApiServer
from inferometer_dev.gotools import binary
from inferometer_operator.metrics.serving import METRICS_PORT

from .conftest import REPOSITORY, Cluster

CHART = REPOSITORY / "charts" / "inferometer"
Helm = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def empty() -> Iterator[Cluster]:
    """An API server without our CRD: the chart brings it."""
    with BareApiServer() as server:
        yield Cluster(server)


@pytest.fixture
def helm(empty: Cluster, tmp_path: Path) -> Helm:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        homes = {f"HELM_{kind}_HOME": str(tmp_path / kind) for kind in ("CACHE", "CONFIG", "DATA")}
        argv = [str(binary("helm")), *words, "--namespace", "system", "--kubeconfig", str(empty.server.kubeconfig)]
        return subprocess.run(argv, capture_output=True, text=True, check=False, env={**os.environ, **homes})

    return run


def rendered(*values: str) -> list[dict[str, Any]]:
    argv = [str(binary("helm")), "template", "inferometer", str(CHART), "--namespace", "system"]
    text = subprocess.run([*argv, *values], capture_output=True, text=True, check=True).stdout
    return [one for one in yaml.safe_load_all(text) if one]


def test_an_upgrade_keeps_the_key_and_an_uninstall_keeps_the_benchmarks(empty: Cluster, helm: Helm) -> None:
    def key() -> bytes:
        return base64.b64decode(empty.core.read_namespaced_secret("inferometer-key", "system").data["key"])

    installed = helm("install", "inferometer", str(CHART), "--create-namespace")
    assert installed.returncode == 0, installed.stderr
    first = key()
    upgraded = helm("upgrade", "inferometer", str(CHART), "--set", "image.tag=next")
    assert upgraded.returncode == 0, upgraded.stderr
    assert key() == first
    assert len(first) == 48

    removed = helm("uninstall", "inferometer")
    assert removed.returncode == 0, removed.stderr
    names = [one.metadata.name for one in empty.extensions.list_custom_resource_definition().items]
    assert names == ["inferencebenchmarks.inferometer.dev", "inferencebenchmarkschedules.inferometer.dev"]


def test_a_cluster_without_the_prometheus_operator_takes_the_chart_and_says_what_its_objects_lack(helm: Helm) -> None:
    refused = helm("install", "monitored", str(CHART), "--create-namespace", "--set", "metrics.podMonitor.enabled=true")

    assert refused.returncode != 0
    assert 'no matches for kind "PodMonitor"' in refused.stderr
    assert "ensure CRDs are installed first" in refused.stderr
    plain = helm("install", "plain", str(CHART), "--create-namespace", "--take-ownership")
    assert plain.returncode == 0, plain.stderr
    assert helm("uninstall", "plain").returncode == 0


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("image.tagg=1", "tagg"),
        ("image.pullPolicy=Sometimes", "pullPolicy"),
        ("logLevel=loud", "logLevel"),
        ("admissionPolicy.enabled=perhaps", "admissionPolicy"),
        ("metrics.serviceMonitor.interval=soon", "serviceMonitor"),
        ("dashboards.namespace=Grafana_1", "namespace"),
    ],
    ids=[
        "a name that is none",
        "a policy that is none",
        "a level that is none",
        "neither yes nor no",
        "no time",
        "no namespace",
    ],
)
def test_a_value_that_does_not_fit_is_refused(helm: Helm, value: str, words: str) -> None:
    refused = helm("template", "inferometer", str(CHART), "--set", value)

    assert refused.returncode != 0
    assert words in refused.stderr


def test_the_operator_runs_where_pods_must_be_restricted(empty: Cluster) -> None:
    """A namespace that enforces `restricted` warns of what it would refuse in a Deployment's pods; here is none."""
    (deployment,) = [one for one in rendered() if one["kind"] == "Deployment"]
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    empty.core.create_namespace({"metadata": {"name": "restricted", "labels": labels}})
    template = deployment["spec"]["template"]
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "operator", **template["metadata"]}}

    empty.core.create_namespaced_pod("restricted", pod | {"spec": template["spec"]}, dry_run="All")


def test_one_operator_at_a_time_with_what_the_chart_says() -> None:
    (deployment,) = [one for one in rendered("--set", "image.tag=abc") if one["kind"] == "Deployment"]

    assert deployment["spec"]["strategy"] == {"type": "Recreate"}
    assert deployment["spec"]["replicas"] == 1
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "localhost/inferometer:abc"
    assert {"name": "INFEROMETER_IMAGE", "value": "localhost/inferometer:abc"} in container["env"]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True


def test_the_operator_may_read_no_secret_and_change_no_object_but_a_benchmarks_status() -> None:
    (role,) = [one for one in rendered() if one["kind"] == "ClusterRole"]
    verbs = {resource: rule["verbs"] for rule in role["rules"] for resource in rule["resources"]}

    assert verbs["secrets"] == ["create"]
    changing = {resource for resource, allowed in verbs.items() if {"patch", "update"} & set(allowed)}
    assert changing == {"inferencebenchmarks", "inferencebenchmarks/status", "inferencebenchmarkschedules/status"}
    assert all("*" not in allowed for allowed in verbs.values())


def test_prometheus_finds_the_operator_by_annotations_unless_told_otherwise() -> None:
    def found(*values: str) -> tuple[dict[str, str], dict[str, int]]:
        (deployment,) = [one for one in rendered(*values) if one["kind"] == "Deployment"]
        template = deployment["spec"]["template"]
        (container,) = template["spec"]["containers"]
        annotations = {key: value for key, value in template["metadata"]["annotations"].items() if "prometheus" in key}
        return annotations, {one["name"]: one["containerPort"] for one in container["ports"]}

    annotations, ports = found()
    assert annotations == {
        "prometheus.io/scrape": "true",
        "prometheus.io/port": str(METRICS_PORT),
        "prometheus.io/path": "/metrics",
    }
    assert ports["metrics"] == METRICS_PORT
    assert found("--set", "metrics.scrapeAnnotations=false") == ({}, ports)


def test_the_objects_of_the_prometheus_operator_are_made_where_they_are_asked_for() -> None:
    kinds = {"ServiceMonitor", "PodMonitor", "PrometheusRule"}
    assert not kinds & {one["kind"] for one in rendered()}

    switches = [f"metrics.{kind[0].lower()}{kind[1:]}.enabled=true" for kind in sorted(kinds)]
    labels = [f"metrics.{kind[0].lower()}{kind[1:]}.labels.release=prometheus" for kind in sorted(kinds)]
    objects = {one["kind"]: one for one in rendered("--set", ",".join([*switches, *labels]))}

    assert {objects[kind]["metadata"]["labels"]["release"] for kind in kinds} == {"prometheus"}
    service, monitor = objects["Service"], objects["ServiceMonitor"]["spec"]
    assert monitor["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert monitor["endpoints"] == [{"port": "metrics", "interval": "30s", "honorLabels": True}]
    assert [one["port"] for one in objects["PodMonitor"]["spec"]["podMetricsEndpoints"]] == ["api", "metrics"]
    rules = (CHART / "rules" / "alerts.yaml").read_text()
    assert objects["PrometheusRule"]["spec"] == yaml.safe_load(rules)
