"""Unpacks a report, and no more than a report: who holds a run's token may send anything."""

import zlib

MOST_BYTES = 64 * 1024 * 1024
_GZIP = 16 + zlib.MAX_WBITS


class UnpackError(Exception):
    """The bytes are no gzip, broken off, or unpack to more than a report can be."""


def unpack(compressed: bytes) -> bytes:
    """The bytes behind gzip."""
    unpacker = zlib.decompressobj(_GZIP)
    try:
        data = unpacker.decompress(compressed, MOST_BYTES)
    except zlib.error as error:
        raise UnpackError(f"it is no gzip: {error}") from error
    if unpacker.unconsumed_tail:
        raise UnpackError(f"it unpacks to more than {MOST_BYTES >> 20} MiB")
    if not unpacker.eof:
        raise UnpackError("it breaks off")
    return data
