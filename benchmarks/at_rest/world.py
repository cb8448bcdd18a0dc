"""A real API server with the fleet in it, and the operator as a process with the chart's rights."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from kubernetes import client, config

from benchmarks.at_rest.fleet import (
    RUNS_EACH,
    Fleet,
    Json,
    ended,
    ended_status,
    run_of,
    schedule_manifest,
    schedule_status,
    slots,
    with_status,
)
from benchmarks.clients.contender import BenchmarkError
from inferometer_dev.bare_apiserver import BareApiServer
from inferometer_dev.gotools import binary
from inferometer_dev.process import free_port
from inferometer_operator.api.crd import GROUP, PLURAL, VERSION
from inferometer_operator.api.schedule_crd import SCHEDULE_PLURAL
from inferometer_operator.kube import FIELD_MANAGER
from inferometer_operator.schedules.schedule import decode_schedule

REPOSITORY = Path(__file__).parents[2]
RELEASE, SYSTEM = "inferometer", "inferometer-system"
USER = f"system:serviceaccount:{SYSTEM}:{RELEASE}"
PATIENCE_S = 120.0
POLL_S = 0.2


class World:
    """The API server as its administrator sees it."""

    def __init__(self, server: BareApiServer) -> None:
        self.server = server
        loaders: Any = config
        access = loaders.new_client_from_config(str(server.kubeconfig))
        # Spoken to in JSON; the package's types know its own classes only.
        self._core: Any = client.CoreV1Api(access)
        self._custom: Any = client.CustomObjectsApi(access)

    def install(self) -> None:
        """The CRDs and the chart's rights."""
        argv = [str(binary("helm")), "template", RELEASE, str(REPOSITORY / "charts" / "inferometer"), "-n", SYSTEM]
        rendered = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
        wanted = {"CustomResourceDefinition", "ServiceAccount", "ClusterRole", "ClusterRoleBinding"}
        objects = [one for one in yaml.safe_load_all(rendered) if one and one["kind"] in wanted]
        self._core.create_namespace({"metadata": {"name": SYSTEM}})
        self._kubectl("apply", "--server-side", "-f", "-", stdin=yaml.safe_dump_all(objects))
        self._kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=30s")

    def fill(self, fleet: Fleet) -> None:
        """Creates the schedules and their runs, with what their statuses say."""
        now, recorded = datetime.now(UTC), ended()
        for namespace in sorted({namespace for namespace, _ in fleet.places()}):
            self._core.create_namespace({"metadata": {"name": namespace}})
        statuses: list[Json] = []
        for namespace, name in fleet.places():
            schedule = self._create(namespace, SCHEDULE_PLURAL, schedule_manifest(name, recorded["spec"], now))
            decoded = decode_schedule(schedule)
            runs = {slot: self._create(namespace, PLURAL, run_of(decoded, slot)) for slot in slots(now)}
            for slot, run in runs.items():
                statuses.append(with_status(run, ended_status(run["metadata"]["name"], recorded["status"], slot)))
            statuses.append(with_status(schedule, schedule_status(runs, now)))
        # As the operator does it, under its name: what another has written it could not take away again.
        words = ["apply", "--server-side", f"--field-manager={FIELD_MANAGER}", "--subresource=status", "-f", "-"]
        self._kubectl(*words, stdin=yaml.safe_dump_all(statuses))

    def is_recorded(self) -> bool:
        """Whether each schedule knows how all of its runs ended."""
        found = self._custom.list_cluster_custom_object(GROUP, VERSION, SCHEDULE_PLURAL)["items"]
        return all(len(one["status"].get("results", ())) == RUNS_EACH and "trend" in one["status"] for one in found)

    def operator_kubeconfig(self) -> Path:
        """Access with the ServiceAccount's token, as in a pod."""
        request = {"spec": {"expirationSeconds": 3600}}
        token = self._core.create_namespaced_service_account_token(RELEASE, SYSTEM, request).status.token
        found = yaml.safe_load(self.server.kubeconfig.read_text())
        found["users"] = [{"name": "operator", "user": {"token": token}}]
        found["contexts"][0]["context"]["user"] = "operator"
        path = self.server.folder / "operator.kubeconfig"
        path.write_text(yaml.safe_dump(found))
        return path

    def _create(self, namespace: str, plural: str, manifest: Json) -> Json:
        found: Json = self._custom.create_namespaced_custom_object(GROUP, VERSION, namespace, plural, manifest)
        return found

    def _kubectl(self, *words: str, stdin: str | None = None) -> None:
        argv = [str(self.server.kubectl), "--kubeconfig", str(self.server.kubeconfig), *words]
        ended_as = subprocess.run(argv, capture_output=True, text=True, check=False, input=stdin)
        if ended_as.returncode != 0:
            raise BenchmarkError(f"kubectl {' '.join(words)}: {ended_as.stderr.strip()}")


@contextmanager
def operator(world: World, folder: Path) -> Iterator[tuple[int, str]]:
    """The operator's process id and the address of its page; ended at the end."""
    key, port = world.server.folder / "key", free_port()
    key.write_bytes(b"k" * 48)
    # The environment and the words of the chart's Deployment.
    environment = {
        **os.environ,
        "KUBECONFIG": str(world.operator_kubeconfig()),
        "INFEROMETER_IMAGE": "localhost/inferometer:bench",
        "POD_NAME": "operator-0",
    }
    program = str(Path(sys.executable).parent / "inferometer-operator")
    argv = [program, "--key", str(key), "--liveness", f"http://127.0.0.1:{free_port()}/healthz"]
    argv += ["--metrics-host", "127.0.0.1", "--metrics-port", str(port)]
    log = folder / "operator-at-rest.log"
    with log.open("wb") as output:
        process = subprocess.Popen(argv, env=environment, stdout=output, stderr=output)
    try:
        yield process.pid, f"http://127.0.0.1:{port}/metrics"
        if process.poll() is not None:
            raise BenchmarkError(f"the operator ended with {process.returncode}: {log.read_text()[-1000:]}")
    finally:
        process.terminate()
        process.wait(30)


def await_true(holds: Callable[[], bool], what: str, poll_s: float = POLL_S) -> None:
    """Raises BenchmarkError where it does not come."""
    end_s = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > end_s:
            raise BenchmarkError(f"{what}: not within {PATIENCE_S:.0f} s")
        time.sleep(poll_s)
