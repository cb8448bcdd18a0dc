"""Names for cached things: the same inputs give the same name, any change gives another."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY_LENGTH = 16


def content_key(*parts: str | bytes) -> str:
    """Each part is prefixed with its length, so that ("ab", "c") and ("a", "bc") differ."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(f"{len(data)}:".encode() + data)
    return digest.hexdigest()[:KEY_LENGTH]


def tree_key(*roots: Path) -> str:
    """Names the content of files or folders: relative paths, bytes and execute bits, but no times."""
    parts: list[str | bytes] = []
    for root in roots:
        for path in source_files(root):
            parts += [str(path.relative_to(root.parent)), str(os.access(path, os.X_OK)), path.read_bytes()]
    return content_key(*parts)


def source_files(root: Path) -> Iterator[Path]:
    """The files that belong to a source tree, in a fixed order; compiled Python is nobody's source."""
    if root.is_file():
        yield root
        return
    for path in sorted(root.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path
