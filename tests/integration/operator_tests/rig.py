"""What stands round the operator in these tests: its process, a kubelet and coordinators that a test plays."""

import asyncio
import gzip
import itertools
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web

from inferometer_dev.gotools import binary
from inferometer_dev.process import free_port
from inferometer_loadgen.coordinator.server import Api
from inferometer_loadgen.protocol.api import (
    API_PORT,
    FailureReport,
    RunProgress,
    RunState,
    RunStatus,
    StartRequest,
    Step,
)
from inferometer_loadgen.protocol.signing import run_token
from inferometer_loadgen.report import schema

from .conftest import REPOSITORY, Cluster, await_true

KEY = b"k" * 48
NAMESPACE = "inferometer-system"
IMAGE = "localhost/inferometer:test"
RELEASE = "inferometer"

_addresses = itertools.count(2)


def an_address() -> str:
    """A loopback address of its own for each pod, so that each coordinator has its port 9180."""
    number = next(_addresses)
    return f"127.0.{number // 250}.{number % 250 + 2}"


# --- the operator


def install_rights(cluster: Cluster) -> None:
    """The chart's ServiceAccount and rights, as helm renders them; once in a session."""
    if any(one.metadata.name == NAMESPACE for one in cluster.core.list_namespace().items):
        return
    chart = str(REPOSITORY / "charts" / "inferometer")
    argv = [str(binary("helm")), "template", RELEASE, chart, "--namespace", NAMESPACE]
    rendered = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    wanted = {"ServiceAccount", "ClusterRole", "ClusterRoleBinding"}
    manifests = [one for one in yaml.safe_load_all(rendered) if one and one["kind"] in wanted]
    assert {one["kind"] for one in manifests} == wanted
    cluster.core.create_namespace({"metadata": {"name": NAMESPACE}})
    for one in manifests:
        match one["kind"]:
            case "ServiceAccount":
                cluster.core.create_namespaced_service_account(NAMESPACE, one)
            case "ClusterRole":
                cluster.rights.create_cluster_role(one)
            case _:
                cluster.rights.create_cluster_role_binding(one)


def operator_kubeconfig(cluster: Cluster, folder: Path) -> Path:
    """Access with the ServiceAccount's own token and nothing else."""
    request = {"spec": {"expirationSeconds": 3600}}
    token = cluster.core.create_namespaced_service_account_token(RELEASE, NAMESPACE, request).status.token
    config = yaml.safe_load(cluster.server.kubeconfig.read_text())
    config["users"] = [{"name": "operator", "user": {"token": token}}]
    config["contexts"][0]["context"]["user"] = "operator"
    path = folder / "operator.kubeconfig"
    path.write_text(yaml.safe_dump(config))
    return path


class Operator:
    """The operator as a process."""

    def __init__(self, kubeconfig: Path, folder: Path) -> None:
        self._kubeconfig = kubeconfig
        self._key = folder / "key"
        self._key.write_bytes(KEY)
        self._log = folder / "operator.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.metrics_url = ""

    def start(self) -> None:
        environment = {
            **os.environ,
            "KUBECONFIG": str(self._kubeconfig),
            "INFEROMETER_IMAGE": IMAGE,
            "INFEROMETER_LOG_LEVEL": "debug",
            "POD_NAME": "operator-0",
        }
        program = str(Path(sys.executable).parent / "inferometer-operator")
        # Its library takes port 0 for 80, which two operators can't share.
        self.metrics_url = f"http://127.0.0.1:{(metrics_port := free_port())}/metrics"
        argv = [program, "--key", str(self._key), "--liveness", f"http://127.0.0.1:{free_port()}/healthz"]
        argv += ["--metrics-host", "127.0.0.1", "--metrics-port", str(metrics_port)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(argv, env=environment, stdout=log, stderr=subprocess.STDOUT)

    def kill(self) -> None:
        """As a node that loses power does."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """As a node that is starved does: it lives, and does nothing."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """It goes on in the belief that no time has passed."""
        self._signal(signal.SIGCONT)

    def stop(self) -> int:
        """As a rollout does. Returns its exit status."""
        return self._end(signal.SIGTERM)

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def log(self) -> str:
        return self._log.read_text() if self._log.exists() else ""

    def _signal(self, which: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(which)

    def _end(self, how: signal.Signals) -> int:
        assert self._process is not None
        self._process.send_signal(how)
        return self._process.wait(timeout=30)


# --- coordinators


STEPS: Mapping[RunState, Step] = {
    RunState.WAITING: "waiting for workers",
    RunState.READY: "ready",
    RunState.RUNNING: "measuring",
}


@dataclass
class FakeRun:
    """A run as its coordinator sees it; a test moves it on."""

    planned: int = 800
    state: RunState = RunState.WAITING
    completed: int = 0
    nonce: str = ""
    starts: list[StartRequest] = field(default_factory=list)
    """All that came, whether accepted or not."""
    starts_accepted: int = 0
    report: schema.Report | None = None
    failure: FailureReport | None = None
    acknowledged: bool = False
    at_the_start: Callable[[StartRequest], None] = lambda _request: None

    def status(self) -> RunStatus:
        report = b"" if self.report is None else schema.encode(self.report)
        return RunStatus(
            state=self.state,
            workers=(),
            progress=RunProgress(
                step=STEPS.get(self.state, "finished"),
                percent=100 * self.completed // self.planned,
                completed=self.completed,
                planned=self.planned,
            ),
            starts_accepted=self.starts_accepted,
            nonce=self.nonce,
            plan_hash="",
            report_sha256=schema.sha256(report) if report else "",
            failure=self.failure,
        )

    def start(self, request: StartRequest) -> str:
        self.at_the_start(request)
        self.starts.append(request)
        if self.nonce:
            return "" if self.nonce == request.nonce else "started already"
        self.nonce, self.state = request.nonce, RunState.RUNNING
        self.starts_accepted += 1
        return ""

    def abort(self, _reason: str) -> None:
        self.state = RunState.FAILED

    def report_json(self) -> bytes | None:
        return None if self.report is None else schema.encode(self.report)

    def acknowledge(self) -> None:
        self.acknowledged = True


@contextmanager
def serving(run: FakeRun, run_uid: str, address: str) -> Iterator[None]:
    """The real server side of the coordinator's API round a fake run."""
    loop = asyncio.new_event_loop()
    token = run_token(KEY, run_uid).encode()

    async def start() -> web.AppRunner:
        runner = web.AppRunner(Api(token, run).application(), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, address, API_PORT).start()
        return runner

    runner = loop.run_until_complete(start())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(timeout=10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=10)
        loop.close()


# --- the kubelet


class Kubelet:
    """The pods of one namespace, played by the test: it binds them, and says what became of their containers."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self._core = cluster.core
        self._namespace = namespace

    def pod(self, name: str) -> Any:
        """The pod, once it is there."""
        return await_true(lambda: self.find(name), f"pod {name} is created")

    def find(self, name: str) -> Any | None:
        return next((pod for pod in self.pods() if pod.metadata.name == name), None)

    def pods(self) -> list[Any]:
        return self._core.list_namespaced_pod(self._namespace).items

    def ready(self, name: str, address: str, node: str = "node-a") -> Any:
        pod = self.bind(name, node)
        container = pod.spec.containers[0].name
        self.say(
            name,
            podIP=address,
            phase="Running",
            conditions=[{"type": "Ready", "status": "True"}, {"type": "PodScheduled", "status": "True"}],
            containerStatuses=[_container(container, {"running": {}})],
        )
        return pod

    def bind(self, name: str, node: str = "node-a") -> Any:
        pod = self.pod(name)
        if pod.spec.node_name is None:
            binding = {"metadata": {"name": name}, "target": {"apiVersion": "v1", "kind": "Node", "name": node}}
            self._core.create_namespaced_pod_binding(name, self._namespace, binding, _preload_content=False)
        return pod

    def container(self, name: str, state: Mapping[str, Any], **status: Any) -> None:
        """What became of a pod's container."""
        pod = self.bind(name)
        self.say(name, containerStatuses=[_container(pod.spec.containers[0].name, state)], **status)

    def say(self, name: str, **status: Any) -> None:
        self._core.patch_namespaced_pod_status(name, self._namespace, {"status": status})

    def take_away(self, name: str) -> None:
        """The pod is gone, as after an eviction."""
        self._core.delete_namespaced_pod(name, self._namespace, grace_period_seconds=0)

    def bury(self) -> None:
        """What was deleted is gone once its containers have ended."""
        for pod in self.pods():
            if pod.metadata.deletion_timestamp is not None:
                self.take_away(pod.metadata.name)


def _container(name: str, state: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": name, "image": "i", "imageID": "", "ready": "running" in state, "restartCount": 0, "state": state}


def compressed_digest(compressed: bytes) -> str:
    return schema.sha256(gzip.decompress(compressed))
