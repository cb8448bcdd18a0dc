"""`python -m inferometer_dev.parts`: builds all that tests on real parts need, and starts nothing.

The parts are the host's packages, the control plane's and the nodes' binaries, and the images. What is in the cache is
not built again.
"""

from __future__ import annotations

import sys

from inferometer_dev.commands import require_root
from inferometer_dev.debian import install_host_packages
from inferometer_dev.errors import DevError
from inferometer_dev.gotools import build_all
from inferometer_dev.images.catalog import build_images


def main() -> int:
    """Builds what is missing; a step that fails ends it with what to do."""
    try:
        require_root("building the parts of a cluster")
        install_host_packages()
        build_all()
        build_images()
    except DevError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
