"""`localhost/pause:1`: the container that holds a pod's namespaces. One static program, so there is no base."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inferometer_dev.commands import run
from inferometer_dev.keys import tree_key
from inferometer_dev.layers import layer_of_tree, remember, remembered
from inferometer_dev.oci import Image, Settings, save_record
from inferometer_dev.paths import DEV
from inferometer_dev.trees import built_tree

if TYPE_CHECKING:
    from pathlib import Path

REFERENCE = "localhost/pause:1"
_SOURCE = DEV / "pause" / "pause.c"


def build_pause() -> Image:
    """Compiles the program if its source changed."""
    tree = built_tree("pause", tree_key(_SOURCE), _compile)
    layer = remembered(tree.name) or remember(tree.name, layer_of_tree(tree))
    return save_record(Image(REFERENCE, (layer,), Settings(entrypoint=("/pause",), user="65535:65535")))


def _compile(part: Path) -> None:
    hint = "apt-get install gcc libc6-dev"
    run("compile pause", ["cc", "-static", "-Os", "-s", "-Wall", "-Werror", "-o", part / "pause", _SOURCE], hint)
