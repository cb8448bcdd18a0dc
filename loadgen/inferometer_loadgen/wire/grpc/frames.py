"""HTTP/2's frames (RFC 9113 §4 and §6), as far as a client of unary calls meets them.

Numbers and byte layouts only: what a frame means for the connection is `channel`'s.
"""

import struct
from collections.abc import Iterator
from enum import IntEnum

from inferometer_loadgen.wire.errors import PeerError

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

DATA = 0
HEADERS = 1
PRIORITY = 2
RST_STREAM = 3
SETTINGS = 4
PUSH_PROMISE = 5
PING = 6
GOAWAY = 7
WINDOW_UPDATE = 8
CONTINUATION = 9

# Flags; those of equal value belong to different kinds of frames.
END_STREAM = ACK = 0x1
END_HEADERS = 0x4
PADDED = 0x8
WITH_PRIORITY = 0x20

HEAD = struct.Struct(">IBI")
"""A frame's first 9 bytes: its length and kind together as one word, its flags, its stream."""
HEAD_BYTES = HEAD.size

STREAM_MASK = 0x7FFF_FFFF
MAX_WINDOW = 2**31 - 1
MAX_STREAM_ID = 2**31 - 1
DEFAULT_WINDOW = 65_535
LEAST_FRAME_BYTES = 16_384
MOST_FRAME_BYTES = 2**24 - 1

_SETTING = struct.Struct(">HI")


class Setting(IntEnum):
    """RFC 9113 §6.5.2."""

    HEADER_TABLE_SIZE = 1
    ENABLE_PUSH = 2
    MAX_CONCURRENT_STREAMS = 3
    INITIAL_WINDOW_SIZE = 4
    MAX_FRAME_SIZE = 5
    MAX_HEADER_LIST_SIZE = 6


class ErrorCode(IntEnum):
    """RFC 9113 §7: why a stream was reset, or a connection given up."""

    NO_ERROR = 0
    PROTOCOL_ERROR = 1
    INTERNAL_ERROR = 2
    FLOW_CONTROL_ERROR = 3
    SETTINGS_TIMEOUT = 4
    STREAM_CLOSED = 5
    FRAME_SIZE_ERROR = 6
    REFUSED_STREAM = 7
    CANCEL = 8
    COMPRESSION_ERROR = 9
    CONNECT_ERROR = 10
    ENHANCE_YOUR_CALM = 11
    INADEQUATE_SECURITY = 12
    HTTP_1_1_REQUIRED = 13


def error_name(code: int) -> str:
    """A code in words, also one that no standard knows."""
    return ErrorCode(code).name if code in ErrorCode else f"error {code:#x}"


def frame(kind: int, flags: int, stream_id: int, payload: bytes = b"") -> bytes:
    """A whole frame."""
    return HEAD.pack(len(payload) << 8 | kind, flags, stream_id) + payload


def lead(length: int, kind: int, flags: int) -> bytes:
    """A frame's first 5 bytes; the number of its stream follows."""
    return length.to_bytes(3) + bytes([kind, flags])


def settings_frame(values: dict[Setting, int]) -> bytes:
    """Our settings."""
    return frame(SETTINGS, 0, 0, b"".join(_SETTING.pack(*item) for item in values.items()))


def window_update(stream_id: int, increment: int) -> bytes:
    """Lets the peer send `increment` bytes more; stream 0 is the connection."""
    return frame(WINDOW_UPDATE, 0, stream_id, increment.to_bytes(4))


def rst_stream(stream_id: int, code: ErrorCode) -> bytes:
    """Gives a stream up."""
    return frame(RST_STREAM, 0, stream_id, code.to_bytes(4))


def settings_in(payload: bytes) -> Iterator[tuple[int, int]]:
    """The peer's settings, in its order; those that no standard knows too. Raises PeerError."""
    if len(payload) % _SETTING.size:
        raise PeerError(f"{len(payload)} bytes are no whole number of HTTP/2 settings")
    return _SETTING.iter_unpack(payload)


def without_padding(flags: int, payload: bytes) -> bytes:
    """What a DATA or HEADERS frame carries, its padding and its priority taken off. Raises PeerError."""
    start, end = 0, len(payload)
    if flags & PADDED:
        if not payload:
            raise PeerError("a padded frame is empty")
        start, end = 1, end - payload[0]
    if flags & WITH_PRIORITY:
        start += 5
    if start > end:
        raise PeerError("a frame's padding is longer than the frame")
    return payload[start:end]
