"""Writes an npz as it goes, and goes on with one that was begun.

numpy.savez holds an array in memory, and zipfile cannot go on in the middle of a file. All sizes are known beforehand,
so the archive is laid out by hand (APPNOTE.TXT of PKWARE, 4.3: stored members, always Zip64, no dates, so that equal
input makes equal bytes): what is in the part file up to its length is right, and the rest is written. Checksums are put
in at the end; for what an earlier process has written they are computed again from the disk.

The archive's comment is the import's fingerprint: who finds the file knows what it was made of.
"""

import fcntl
import io
import os
import struct
import zipfile
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from inferometer_loadgen.datasets.importers.plan import Import, Member, Part
from inferometer_loadgen.datasets.library import DataError

CHUNK_BYTES = 1 << 20
_VERSION = 45
"""4.5 of the format, which knows Zip64."""
_UNIX = 3 << 8
_FIRST_OF_1980 = 0x21
_IN_ZIP64, _IN_ZIP64_SHORT = 0xFFFFFFFF, 0xFFFF
_CRC_AT = 14
"""In a member's own header."""


class _Written(NamedTuple):
    """What the directory at the end says of a member."""

    name: bytes
    offset: int
    size: int
    crc: int


def fingerprint_of(path: Path) -> str:
    """Of an import that has ended; empty for any other file."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.comment.decode("ascii", "replace")
    except (zipfile.BadZipFile, OSError):
        return ""


def size_bytes_of(planned: Import) -> int:
    """Of all arrays."""
    return sum(_size(member) for member in planned.members)


def write(path: Path, planned: Import, on_samples: Callable[[int], None], workers: int = 1) -> None:
    """Writes the file, or the rest of it; `on_samples` is told how many samples each step has done.

    Raises whatever making a part raises: what was written until then is gone on with the next time.
    """
    part, told = path.with_name(f"{path.name}.part"), path.with_name(f"{path.name}.part.of")
    with os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT, 0o666), "r+b") as file:
        _alone(file, path)
        if not told.exists() or told.read_text() != planned.fingerprint:
            file.truncate(0)
            told.write_text(planned.fingerprint)
        writer = _Writer(file, on_samples, workers)
        members = [writer.member(member) for member in planned.members]
        writer.end(members, planned.fingerprint.encode())
        file.flush()
        os.fsync(file.fileno())
        part.replace(path)
        told.unlink()


def _alone(file: BinaryIO, path: Path) -> None:
    """Raises DataError while another process writes the file; the lock ends with its process."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise DataError(f"{path}: is being written by another import", "wait for it, or name another file") from error


class _Writer:
    """Where it stands in the file, of which the first bytes may be there already."""

    def __init__(self, file: BinaryIO, on_samples: Callable[[int], None], workers: int) -> None:
        self._file = file
        self._there = file.seek(0, os.SEEK_END)
        self._at = 0
        self._crc = 0
        self._on_samples = on_samples
        self._workers = workers
        file.seek(0)

    def member(self, member: Member) -> _Written:
        name, offset, size = f"{member.name}.npy".encode(), self._at, _size(member)
        self._put(_local_header(name, size))
        self._crc = 0
        self._put(_npy_header(member))
        left = self._skip(member.parts())
        for part, data in _made(left, self._workers):
            if len(data) != part.size_bytes:
                raise RuntimeError(f"a part of {member.name} has {len(data)} bytes and not {part.size_bytes}")
            self._put(data)
            self._on_samples(part.samples)
        return _Written(name, offset, size, self._crc)

    def end(self, members: list[_Written], comment: bytes) -> None:
        """Puts in the checksums and the directory."""
        directory = b"".join(_central_header(member) for member in members)
        closing = _closing(len(members), self._at, len(directory), comment)
        self._file.truncate(self._at)
        for member in members:
            self._file.seek(member.offset + _CRC_AT)
            self._file.write(struct.pack("<I", member.crc))
        self._file.seek(self._at)
        self._file.write(directory + closing)

    def _skip(self, parts: Iterator[Part]) -> Iterator[Part]:
        """The parts that are not wholly there."""
        for part in parts:
            if self._at + part.size_bytes > self._there:
                yield part
                yield from parts
                return
            self._pass(part.size_bytes)
            self._on_samples(part.samples)

    def _put(self, data: bytes) -> None:
        if self._at + len(data) <= self._there:
            self._pass(len(data))
            return
        self._there = 0
        self._file.seek(self._at)
        self._file.write(data)
        self._crc = zlib.crc32(data, self._crc)
        self._at += len(data)

    def _pass(self, size: int) -> None:
        self._file.seek(self._at)
        self._at += size
        while size:
            data = self._file.read(min(size, CHUNK_BYTES))
            if not data:
                raise DataError("the file that was begun has become shorter", "import again, one process at a time")
            self._crc = zlib.crc32(data, self._crc)
            size -= len(data)


def _made(parts: Iterator[Part], workers: int) -> Iterator[tuple[Part, bytes]]:
    """Each part's bytes in their order, made some ahead by as many threads."""
    pool = ThreadPoolExecutor(workers)
    ahead: deque[tuple[Part, Future[bytes]]] = deque()
    try:
        for part in parts:
            ahead.append((part, pool.submit(part.make)))
            if len(ahead) > workers:
                first, future = ahead.popleft()
                yield first, future.result()
        while ahead:
            first, future = ahead.popleft()
            yield first, future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _npy_header(member: Member) -> bytes:
    file = io.BytesIO()
    described = {
        "descr": np.lib.format.dtype_to_descr(member.dtype),
        "fortran_order": False,
        "shape": member.shape,
    }
    np.lib.format.write_array_header_1_0(file, described)
    return file.getvalue()


def _size(member: Member) -> int:
    elements = 1
    for length in member.shape:
        elements *= length
    return len(_npy_header(member)) + elements * member.dtype.itemsize


def _local_header(name: bytes, size: int) -> bytes:
    fixed = struct.pack(
        "<4s5H3I2H", b"PK\3\4", _VERSION, 0, 0, 0, _FIRST_OF_1980, 0, _IN_ZIP64, _IN_ZIP64, len(name), 20
    )
    return fixed + name + struct.pack("<2H2Q", 1, 16, size, size)


def _central_header(member: _Written) -> bytes:
    fixed = struct.pack(
        "<4s6H3I5H2I",
        b"PK\1\2",
        _UNIX | _VERSION,
        _VERSION,
        0,
        0,
        0,
        _FIRST_OF_1980,
        member.crc,
        _IN_ZIP64,
        _IN_ZIP64,
        len(member.name),
        28,
        0,
        0,
        0,
        0o644 << 16,
        _IN_ZIP64,
    )
    return fixed + member.name + struct.pack("<2H3Q", 1, 24, member.size, member.size, member.offset)


def _closing(members: int, at: int, size: int, comment: bytes) -> bytes:
    zip64 = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, _UNIX | _VERSION, _VERSION, 0, 0, members, members, size, at)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, at + size, 1)
    end = struct.pack(
        "<4s4H2IH",
        b"PK\5\6",
        0,
        0,
        _IN_ZIP64_SHORT,
        _IN_ZIP64_SHORT,
        _IN_ZIP64,
        _IN_ZIP64,
        len(comment),
    )
    return zip64 + locator + end + comment
