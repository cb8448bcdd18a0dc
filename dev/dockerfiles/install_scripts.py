"""Writes the console scripts and the version that pyproject.toml names: the one step that COPY cannot do."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

PREFIX = Path("/usr/local")


def scripts(project: dict[str, dict[str, str]]) -> dict[str, str]:
    """Name -> text of each console script. Pure."""
    texts = {}
    for name, target in project["scripts"].items():
        module, _, function = target.partition(":")
        lines = ["#!/usr/bin/python3", "import sys", f"from {module} import {function}", f"sys.exit({function}())", ""]
        texts[name] = "\n".join(lines)
    return texts


def main(argv: list[str]) -> int:
    """Install into /usr/local for the Python that runs this."""
    project = tomllib.loads(Path(argv[0]).read_text())["project"]
    for name, text in scripts(project).items():
        path = PREFIX / "bin" / name
        path.write_text(text)
        path.chmod(0o755)
    python = f"python{sys.version_info.major}.{sys.version_info.minor}"
    folder = PREFIX / "lib" / python / "dist-packages" / f"{project['name']}-{project['version']}.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
