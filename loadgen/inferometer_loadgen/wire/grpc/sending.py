"""Requests on their way out: flow control (RFC 9113 §5.2, §6.9), and frames no larger than the peer takes.

Windows are the peer's: one of the connection and one of each stream, either of which may be negative after a change of
settings. A body that they do not admit waits, in the order of the requests, until they do; large ones are not copied.
"""

from inferometer_loadgen.wire.errors import PeerError
from inferometer_loadgen.wire.grpc.frames import (
    DATA,
    DEFAULT_WINDOW,
    END_HEADERS,
    END_STREAM,
    HEAD,
    HEADERS,
    LEAST_FRAME_BYTES,
    MAX_WINDOW,
    MOST_FRAME_BYTES,
    frame,
)
from inferometer_loadgen.wire.grpc.headers import NO_TABLE
from inferometer_loadgen.wire.grpc.request import GrpcRequest

JOIN_BYTES = 8_192
"""Up to here, copying a body behind its head costs less than one more buffer to send."""


class _Unsent:
    """The rest of a body, and its stream's window."""

    __slots__ = ("rest", "window")

    def __init__(self, rest: memoryview, window: int) -> None:
        self.rest = rest
        self.window = window


class Sender:
    """Fills `outbox` with what may be sent. `window` is the connection's."""

    __slots__ = ("_at_once", "_first", "_frame_bytes", "_initial", "_queued", "outbox", "waiting", "window")

    def __init__(self) -> None:
        self.outbox: list[bytes | memoryview] = []
        self.window = DEFAULT_WINDOW
        self._initial = DEFAULT_WINDOW
        self._frame_bytes = LEAST_FRAME_BYTES
        self._first = True
        self._at_once = (
            0  # What a new stream may send in one frame; nothing before the first, which is not as the others.
        )
        self.waiting: dict[int, _Unsent] = {}
        """What is left of the requests that the windows have not admitted, by stream."""
        # Those of them that only the connection's window keeps back, so that its updates cost nothing for the others.
        self._queued: dict[int, None] = {}

    def send(self, stream_id: int, request: GrpcRequest) -> None:
        """Sends a request's headers, and of its body what the windows admit."""
        size = request.size
        if size > self._at_once or size > self.window:
            self._send_slowly(stream_id, request)
            return
        self.window -= size
        number = stream_id.to_bytes(4)
        if size <= JOIN_BYTES:
            self.outbox.append(b"".join((request.before, number, request.between, number, request.body)))
        else:
            self.outbox.append(b"".join((request.before, number, request.between, number)))
            self.outbox.append(request.body)

    def forget(self, stream_id: int) -> None:
        """Sends nothing more on a stream."""
        self.waiting.pop(stream_id, None)
        self._queued.pop(stream_id, None)

    def widen(self, increment: int) -> None:
        """The connection's window grew."""
        self.window = _grown(self.window, increment)
        self._flush()

    def widen_stream(self, stream_id: int, increment: int) -> None:
        """A stream's window grew; nobody asks where its request is out."""
        unsent = self.waiting.get(stream_id)
        if unsent is not None:
            unsent.window = _grown(unsent.window, increment)
            self._sort(stream_id, unsent)
            self._flush()

    def set_initial_window(self, size: int) -> None:
        """The peer's INITIAL_WINDOW_SIZE: it also moves the windows of the streams that are open (§6.9.2)."""
        if size > MAX_WINDOW:
            raise PeerError(f"an initial window of {size:,} bytes is more than HTTP/2 allows")
        change, self._initial = size - self._initial, size
        self._settle()
        if change:
            for stream_id, unsent in self.waiting.items():
                unsent.window = _grown(unsent.window, change)
                self._sort(stream_id, unsent)
            self._flush()

    def set_frame_bytes(self, size: int) -> None:
        """The peer's MAX_FRAME_SIZE."""
        if not LEAST_FRAME_BYTES <= size <= MOST_FRAME_BYTES:
            raise PeerError(f"{size:,} bytes are no size of a frame that HTTP/2 allows")
        self._frame_bytes = size
        self._settle()

    def _settle(self) -> None:
        self._at_once = 0 if self._first else min(self._initial, self._frame_bytes)

    def _send_slowly(self, stream_id: int, request: GrpcRequest) -> None:
        block = NO_TABLE + request.block if self._first else request.block
        self._first = False
        self._settle()
        self.outbox.append(frame(HEADERS, END_HEADERS, stream_id, block))
        unsent = self.waiting[stream_id] = _Unsent(memoryview(request.body), self._initial)
        self._sort(stream_id, unsent)
        self._flush()

    def _sort(self, stream_id: int, unsent: _Unsent) -> None:
        if unsent.window > 0:
            self._queued[stream_id] = None
        else:
            self._queued.pop(stream_id, None)

    def _flush(self) -> None:
        """Sends what both windows admit, the oldest request first."""
        while self.window > 0 and self._queued:
            stream_id = next(iter(self._queued))
            unsent = self.waiting[stream_id]
            sent = self._push(stream_id, unsent, min(self.window, unsent.window))
            self.window -= sent
            unsent.window -= sent
            if not unsent.rest:
                self.forget(stream_id)
            elif unsent.window <= 0:
                del self._queued[stream_id]

    def _push(self, stream_id: int, unsent: _Unsent, room: int) -> int:
        """Sends up to `room` bytes of a body; how many it were."""
        rest, outbox, most = unsent.rest, self.outbox, self._frame_bytes
        size, at = min(room, len(rest)), 0
        full = HEAD.pack(most << 8 | DATA, 0, stream_id)
        while size - at > most:
            outbox.append(full)
            outbox.append(rest[at : at + most])
            at += most
        flags = END_STREAM if size == len(rest) else 0
        outbox.append(HEAD.pack((size - at) << 8 | DATA, flags, stream_id))
        outbox.append(rest[at:size])
        unsent.rest = rest[size:]
        return size


def _grown(window: int, increment: int) -> int:
    if window + increment > MAX_WINDOW:
        raise PeerError("a flow-control window grew beyond what HTTP/2 allows")
    return window + increment
