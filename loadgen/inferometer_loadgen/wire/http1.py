"""Answers of HTTP/1.1 (RFC 9112), read for what a load generator must know: when one is whole, and its status.

A reader belongs to one connection with at most one request outstanding. Heads are cached by their bytes: a server
repeats the same head for the same kind of answer, so that nothing is parsed on the hot path but the length of what
came. Bodies are counted, not kept; of an answer that is not 200 the first bytes are kept as evidence.
"""

import re
from dataclasses import dataclass

from inferometer_loadgen.wire.errors import PeerError

MAX_HEAD_BYTES = 65_536
MAX_ERROR_BYTES = 512
"""Of an error's body, as evidence in the report."""
MAX_CACHED_HEADS = 1_024
"""A server whose heads all differ (a Date, a request id) would fill the memory otherwise."""

_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([0-9]{3})(?: [^\r\n]*)?")
# Anchored at the line's start: KServe's Inference-Header-Content-Length ends in the same words.
_CONTENT_LENGTH = re.compile(rb"^content-length:[ \t]*([^\r\n]*?)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_TRANSFER_ENCODING = re.compile(rb"^transfer-encoding:[ \t]*([^\r\n]*?)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_CONNECTION = re.compile(rb"^connection:[ \t]*([^\r\n]*?)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\Z")

UNTIL_CLOSE = -1
CHUNKED = -2


@dataclass(frozen=True, slots=True)
class Answer:
    """One whole answer. `keep_alive`: whether the connection may carry another request."""

    status: int
    keep_alive: bool


@dataclass(frozen=True, slots=True)
class _Head:
    """What a head says: its answer, and how the body's end is found (a length, or one of the two ways above)."""

    answer: Answer
    length: int

    @property
    def interim(self) -> bool:
        return 100 <= self.answer.status < 200


class AnswerReader:
    """Reads the answers of one connection. `error_body` holds the start of the last answer that was not 200."""

    __slots__ = ("_buffer", "_head", "_heads", "_remaining", "error_body")

    def __init__(self, heads: "dict[bytes, _Head]") -> None:
        self._heads = heads
        self._buffer = b""
        self._head: _Head | None = None
        self._remaining = 0
        self.error_body = b""

    def receive(self, data: bytes) -> Answer | None:
        """Takes what was read, gives the answer that it completes. Raises PeerError if the peer broke protocol."""
        if self._head is None and not self._buffer:
            end = data.find(b"\r\n\r\n")
            head = self._heads.get(data[:end]) if end >= 0 else None
            if head is not None and head.length == len(data) - end - 4:
                if head.answer.status != 200:
                    self.error_body = data[end + 4 : end + 4 + MAX_ERROR_BYTES]
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
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > MAX_HEAD_BYTES:
                raise PeerError(f"an answer's head is longer than {MAX_HEAD_BYTES:,} bytes")
            return False
        block = self._buffer[:end]
        head = self._heads.get(block)
        if head is None:
            head = _parse_head(block)
            if len(self._heads) < MAX_CACHED_HEADS:
                self._heads[block] = head
        self._buffer = self._buffer[end + 4 :]
        if not head.interim:
            self._head = head
            self._remaining = max(head.length, 0)
            if head.answer.status != 200:
                self.error_body = b""
        return True

    def _take_body(self, head: _Head) -> Answer | None:
        self._keep_evidence(head, self._buffer)
        if head.length == UNTIL_CLOSE:
            self._buffer = b""
            return None
        if len(self._buffer) > self._remaining:
            raise PeerError(f"{len(self._buffer) - self._remaining:,} bytes came after the end of an answer")
        self._remaining -= len(self._buffer)
        self._buffer = b""
        if self._remaining:
            return None
        self._reset()
        return head.answer

    def _take_chunks(self, head: _Head) -> Answer | None:
        while True:
            line_end = self._buffer.find(b"\r\n")
            if line_end < 0:
                if len(self._buffer) > MAX_HEAD_BYTES:
                    raise PeerError("a chunk's size line has no end")
                return None
            match = _CHUNK_SIZE.match(self._buffer[:line_end])
            if match is None:
                raise PeerError(f"`{self._buffer[:40]!r}` is no chunk size")
            size = int(match[1], 16)
            if size == 0:
                return self._take_trailers(head, line_end + 2)
            if len(self._buffer) < line_end + 2 + size + 2:
                return None
            chunk = self._buffer[line_end + 2 : line_end + 2 + size]
            if self._buffer[line_end + 2 + size : line_end + 4 + size] != b"\r\n":
                raise PeerError("a chunk is longer than its size says")
            self._keep_evidence(head, chunk)
            self._buffer = self._buffer[line_end + 4 + size :]

    def _take_trailers(self, head: _Head, start: int) -> Answer | None:
        if self._buffer.startswith(b"\r\n", start):
            end = start + 2
        else:
            end = self._buffer.find(b"\r\n\r\n", start) + 4
            if end < 4:
                return None
        if len(self._buffer) > end:
            raise PeerError(f"{len(self._buffer) - end:,} bytes came after the end of an answer")
        self._reset()
        return head.answer

    def _keep_evidence(self, head: _Head, data: bytes) -> None:
        if head.answer.status != 200 and len(self.error_body) < MAX_ERROR_BYTES:
            self.error_body = (self.error_body + data)[:MAX_ERROR_BYTES]

    def _reset(self) -> None:
        self._head = None
        self._buffer = b""
        self._remaining = 0


def _parse_head(block: bytes) -> _Head:
    line, _, fields = block.partition(b"\r\n")
    status_line = _STATUS_LINE.fullmatch(line)
    if status_line is None:
        raise PeerError(f"`{line[:80]!r}` is no status line of HTTP/1.1")
    minor, status = int(status_line[1]), int(status_line[2])
    connection = b",".join(_CONNECTION.findall(fields)).lower()
    length = _body_length(status, fields)
    keep_alive = length != UNTIL_CLOSE and (b"close" not in connection if minor else b"keep-alive" in connection)
    return _Head(Answer(status, keep_alive), length)


def _body_length(status: int, fields: bytes) -> int:
    """RFC 9112 §6.3, for answers to POST and GET."""
    if 100 <= status < 200 or status in {204, 304}:
        return 0
    encodings = _TRANSFER_ENCODING.findall(fields)
    if encodings:
        if encodings[-1].lower() != b"chunked":
            raise PeerError(f"transfer encoding `{encodings[-1].decode('latin-1')}` is not known")
        return CHUNKED
    lengths = set(_CONTENT_LENGTH.findall(fields))
    if not lengths:
        return UNTIL_CLOSE
    if len(lengths) > 1:
        raise PeerError("an answer has two different lengths")
    text = lengths.pop()
    if not re.fullmatch(rb"[0-9]{1,15}", text):
        raise PeerError(f"`{text[:40].decode('latin-1')}` is no content length")
    return int(text)


def shared_heads() -> "dict[bytes, _Head]":
    """A cache of heads for the readers of one worker."""
    return {}
