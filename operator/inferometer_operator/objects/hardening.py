"""What every pod of a run has in common: no rights, no credentials, no sidecars, and nobody moves it."""

from collections.abc import Mapping
from typing import Any

from inferometer_operator.objects.labels import Role, labels, owned_by
from inferometer_operator.run import Run

Manifest = dict[str, Any]

ANNOTATIONS = {
    # Moving a pod during a measurement would end the run.
    "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
    "karpenter.sh/do-not-disrupt": "true",
    # A proxy in between would be measured too.
    "sidecar.istio.io/inject": "false",
    "linkerd.io/inject": "disabled",
}

TMP: Manifest = {"name": "tmp", "emptyDir": {}}
TMP_MOUNT: Manifest = {"name": "tmp", "mountPath": "/tmp"}


def scraped_at(port: int) -> dict[str, str]:
    """The annotations by which a Prometheus without the Prometheus operator finds a pod."""
    return {"prometheus.io/scrape": "true", "prometheus.io/port": str(port), "prometheus.io/path": "/metrics"}


def pod(
    run: Run, name: str, role: Role, index: int | None, spec: Manifest, metrics_port: int | None = None
) -> Manifest:
    """A pod that runs once: created by POST only, since an apply would resurrect it and send load twice."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": run.namespace,
            # Istio reads the label, older versions of it the annotation.
            "labels": labels(run, role, index) | {"sidecar.istio.io/inject": "false"},
            "annotations": ANNOTATIONS | ({} if metrics_port is None else scraped_at(metrics_port)),
            "ownerReferences": owned_by(run),
        },
        "spec": {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            **spec,
        },
    }


def pod_security(user: int) -> Manifest:
    """What pod security level `restricted` asks of a pod. The user is named for images that name none."""
    return {
        "runAsNonRoot": True,
        "runAsUser": user,
        "runAsGroup": user,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def container_security() -> Manifest:
    """What pod security level `restricted` asks of a container, and a root that can't be written."""
    return {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }


def resources(requests: Mapping[str, int | str], limits: Mapping[str, int | str]) -> Manifest:
    """A container's resources, without empty blocks; amounts as text, which is how the API server gives them back."""
    blocks = (("requests", requests), ("limits", limits))
    return {name: {key: str(amount) for key, amount in block.items()} for name, block in blocks if block}


def environment(values: dict[str, str]) -> list[Manifest]:
    """A container's environment, in a fixed order."""
    return [{"name": name, "value": value} for name, value in sorted(values.items())]


def placement(node_selector: dict[str, str], tolerations: list[Manifest]) -> Manifest:
    """Where a pod may run, without empty blocks."""
    found: Manifest = {}
    if node_selector:
        found["nodeSelector"] = dict(node_selector)
    if tolerations:
        found["tolerations"] = tolerations
    return found
