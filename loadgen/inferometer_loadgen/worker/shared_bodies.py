"""The request bodies of single samples, held once on a machine: its worker processes map one sealed file in memory.

Whoever locks the file first makes the bodies, writes them and seals it, after which nobody can change them. The others
wait for the lock, prove by two digests that the bodies are theirs (of what they were made from, and of what they are)
and send straight from the map. A process alone, as in a pod, goes the same way with a file of its own. The lock is the
kernel's: where its holder dies, the next one begins anew.
"""

import hashlib
import mmap
import os
import struct
from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from inferometer_loadgen.protocol.api import RunFailure
from inferometer_loadgen.worker.asking import PrepareError
from inferometer_loadgen.worker.requests import Encoded
from inferometer_loadgen.worker.shared_memory import is_sealed, locked, seal

_TRAILER = struct.Struct("<32s32sqq")
"""Both digests, where the table begins, and how many bodies it has. The table: offset, size, JSON's length of each."""


@dataclass(frozen=True, slots=True)
class BodiesFile:
    """The file, by a descriptor of this process's own opening, and how many processes of this machine map it."""

    fd: int
    processes: int = 1


def hold_bodies(file: BodiesFile, key: bytes, make: Callable[[], Iterable[Encoded]]) -> list[Encoded]:
    """All bodies, each a view of the map; `make` is called by one process only.

    `key` is a digest of 32 bytes of all that the bodies follow from. Raises PrepareError, and what `make` raises.
    """
    with locked(file.fd):
        if not is_sealed(file.fd):
            try:
                _write(file.fd, key, make())
            except OSError as error:
                raise PrepareError(
                    RunFailure.SAMPLES_EXCEED_MEMORY,
                    f"the kernel gives no memory for request bodies: {error}. Raise the memory of spec.load.resources, "
                    "or use fewer samples",
                ) from error
            seal(file.fd)
    return _mapped(file.fd, key)


def _write(fd: int, key: bytes, bodies: Iterable[Encoded]) -> None:
    os.ftruncate(fd, 0)  # Whoever had the lock before may have died over it.
    content, table, end = hashlib.sha256(), array("q"), 0
    with open(fd, "wb", closefd=False) as out:
        for body in bodies:
            out.write(body.data)
            content.update(body.data)
            table.extend((end, len(body.data), body.json_length))
            end += len(body.data)
        content.update(table.tobytes())
        out.write(table.tobytes() + _TRAILER.pack(key, content.digest(), end, len(table) // 3))


def _mapped(fd: int, key: bytes) -> list[Encoded]:
    # Opened for reading: before Linux 6.7 a map of what is sealed is refused to those who might write.
    reading = os.open(f"/proc/self/fd/{fd}", os.O_RDONLY | os.O_CLOEXEC)
    try:
        # All pages at once, so that none is looked up while queries are timed.
        whole = memoryview(mmap.mmap(reading, 0, flags=mmap.MAP_SHARED | mmap.MAP_POPULATE, prot=mmap.PROT_READ))
    finally:
        os.close(reading)
    end = len(whole) - _TRAILER.size
    made_from, content, at, count = _TRAILER.unpack(whole[end:])
    if made_from != key:
        raise PrepareError(
            RunFailure.REPLICAS_DIFFER,
            "the request bodies were made for another plan or model than this worker knows: the replicas answered "
            "its processes differently. Give all replicas the same model repository, and change it before the run only",
        )
    if hashlib.sha256(whole[:end]).digest() != content:
        raise PrepareError(
            RunFailure.SAMPLE_LIBRARY_CHANGED, "the request bodies are not those that were made. Run again"
        )
    table = array("q")
    table.frombytes(whole[at:end])
    if len(table) != 3 * count:
        raise PrepareError(RunFailure.SAMPLE_LIBRARY_CHANGED, f"{count} request bodies are not all there. Run again")
    return [
        Encoded(data=whole[table[row] : table[row] + table[row + 1]], json_length=table[row + 2])
        for row in range(0, len(table), 3)
    ]
