"""What became of a call: its answer read piece by piece, and judged when it ends.

A unary call is answered well by headers, exactly one message and trailers with grpc-status 0; everything else has a
name. A server that refuses is often faster than one that works, so nothing counts as success for want of a complaint.
"""

import struct
import zlib
from enum import IntEnum
from typing import NamedTuple

from inferometer_loadgen.wire.grpc.headers import Fields

MAX_MESSAGE_BYTES = 256 * 2**20
"""Of a message that is kept; what is only counted may be longer."""
MAX_ERROR_BYTES = 512
"""Of a body that is no gRPC, as evidence in the report."""
NO_STATUS = -1
UNKNOWN = -1

_PREFIX = struct.Struct(">BI")
"""Before a message: its compressed flag, and its length."""

_STATUS_NAMES = (
    *("OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS"),
    *("PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED"),
    *("INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"),
)


class Ending(IntEnum):
    """How a call ended."""

    OK = 0
    ERROR_STATUS = 1
    """The server said no: a grpc-status, an HTTP status, or a reset stream."""
    CONNECTION_LOST = 2
    """The connection ended, or was announced to end, before the server answered."""
    BAD_ANSWER = 3
    """What came cannot be an answer."""


class Answer(NamedTuple):
    """The end of one call. `text` says what is wrong when it is not OK; `message` is kept where that was asked for."""

    row: int
    ending: Ending
    status: int
    """grpc-status, or NO_STATUS where the server gave none."""
    text: str
    message: bytes

    @property
    def ok(self) -> bool:
        """Whether this is a good answer."""
        return self.ending is Ending.OK


def failure(row: int, ending: Ending, text: str, status: int = NO_STATUS) -> Answer:
    """The end of a call that has no good answer."""
    return Answer(row, ending, status, text, b"")


class _Pieces:
    """What must be remembered of an answer that does not come in the ordinary three frames."""

    __slots__ = ("encoding", "evidence", "kept", "prefix", "wrong")

    def __init__(self) -> None:
        self.prefix = b""
        self.kept: list[bytes] | None = None
        self.encoding = b""
        self.evidence = b""
        self.wrong = ""


class Call:
    """An open call of whose answer something has come."""

    __slots__ = ("_left", "_pieces", "head", "row", "size")

    def __init__(self, row: int) -> None:
        self.row = row
        self.head: Fields | None = None
        self.size = UNKNOWN
        """Of the message."""
        self._left = UNKNOWN  # Of the message, what has not come.
        self._pieces: _Pieces | None = None

    def begin(self, fields: Fields) -> bool:
        """Takes headers that are not the last; False where none may come."""
        if self.head is not None or fields.http_status is None:
            return False
        if fields.http_status >= 200:  # Others are interim answers: they say nothing of this one.
            self.head = fields
        return True

    def count(self, data: bytes, start: int, stop: int) -> bool:
        """Takes a piece of a message that is not kept, without a copy; False where it needs `receive`."""
        head = self.head
        if head is None or not head.plain_head or self._pieces is not None:
            return False
        left = self._left
        if left == UNKNOWN:
            start += _PREFIX.size
            if stop < start:
                return False
            compressed, left = _PREFIX.unpack_from(data, start - _PREFIX.size)
            if compressed:
                return False
            self.size = left
        left -= stop - start
        if left < 0:
            return False
        self._left = left
        return True

    def receive(self, data: bytes, *, keep: bool) -> None:
        """Takes any piece of a body."""
        pieces = self._pieces = self._pieces or _Pieces()
        if self.head is None or not self.head.plain_head:
            pieces.evidence += data[: MAX_ERROR_BYTES - len(pieces.evidence)]
            return
        if self._left == UNKNOWN:
            pieces.prefix += data
            if len(pieces.prefix) < _PREFIX.size:
                return
            data, pieces.prefix = self._take_prefix(pieces, keep=keep), b""
        if len(data) > self._left:
            pieces.wrong = pieces.wrong or "it holds more than one message"
            return
        self._left -= len(data)
        if pieces.kept is not None:
            pieces.kept.append(data)

    def end(self, fields: Fields) -> Answer:
        """The answer that the last block of headers completes."""
        if self.head is None:
            self.head = fields  # Trailers only: the first block is the last.
        if self.head.http_status != 200:
            return self._http_error(self.head)
        if fields.grpc_status is None:
            return self._bad(f"its trailers hold no grpc-status{self._looks(self.head)}")
        if fields.grpc_status == NO_STATUS:
            return self._bad("its grpc-status is no number")
        if fields.grpc_status:
            name = _STATUS_NAMES[fields.grpc_status] if fields.grpc_status < len(_STATUS_NAMES) else "not known"
            text = f"gRPC status {fields.grpc_status} ({name}): {fields.grpc_message}"
            return failure(self.row, Ending.ERROR_STATUS, text, fields.grpc_status)
        return self._good()

    def end_without_trailers(self) -> Answer:
        """The answer that the body's end completes. The head may hold the status then, as some servers do it."""
        head = self.head
        if head is None:
            return self._bad("it has no headers")
        if head.http_status == 200 and head.grpc_status is None:
            return self._bad(f"it ended without trailers{self._looks(head)}")
        return self.end(head)

    def _take_prefix(self, pieces: _Pieces, *, keep: bool) -> bytes:
        """Takes what stands before the message; what has come of the message itself."""
        flag, self._left = _PREFIX.unpack_from(pieces.prefix)
        self.size = self._left
        encoding = self.head.encoding if self.head else b""
        if flag > 1:
            pieces.wrong = f"{flag} is no compressed flag"
        elif flag and encoding not in {b"gzip", b"deflate"}:
            pieces.wrong = f"its message is compressed as `{encoding.decode('latin-1')}`, which we never offered"
        elif keep and self._left > MAX_MESSAGE_BYTES:
            pieces.wrong = _too_long(self._left)
        elif keep:
            pieces.kept = []
            pieces.encoding = encoding if flag else b""
        return pieces.prefix[_PREFIX.size :]

    def _good(self) -> Answer:
        pieces = self._pieces or _Pieces()
        if pieces.wrong:
            return self._bad(pieces.wrong)
        if self._left:
            begun = self._left > 0 or pieces.prefix
            return self._bad("its message is not whole" if begun else "it holds no message")
        message = b"".join(pieces.kept or ())
        if pieces.encoding:
            try:
                message = _inflated(message)
            except zlib.error as error:
                return self._bad(f"its message cannot be decompressed: {error}")
        return Answer(self.row, Ending.OK, 0, "", message)

    def _http_error(self, head: Fields) -> Answer:
        if head.http_status is None:
            return self._bad("its headers hold no :status")
        return failure(self.row, Ending.ERROR_STATUS, f"HTTP {head.http_status}: {self._evidence()}")

    def _looks(self, head: Fields) -> str:
        """What came instead of gRPC, where it came from something else."""
        if head.content_type.startswith(b"application/grpc"):
            return ""
        return f"; its type is `{head.content_type[:80].decode('latin-1')}`: {self._evidence()}"

    def _evidence(self) -> str:
        return self._pieces.evidence.decode("utf-8", "replace") if self._pieces else ""

    def _bad(self, why: str) -> Answer:
        return failure(self.row, Ending.BAD_ANSWER, f"the server's answer is none: {why}")


def _inflated(data: bytes) -> bytes:
    # 32: the heads of gzip and of zlib are both recognised.
    inflate = zlib.decompressobj(32 + zlib.MAX_WBITS)
    message = inflate.decompress(data, MAX_MESSAGE_BYTES)
    if inflate.unconsumed_tail:
        raise zlib.error(_too_long(MAX_MESSAGE_BYTES))
    if not inflate.eof:
        raise zlib.error("it is cut off")
    return message


def _too_long(size: int) -> str:
    return f"its message of {size:,} bytes or more is longer than is kept ({MAX_MESSAGE_BYTES:,})"
