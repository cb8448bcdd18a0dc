"""What befalls a cluster: processes of pods and daemons that are killed or stopped, requests that are held back.

Every process is found by what it belongs to (its pod's cgroup, its member's children) and signalled by its id.
"""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from e2e.cluster import Bench
from e2e.machine import wait_until
from inferometer_dev.cluster.access import kubectl
from inferometer_dev.cluster.addresses import Member
from inferometer_dev.cluster.members import init_pid
from inferometer_dev.cluster.network import namespace_path
from inferometer_dev.process import children_of

SYSTEM = "inferometer-system"
DEPLOYMENT = "deployment/inferometer"
NODE = Member(1)


def kill_container(bench: Bench, pod: str) -> None:
    """SIGKILL to the first process of a pod's container, as the kernel does when memory is short."""
    os.kill(first_process(bench.get("pod", pod)["metadata"]["uid"]), signal.SIGKILL)


def kill_operator() -> None:
    """SIGKILL, and the pod taken away, so that the next operator need not wait for the kubelet's back-off."""
    (pod,) = operator_pods()
    os.kill(first_process(pod["metadata"]["uid"]), signal.SIGKILL)
    kubectl("take the operator's pod away", "-n", SYSTEM, "delete", "pod", pod["metadata"]["name"], "--force")


def await_operator() -> None:
    kubectl("wait for the operator", "-n", SYSTEM, "rollout", "status", DEPLOYMENT, "--timeout=60s")


@contextmanager
def no_operator() -> Iterator[None]:
    """Nobody is alive while the context lasts; after it an operator is."""
    kubectl("stop the operator", "-n", SYSTEM, "scale", DEPLOYMENT, "--replicas=0")
    try:
        wait_until(lambda: not operator_pods())
        yield
    finally:
        kubectl("start an operator", "-n", SYSTEM, "scale", DEPLOYMENT, "--replicas=1")
        await_operator()


def operator_pods() -> list[dict[str, dict[str, str]]]:
    found = kubectl("find the operator", "-n", SYSTEM, "get", "pods", "-o", "json", "-l", "app.kubernetes.io/name")
    items: list[dict[str, dict[str, str]]] = json.loads(found)["items"]
    return items


@contextmanager
def held_back(request: str) -> Iterator[None]:
    """Packets between pods that begin such an HTTP request are lost, as `POST /v1/start`."""
    words = ["-p", "tcp", "--dport", "9180", "-m", "string", "--algo", "bm", "--string", request, "-j", "DROP"]
    enter = ["nsenter", f"--net={namespace_path(NODE)}", "iptables", "-w"]
    subprocess.run([*enter, "-I", "FORWARD", *words], check=True)
    try:
        yield
    finally:
        subprocess.run([*enter, "-D", "FORWARD", *words], check=True)


@contextmanager
def stopped(member: str, daemon: str) -> Iterator[None]:
    """The daemon answers nobody while the context lasts."""
    pid = daemon_pid(member, daemon)
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def kill_daemon(member: str, daemon: str) -> None:
    """SIGKILL; its member starts another, which is waited for."""
    pid = daemon_pid(member, daemon)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: daemon_pid(member, daemon) not in {None, pid})


def daemon_pid(member: str, name: str) -> int | None:
    """The id of the member's process that runs the binary `name`."""
    init = init_pid(member)
    shells = children_of(init) if init is not None else ()
    for pid in (child for shell in shells for child in children_of(shell)):
        if os.path.basename(os.path.realpath(f"/proc/{pid}/exe")) == name:  # noqa: PTH119
            return pid
    return None


def first_process(pod_uid: str) -> int:
    """The id of the first process of a pod's container."""
    return min(pid for pid in _processes(pod_uid) if _is_first(pid))


def _processes(pod_uid: str) -> Iterator[int]:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            is_in_it = f"pod{pod_uid}/" in (process / "cgroup").read_text()
            words = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if is_in_it and words[0] != b"/pause":
            yield int(process.name)


def _is_first(pid: int) -> bool:
    """Whether it is process 1 of its own namespace."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(line for line in status.splitlines() if line.startswith("NSpid:")).split()[-1] == "1"
