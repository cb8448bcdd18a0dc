"""The pods of the system under test: one Triton each, with the model repository mounted read-only."""

import msgspec

from inferometer_loadgen.spec.base import Toleration
from inferometer_loadgen.spec.target import ModelRepository, TritonTarget
from inferometer_operator.objects.deadlines import server_deadline_s
from inferometer_operator.objects.hardening import (
    TMP,
    TMP_MOUNT,
    Manifest,
    container_security,
    environment,
    placement,
    pod,
    pod_security,
    resources,
)
from inferometer_operator.objects.labels import Role, labels
from inferometer_operator.objects.names import server_name
from inferometer_operator.run import Run

HTTP_PORT = 8000
GRPC_PORT = 8001
METRICS_PORT = 8002
SERVER_USER = 1000
GRACE_S = 5
"""Triton needs none: the load has ended, or the run is lost. Its GPUs are wanted."""

CONTAINER = "triton"


def server_pod(run: Run, index: int) -> Manifest:
    """The pod of replica `index`."""
    triton = run.wanted.target.launched
    return pod(
        run,
        server_name(run.name, index),
        Role.SERVER,
        index,
        {
            "activeDeadlineSeconds": server_deadline_s(run.wanted),
            "terminationGracePeriodSeconds": GRACE_S,
            "securityContext": pod_security(SERVER_USER),
            "topologySpreadConstraints": [_spread(run)],
            **placement(triton.node_selector, tolerations(triton.tolerations)),
            "containers": [_container(run, triton)],
            "volumes": [
                _models(triton.model_repository),
                TMP,
                # The Python backend passes tensors through shared memory; runtimes give 64 MiB or less.
                {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "256Mi"}},
            ],
        },
        METRICS_PORT,
    )


def tolerations(wanted: tuple[Toleration, ...]) -> list[Manifest]:
    """As a pod writes them: without empty fields."""
    return [{name: value for name, value in msgspec.to_builtins(toleration).items() if value} for toleration in wanted]


def _container(run: Run, triton: TritonTarget) -> Manifest:
    limits = dict(triton.resources.limits)
    if triton.gpu.count:
        limits[triton.gpu.resource] = str(triton.gpu.count)
    return {
        "name": CONTAINER,
        "image": triton.image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["tritonserver"],
        "args": [
            "--model-repository=/models",
            f"--http-port={HTTP_PORT}",
            f"--grpc-port={GRPC_PORT}",
            f"--metrics-port={METRICS_PORT}",
            *triton.args,
        ],
        "env": environment(triton.env),
        "ports": [
            {"name": "http", "containerPort": HTTP_PORT},
            {"name": "grpc", "containerPort": GRPC_PORT},
            {"name": "metrics", "containerPort": METRICS_PORT},
        ],
        "readinessProbe": {
            "httpGet": {"path": _readiness_path(run), "port": HTTP_PORT},
            "periodSeconds": 1,
            "timeoutSeconds": 2,
        },
        "resources": resources(triton.resources.requests, limits),
        "securityContext": container_security(),
        "volumeMounts": [
            {"name": "models", "mountPath": "/models", "readOnly": True, **_sub_path(triton.model_repository)},
            TMP_MOUNT,
            {"name": "shm", "mountPath": "/dev/shm"},
        ],
    }


def _readiness_path(run: Run) -> str:
    model = run.wanted.model
    version = f"/versions/{model.version}" if model.version else ""
    return f"/v2/models/{model.name}{version}/ready"


def _spread(run: Run) -> Manifest:
    # Not DoNotSchedule: nodes without GPUs count as places to spread to, and would keep all but one replica pending.
    return {
        "topologyKey": "kubernetes.io/hostname",
        "maxSkew": 1,
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": labels(run, Role.SERVER)},
    }


def _models(repository: ModelRepository) -> Manifest:
    if isinstance(repository.image, str):
        return {"name": "models", "image": {"reference": repository.image, "pullPolicy": "IfNotPresent"}}
    claim = repository.persistent_volume_claim
    if isinstance(claim, msgspec.UnsetType):
        raise TypeError("a model repository is an image or a claim; the CRD lets nothing else pass")
    return {"name": "models", "persistentVolumeClaim": {"claimName": claim.claim_name, "readOnly": True}}


def _sub_path(repository: ModelRepository) -> Manifest:
    claim = repository.persistent_volume_claim
    if isinstance(claim, msgspec.UnsetType) or not claim.path:
        return {}
    return {"subPath": claim.path}
