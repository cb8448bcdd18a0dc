"""Layers: reproducible tar files, so that the same folder gives the same digest and image stores share it.

Entries are sorted, times are zero, owners are root unless the caller says otherwise, and nothing that only describes
the building machine is taken along. Layers are not compressed: they never travel over a network here, and containerd
unpacks a plain tar three times as fast.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from inferometer_dev.paths import cache

if TYPE_CHECKING:
    from collections.abc import Iterator

# Sockets and devices belong to a running system, and the runtime makes its own /dev.
_NEVER = ("dev", "proc", "sys", "run", "tmp", "etc/hostname", "etc/resolv.conf", "etc/machine-id", "var/cache/ldconfig")
_EMPTY_FOLDERS = {"dev": 0o755, "proc": 0o555, "sys": 0o555, "run": 0o755, "tmp": 0o1777}


@dataclass(frozen=True, slots=True)
class Layer:
    """One tar file in the cache. Not compressed, so its digest is also its diff id."""

    digest: str
    size: int

    @property
    def path(self) -> Path:
        """Its tar file."""
        return cache("layers") / self.digest.removeprefix("sha256:")


def layer_of_root(root: Path) -> Layer:
    """A whole root file system as one layer."""
    return _written(root, whole_root=True)


def layer_of_tree(tree: Path, only: tuple[str, ...] = ()) -> Layer:
    """A folder's content (or `only` those paths, with their parents), laid over the layers below; owned by root."""
    return _written(tree, whole_root=False, only=only)


def remembered(key: str) -> Layer | None:
    """The layer that `remember` filed under this key, if its tar is still there."""
    note = cache("layer-keys") / key
    if not note.exists():
        return None
    layer = Layer(**json.loads(note.read_text()))
    return layer if layer.path.exists() else None


def remember(key: str, layer: Layer) -> Layer:
    """Files a layer under what it was made of, so that it need not be made again."""
    (cache("layer-keys") / key).write_text(json.dumps({"digest": layer.digest, "size": layer.size}))
    return layer


class _Hashing:
    """Hashes what tarfile writes on its way to the file, so that a layer is read once."""

    def __init__(self, out: BinaryIO) -> None:
        self.out = out
        self.digest = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        self.size += len(data)
        return self.out.write(data)


def _written(root: Path, *, whole_root: bool, only: tuple[str, ...] = ()) -> Layer:
    part = cache("layers") / f".part-{os.getpid()}"
    with part.open("wb") as out:
        hashing = _Hashing(out)
        with tarfile.open(fileobj=cast("BinaryIO", hashing), mode="w|", format=tarfile.PAX_FORMAT) as tar:
            if whole_root:
                _add_empty_folders(tar)
            seen: dict[tuple[int, int], str] = {}
            for path in _entries(root, skip=_NEVER if whole_root else (), only=only):
                _add(tar, root, path, seen, keep_owner=whole_root)
    layer = Layer(f"sha256:{hashing.digest.hexdigest()}", hashing.size)
    part.rename(layer.path)
    return layer


def _add_empty_folders(tar: tarfile.TarFile) -> None:
    for name, mode in _EMPTY_FOLDERS.items():
        entry = tarfile.TarInfo(name)
        entry.type = tarfile.DIRTYPE
        entry.mode = mode
        tar.addfile(entry)


def _entries(root: Path, skip: tuple[str, ...], only: tuple[str, ...]) -> Iterator[Path]:
    if not only:
        for path in sorted(root.iterdir()):
            yield from _walk(root, path, skip)
        return
    parents = {str(parent) for name in only for parent in Path(name).parents} - {"."}
    for name in sorted(parents | set(only)):
        if name in parents:
            yield root / name
        else:
            yield from _walk(root, root / name, skip)


def _walk(root: Path, path: Path, skip: tuple[str, ...]) -> Iterator[Path]:
    if str(path.relative_to(root)) in skip:
        return
    mode = path.lstat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode)):
        return
    yield path
    if stat.S_ISDIR(mode):
        for child in sorted(path.iterdir()):
            yield from _walk(root, child, skip)


def _add(tar: tarfile.TarFile, root: Path, path: Path, seen: dict[tuple[int, int], str], *, keep_owner: bool) -> None:
    status = path.lstat()
    entry = tarfile.TarInfo(str(path.relative_to(root)))
    entry.mode = stat.S_IMODE(status.st_mode)
    if keep_owner:
        entry.uid, entry.gid = status.st_uid, status.st_gid
    if stat.S_ISDIR(status.st_mode):
        entry.type = tarfile.DIRTYPE
        tar.addfile(entry)
    elif stat.S_ISLNK(status.st_mode):
        entry.type = tarfile.SYMTYPE
        entry.linkname = str(path.readlink())
        tar.addfile(entry)
    else:
        _add_file(tar, entry, path, status, seen, keep_links=keep_owner)


def _add_file(
    tar: tarfile.TarFile,
    entry: tarfile.TarInfo,
    path: Path,
    status: os.stat_result,
    seen: dict[tuple[int, int], str],
    *,
    keep_links: bool,
) -> None:
    inode = (status.st_dev, status.st_ino)
    # Trees of our own are often hard links into caches; only a root's hard links mean something.
    if keep_links and status.st_nlink > 1 and inode in seen:
        entry.type = tarfile.LNKTYPE
        entry.linkname = seen[inode]
        tar.addfile(entry)
        return
    seen[inode] = entry.name
    entry.size = status.st_size
    with path.open("rb") as content:
        tar.addfile(entry, content)
