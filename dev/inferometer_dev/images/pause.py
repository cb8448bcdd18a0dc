"""`localhost/pause:1`: the container that holds a pod's namespaces. One static program, so there is no base."""

from __future__ import annotations

from pathlib import Path

from ..commands import run
from ..keys import tree_key
from ..layers import layer_of_tree, remember, remembered
from ..oci import Image, Settings, save_record
from ..paths import DEV
from ..trees import built_tree

REFERENCE = "localhost/pause:1"
_SOURCE = DEV / "pause" / "pause.c"


def build_pause() -> Image:
    tree = built_tree("pause", tree_key(_SOURCE), _compile)
    layer = remembered(tree.name) or remember(tree.name, layer_of_tree(tree))
    return save_record(Image(REFERENCE, (layer,), Settings(entrypoint=("/pause",), user="65535:65535")))


def _compile(part: Path) -> None:
    hint = "apt-get install gcc libc6-dev"
    run("compile pause", ["cc", "-static", "-Os", "-s", "-Wall", "-Werror", "-o", part / "pause", _SOURCE], hint)
