"""Writes what a member runs: its settings, certificates and one start script a daemon, in the order of their names."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from inferometer_dev.controlplane import apiserver_argv, etcd_argv
from inferometer_dev.gotools import build_all
from inferometer_dev.paths import STATE
from inferometer_dev.pki import Authority

from . import settings, state
from .addresses import API_ADDRESS, API_PORT, API_URL, SERVICES, Member

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .state import Record

_HERE = Path(__file__).parent
_ETCD_PORT, _ETCD_PEER_PORT = 2379, 2380


def write_shared(record: Record) -> Authority:
    """The scripts, the links to the binaries, and the administrator's kubeconfig."""
    state.BIN.mkdir(parents=True, exist_ok=True)
    for name, path in build_all().items():
        link = state.BIN / name
        if not link.is_symlink() or link.readlink() != path:
            link.unlink(missing_ok=True)
            link.symlink_to(path)
    for script in (state.INIT, state.PREPARE, state.PRIVATE_RUN):
        # A copy: the clone may change or vanish while the cluster runs.
        shutil.copyfile(_HERE / script.name, script)
    authority = Authority(state.pki(record))
    admin = authority.kubeconfig("admin", "/O=system:masters/CN=admin", API_URL)
    part = STATE / "kubeconfig.part"
    part.touch(mode=0o600)
    part.write_text(admin.read_text())
    part.rename(state.KUBECONFIG)
    return authority


def write_control_plane(record: Record, authority: Authority) -> Path:
    """Everything that the control plane runs; returns its folder."""
    folder = state.disk(record, Member(0))
    folder.mkdir(parents=True, exist_ok=True)
    apiserver = apiserver_argv(
        authority, bind=API_ADDRESS, port=API_PORT, etcd_port=_ETCD_PORT, service_range=SERVICES, folder=folder
    )
    # kube-proxy does not run here, so webhooks of services must be called at their endpoints.
    apiserver.append("--enable-aggregator-routing=true")
    controllers = authority.kubeconfig("controllers", "/CN=system:kube-controller-manager", API_URL)
    scheduler = authority.kubeconfig("scheduler", "/CN=system:kube-scheduler", API_URL)
    token_key = authority.service_account_keys().key
    manager = settings.controller_manager_argv(
        controllers, authority.pair.certificate, token_key, folder / "volume-plugins"
    )
    _write_daemons(
        folder,
        {
            "1-etcd": etcd_argv(folder / "etcd", _ETCD_PORT, _ETCD_PEER_PORT),
            "2-kube-apiserver": apiserver,
            "3-kube-controller-manager": manager,
            "4-kube-scheduler": settings.scheduler_argv(scheduler),
        },
    )
    return folder


def write_node(record: Record, authority: Authority, node: Member) -> Path:
    """Everything that one node runs; returns its folder."""
    folder = state.disk(record, node)
    for name in ("cni-conf", "volume-plugins"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (STATE / node.name).mkdir(exist_ok=True)
    socket = state.socket(node)
    alternatives = [f"DNS:{node.name}", f"IP:{node.address}", "IP:127.0.0.1"]
    subject = f"/O=system:nodes/CN=system:node:{node.name}"
    kubeconfig = authority.kubeconfig(node.name, subject, API_URL, alternatives)
    pair = authority.sign(node.name, subject, alternatives)
    proxy = authority.kubeconfig("proxy", "/CN=system:kube-proxy", API_URL)
    (folder / "resolv.conf").write_text("")
    (folder / "cni-conf" / "10-infm.conflist").write_text(settings.cni_config(node))
    (folder / "containerd.toml").write_text(
        settings.containerd_config(folder / "ctd", socket, folder / "cni-conf", folder / "opt")
    )
    (folder / "kubelet.json").write_text(
        settings.kubelet_config(
            node,
            authority=authority.pair.certificate,
            certificate=pair.certificate,
            key=pair.key,
            socket=socket,
            folder=folder,
        )
    )
    kubelet = [
        "kubelet",
        f"--config={folder / 'kubelet.json'}",
        f"--kubeconfig={kubeconfig}",
        f"--hostname-override={node.name}",
        f"--node-ip={node.address}",
    ]
    _write_daemons(
        folder,
        {
            "1-containerd": ["containerd", "--config", str(folder / "containerd.toml")],
            "2-kubelet": kubelet,
            "3-kube-proxy": settings.kube_proxy_argv(node, proxy),
        },
        waits={"2-kubelet": f"while ! [ -S {shlex.quote(str(socket))} ]; do sleep 0.1; done"},
    )
    return folder


def _write_daemons(folder: Path, daemons: dict[str, Sequence[str]], waits: dict[str, str] | None = None) -> None:
    (folder / "daemons").mkdir(parents=True, exist_ok=True)
    for name, argv in daemons.items():
        script = folder / "daemons" / name
        wait = f"{(waits or {})[name]}\n" if name in (waits or {}) else ""
        script.write_text(f"#!/bin/sh\n{wait}exec {shlex.join(argv)}\n")
        script.chmod(0o755)
