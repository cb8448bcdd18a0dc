"""The daemons' settings, where a wrong word would only show on a machine that differs from ours."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

from inferometer_dev.cluster import settings
from inferometer_dev.cluster.addresses import Member
from inferometer_dev.images import pause

NODE = Member(2)


def test_pods_are_pinned_to_the_pause_image_that_we_build() -> None:
    config = containerd()

    assert config["plugins"]["io.containerd.cri.v1.images"]["pinned_images"] == {"sandbox": pause.REFERENCE}


def test_containerd_writes_only_into_the_folders_that_it_is_given() -> None:
    config = containerd()

    assert config["root"] == "/disk/ctd"
    assert config["state"] == "/run/containerd"
    assert config["grpc"]["address"] == "/state/containerd.sock"
    assert config["plugins"]["io.containerd.internal.v1.opt"]["path"] == "/disk/opt"


def test_the_image_store_cannot_run_pods() -> None:
    text = settings.image_store_config(Path("/root"), Path("/state"), Path("/sock"), Path("/opt"))

    assert "io.containerd.grpc.v1.cri" in tomllib.loads(text)["disabled_plugins"]


def test_a_nodes_pods_get_routed_addresses_of_its_own_subnet() -> None:
    bridge, portmap = json.loads(settings.cni_config(NODE))["plugins"]

    assert bridge["ipam"]["ranges"] == [[{"subnet": "198.18.12.0/24"}]]
    assert bridge["ipMasq"] is False
    assert bridge["ipam"]["dataDir"].startswith("/run/")
    assert portmap["type"] == "portmap"


def test_a_kubelet_keeps_to_its_own_cgroup_and_asks_no_name_server_of_the_machine() -> None:
    folder = Path("/disk")
    text = settings.kubelet_config(
        NODE,
        authority=folder / "ca",
        certificate=folder / "crt",
        key=folder / "key",
        socket=folder / "s",
        folder=folder,
    )
    config = json.loads(text)

    assert config["cgroupRoot"] == "/infm/node-2"
    assert config["resolvConf"] == "/disk/resolv.conf"
    assert config["authentication"]["anonymous"] == {"enabled": False}


def containerd() -> dict[str, Any]:
    disk = Path("/disk")
    return tomllib.loads(
        settings.containerd_config(disk / "ctd", Path("/state/containerd.sock"), disk / "cni-conf", disk / "opt")
    )
