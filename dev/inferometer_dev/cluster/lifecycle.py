"""`up`, `down` and loading images: one cluster a machine, under one lock, whoever calls and from whichever clone.

`up` compares what is with what is wanted and does only what is missing. Where it cannot know (a killed `up`, another
recipe, namespaces that are gone) it takes everything down first and starts anew: a cluster is ten seconds old then.
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from inferometer_dev.commands import require_root, succeeds
from inferometer_dev.debian import install_host_packages
from inferometer_dev.errors import Missing
from inferometer_dev.gotools import TOOLS, build_all, pinned_version
from inferometer_dev.images.catalog import build_images
from inferometer_dev.keys import content_key, tree_key
from inferometer_dev.locks import locked
from inferometer_dev.oci import Image, load_record
from inferometer_dev.paths import DEV, REPO, STATE
from inferometer_dev.progress import Step

from . import daemons, network, state, store
from .access import kubectl, require_cluster
from .addresses import Member, Plan
from .cgroups import make_cgroups, remove_cgroups
from .gpus import set_gpus
from .members import running_members, start_member, stop_members
from .readiness import wait_for_api, wait_for_nodes

if TYPE_CHECKING:
    from inferometer_dev.pki import Authority

    from .state import Record


def up(nodes: int | None = None, gpus: int | None = None) -> Plan:
    """Brings the cluster to `nodes` and `gpus`; what is not given stays as it is (at first: one node, no GPU)."""
    require_root("starting a cluster")
    install_host_packages()
    build_all()
    images = build_images()
    with locked("cluster", STATE):
        record = state.load()
        plan = wanted_plan(record, nodes, gpus)
        if record is not None and not _usable(record):
            with Step("remove what is left", "an unfinished or different cluster"):
                _down(record)
            record = None
        if record is None:
            network.check_unowned(plan)
            record = state.begin(_recipe(), REPO, plan, made_namespace_mount=not network.has_namespace_mount())
            # Disk that outlived its record (a reboot empties /run) belongs to no running cluster.
            shutil.rmtree(record.disk, ignore_errors=True)
        record = _resize(record, plan)
        _converge(record, plan, images)
        state.completed(record, REPO, plan)
    return plan


def down() -> bool:
    """Ends the cluster and removes every trace of it; False when there was none."""
    require_root("stopping a cluster")
    with locked("cluster", STATE):
        record = state.load()
        if record is None and not running_members():
            state.forget()
            return False
        with Step("cluster down"):
            _down(record)
    return True


def load_image(reference_or_archive: str) -> str:
    """Puts an image that dev/images built, or an image archive, into every node and into the store for later nodes."""
    require_cluster()
    archive = Path(reference_or_archive)
    with locked("cluster", STATE):
        record = state.load()
        if record is None:
            raise Missing("a running cluster", "dev/cluster up")
        with Step(f"load {reference_or_archive}"):
            if archive.is_file():
                with store.template_daemon() as address:
                    store.import_archive(address, archive)
                for node in record.plan.workers:
                    store.import_archive(state.socket(node), archive)
                return f"{archive.name} is on {record.nodes} node(s)"
            image = load_record(reference_or_archive)
            if image is None:
                raise Missing(f"image {reference_or_archive}", "dev/images build, or give the path of an archive")
            store.add_to_template(image)
            for node in record.plan.workers:
                store.update_node(state.disk(record, node), state.socket(node), (image,))
            return f"{image.reference} {image.digest} is on {record.nodes} node(s)"


def wanted_plan(record: Record | None, nodes: int | None, gpus: int | None) -> Plan:
    """What is not asked for stays as it is. Pure."""
    old = record.plan if record is not None else Plan(1)
    return Plan(old.nodes if nodes is None else nodes, old.gpus if gpus is None else gpus)


def _recipe() -> str:
    versions = [f"{name}={pinned_version(tool)}" for name, tool in TOOLS.items()]
    package = DEV / "inferometer_dev"
    code = [tree_key(package / name) for name in ("cluster", "controlplane.py", "pki.py")]
    return content_key(*versions, *code)


def _usable(record: Record) -> bool:
    """Whether `up` can go on from here: finished once, of our recipe, and with all its networks in place."""
    networks = all(network.namespace_path(member).exists() for member in record.plan.members)
    return record.complete and record.recipe == _recipe() and networks


def _resize(record: Record, plan: Plan) -> Record:
    """Takes surplus nodes away. The record covers old and new nodes until the end: a kill loses track of none."""
    surplus = [node for node in record.plan.workers if node.index > plan.nodes]
    if plan.nodes != record.nodes:
        record = state.changing(record, max(record.nodes, plan.nodes))
    if surplus:
        with Step(f"remove {len(surplus)} node(s)"):
            stop_members({node.name for node in surplus})
            for node in surplus:
                network.remove_network(node)
                shutil.rmtree(state.disk(record, node), ignore_errors=True)
                kubectl(f"forget {node.name}", "delete", "node", node.name, "--ignore-not-found")
    return record


def _converge(record: Record, plan: Plan, images: tuple[Image, ...]) -> None:
    for folder in state.MOUNT_POINTS:
        folder.mkdir(parents=True, exist_ok=True)
    network.make_networks(plan)
    authority = daemons.write_shared(record)
    running = running_members()
    control_plane = daemons.write_control_plane(record, authority)
    if Member(0).name not in running:
        start_member(Member(0), control_plane)
    store.fill_template(images)
    started = _start_nodes(record, plan, authority, set(running))
    with Step("API server"):
        wait_for_api(control_plane / "logs")
    folders = {node.name: state.disk(record, node) for node in plan.workers}
    with Step("nodes Ready", f"{plan.nodes} node(s), {plan.gpus} GPU(s) each"):
        wait_for_nodes(plan, folders, started)
        set_gpus(plan.gpus)
    _update_nodes(record, plan, images)


def _start_nodes(record: Record, plan: Plan, authority: Authority, running: set[str]) -> dict[str, datetime]:
    started: dict[str, datetime] = {}
    for node in plan.workers:
        folder = daemons.write_node(record, authority, node)
        if node.name not in running:
            make_cgroups(node)
            store.clone_template(folder)
            started[node.name] = datetime.now(UTC)
            start_member(node, folder)
    return started


def _update_nodes(record: Record, plan: Plan, images: tuple[Image, ...]) -> None:
    wanted = store.listing_of(images)
    for node in plan.workers:
        folder = state.disk(record, node)
        known = store.read_listing(folder / "images.json") or {}
        if any(known.get(name) != digest for name, digest in wanted.items()):
            with Step(f"images of {node.name}"):
                store.update_node(folder, state.socket(node), images)


def _down(record: Record | None) -> None:
    """In the order that leaves nothing: processes (with their mounts), networks, cgroups, files, the record last."""
    stop_members()
    if record is not None:
        for member in record.plan.members:
            network.remove_network(member)
        if not remove_cgroups():
            raise Missing(
                "an empty cgroup /infm", "a process in it does not end; see dmesg, then dev/cluster down again"
            )
        shutil.rmtree(record.disk, ignore_errors=True)
        for folder in record.made_folders:
            # Only if it is still empty: somebody else may have come to use it.
            succeeds(["rmdir", folder])
        if record.made_namespace_mount:
            network.remove_namespace_mount()
    state.forget()
