"""The embedded cluster's own life: what `up` makes, what `down` leaves, and what happens when either is killed.

These take the cluster down, so they run in a phase of their own.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from e2e.faults import daemon_pid
from e2e.machine import Machine, look, wait_until
from inferometer_dev.cluster import state
from inferometer_dev.cluster.addresses import API_ADDRESS, API_PORT
from inferometer_dev.cluster.gateway import open_gateway
from inferometer_dev.cluster.members import running_members
from inferometer_dev.cluster.network import has_namespace_mount
from inferometer_dev.cluster.store import template
from inferometer_dev.images.pause import build_pause
from inferometer_dev.oci import write_archive
from inferometer_dev.paths import REPO, STATE, cache_dir

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="namespaces and mounts need root"),
    # The first `up` on a machine builds Kubernetes.
    pytest.mark.timeout(1800),
]
CLUSTER = REPO / "dev" / "cluster"


@pytest.fixture
def no_cluster() -> Iterator[None]:
    succeed("down")
    yield
    succeed("down")


@pytest.fixture
def before(no_cluster: None) -> Machine:
    return look()


def test_down_leaves_nothing_of_a_cluster_that_ran_pods(before: Machine) -> None:
    succeed("up", "--nodes", "2", "--gpus", "1")
    run_a_pod_on("node-2", "localhost/pause:1")
    succeed("down")

    assert look() == before


def test_down_ends_a_way_into_the_cluster_with_it(before: Machine) -> None:
    succeed("up")
    opened = [open_gateway((API_ADDRESS, API_PORT), 0) for _ in range(2)]
    host, port = opened[0].split(":")
    with socket.create_connection((host, int(port)), timeout=5) as way:
        # What is no TLS is told so in plain HTTP.
        way.sendall(b"GET / HTTP/1.0\r\n\r\n")
        answer = way.recv(100)
    succeed("down")

    assert opened[0] == opened[1]
    assert answer.startswith(b"HTTP/1.0 400")
    assert look() == before


def test_up_when_up_changes_nothing_and_is_quick(no_cluster: None) -> None:
    succeed("up", "--nodes", "1")
    first = (identity(), running_members())
    started_s = time.monotonic()
    succeed("up")

    assert (identity(), running_members()) == first
    assert time.monotonic() - started_s < 5


def test_nodes_and_gpus_follow_what_is_asked_and_objects_stay(no_cluster: None) -> None:
    succeed("up", "--nodes", "1")
    first = identity()
    succeed("up", "--nodes", "3", "--gpus", "4")
    grown = gpus_by_node()
    succeed("up", "--nodes", "2", "--gpus", "0")
    shrunk = gpus_by_node()

    assert grown == {"node-1": "4", "node-2": "4", "node-3": "4"}
    assert shrunk == {"node-1": None, "node-2": None}
    assert identity() == first


def test_up_starts_a_dead_node_again(no_cluster: None) -> None:
    succeed("up", "--nodes", "2")
    os.kill(running_members()["node-2"], signal.SIGKILL)
    wait_until(lambda: "node-2" not in running_members())
    broken = cluster("status")
    succeed("up")

    assert broken.returncode == 1
    assert cluster("status").returncode == 0


def test_killing_a_daemon_of_a_node_ends_neither_the_node_nor_its_pods(no_cluster: None) -> None:
    succeed("up", "--nodes", "1")
    run_a_pod_on("node-1", "localhost/pause:1")
    killed = {name: daemon_pid("node-1", name) for name in ("containerd", "kubelet", "kube-proxy")}
    for pid in killed.values():
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: all(daemon_pid("node-1", name) not in (None, pid) for name, pid in killed.items()))
    succeed("kubectl", "wait", "--for=condition=Ready", "--timeout=30s", "pod/on-node-1", "node/node-1")
    restarts = succeed(
        "kubectl", "get", "pod", "on-node-1", "-o", "jsonpath={.status.containerStatuses[0].restartCount}"
    )

    assert restarts == "0"


POINTS: dict[str, Callable[[], bool]] = {
    "the record is written": lambda: (STATE / "cluster.json").exists(),
    "the first network is made": lambda: Path("/run/netns/infm0").exists(),
    "the networks are joined": lambda: Path("/run/netns/infm2").exists(),
    "the control plane runs": lambda: "control-plane" in running_members(),
    "a node's store is being cloned": lambda: any(cache_dir().glob("cluster/members/node-*/ctd*")),
    "the first node runs": lambda: "node-1" in running_members(),
    "all nodes run": lambda: "node-2" in running_members(),
}


@pytest.mark.parametrize("point", POINTS)
def test_down_leaves_nothing_of_an_up_that_was_killed_when(point: str, before: Machine) -> None:
    kill_up_when(POINTS[point])
    succeed("down")

    assert look() == before


@pytest.mark.parametrize("point", ["the first network is made", "a node's store is being cloned", "all nodes run"])
def test_up_repairs_an_up_that_was_killed_when(point: str, before: Machine) -> None:
    kill_up_when(POINTS[point])
    succeed("up", "--nodes", "2")
    healthy = cluster("status").returncode
    succeed("down")

    assert healthy == 0
    assert look() == before


def test_an_import_of_images_that_was_killed_is_started_afresh(before: Machine) -> None:
    shutil.rmtree(template(), ignore_errors=True)
    kill_up_when(lambda: any(template().glob("ctd/io.containerd.content.v1.content/blobs/sha256/*")))
    assert not (template() / "images.json").exists()
    succeed("up", "--nodes", "1")
    run_a_pod_on("node-1", "localhost/pause:1")
    succeed("down")

    assert look() == before


def test_another_clone_takes_over_a_cluster_of_the_same_recipe(no_cluster: None, tmp_path: Path) -> None:
    succeed("up", "--nodes", "1")
    first = identity()
    other = a_clone(tmp_path)
    succeed("up", clone=other)
    record = state.load()

    assert identity() == first
    assert record is not None
    assert Path(record.clone) == other


def test_another_clone_replaces_a_cluster_of_another_recipe(before: Machine, tmp_path: Path) -> None:
    succeed("up", "--nodes", "1")
    first = identity()
    other = a_clone(tmp_path)
    settings = other / "dev" / "inferometer_dev" / "cluster" / "settings.py"
    settings.write_text(settings.read_text() + "# another recipe\n")
    succeed("up", clone=other)
    second = identity()
    succeed("down")

    assert second != first
    assert look() == before


def test_a_network_namespace_that_is_not_ours_is_neither_used_nor_removed(no_cluster: None) -> None:
    prepared = has_namespace_mount()
    subprocess.run(["ip", "netns", "add", "infm1"], check=True)
    try:
        refused = cluster("up", "--nodes", "1")
        cluster("down")
        kept = Path("/run/netns/infm1").exists()
    finally:
        subprocess.run(["ip", "netns", "delete", "infm1"], check=True)
        if not prepared:
            subprocess.run(["umount", "/run/netns"], check=True)
            Path("/run/netns").rmdir()

    assert refused.returncode == 1
    assert "infm1" in refused.stderr
    assert kept


def test_an_archive_is_loaded_into_every_running_node(no_cluster: None, tmp_path: Path) -> None:
    archive = tmp_path / "extra.tar"
    with archive.open("wb") as out:
        write_archive([dataclasses.replace(build_pause(), reference="localhost/extra:1")], out)
    succeed("up", "--nodes", "2")
    succeed("load-image", str(archive))

    run_a_pod_on("node-1", "localhost/extra:1")
    run_a_pod_on("node-2", "localhost/extra:1")


def cluster(*words: str, clone: Path = REPO) -> subprocess.CompletedProcess[str]:
    return subprocess.run([clone / "dev" / "cluster", *words], capture_output=True, text=True, check=False)


def succeed(*words: str, clone: Path = REPO) -> str:
    ended = cluster(*words, clone=clone)
    assert ended.returncode == 0, f"dev/cluster {' '.join(words)}\n{ended.stdout}{ended.stderr}"
    return ended.stdout


def identity() -> str:
    """Another cluster has another one, a repaired one keeps it."""
    return succeed("kubectl", "get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}")


def gpus_by_node() -> dict[str, str | None]:
    items = json.loads(succeed("kubectl", "get", "nodes", "-o", "json"))["items"]
    return {item["metadata"]["name"]: item["status"]["capacity"].get("nvidia.com/gpu") for item in items}


def run_a_pod_on(node: str, image: str) -> None:
    # The namespace's service account is made a moment after the namespace.
    wait_until(lambda: cluster("kubectl", "get", "serviceaccount", "default").returncode == 0)
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"on-{node}"},
        "spec": {
            "nodeName": node,
            "containers": [{"name": "c", "image": image, "imagePullPolicy": "Never"}],
            "terminationGracePeriodSeconds": 1,
        },
    }
    argv = [str(CLUSTER), "kubectl", "create", "-f", "-"]
    subprocess.run(argv, input=json.dumps(pod), text=True, check=True, capture_output=True)
    succeed("kubectl", "wait", "--for=condition=Ready", "--timeout=60s", f"pod/on-{node}")


def kill_up_when(reached: Callable[[], bool]) -> None:
    """Kills `up`, and whatever it has called, with SIGKILL as soon as the point is reached."""
    with subprocess.Popen(
        [CLUSTER, "up", "--nodes", "2"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as starting:
        wait_until(reached, poll_s=0.002)
        unfinished = starting.poll() is None
        os.killpg(starting.pid, signal.SIGKILL)
    assert unfinished, "the point was reached too late to kill anything"


def a_clone(folder: Path) -> Path:
    clone = folder / "clone"
    for name in ("dev", "operator", "loadgen", "requirements"):
        shutil.copytree(REPO / name, clone / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(REPO / "pyproject.toml", clone / "pyproject.toml")
    return clone
