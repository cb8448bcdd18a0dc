"""Layers and images: their digests, and the archive that carries them."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from typing import TYPE_CHECKING, Any

import pytest

from inferometer_dev.layers import layer_of_root, layer_of_tree, remember, remembered
from inferometer_dev.oci import Image, Settings, digest_of, load_record, save_record, write_archive

if TYPE_CHECKING:
    from pathlib import Path

    from inferometer_dev.layers import Layer


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def a_tree(tmp_path: Path, name: str = "tree") -> Path:
    tree = tmp_path / name
    (tree / "folder").mkdir(parents=True)
    (tree / "folder" / "program").write_text("#!/bin/sh\n")
    (tree / "folder" / "program").chmod(0o755)
    (tree / "link").symlink_to("folder/program")
    return tree


def entries(layer: Layer) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(layer.path) as tar:
        return {entry.name: entry for entry in tar.getmembers()}


def test_the_same_content_gives_the_same_layer_whenever_and_wherever_it_is_packed(tmp_path: Path) -> None:
    first = layer_of_tree(a_tree(tmp_path, "one"))
    other = a_tree(tmp_path, "two")
    os.utime(other / "folder" / "program", (1, 1))

    assert layer_of_tree(other) == first


def test_a_layers_digest_and_size_are_those_of_its_tar(tmp_path: Path) -> None:
    layer = layer_of_tree(a_tree(tmp_path))
    data = layer.path.read_bytes()

    assert layer.digest == f"sha256:{hashlib.sha256(data).hexdigest()}"
    assert layer.size == len(data)


def test_a_layer_keeps_modes_and_links_and_drops_times(tmp_path: Path) -> None:
    packed = entries(layer_of_tree(a_tree(tmp_path)))

    assert list(packed) == ["folder", "folder/program", "link"]
    assert packed["folder/program"].mode == 0o755
    assert packed["link"].linkname == "folder/program"
    assert {entry.mtime for entry in packed.values()} == {0}


def test_chosen_paths_come_with_the_folders_above_them(tmp_path: Path) -> None:
    tree = a_tree(tmp_path)
    (tree / "folder" / "other").write_text("left out")

    assert list(entries(layer_of_tree(tree, ("folder/program",)))) == ["folder", "folder/program"]


def test_a_root_gets_its_empty_places_and_loses_what_describes_the_building_machine(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    (root / "proc").mkdir()
    (root / "etc" / "hostname").write_text("builder")
    (root / "etc" / "one").write_text("kept")
    os.link(root / "etc" / "one", root / "etc" / "two")
    (root / "proc" / "leftover").write_text("x")
    packed = entries(layer_of_root(root))

    assert set(packed) == {"dev", "proc", "sys", "run", "tmp", "etc", "etc/one", "etc/two"}
    assert packed["tmp"].mode == 0o1777
    assert packed["etc/two"].islnk()


def test_a_layer_is_remembered_while_its_tar_is_there(tmp_path: Path) -> None:
    layer = remember("key", layer_of_tree(a_tree(tmp_path)))
    while_there = remembered("key")
    layer.path.unlink()

    assert while_there == layer
    assert remembered("key") is None
    assert remembered("never seen") is None


def an_image(tmp_path: Path, reference: str = "localhost/a:1") -> Image:
    settings = Settings(env={"A": "1"}, entrypoint=("/program",), user="1000:1000")
    return Image(reference, (layer_of_tree(a_tree(tmp_path, reference.replace("/", "-"))),), settings)


def test_a_config_says_what_a_container_gets(tmp_path: Path) -> None:
    image = an_image(tmp_path)
    config: dict[str, Any] = json.loads(image.config)

    assert config["config"] == {"WorkingDir": "/", "Env": ["A=1"], "Entrypoint": ["/program"], "User": "1000:1000"}
    assert config["rootfs"] == {"type": "layers", "diff_ids": [image.layers[0].digest]}


def test_a_manifest_names_config_and_layers_by_digest_and_size(tmp_path: Path) -> None:
    image = an_image(tmp_path)
    manifest: dict[str, Any] = json.loads(image.manifest)
    described = [(part["digest"], part["size"]) for part in (manifest["config"], *manifest["layers"])]

    assert described == [
        (digest_of(image.config), len(image.config)),
        (image.layers[0].digest, image.layers[0].size),
    ]
    assert image.digest == digest_of(image.manifest)


def test_every_blob_of_an_archive_is_what_its_name_says_and_the_index_leads_to_all(tmp_path: Path) -> None:
    images = [an_image(tmp_path), an_image(tmp_path, "localhost/b:1")]
    out = io.BytesIO()
    write_archive(images, out)
    out.seek(0)
    with tarfile.open(fileobj=out) as tar:
        blobs = {entry.name: read(tar, entry) for entry in tar.getmembers()}
    index = json.loads(blobs.pop("index.json"))
    layout = json.loads(blobs.pop("oci-layout"))
    named = {entry["annotations"]["io.containerd.image.name"]: entry["digest"] for entry in index["manifests"]}

    assert layout == {"imageLayoutVersion": "1.0.0"}
    assert named == {image.reference: image.digest for image in images}
    assert all(digest_of(data) == f"sha256:{name.rpartition('/')[2]}" for name, data in blobs.items())
    # Two images, one shared layer: config and manifest are the same too, since a name is no part of an image.
    assert len(blobs) == 3


def test_layers_that_the_receiver_has_are_left_out(tmp_path: Path) -> None:
    image = an_image(tmp_path)
    out = io.BytesIO()
    write_archive([image], out, without=[image.layers[0].digest])
    out.seek(0)
    with tarfile.open(fileobj=out) as tar:
        names = {name.rpartition("/")[2] for name in tar.getnames()}

    assert image.layers[0].digest.removeprefix("sha256:") not in names
    assert image.digest.removeprefix("sha256:") in names


def test_a_record_brings_the_same_image_back(tmp_path: Path) -> None:
    image = save_record(an_image(tmp_path))
    loaded = load_record(image.reference)

    assert loaded == image
    assert load_record("localhost/never-built:1") is None


def read(tar: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes:
    content = tar.extractfile(entry)
    assert content is not None
    return content.read()
