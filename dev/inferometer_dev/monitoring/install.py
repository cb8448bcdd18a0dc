"""Puts Prometheus into the running cluster and takes it away again."""

from __future__ import annotations

import json

from inferometer_dev.cluster.access import kubectl
from inferometer_dev.cluster.addresses import Member
from inferometer_dev.cluster.gateway import open_gateway
from inferometer_dev.paths import DEV, REPO

from .manifests import NAME, NAMESPACE, NODE_PORT, PORT, manifests

CONFIG = DEV / "monitoring" / "prometheus.yml"
ALERTS = REPO / "charts" / "inferometer" / "rules" / "alerts.yaml"
_HINT = f"dev/cluster kubectl describe pods -n {NAMESPACE}; dev/cluster kubectl logs -n {NAMESPACE} deploy/{NAME}"


def install_prometheus() -> str:
    """Starts it, or brings it to this checkout's configuration. Returns the URL at which this machine reaches it."""
    files = {"prometheus.yml": CONFIG.read_text(), "alerts.yaml": ALERTS.read_text()}
    objects = {"apiVersion": "v1", "kind": "List", "items": manifests(files)}
    # By the server: kubectl's own way would store the rule file a second time, in an annotation.
    words = ["apply", "--server-side", "--force-conflicts", "-f", "-"]
    kubectl("apply Prometheus", *words, stdin=json.dumps(objects))
    words = ["rollout", "status", f"deployment/{NAME}", "--timeout=60s"]
    kubectl("wait for Prometheus", "-n", NAMESPACE, *words, hint=_HINT)
    return f"http://{open_gateway((Member(1).address, NODE_PORT), PORT)}"


def remove_prometheus() -> None:
    """Takes it away with all that it has stored; its way out of the cluster's network stays until the cluster goes."""
    rights = [f"{kind}/{NAMESPACE}-{NAME}" for kind in ("clusterrolebinding", "clusterrole")]
    kubectl("remove Prometheus' rights", "delete", *rights, "--ignore-not-found")
    kubectl("remove Prometheus", "delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait=true")
