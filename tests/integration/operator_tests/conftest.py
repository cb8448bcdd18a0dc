"""A real API server with our CRD, and a namespace for each test."""

import itertools
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException

from inferometer_dev.bare_apiserver import BareApiServer

REPOSITORY = Path(__file__).parents[3]
CRDS = sorted((REPOSITORY / "crds").glob("*.yaml"))


class Cluster:
    """The API server as its administrator sees it."""

    def __init__(self, server: BareApiServer) -> None:
        self.server = server
        self.api = config.new_client_from_config(str(server.kubeconfig))
        # Spoken to in JSON, as manifests are written; the package's types know its own classes only.
        self.core: Any = client.CoreV1Api(self.api)
        self.custom: Any = client.CustomObjectsApi(self.api)
        self.extensions: Any = client.ApiextensionsV1Api(self.api)
        self.rights: Any = client.RbacAuthorizationV1Api(self.api)

    def kubectl(self, *words: str, check: bool = True, stdin: str | None = None) -> str:
        """What kubectl prints, as the administrator; complaints too where it may fail."""
        argv = [str(self.server.kubectl), "--kubeconfig", str(self.server.kubeconfig), *words]
        ended = subprocess.run(argv, capture_output=True, text=True, check=check, input=stdin)
        return ended.stdout if check else ended.stdout + ended.stderr

    def install_crd(self) -> None:
        for path in CRDS:
            crd = yaml.safe_load(path.read_text())
            name = crd["metadata"]["name"]
            self.extensions.create_custom_resource_definition(crd)
            await_true(lambda name=name: self._is_established(name), f"{name} is established")

    def _is_established(self, name: str) -> bool:
        found = self.extensions.read_custom_resource_definition(name)
        return any(one.type == "Established" and one.status == "True" for one in found.status.conditions or ())


def await_true(holds, what: str, within_s: float = 30.0):
    """Ask until it holds; the answer is the first that is true."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if found := holds():
            return found
        time.sleep(0.05)  # the pace of asking, not a guess at how long it takes
    raise AssertionError(f"{what}: not within {within_s:g} s")


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with BareApiServer() as server:
        found = Cluster(server)
        found.install_crd()
        yield found


_numbers = itertools.count()


@pytest.fixture
def namespace(cluster: Cluster) -> str:
    name = f"bench-{next(_numbers)}"
    cluster.core.create_namespace({"metadata": {"name": name}})
    return name


__all__ = ["ApiException", "Cluster", "await_true"]
