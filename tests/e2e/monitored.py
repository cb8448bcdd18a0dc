"""Runs under the eyes of the cluster's Prometheus: a schedule's, one whose client starves, and one on two servers."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from e2e.cluster import Bench, Object, is_finished, is_measuring, quickstart
from e2e.faults import first_process
from inferometer_dev.images.inferometer import DEV_REFERENCE
from inferometer_dev.paths import REPO
from integration.prometheus.server import Prometheus

RUN, STARVED, FAILED, SCHEDULE = "panels", "starved", "called-off", "often"
EXPORTER = "dcgm-exporter-stand-in"
EXAMPLE = REPO / "examples" / "schedule.yaml"
SOURCE = Path(__file__).with_name("gpu_exporter.py")
SMALL = {"requests": {"cpu": "100m"}}
SHORT: dict[str, object] = {
    "target.triton.replicas": 1,
    "target.triton.resources": SMALL,
    "load.workers": 1,
    "load.resources": SMALL,
    "load.targetQPS": 20,
    "load.minDuration": "5s",
}


def start_gpu_exporter(bench: Bench) -> None:
    """The stand-in, for the two servers of the run as if each held a GPU, and for a third as some scrapes show it."""
    pods = [
        {
            "namespace": bench.namespace,
            "pod": f"{RUN}-server-{index}",
            "node": "node-1",
            "prefix": prefix,
        }
        for index, prefix in enumerate(["", "", "exported_"])
    ]
    scraped = {"prometheus.io/scrape": "true", "prometheus.io/port": "9400", "prometheus.io/path": "/metrics"}
    container = {
        "name": "exporter",
        "image": DEV_REFERENCE,
        "imagePullPolicy": "Never",
        "command": ["python3", "/exporter/gpu_exporter.py", json.dumps(pods)],
        "readinessProbe": {"httpGet": {"path": "/", "port": 9400}, "periodSeconds": 1},
        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": [{"name": "source", "mountPath": "/exporter"}],
    }
    labels = {"app.kubernetes.io/name": EXPORTER, "inferometer.dev/stand-in": "true"}
    spec = {
        "containers": [container],
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 0,
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "volumes": [{"name": "source", "configMap": {"name": EXPORTER}}],
    }
    metadata: Object = {"name": EXPORTER, "labels": labels}
    source = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
    bench.apply(source | {"data": {SOURCE.name: SOURCE.read_text()}})
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata | {"annotations": scraped}, "spec": spec}
    bench.apply(pod)


def start_schedule(bench: Bench) -> None:
    """One with a slot each full minute and a first run at once, so that there is a newest run and one before it."""
    document: Object = yaml.safe_load(EXAMPLE.read_text())
    document["metadata"] = {"name": SCHEDULE, "annotations": {"inferometer.dev/run-now": "1"}}
    document["spec"] |= {"schedule": "* * * * *", "concurrencyPolicy": "Allow"}
    # So long a bound that its runs are valid, whatever else this machine does.
    document["spec"]["template"]["spec"] = quickstart("any", **SHORT | {"load.latencyBound": "5s"})["spec"]
    bench.apply(document)


def valid_runs(bench: Bench) -> int:
    """Of the schedule's last runs."""
    found = bench.get("ibs", SCHEDULE).get("status", {}).get("results", [])
    return sum(one["outcome"] == "Valid" for one in found)


def starve(bench: Bench, prometheus: Prometheus) -> None:
    """A run whose worker does nothing for a while: its verdict must be that the client may have made the result."""
    # Late by more than the bound, and sent all the same: what is late by twice the bound fails, whoever is to blame.
    load = {"load.targetQPS": 10, "load.minDuration": "15s", "load.latencyBound": "5s"}
    bench.apply(quickstart(STARVED, **SHORT | load))
    bench.wait(STARVED, is_measuring, 60, "measuring")
    of_it = f'{{benchmark="{STARVED}",namespace="{bench.namespace}"}}'
    overdue = f"sum(inferometer_load_queries_due_total{of_it}) - sum(inferometer_load_queries_sent_total{of_it}) > 55"
    with stopped_worker(bench, f"{STARVED}-worker-0"):
        bench.wait_until(lambda: bool(prometheus.query(overdue)), 30, "seen to send late")
    status = bench.wait(STARVED, is_finished, 60, "finished")["status"]
    assert "ClientInfluenced" in {one["type"] for one in status["reasons"]}, status["reasons"]


def watched_run() -> Object:
    """The quickstart at half its rate and with a long bound: all is answered, whatever else this machine does."""
    return quickstart(RUN, **{"load.targetQPS": 20, "load.latencyBound": "5s"})


def fail(bench: Bench) -> None:
    """A run that ends before it has begun."""
    bench.apply(quickstart(FAILED, suspend=True, cancel=True))
    bench.wait(FAILED, is_finished, 30, "finished")


@contextmanager
def stopped_worker(bench: Bench, pod: str) -> Iterator[None]:
    """Its process does nothing while the context lasts."""
    pid = first_process(bench.get("pod", pod)["metadata"]["uid"])
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)
