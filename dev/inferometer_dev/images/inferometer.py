"""`localhost/inferometer:TAG`: operator and load generator on Debian's Python 3.13.

Three layers, ordered by how often they change: Debian, the locked dependencies, our own code. A change of our code
costs only the last, small one. Everything is compiled by the image's own Python, since pods run on a read-only root.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tomllib
from typing import TYPE_CHECKING

from inferometer_dev.debian import compile_python, root_file_system
from inferometer_dev.errors import Missing
from inferometer_dev.keys import content_key, tree_key
from inferometer_dev.layers import Layer, layer_of_tree, remember, remembered
from inferometer_dev.oci import Image, Settings, save_record
from inferometer_dev.paths import DEV, REPO
from inferometer_dev.progress import Step
from inferometer_dev.trees import add_user, built_tree, link_into, write_program
from inferometer_dev.wheels import installed

from .triton import base_layer

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

REPOSITORY = "localhost/inferometer"
# A fixed second name, for manifests that are written by hand.
DEV_REFERENCE = f"{REPOSITORY}:dev"
PYTHON = "3.13"
UID = 65532
_LOCK = REPO / "requirements" / "runtime.txt"
_PACKAGES = (REPO / "operator" / "inferometer_operator", REPO / "loadgen" / "inferometer_loadgen")
_SITE = f"usr/local/lib/python{PYTHON}/dist-packages"
_RECIPE = "3"


def default_tag() -> str:
    """The commit; with local changes also a key of their content, so that a new image is never taken for an old one."""
    given = os.environ.get("INFEROMETER_IMAGE_TAG")
    if given:
        return given
    asked = ["git", "-C", str(REPO), "rev-parse", "--short=12", "HEAD"]
    commit = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip() or "nocommit"
    sources = ["operator", "loadgen", "pyproject.toml", "requirements/runtime.txt"]
    asked = ["git", "-C", str(REPO), "status", "--porcelain", "--", *sources]
    changed = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    return f"{commit}-{_code_key()[:8]}" if changed else commit


def build_inferometer(tag: str | None = None) -> Image:
    """Builds what is missing, and files the image under its tag and under `dev`."""
    base = root_file_system("trixie", ("python3", "ca-certificates"))
    runtime = built_tree("runtime", _runtime_key(base), lambda part: _make_runtime(base, part))
    key = f"{runtime.name}-packages"
    layers = (
        base_layer(base),
        remembered(key) or remember(key, layer_of_tree(runtime, (_SITE, "etc/passwd", "etc/group"))),
        _code_layer(runtime),
    )
    settings = Settings(
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        command=("inferometer", "--help"),
        user=f"{UID}:{UID}",
    )
    save_record(Image(DEV_REFERENCE, layers, settings))
    return save_record(Image(f"{REPOSITORY}:{tag or default_tag()}", layers, settings))


def _runtime_key(base: Path) -> str:
    return content_key(_RECIPE, base.name, _LOCK.read_bytes())


def _make_runtime(base: Path, part: Path) -> None:
    wheels = installed(_LOCK, PYTHON)
    with Step("dependencies of the operator image", "compiled by the image's own Python"):
        link_into(base, part)
        link_into(wheels, part / _SITE)
        shutil.rmtree(part / _SITE / "bin", ignore_errors=True)
        add_user(part, "inferometer", UID)
        compile_python(part, f"/{_SITE}")


def _code_key() -> str:
    return content_key(_RECIPE, *(tree_key(package) for package in (*_PACKAGES, REPO / "pyproject.toml")))


def _code_layer(runtime: Path) -> Layer:
    key = f"code-{_code_key()}"
    known = remembered(key)
    if known is not None:
        return known
    with Step("our code's layer"):
        # Staged inside the runtime's /tmp, which belongs to no layer: only there its Python can see it.
        stage = runtime / "tmp" / key
        shutil.rmtree(stage, ignore_errors=True)
        _stage_code(stage)
        compile_python(runtime, f"/tmp/{key}", strip=f"/tmp/{key}")
        layer = layer_of_tree(stage)
        shutil.rmtree(stage)
    return remember(key, layer)


def _stage_code(stage: Path) -> None:
    project = tomllib.loads((REPO / "pyproject.toml").read_text())["project"]
    site = stage / _SITE
    for package in _PACKAGES:
        shutil.copytree(package, site / package.name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    metadata = site / f"{project['name']}-{project['version']}.dist-info" / "METADATA"
    metadata.parent.mkdir()
    # Enough for importlib.metadata.version(); this image is not a place to install from.
    metadata.write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    for path in (site, *site.rglob("*")):
        # The checkout's umask must not decide what uid 65532 can read.
        path.chmod(0o755 if path.is_dir() else 0o644)
    for name, text in _install_scripts().scripts(project).items():
        write_program(stage / "usr/local/bin" / name, text)


def _install_scripts() -> ModuleType:
    """The Dockerfile's helper, so that both builders write the same scripts."""
    spec = importlib.util.spec_from_file_location("install_scripts", DEV / "dockerfiles" / "install_scripts.py")
    if spec is None or spec.loader is None:
        raise Missing("dev/dockerfiles/install_scripts.py", "git checkout dev/dockerfiles")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
