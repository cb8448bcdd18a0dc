"""The image store: imported once, cloned for each node by hard links.

A template store is filled by a containerd that runs no pods. A node's store is its clone: a few seconds and a few
megabytes, where an import would unpack every image again. Images that come later are imported into the template and
into each running node, without the layers that are there already.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

from inferometer_dev.commands import run, succeeds, tail
from inferometer_dev.errors import StepFailed
from inferometer_dev.gotools import TOOLS, pinned_version
from inferometer_dev.images.inferometer import REPOSITORY
from inferometer_dev.oci import Image, write_archive
from inferometer_dev.paths import STATE, cache
from inferometer_dev.process import Process
from inferometer_dev.progress import Step
from inferometer_dev.trees import link_into

from .settings import image_store_config
from .state import BIN, PRIVATE_RUN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_HINT = "the image store is rebuilt when its folder in the cache (cluster/images-*) is removed"


def template() -> Path:
    """The folder of the template; another containerd version starts a new one."""
    return cache("cluster") / f"images-{pinned_version(TOOLS['containerd'])}"


def fill_template(images: Sequence[Image]) -> None:
    """Imports what is missing. A killed import is started afresh, since nobody knows how far it came."""
    listing = template() / "images.json"
    known = read_listing(listing)
    if known is None:
        shutil.rmtree(template(), ignore_errors=True)
        template().mkdir()
        known = {}
    missing = [image for image in images if known.get(image.reference) != image.digest]
    if not missing:
        return
    listing.unlink(missing_ok=True)
    with Step("import images", f"{len(missing)} into the template store"), _store_daemon() as address:
        import_images(address, missing)
        kept = remove_old(address, {**known, **listing_of(missing)}, images)
    write_listing(listing, kept)


def add_to_template(image: Image) -> None:
    """One more image for nodes to come; nothing is dropped."""
    listing = template() / "images.json"
    known = read_listing(listing) or {}
    if known.get(image.reference) == image.digest:
        return
    listing.unlink(missing_ok=True)
    with _store_daemon() as address:
        import_images(address, (image,))
    write_listing(listing, {**known, **listing_of((image,))})


def clone_template(folder: Path) -> None:
    """Gives a node its store. Databases are copied: they are changed in place, all other files never are."""
    target = folder / "ctd"
    if target.exists():
        return
    part = folder / "ctd.part"
    shutil.rmtree(part, ignore_errors=True)
    link_into(template() / "ctd", part)
    for database in part.rglob("*.db"):
        copy = database.with_suffix(".copy")
        shutil.copy2(database, copy)
        copy.rename(database)
    shutil.copy2(template() / "images.json", folder / "images.json")
    part.rename(target)


def update_node(folder: Path, address: Path, images: Sequence[Image]) -> int:
    """Imports into a running node what it lacks; how many images that were. Drops none: a pod may still need it."""
    listing = folder / "images.json"
    known = read_listing(listing) or {}
    missing = [image for image in images if known.get(image.reference) != image.digest]
    if missing:
        import_images(address, missing)
        write_listing(listing, {**known, **listing_of(missing)})
    return len(missing)


def import_images(address: Path, images: Sequence[Image]) -> None:
    """Streams images into the containerd at `address`, without the layers that it holds already."""
    held = run("list layers", [*_ctr(address), "content", "ls", "-q"], _HINT).split()
    with tempfile.TemporaryFile() as said:
        argv = [*_ctr(address), "images", "import", "-"]
        with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=said, stderr=said) as importing:
            if importing.stdin is None:
                raise AssertionError("asked for a pipe")
            try:
                write_archive(images, importing.stdin, without=held)
                importing.stdin.close()
            except BrokenPipeError:
                # ctr has ended; what it said is the cause.
                pass
        if importing.returncode != 0:
            said.seek(0)
            raise StepFailed("import images", tail(said.read().decode(errors="replace")), _HINT)


def import_archive(address: Path, archive: Path) -> None:
    """Imports an image archive that was made elsewhere, under the names that it carries."""
    run(f"import {archive.name}", [*_ctr(address), "images", "import", archive.resolve()], _HINT)


def remove_old(address: Path, known: Mapping[str, str], wanted: Sequence[Image]) -> dict[str, str]:
    """Drops the operator images of earlier commits, which would pile up; returns what remains."""
    names = {image.reference for image in wanted}
    old = [name for name in known if name.startswith(f"{REPOSITORY}:") and name not in names]
    for name in old:
        succeeds([*_ctr(address), "images", "remove", name])
    return {name: digest for name, digest in known.items() if name not in old}


def listing_of(images: Sequence[Image]) -> dict[str, str]:
    """Reference -> digest."""
    return {image.reference: image.digest for image in images}


def read_listing(path: Path) -> dict[str, str] | None:
    """What a store holds, or None when it was never finished."""
    return dict(json.loads(path.read_text())) if path.exists() else None


def write_listing(path: Path, listing: Mapping[str, str]) -> None:
    """Notes what a store holds, in one step."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(dict(listing), indent=1))
    part.rename(path)


@contextmanager
def template_daemon() -> Iterator[Path]:
    """A containerd on the template alone, for importing archives; its listing stays valid."""
    with _store_daemon() as address:
        yield address


@contextmanager
def _store_daemon() -> Iterator[Path]:
    # In the cluster's state, so that `down` removes it when we are killed.
    folder = STATE / "store"
    folder.mkdir(parents=True, exist_ok=True)
    address = folder / "containerd.sock"
    address.unlink(missing_ok=True)
    config = folder / "containerd.toml"
    root = template() / "ctd"
    config.write_text(image_store_config(root, folder / "state", address, folder / "opt"))
    # Own namespaces: unpacking mounts snapshots, and a killed `up` must leave none of them here. A /run of its
    # own: containerd makes a folder there whatever its settings say.
    isolate = ["unshare", "--mount", "--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc"]
    daemon = Process(
        "containerd (image store)",
        [*isolate, "sh", PRIVATE_RUN, template(), BIN / "containerd", "--config", config],
        lambda: succeeds([*_ctr(address), "version"]),
        template() / "containerd.log",
        wrapped=True,
    )
    daemon.start_or_raise(_HINT)
    try:
        yield address
    finally:
        daemon.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _ctr(address: Path) -> list[str]:
    return [str(BIN / "ctr"), "-a", str(address), "-n", "k8s.io"]
