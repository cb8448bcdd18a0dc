"""A real API server with its etcd on loopback, without nodes: for tests of CRDs, CEL, admission and our calls.

    with BareApiServer() as server:
        subprocess.run([server.kubectl, "--kubeconfig", server.kubeconfig, "apply", "-f", "crds/"])

No controller manager runs unless it is asked for: then nothing collects garbage, fills default service accounts or
finishes the deletion of a namespace. Pods are accepted and stay Pending, so a test plays the kubelet. Any number can
run side by side: ports are free ones, state is a temporary folder, and both processes end with the `with` block.
"""

from __future__ import annotations

import ssl
import tempfile
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

from inferometer_dev.controlplane import apiserver_argv, etcd_argv
from inferometer_dev.gotools import binary
from inferometer_dev.pki import Authority, Pair
from inferometer_dev.process import Process, answers, free_port

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

# Never routed: only the API server's own certificate and the `kubernetes` service use it.
_SERVICES = "198.18.129.0/24"
_HINT = "the log says why; a full disk and a taken port are the usual reasons"


class BareApiServer:
    """An API server that answers between `start` and `stop`, or inside a `with` block."""

    def __init__(
        self, *, args: Sequence[str] = (), controller_manager: bool = False, start_within_s: float = 60.0
    ) -> None:
        """`args` are appended to kube-apiserver's; with `controller_manager` owners and namespaces are honoured."""
        self._temporary = tempfile.TemporaryDirectory(prefix="inferometer-apiserver-")
        self.folder = Path(self._temporary.name)
        self._args = tuple(args)
        self._with_controllers = controller_manager
        self._start_within_s = start_within_s
        self._processes: list[Process] = []
        self.port = free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        self.authority = Authority(self.folder / "pki")
        self.kubeconfig = self.authority.kubeconfig("admin", "/O=system:masters/CN=admin", self.url)

    @property
    def kubectl(self) -> Path:
        """The client of the same version."""
        return binary("kubectl")

    @property
    def audit_log(self) -> Path:
        """One JSON line for each request of a service account."""
        return self.folder / "audit.log"

    def kubeconfig_for(self, user: str, groups: Sequence[str] = ()) -> Path:
        """A kubeconfig for another user, for tests of RBAC."""
        subject = "".join(f"/O={group}" for group in groups) + f"/CN={user}"
        return self.authority.kubeconfig(f"user-{user.replace(':', '-')}", subject, self.url)

    def start(self) -> BareApiServer:
        """Returns when /readyz says yes; leaves nothing behind when it raises."""
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """The API server first: it would spend its grace on an etcd that is gone."""
        for process in reversed(self._processes):
            process.stop()
        self._processes.clear()
        self._temporary.cleanup()

    def is_ready(self) -> bool:
        """Whether /readyz answers 200 to the administrator."""
        admin = Pair(self.authority.folder / "admin.crt", self.authority.folder / "admin.key")
        return _ready(f"{self.url}/readyz", self.authority.pair.certificate, admin)

    def _start(self) -> None:
        etcd_port, peer_port = free_port(), free_port()
        health = f"http://127.0.0.1:{etcd_port}/health"
        etcd = etcd_argv(self.folder / "etcd", etcd_port, peer_port)
        self._run(Process("etcd", etcd, lambda: answers(health), self.folder / "etcd.log", stop_within_s=2))
        argv = apiserver_argv(
            self.authority,
            bind="127.0.0.1",
            port=self.port,
            etcd_port=etcd_port,
            service_range=_SERVICES,
            folder=self.folder,
        )
        # Without an address of its own the reconciler would refuse to publish loopback as the service's endpoint.
        argv += ["--endpoint-reconciler-type=none", "--shutdown-delay-duration=0s"]
        if not self._with_controllers:
            # Nobody makes the `default` service accounts, and without one every pod would be refused.
            argv.append("--disable-admission-plugins=ServiceAccount")
        argv += self._args
        log = self.folder / "kube-apiserver.log"
        self._run(
            Process("kube-apiserver", argv, self.is_ready, log, start_within_s=self._start_within_s, stop_within_s=2)
        )
        if self._with_controllers:
            self._start_controllers()

    def _start_controllers(self) -> None:
        port = free_port()
        argv = [
            str(binary("kube-controller-manager")),
            f"--kubeconfig={self.kubeconfig}",
            "--bind-address=127.0.0.1",
            f"--secure-port={port}",
            f"--cert-dir={self.folder / 'generated-controllers'}",
            f"--service-account-private-key-file={self.authority.service_account_keys().key}",
            f"--root-ca-file={self.authority.pair.certificate}",
            f"--flex-volume-plugin-dir={self.folder / 'volume-plugins'}",
            "--leader-elect=false",
            # There are no nodes here: these would take away pods that a test has bound to one.
            "--controllers=*,-pod-garbage-collector-controller,-node-lifecycle-controller,-taint-eviction-controller",
            "--use-service-account-credentials=true",
        ]
        health = f"https://127.0.0.1:{port}/healthz"
        log = self.folder / "kube-controller-manager.log"
        self._run(Process("kube-controller-manager", argv, lambda: _listens(health), log, stop_within_s=2))

    def _run(self, process: Process) -> None:
        self._processes.append(process)
        process.start_or_raise(_HINT)

    def __enter__(self) -> BareApiServer:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _ready(url: str, authority: Path, client: Pair) -> bool:
    context = ssl.create_default_context(cafile=str(authority))
    context.load_cert_chain(str(client.certificate), str(client.key))
    return _answered(url, context)


def _listens(url: str) -> bool:
    # The controller manager signs its own certificate; only we on loopback ask it, and only whether it is up.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return _answered(url, context)


def _answered(url: str, context: ssl.SSLContext) -> bool:
    handlers = [urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)]
    try:
        with urllib.request.build_opener(*handlers).open(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
