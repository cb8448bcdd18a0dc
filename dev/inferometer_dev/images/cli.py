"""`dev/images build [NAME...]`: builds the images into the cache, without Docker and without a registry."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from inferometer_dev.commands import require_root

from .catalog import BUILDERS
from .inferometer import build_inferometer

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str]) -> int:
    """Build the named images, or all; one line an image on stdout."""
    parser = argparse.ArgumentParser(prog="dev/images", description="The images, built without Docker into the cache.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    build = verbs.add_parser("build", help="build what is missing")
    build.add_argument("names", nargs="*", metavar="NAME", help=f"any of: {', '.join(BUILDERS)} (default: all)")
    build.add_argument("--tag", help="tag of localhost/inferometer (default: the commit)")
    given = parser.parse_args(argv)
    unknown = sorted(set(given.names) - set(BUILDERS))
    if unknown:
        print(f"error: no image named {unknown[0]}. hint: use {', '.join(BUILDERS)}", file=sys.stderr)
        return 2
    require_root("building images")
    for name in given.names or BUILDERS:
        image = build_inferometer(given.tag) if name == "inferometer" else BUILDERS[name]()
        size_mb = sum(layer.size for layer in image.layers) / 1e6
        print(f"{image.reference}  {image.digest}  {size_mb:.0f} MB")
    return 0
