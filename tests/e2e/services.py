"""Inference services as users deploy them, none of the operator's: what `spec.target.endpoint` is for."""

from dataclasses import dataclass

import yaml

from e2e.cluster import Bench, Object
from e2e.recorder import REFERENCE
from inferometer_dev.paths import REPO

EXAMPLE = REPO / "examples" / "endpoint.yaml"
TRITON, MODEL = "localhost/triton-cpu:2.51", "localhost/magika-model:1.0.3"
PORTS = {"http": 8000, "grpc": 8001, "metrics": 8002}
SMALL = {"requests": {"cpu": "100m", "memory": "256Mi"}}


@dataclass(frozen=True)
class Service:
    """A Deployment of one pod behind a Service; reached by address, since these clusters have no DNS."""

    bench: Bench
    name: str
    address: str

    @property
    def pod(self) -> Object:
        (found,) = self.bench.items("pods", "-l", f"app={self.name}")
        return found

    @property
    def log(self) -> str:
        return self.bench.kubectl("logs", f"deployment/{self.name}")

    def url(self, scheme: str) -> str:
        return f"{scheme}://{self.address}:{PORTS['grpc' if scheme.startswith('grpc') else 'http']}"


def a_service(bench: Bench, name: str) -> Service:
    """The Service, whose address is known before there is a server."""
    ports = [{"name": port, "port": number} for port, number in PORTS.items()]
    manifest = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}}
    bench.kubectl(
        "create", "-f", "-", stdin=yaml.safe_dump(manifest | {"spec": {"selector": {"app": name}, "ports": ports}})
    )
    return Service(bench, name, bench.get("service", name)["spec"]["clusterIP"])


def deploy_triton(bench: Bench, name: str = "triton") -> Service:
    """A Triton with magika."""
    service = a_service(bench, name)
    models = {"name": "models", "image": {"reference": MODEL, "pullPolicy": "IfNotPresent"}}
    container = {
        "image": TRITON,
        "command": ["tritonserver", "--model-repository=/models"],
        "volumeMounts": [{"name": "models", "mountPath": "/models"}],
        "readinessProbe": {"httpGet": {"path": "/v2/models/magika/ready", "port": 8000}, "periodSeconds": 1},
    }
    _deploy(service, container, [models])
    return service


def deploy_recorder(service: Service, environment: dict[str, str], secret: str = "") -> None:
    """A server that writes down what it is asked, and lets in whom `environment` says; `secret` is its TLS folder."""
    volumes = [{"name": "tls", "secret": {"secretName": secret}}] if secret else []
    container = {
        "image": REFERENCE,
        "command": ["tritonserver", "--http-port=8000", "--metrics-port=8002"],
        "env": [{"name": name, "value": value} for name, value in environment.items()],
        "volumeMounts": [{"name": "tls", "mountPath": "/tls"}] if secret else [],
        "readinessProbe": {"tcpSocket": {"port": 8002}, "periodSeconds": 1},
    }
    _deploy(service, container, volumes)


def _deploy(service: Service, container: Object, volumes: list[Object]) -> None:
    labels = {"app": service.name}
    container = {
        "name": "server",
        "imagePullPolicy": "IfNotPresent",
        "resources": SMALL,
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        **container,
    }
    container["volumeMounts"] = [*container["volumeMounts"], {"name": "tmp", "mountPath": "/tmp"}]
    pod = {
        "securityContext": {"runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}},
        "terminationGracePeriodSeconds": 1,
        "containers": [container],
        "volumes": [*volumes, {"name": "tmp", "emptyDir": {}}],
    }
    spec = {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}}
    manifest = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": service.name}, "spec": spec}
    service.bench.kubectl("create", "-f", "-", stdin=yaml.safe_dump(manifest))
    service.bench.kubectl("rollout", "status", f"deployment/{service.name}", "--timeout=90s")


def secret(bench: Bench, name: str, **entries: str) -> None:
    manifest = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": entries}
    bench.kubectl("create", "-f", "-", stdin=yaml.safe_dump(manifest))


def config_map(bench: Bench, name: str, **entries: str) -> None:
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": entries}
    bench.kubectl("create", "-f", "-", stdin=yaml.safe_dump(manifest))


def of_endpoint(name: str, endpoint: Object, load: Object | None = None, **changes: object) -> Object:
    """The example, for five seconds on these servers; `load` and `changes` replace parts of its load and spec."""
    document: Object = yaml.safe_load(EXAMPLE.read_text())
    short = {"minDuration": "5s", "targetQPS": 20, "latencyBound": "2s", "resources": SMALL}
    document["metadata"] = {"name": name}
    document["spec"] |= {"target": {"endpoint": endpoint}, **changes}
    document["spec"]["load"] |= {**short, **(load or {})}
    return document
