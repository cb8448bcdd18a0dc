"""`localhost/triton-cpu:2.51`: a real Triton that runs without a GPU, and serves models by its Python backend.

Triton comes out of the nvidia-pytriton wheel. A wrapper named `tritonserver` hides where its libraries and backends
lie, so that a pod for this image looks like a pod for NVIDIA's.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from inferometer_dev.debian import compile_python, root_file_system
from inferometer_dev.keys import content_key
from inferometer_dev.layers import Layer, layer_of_root, layer_of_tree, remember, remembered
from inferometer_dev.oci import Image, Settings, save_record
from inferometer_dev.paths import DEV
from inferometer_dev.progress import Step
from inferometer_dev.trees import add_user, built_tree, link_into, write_program
from inferometer_dev.wheels import installed

if TYPE_CHECKING:
    from pathlib import Path

REFERENCE = "localhost/triton-cpu:2.51"
LOCK = DEV / "images_lock" / "triton-cpu.txt"
# libpython and libexpat: the backend's stub embeds Python; Debian's python3 program itself is linked statically.
PACKAGES = ("python3", "libpython3.11", "libexpat1")
_RECIPE = "4"
_HOME = "opt/tritonserver"
_SITE = "usr/local/lib/python3.11/dist-packages"
# The stub ignores PYTHONPATH, so the packages go where Debian's Python looks by itself.
_WRAPPER = f"""#!/bin/sh
export LD_LIBRARY_PATH=/{_HOME}/lib
exec /{_HOME}/bin/tritonserver --backend-directory=/{_HOME}/backends --exit-timeout-secs=3 "$@"
"""


def triton_root() -> Path:
    """Triton's whole root file system as a folder: what the image holds, for a Triton without a cluster."""
    base = root_file_system("bookworm", PACKAGES)
    return built_tree("triton", _key(base), lambda part: _make(base, part))


def build_triton() -> Image:
    """Three layers: Debian, Triton, the Python packages."""
    base = root_file_system("bookworm", PACKAGES)
    root = triton_root()
    layers = (
        base_layer(base),
        _layer(root, "server", (_HOME, "usr/local/bin/tritonserver", "models", "etc/passwd", "etc/group")),
        _layer(root, "packages", (_SITE,)),
    )
    settings = Settings(entrypoint=("tritonserver",), env={"PATH": "/usr/local/bin:/usr/bin:/bin"}, user="1000:1000")
    return save_record(Image(REFERENCE, layers, settings))


def base_layer(root: Path) -> Layer:
    """The base root as a layer; images of one release share it."""
    key = f"root-{root.name}"
    known = remembered(key)
    if known is not None:
        return known
    with Step(f"base layer {root.name.split('-')[0]}"):
        return remember(key, layer_of_root(root))


def _layer(root: Path, name: str, only: tuple[str, ...]) -> Layer:
    key = f"{root.name}-{name}"
    return remembered(key) or remember(key, layer_of_tree(root, only))


def _key(base: Path) -> str:
    return content_key(_RECIPE, base.name, LOCK.read_bytes(), _WRAPPER)


def _make(base: Path, part: Path) -> None:
    wheels = installed(LOCK, "3.11")
    with Step("Triton's root file system"):
        link_into(base, part)
        link_into(wheels / "pytriton" / "tritonserver", part / _HOME)
        link_into(wheels / "nvidia_pytriton.libs", part / _HOME / "lib")
        _place_stub(part)
        for package in sorted(wheels.iterdir()):
            if package.is_dir() and "pytriton" not in package.name and package.name != "bin":
                link_into(package, part / _SITE / package.name)
        write_program(part / "usr/local/bin/tritonserver", _WRAPPER)
        (part / "models").mkdir()
        add_user(part, "triton", 1000)
        compile_python(part, f"/{_SITE}")


def _place_stub(part: Path) -> None:
    stubs = part / _HOME / "python_backend_stubs"
    stub = part / _HOME / "backends" / "python" / "triton_python_backend_stub"
    stub.unlink(missing_ok=True)
    shutil.copyfile(stubs / "3.11" / "triton_python_backend_stub", stub)
    # Any uid must be able to run it, also on a read-only root where Triton cannot repair the mode.
    stub.chmod(0o755)
    (part / _HOME / "bin" / "tritonserver").chmod(0o755)
    shutil.rmtree(stubs)
