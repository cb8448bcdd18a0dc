"""All images by their short names, in the order in which they are built: quick ones first, the largest last."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .inferometer import DEV_REFERENCE, build_inferometer
from .models import build_broken, build_magika
from .pause import build_pause
from .prometheus import build_prometheus
from .triton import build_triton

if TYPE_CHECKING:
    from collections.abc import Callable

    from inferometer_dev.oci import Image

BUILDERS: dict[str, Callable[[], Image]] = {
    "pause": build_pause,
    "magika": build_magika,
    "broken": build_broken,
    "inferometer": build_inferometer,
    "prometheus": build_prometheus,
    "triton": build_triton,
}


def build_images() -> tuple[Image, ...]:
    """Every image, and the operator's a second time under its fixed tag `dev`."""
    images = {name: build() for name, build in BUILDERS.items()}
    return (*images.values(), replace(images["inferometer"], reference=DEV_REFERENCE))
