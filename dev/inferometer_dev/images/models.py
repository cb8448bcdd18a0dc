"""Images that hold nothing but a model repository, for image volumes: the quickstart's magika, and a broken one."""

from __future__ import annotations

import shutil
from pathlib import Path

from inferometer_dev.keys import content_key, tree_key
from inferometer_dev.layers import layer_of_tree, remember, remembered
from inferometer_dev.oci import Image, save_record
from inferometer_dev.paths import DEV
from inferometer_dev.trees import built_tree
from inferometer_dev.wheels import installed

MAGIKA = "localhost/magika-model:1.0.3"
BROKEN = "localhost/broken-model:1"
LOCK = DEV / "images_lock" / "magika.txt"
_SOURCES = DEV / "models"
_ONNX = Path("magika/models/standard_v3_3/model.onnx")


def magika_repository() -> Path:
    """A model repository with magika as Triton's --model-repository wants it, in the cache. Do not write into it."""
    key = content_key(tree_key(_SOURCES / "magika"), LOCK.read_bytes())
    return built_tree("magika", key, lambda part: _make(_SOURCES / "magika", part, with_onnx=True))


def broken_repository() -> Path:
    """A repository whose model `magika` fails while it loads, with the words that a wrong model would use."""
    key = tree_key(_SOURCES / "broken")
    return built_tree("broken", key, lambda part: _make(_SOURCES / "broken", part, with_onnx=False))


def build_magika() -> Image:
    """The quickstart's model as an image."""
    return _one_layer(MAGIKA, magika_repository())


def build_broken() -> Image:
    """The failing model as an image."""
    return _one_layer(BROKEN, broken_repository())


def _one_layer(reference: str, tree: Path) -> Image:
    layer = remembered(tree.name) or remember(tree.name, layer_of_tree(tree))
    return save_record(Image(reference, (layer,)))


def _make(source: Path, part: Path, *, with_onnx: bool) -> None:
    model = part / "magika"
    shutil.copytree(source, model, ignore=shutil.ignore_patterns("__pycache__"))
    if with_onnx:
        wheels = installed(LOCK, "3.13")
        shutil.copyfile(wheels / _ONNX, model / "1" / "model.onnx")
    for path in (model, *model.rglob("*")):
        # The checkout's umask must not decide whether uid 1000 can read the model.
        path.chmod(0o755 if path.is_dir() else 0o644)
