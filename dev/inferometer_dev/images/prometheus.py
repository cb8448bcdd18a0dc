"""`localhost/prometheus:VERSION`: one static program, so there is no base. Its web pages are not built, its API is."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from inferometer_dev.gotools import TOOLS, binary, pinned_version
from inferometer_dev.keys import content_key
from inferometer_dev.layers import layer_of_tree, remember, remembered
from inferometer_dev.oci import Image, Settings, save_record
from inferometer_dev.trees import built_tree

if TYPE_CHECKING:
    from pathlib import Path

UID = 65534
_RECIPE = "1"


def reference() -> str:
    """The image's name, with the version that dev/gomods pins."""
    return f"localhost/prometheus:{pinned_version(TOOLS['prometheus'])}"


def build_prometheus() -> Image:
    """Files the binary as an image; builds it if it is missing."""
    program = binary("prometheus")
    tree = built_tree("prometheus", content_key(_RECIPE, reference()), lambda part: _place(program, part))
    layer = remembered(tree.name) or remember(tree.name, layer_of_tree(tree))
    return save_record(Image(reference(), (layer,), Settings(entrypoint=("/prometheus",), user=f"{UID}:{UID}")))


def _place(program: Path, part: Path) -> None:
    shutil.copyfile(program, part / "prometheus")
    (part / "prometheus").chmod(0o755)
