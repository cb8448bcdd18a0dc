"""The pods of the client: the coordinator, and the workers that dial it."""

from msgspec import UnsetType

from inferometer_loadgen.protocol.api import API_PORT, LINK_PORT
from inferometer_loadgen.spec.load import SAMPLES_KEYS
from inferometer_operator.objects.deadlines import loader_deadline_s
from inferometer_operator.objects.endpoint_access import let_in, let_in_to_metrics
from inferometer_operator.objects.hardening import (
    TMP,
    TMP_MOUNT,
    Manifest,
    container_security,
    placement,
    pod,
    pod_security,
    resources,
)
from inferometer_operator.objects.labels import Role, labels
from inferometer_operator.objects.names import coordinator_name, plan_name, worker_name
from inferometer_operator.objects.server_pods import tolerations
from inferometer_operator.run import Run
from inferometer_operator.settings import Settings

LOADER_USER = 65532
WORKER_METRICS_PORT = 9181
GRACE_S = 5
PLAN_KEY = "plan.json"
TOKEN_KEY = "token"
ETC = "/etc/inferometer"
CONTAINER = "loadgen"

COORDINATOR_RESOURCES: Manifest = {"requests": {"cpu": "100m", "memory": "128Mi"}}
"""It polls and merges; the load itself is sent by the workers."""


def coordinator_pod(run: Run, settings: Settings, token_secret: str) -> Manifest:
    """The coordinator, which mounts the run's token from `token_secret`."""
    container = _container(settings, "coordinator") | {
        "env": [{"name": "RUN_UID", "value": run.uid}, _pod_uid()],
        "ports": [{"name": "api", "containerPort": API_PORT}, {"name": "link", "containerPort": LINK_PORT}],
        "readinessProbe": {
            "httpGet": {"path": "/healthz", "port": API_PORT},
            "periodSeconds": 1,
            "timeoutSeconds": 2,
        },
        "resources": COORDINATOR_RESOURCES,
    }
    volumes = _volumes(run, token_secret)
    if not isinstance(run.wanted.accuracy, UnsetType):
        _mount_samples(run, container, volumes)  # For their labels.
    let_in_to_metrics(run.wanted.target.endpoint, container, volumes)
    return pod(run, coordinator_name(run.name), Role.COORDINATOR, None, _spec(run, container, volumes), API_PORT)


def worker_pod(run: Run, settings: Settings, index: int, token_secret: str, coordinator_ip: str) -> Manifest:
    """Worker `index`, which dials the coordinator."""
    container = _container(settings, "worker") | {
        "env": [
            {"name": "COORDINATOR", "value": coordinator_host(coordinator_ip)},
            {"name": "WORKER_INDEX", "value": str(index)},
            _pod_uid(),
        ],
        "ports": [{"name": "metrics", "containerPort": WORKER_METRICS_PORT}],
        "resources": resources(run.wanted.load.resources.requests, run.wanted.load.resources.limits),
    }
    volumes = _volumes(run, token_secret)
    _mount_samples(run, container, volumes)
    let_in(run.wanted.target.endpoint, container, volumes)
    return pod(run, worker_name(run.name, index), Role.WORKER, index, _spec(run, container, volumes))


def _mount_samples(run: Run, container: Manifest, volumes: list[Manifest]) -> None:
    """Gives a container the samples of the run, where they are in a ConfigMap."""
    samples = run.wanted.load.data.config_map
    if isinstance(samples, UnsetType):
        return
    key = SAMPLES_KEYS[samples.format]
    container["command"] += ["--data", f"{ETC}/data/{key}"]
    container["volumeMounts"].append({"name": "data", "mountPath": f"{ETC}/data", "readOnly": True})
    volumes.append({"name": "data", "configMap": {"name": samples.name, "items": [{"key": key, "path": key}]}})


def _container(settings: Settings, verb: str) -> Manifest:
    return {
        "name": CONTAINER,
        "image": settings.image,
        "imagePullPolicy": settings.image_pull_policy,
        "command": [
            "inferometer",
            verb,
            "--plan",
            f"{ETC}/plan/{PLAN_KEY}",
            "--token",
            f"{ETC}/token/{TOKEN_KEY}",
        ],
        "securityContext": container_security(),
        "terminationMessagePolicy": "File",
        "volumeMounts": [
            {"name": "plan", "mountPath": f"{ETC}/plan", "readOnly": True},
            {"name": "token", "mountPath": f"{ETC}/token", "readOnly": True},
            TMP_MOUNT,
        ],
    }


def _spec(run: Run, container: Manifest, volumes: list[Manifest]) -> Manifest:
    load = run.wanted.load
    return {
        "activeDeadlineSeconds": loader_deadline_s(run.wanted),
        "terminationGracePeriodSeconds": GRACE_S,
        "securityContext": pod_security(LOADER_USER),
        **_away_from_servers(run),
        **placement(load.node_selector, tolerations(load.tolerations)),
        "containers": [container],
        "volumes": volumes,
    }


def _volumes(run: Run, token_secret: str) -> list[Manifest]:
    return [
        {"name": "plan", "configMap": {"name": plan_name(run.name)}},
        {"name": "token", "secret": {"secretName": token_secret}},
        TMP,
    ]


def _away_from_servers(run: Run) -> Manifest:
    if isinstance(run.wanted.target.triton, UnsetType):
        return {}  # Where they run nobody but their owner knows.
    # Preferred only: a cluster of one node must be able to run the quickstart.
    term = {
        "topologyKey": "kubernetes.io/hostname",
        "labelSelector": {"matchLabels": labels(run, Role.SERVER)},
    }
    away = {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "podAffinityTerm": term}]}
    return {"affinity": {"podAntiAffinity": away}}


def _pod_uid() -> Manifest:
    return {"name": "POD_UID", "valueFrom": {"fieldRef": {"fieldPath": "metadata.uid"}}}


def coordinator_host(ip: str) -> str:
    """Where a worker dials its coordinator."""
    return f"[{ip}]:{LINK_PORT}" if ":" in ip else f"{ip}:{LINK_PORT}"
