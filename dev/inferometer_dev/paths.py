"""Where things lie: caches under XDG_CACHE_HOME, the running cluster's small state under /run, sources in the clone.

The cache is keyed by content or version, so clones share it and nothing in it goes stale. What a running cluster writes
in bulk (containerd roots, volumes, etcd, logs) lies in the cache's file system too, because nodes are hard links of one
image store and hard links do not cross file systems; `down` removes it.
"""

from __future__ import annotations

import os
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
DEV = REPO / "dev"
# A fixed place, so that every clone and every user of this machine meets the same lock.
STATE = Path("/run/inferometer-dev")


def cache_dir() -> Path:
    """The root of all caches; it may not exist yet."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "inferometer"


def cache(*parts: str) -> Path:
    """A folder in the cache, made if it is missing."""
    path = cache_dir().joinpath(*parts)
    path.mkdir(parents=True, exist_ok=True)
    return path
