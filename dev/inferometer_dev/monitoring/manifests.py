"""What Prometheus is in the cluster. Pure: the texts of its configuration in, manifests out."""

from __future__ import annotations

from typing import Any

from inferometer_dev.images.prometheus import UID, reference
from inferometer_dev.keys import content_key

NAMESPACE, NAME = "monitoring", "prometheus"
PORT = 9090
NODE_PORT = 30090
_LABELS = {"app.kubernetes.io/name": NAME}
_CONFIG, _DATA = "/etc/prometheus", "/data"

Manifest = dict[str, Any]


def manifests(files: dict[str, str]) -> list[Manifest]:
    """Everything, in the order in which it is made; `files` are those of its configuration folder, by name."""
    return [
        {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": NAMESPACE, "labels": {"pod-security.kubernetes.io/enforce": "restricted"}},
        },
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": _named()},
        *_rights(),
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": _named(), "data": files},
        _service(),
        _deployment(files),
    ]


def _named() -> Manifest:
    return {"name": NAME, "namespace": NAMESPACE, "labels": _LABELS}


def _rights() -> list[Manifest]:
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}]
    name = f"{NAMESPACE}-{NAME}"
    group = "rbac.authorization.k8s.io"
    return [
        {"apiVersion": f"{group}/v1", "kind": "ClusterRole", "metadata": {"name": name}, "rules": rules},
        {
            "apiVersion": f"{group}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": name},
            "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": NAME, "namespace": NAMESPACE}],
        },
    ]


def _service() -> Manifest:
    # A port of each node: those who are in the cluster's network but not on a node reach it too.
    ports = [{"name": "http", "port": PORT, "targetPort": "http", "nodePort": NODE_PORT}]
    spec = {"type": "NodePort", "selector": _LABELS, "ports": ports}
    return {"apiVersion": "v1", "kind": "Service", "metadata": _named(), "spec": spec}


def _deployment(files: dict[str, str]) -> Manifest:
    # Prometheus does not read its files again by itself: another key makes another pod.
    key = content_key(*(text for item in sorted(files.items()) for text in item))
    pod = {
        "serviceAccountName": NAME,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 5,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": UID,
            "runAsGroup": UID,
            "fsGroup": UID,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container()],
        "volumes": [
            {"name": "config", "configMap": {"name": NAME}},
            {"name": "data", "emptyDir": {"sizeLimit": "512Mi"}},
        ],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _named(),
        "spec": {
            "replicas": 1,
            # Two would write to two stores, and the service would ask now this one and now that.
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": _LABELS},
            "template": {
                "metadata": {"labels": _LABELS, "annotations": {"inferometer.dev/config": key}},
                "spec": pod,
            },
        },
    }


def _container() -> Manifest:
    return {
        "name": NAME,
        "image": reference(),
        "imagePullPolicy": "Never",
        "args": [
            f"--config.file={_CONFIG}/prometheus.yml",
            f"--storage.tsdb.path={_DATA}",
            "--storage.tsdb.retention.time=6h",
            "--storage.tsdb.retention.size=256MB",
            f"--web.listen-address=:{PORT}",
        ],
        "ports": [{"name": "http", "containerPort": PORT}],
        "readinessProbe": {"httpGet": {"path": "/-/ready", "port": "http"}, "periodSeconds": 1},
        "resources": {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "config", "mountPath": _CONFIG, "readOnly": True},
            {"name": "data", "mountPath": _DATA},
        ],
    }
