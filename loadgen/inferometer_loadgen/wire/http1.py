"""Answers of HTTP/1.1 (RFC 9112), read for what a load generator must know: when one is whole, and its status.

A reader belongs to one connection with at most one request outstanding. Heads are cached by their bytes: a server
repeats the same head for the same kind of answer, so that nothing is parsed on the hot path but the length of what
came. Bodies are counted, not kept; of an answer that is not 200 the first bytes are kept as evidence.
"""

import re
from dataclasses import dataclass

from inferometer_loadgen.wire.errors import PeerError

MAX_HEAD_BYTES = 65_536
"""Of a head, a chunk's size line and the trailers; what is longer is no answer."""
MAX_ERROR_BYTES = 512
"""Of an error's body, as evidence in the report."""
MAX_CACHED_HEADS = 1_024
"""A server whose heads all differ (a Date, a request id) would fill the memory otherwise."""

_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([0-9]{3})(?: [^\r\n]*)?")
# Anchored at the line's start: KServe's Inference-Header-Content-Length ends in the same words. White space is
# stripped afterwards: a pattern that did so would backtrack for hours on a line of blanks.
_CONTENT_LENGTH = re.compile(rb"^content-length:([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
_JSON_LENGTH = re.compile(rb"^inference-header-content-length:[ \t]*([0-9]{1,15})[ \t]*$", re.IGNORECASE | re.MULTILINE)
_TRANSFER_ENCODING = re.compile(rb"^transfer-encoding:([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
_CONNECTION = re.compile(rb"^connection:([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?")

UNTIL_CLOSE = -1
CHUNKED = -2
INTERIM = -3
"""Of a 1xx head: it has no body and completes nothing, so its length must not be one that a body can have."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One whole answer. `keep_alive`: whether the connection may carry another request."""

    status: int
    keep_alive: bool


@dataclass(frozen=True, slots=True)
class _Head:
    """What a head says: its answer, and how the body's end is found (a length, or one of the ways above)."""

    answer: Answer
    length: int
    json_length: int = -1
    """KServe's Inference-Header-Content-Length: of the JSON before binary tensors; -1 where all is JSON."""


class AnswerReader:
    """Reads the answers of one connection. `error_body` holds the start of the last answer that was not 200."""

    __slots__ = ("_beginning", "_buffer", "_good", "_head", "_heads", "_remaining", "_size", "error_body")

    def __init__(self, heads: "dict[bytes, _Head]") -> None:
        self._heads = heads
        self._buffer = bytearray()
        self._head: _Head | None = None
        self._remaining = 0
        # The last good answer that came in one piece: its head, its size, and what it was. The next is mostly alike.
        self._beginning, self._size = b"", -1
        self._good: Answer | None = None
        self.error_body = b""

    def receive(self, data: bytes) -> Answer | None:
        """Takes what was read, gives the answer that it completes. Raises PeerError if the peer broke protocol."""
        if self._head is None and not self._buffer:
            if len(data) == self._size and data.startswith(self._beginning):
                return self._good
            end = data.find(b"\r\n\r\n")
            head = self._heads.get(data[:end]) if end >= 0 else None
            if head is not None and head.length == len(data) - end - 4:
                if head.answer.status != 200:
                    self.error_body = data[end + 4 : end + 4 + MAX_ERROR_BYTES]
                else:
                    self._beginning, self._size, self._good = data[: end + 4], len(data), head.answer
                return head.answer
        self._buffer += data
        return self._advance()

    def eof(self) -> Answer | None:
        """The peer closed: the answer that this completes, or None when nothing was under way. Raises PeerError."""
        head = self._head
        if head is None and not self._buffer:
            return None
        if head is not None and head.length == UNTIL_CLOSE:
            self._reset()
            return head.answer
        raise PeerError("the server closed the connection in the middle of an answer")

    def _advance(self) -> Answer | None:
        while self._head is None:
            if not self._take_head():
                return None
        if self._head.length == CHUNKED:
            return self._take_chunks(self._head)
        return self._take_body(self._head)

    def _take_head(self) -> bool:
        end = self._find(b"\r\n\r\n", "head")
        if end < 0:
            return False
        block = bytes(self._buffer[:end])
        head = self._heads.get(block)
        if head is None:
            head = _parse_head(block)
            if len(self._heads) >= MAX_CACHED_HEADS:
                # All anew rather than no more: with a date in them, the heads of this second are worth keeping.
                self._heads.clear()
            self._heads[block] = head
        del self._buffer[: end + 4]
        if head.length != INTERIM:
            self._head = head
            self._remaining = max(head.length, 0)
            if head.answer.status != 200:
                self.error_body = b""
        return True

    def _take_body(self, head: _Head) -> Answer | None:
        self._keep_evidence(head, self._buffer)
        if head.length == UNTIL_CLOSE:
            self._buffer.clear()
            return None
        if len(self._buffer) > self._remaining:
            raise PeerError(f"{len(self._buffer) - self._remaining:,} bytes came after the end of an answer")
        self._remaining -= len(self._buffer)
        self._buffer.clear()
        if self._remaining:
            return None
        self._reset()
        return head.answer

    def _take_chunks(self, head: _Head) -> Answer | None:
        while not self._remaining or self._take_chunk(head):
            line_end = self._find(b"\r\n", "chunk's size line")
            if line_end < 0:
                return None
            match = _CHUNK_SIZE.fullmatch(self._buffer, 0, line_end)
            if match is None:
                raise PeerError(f"`{bytes(self._buffer[:40])!r}` is no chunk size")
            size = int(match[1], 16)
            if size == 0:
                return self._take_trailers(head, line_end)
            del self._buffer[: line_end + 2]
            self._remaining = size + 2
        return None

    def _take_chunk(self, head: _Head) -> bool:
        """Takes what has come of a chunk and of the line end behind it; whether that was all of it."""
        data = self._buffer[: self._remaining - 2]
        self._keep_evidence(head, data)
        del self._buffer[: len(data)]
        self._remaining -= len(data)
        if self._remaining > 2 or len(self._buffer) < 2:
            return False
        if not self._buffer.startswith(b"\r\n"):
            raise PeerError("a chunk is longer than its size says")
        del self._buffer[:2]
        self._remaining = 0
        return True

    def _take_trailers(self, head: _Head, line_end: int) -> Answer | None:
        # The search begins with the last chunk's own line end: without trailers, the empty line follows at once.
        end = self._find(b"\r\n\r\n", "list of trailers", line_end)
        if end < 0:
            return None
        if len(self._buffer) > end + 4:
            raise PeerError(f"{len(self._buffer) - end - 4:,} bytes came after the end of an answer")
        self._reset()
        return head.answer

    def _find(self, mark: bytes, what: str, start: int = 0) -> int:
        """Where `mark` begins, -1 while it has not come. The same bytes fail alike however they were cut."""
        end = self._buffer.find(mark, start)
        if end > start + MAX_HEAD_BYTES or (end < 0 and len(self._buffer) >= start + MAX_HEAD_BYTES + len(mark)):
            raise PeerError(f"an answer's {what} is longer than {MAX_HEAD_BYTES:,} bytes")
        return end

    def _keep_evidence(self, head: _Head, data: bytearray) -> None:
        room = MAX_ERROR_BYTES - len(self.error_body)
        if head.answer.status != 200 and room > 0:
            self.error_body += data[:room]

    def _reset(self) -> None:
        self._head = None
        self._buffer.clear()
        self._remaining = 0


class KeepingReader(AnswerReader):
    """As AnswerReader, and it keeps the last good answer's body; slower, for runs in which no time is measured."""

    __slots__ = ("_body", "_kept")

    def __init__(self, heads: "dict[bytes, _Head]") -> None:
        super().__init__(heads)
        self._body = bytearray()
        self._kept: tuple[int, bytes] | None = None

    def receive(self, data: bytes) -> Answer | None:
        """Takes what was read, gives the answer that it completes. Raises PeerError if the peer broke protocol."""
        self._buffer += data
        return self._advance()

    def take(self) -> tuple[int, bytes] | None:
        """The last good answer, once: the length of its JSON (-1: all of it) and its body."""
        kept, self._kept = self._kept, None
        return kept

    def _keep_evidence(self, head: _Head, data: bytearray) -> None:
        super()._keep_evidence(head, data)
        if head.answer.status == 200:
            self._body += data

    def _reset(self) -> None:
        if self._head is not None and self._head.answer.status == 200:
            self._kept = (self._head.json_length, bytes(self._body))
        self._body.clear()
        super()._reset()


def _parse_head(block: bytes) -> _Head:
    line, _, fields = block.partition(b"\r\n")
    status_line = _STATUS_LINE.fullmatch(line)
    if status_line is None:
        raise PeerError(f"`{line[:80]!r}` is no status line of HTTP/1.1")
    minor, status = int(status_line[1]), int(status_line[2])
    connection = b",".join(_values(_CONNECTION, fields)).lower()
    length = _body_length(status, fields)
    keep_alive = length != UNTIL_CLOSE and (b"close" not in connection if minor else b"keep-alive" in connection)
    json_length = _JSON_LENGTH.search(fields.replace(b"\r", b""))
    return _Head(Answer(status, keep_alive), length, int(json_length[1]) if json_length else -1)


def _body_length(status: int, fields: bytes) -> int:
    """RFC 9112 §6.3, for answers to POST and GET."""
    if 100 <= status < 200:
        return INTERIM
    if status in {204, 304}:
        return 0
    encodings = _values(_TRANSFER_ENCODING, fields)
    if encodings:
        if encodings[-1].lower() != b"chunked":
            raise PeerError(f"transfer encoding `{encodings[-1].decode('latin-1')}` is not known")
        return CHUNKED
    lengths = set(_values(_CONTENT_LENGTH, fields))
    if not lengths:
        return UNTIL_CLOSE
    if len(lengths) > 1:
        raise PeerError("an answer has two different lengths")
    text = lengths.pop()
    if not re.fullmatch(rb"[0-9]{1,15}", text):
        raise PeerError(f"`{text[:40].decode('latin-1')}` is no content length")
    return int(text)


def _values(field: re.Pattern[bytes], fields: bytes) -> list[bytes]:
    return [value.strip(b" \t") for value in field.findall(fields)]


def shared_heads() -> "dict[bytes, _Head]":
    """A cache of heads for the readers of one worker."""
    return {}
