"""One HTTP/2 connection (RFC 9113) that carries unary gRPC calls: bytes in, answers out; no socket and no clock.

    channel = Channel(blocks)                  # its outbox holds the first bytes to send
    channel.receive(data)                      # until channel.ready
    if channel.free(): channel.begin(row, request)
    send(channel.take_outbox()); for answer in channel.receive(data): ...

Every call that was begun ends in exactly one Answer, whatever the peer does: in an answer, or in a failure with its
reason when the peer resets the stream, goes away, breaks the protocol or closes. Nothing is ever sent twice. The memory
that a peer can make it hold is bounded, and so is the time that its bytes take.

What this does not do: it keeps no time, so that silence is the caller's to notice (`cancel`); it sends no PING of its
own; and of a good answer's message it only counts the bytes unless asked to keep them.
"""

from collections.abc import Callable, Sequence

from inferometer_loadgen.wire.errors import PeerError
from inferometer_loadgen.wire.grpc import frames
from inferometer_loadgen.wire.grpc.alike import PREFIX_BYTES, Shape
from inferometer_loadgen.wire.grpc.answer import Answer, Call, Ending, failure
from inferometer_loadgen.wire.grpc.frames import END_HEADERS, END_STREAM, ErrorCode, Setting
from inferometer_loadgen.wire.grpc.headers import MAX_BLOCK_BYTES, BlockCache
from inferometer_loadgen.wire.grpc.request import GrpcRequest
from inferometer_loadgen.wire.grpc.sending import Sender

MAX_FRAME_BYTES = 65_536
"""We announce it: a large answer comes in few frames, and no more than this waits for its end."""
TOP_UP_BYTES = 2**30
"""The peer's window of the connection is opened again after so much: so seldom that no run notices."""
MAX_CONTROL_BYTES = 2**20
"""Of acknowledgements that the peer provoked and that wait to be sent; one that asks for more only floods."""
UNLIMITED = 2**31

_HEAD = frames.HEAD.unpack_from
_HEAD_BYTES = frames.HEAD_BYTES
_LONGEST = MAX_FRAME_BYTES << 8 | 0xFF
_NO_HTTP2 = "the server does not begin with HTTP/2 settings: is this the port where it speaks gRPC?"
OK = Ending.OK
_RESET_STATUS: dict[int, int] = {ErrorCode.REFUSED_STREAM: 14, ErrorCode.CANCEL: 1, ErrorCode.ENHANCE_YOUR_CALM: 8}
"""grpc-status for a reset stream (gRPC over HTTP/2, "Errors"); 13 for all others."""


class Channel:
    """A client's end of one connection. `keep_messages`: answers carry the server's message."""

    def __init__(self, blocks: BlockCache, *, keep_messages: bool = False) -> None:
        self.ready = False
        """The peer's settings are known and ours are acknowledged: calls may begin."""
        self.going_away = False
        """No call may begin here any more, but those that are open may still be answered."""
        self.ending = ""
        """Why the connection is of no further use: what broke it, or what the peer said as it went away."""
        self._blocks = blocks
        self._keep = keep_messages
        self._sender = Sender()
        # Open calls: the rows of those of which nothing has come, by the number of their stream as it is written, and
        # the others. Most calls never leave the first.
        self._rows: dict[bytes, int] = {}
        self._calls: dict[int, Call] = {}
        self._shape: Shape | None = None
        self._look = b"", 0, b""  # Of the last good answer that was read the long way.
        self._head_block = b""
        self._cancelled: set[int] = set()
        self._next_id = 1
        self._limit = UNLIMITED
        self._held = bytearray()  # The beginning of a frame of `_need` bytes, or of its head.
        self._need = _HEAD_BYTES
        self._counted = 0  # Of the connection's window, not yet given back to the peer.
        self._control_bytes = 0
        self._heard = False
        self._block, self._block_stream, self._block_flags, self._block_cost = b"", 0, 0, 0
        self._handlers: dict[int, Callable[[int, int, bytes, list[Answer]], None]] = {
            frames.DATA: self._on_data,
            frames.HEADERS: self._on_headers,
            frames.PRIORITY: self._on_priority,
            frames.RST_STREAM: self._on_rst_stream,
            frames.SETTINGS: self._on_settings,
            frames.PUSH_PROMISE: self._on_push_promise,
            frames.PING: self._on_ping,
            frames.GOAWAY: self._on_goaway,
            frames.WINDOW_UPDATE: self._on_window_update,
            frames.CONTINUATION: self._on_continuation,
        }
        settings = {
            Setting.HEADER_TABLE_SIZE: 0,
            Setting.ENABLE_PUSH: 0,
            Setting.INITIAL_WINDOW_SIZE: frames.MAX_WINDOW,
            Setting.MAX_FRAME_SIZE: MAX_FRAME_BYTES,
            Setting.MAX_HEADER_LIST_SIZE: MAX_BLOCK_BYTES,
        }
        widen = frames.window_update(0, frames.MAX_WINDOW - frames.DEFAULT_WINDOW)
        self._sender.outbox.append(frames.PREFACE + frames.settings_frame(settings) + widen)

    @property
    def open(self) -> int:
        """How many calls have not ended."""
        return len(self._rows) + len(self._calls)

    def open_rows(self) -> list[int]:
        """The rows of the calls that have not ended."""
        return [*self._rows.values(), *(call.row for call in self._calls.values())]

    @property
    def finished(self) -> bool:
        """Whether nothing can come of this connection any more: it may be closed."""
        return self.going_away and not self.open

    def free(self) -> int:
        """How many calls may begin now. None while the connection's window is shut: they could not leave anyway."""
        if not self.ready or self.going_away or self._sender.window <= 0:
            return 0
        return max(0, self._limit - len(self._rows) - len(self._calls))

    def begin(self, row: int, request: GrpcRequest) -> None:
        """Begins a call: only while `free` says so."""
        stream_id = self._next_id
        self._next_id = stream_id + 2
        self._rows[stream_id.to_bytes(4)] = row
        self._sender.send(stream_id, request)
        if stream_id + 2 > frames.MAX_STREAM_ID:
            self.going_away, self.ending = True, "the connection's stream numbers are used up"

    def cancel(self, row: int) -> None:
        """Gives a call up: it ends without an Answer, and what still comes of it is passed over.

        The oldest call is the quickest to find, since it is mostly the oldest that runs out of time.
        """
        for stream_id, call in self._calls.items():
            if call.row == row:
                self._give_up(stream_id)
                return
        for number, open_row in self._rows.items():
            if open_row == row:
                self._give_up(int.from_bytes(number))
                return

    def take_outbox(self) -> list[bytes | memoryview]:
        """What is to be sent now, in order."""
        outbox = self._sender.outbox
        self._sender.outbox = []
        self._control_bytes = 0
        return outbox

    def receive(self, data: bytes) -> Sequence[Answer]:
        """Takes what was read, gives the answers that it completes; it may also fill the outbox.

        A peer that breaks the protocol fails all open calls: `ending` says how, and `finished` is true.
        """
        answers: list[Answer] = []
        if self.finished:
            return answers
        try:
            if self._held:
                data = self._complete(data, answers)
            if data:
                self._take_frames(data, answers)
        except PeerError as error:
            self._fail(str(error), Ending.BAD_ANSWER, answers)
        return answers

    def eof(self) -> Sequence[Answer]:
        """The peer closed: open calls have failed."""
        answers: list[Answer] = []
        why = f" ({self.ending})" if self.ending else ""
        self._fail(f"the server closed the connection before it answered{why}", Ending.CONNECTION_LOST, answers)
        return answers

    def _complete(self, data: bytes, answers: list[Answer]) -> bytes:
        """Takes from `data` what the frame that is held lacks, and no more, lest all be copied; what is left of it."""
        position = 0
        while self._held and len(data) - position >= (missing := self._need - len(self._held)):
            frame = bytes(self._held) + data[position : position + missing]
            position += missing
            self._held.clear()
            self._take_frames(frame, answers)
        if self._held:
            self._held += data[position:]
            return b""
        return data[position:]

    def _take_frames(self, data: bytes, answers: list[Answer]) -> None:
        """Takes whole frames, and holds what is behind them."""
        end, need, answered = len(data), _HEAD_BYTES, len(answers)
        position = self._take_alike(data, 0, answers)
        while end - position >= _HEAD_BYTES:
            length_kind, flags, stream_id = _HEAD(data, position)
            start = position + _HEAD_BYTES
            stop = start + (length_kind >> 8)
            if length_kind > _LONGEST:
                raise PeerError(_NO_HTTP2 if not self._heard else f"a frame of {length_kind >> 8:,} bytes is too long")
            if stop > end:
                need = stop - position
                break
            position = stop
            if (
                length_kind & 0xFF == frames.DATA
                and not flags
                and not self._keep
                and self._count(stream_id, data, start, stop)
            ):
                continue
            self._on_frame(length_kind & 0xFF, flags, stream_id & frames.STREAM_MASK, data[start:stop], answers)
            if len(answers) > answered:
                position = self._take_alike(data, position, answers)
                answered = len(answers)
        if position < end:
            self._need = need
            self._held += data[position:]
        if self._counted >= TOP_UP_BYTES:
            self._sender.outbox.append(frames.window_update(0, self._counted))
            self._counted = 0

    def _take_alike(self, data: bytes, position: int, answers: list[Answer]) -> int:
        """Takes whole answers that look like the last one; where the first that does not begins."""
        shape = self._shape
        if shape is None or self._block_cost or self._sender.waiting:
            return position
        rows, keep, new, last = self._rows, self._keep, tuple.__new__, len(data) - shape.total
        unpack, before, between, prefix = shape.unpack, shape.before, shape.between, shape.prefix
        after, tail, begun = shape.after, shape.tail, position
        while position <= last:
            seen = unpack(data, position)
            number = seen[1]
            if seen != (before, number, between, number, prefix, after, number, tail):
                break
            row = rows.pop(number, None)
            if row is None:
                break
            start = position + shape.message_at
            answers.append(new(Answer, (row, OK, 0, "", data[start : start + shape.size] if keep else b"")))
            position += shape.total
        self._counted += (position - begun) // shape.total * (PREFIX_BYTES + shape.size)
        return position

    def _learn(self, call: Call, tail: bytes) -> None:
        """Remembers how a good answer looked, once two in turn looked so: sizes may change from call to call."""
        look = self._head_block, call.size, tail
        if look == self._look and 0 <= call.size <= MAX_FRAME_BYTES - PREFIX_BYTES:
            self._shape = Shape(*look)
        self._look = look

    def _on_frame(self, kind: int, flags: int, stream_id: int, payload: bytes, answers: list[Answer]) -> None:
        if self._block_cost and kind != frames.CONTINUATION:
            raise PeerError("a block of headers was interrupted by another frame")
        if not self._heard and (kind != frames.SETTINGS or flags & frames.ACK):
            raise PeerError(_NO_HTTP2)
        handler = self._handlers.get(kind)
        if handler is not None:  # Others are for extensions of HTTP/2, to be passed over.
            handler(flags, stream_id, payload, answers)

    def _on_headers(self, flags: int, stream_id: int, payload: bytes, answers: list[Answer]) -> None:
        block = frames.without_padding(flags, payload)
        if flags & END_HEADERS:
            self._on_block(flags, stream_id, block, answers)
        else:
            self._block, self._block_stream, self._block_flags = block, stream_id, flags
            self._block_cost = _HEAD_BYTES + len(block)

    def _on_continuation(self, flags: int, stream_id: int, payload: bytes, answers: list[Answer]) -> None:
        if not self._block_cost or stream_id != self._block_stream:
            raise PeerError("a CONTINUATION frame continues nothing")
        self._block += payload
        # Frame heads count too: else, empty frames without an end would cost the peer nothing.
        self._block_cost += _HEAD_BYTES + len(payload)
        if self._block_cost > MAX_BLOCK_BYTES:
            raise PeerError(f"a block of headers is longer than {MAX_BLOCK_BYTES:,} bytes")
        if flags & END_HEADERS:
            block, self._block, self._block_cost = self._block, b"", 0
            self._on_block(self._block_flags, stream_id, block, answers)

    def _on_block(self, flags: int, stream_id: int, block: bytes, answers: list[Answer]) -> None:
        fields = self._blocks.known.get(block) or self._blocks.learn(block)
        call = self._call(stream_id)
        if call is None:
            self._on_closed(flags, stream_id)
        elif flags & END_STREAM:
            answer = call.end(fields)
            if answer.ok:
                self._learn(call, block)
            self._end(stream_id, answer, answers)
        elif call.begin(fields):
            self._head_block = block
        else:
            self._give_up(stream_id)
            answers.append(failure(call.row, Ending.BAD_ANSWER, "the server's answer has two beginnings, or none"))

    def _on_data(self, flags: int, stream_id: int, payload: bytes, answers: list[Answer]) -> None:
        self._counted += len(payload)
        data = frames.without_padding(flags & frames.PADDED, payload)
        call = self._call(stream_id)
        if call is None:
            self._on_closed(flags, stream_id)
            return
        if call.head is None:
            raise PeerError("the body of an answer came before its headers")
        call.receive(data, keep=self._keep)
        if flags & END_STREAM:
            self._end(stream_id, call.end_without_trailers(), answers)

    def _on_closed(self, flags: int, stream_id: int) -> None:
        """A part of an answer that nobody waits for."""
        self._refuse_idle(stream_id)
        if stream_id not in self._cancelled:
            raise PeerError("an answer went on after its end")
        if flags & END_STREAM:
            self._cancelled.discard(stream_id)

    def _on_rst_stream(self, _: int, stream_id: int, payload: bytes, answers: list[Answer]) -> None:
        self._refuse_idle(stream_id)
        code = _number(payload, 4, "RST_STREAM")
        self._cancelled.discard(stream_id)
        call = self._call(stream_id)
        if call is not None:
            del self._calls[stream_id]
            self._sender.forget(stream_id)
            text = f"the server reset the stream: {frames.error_name(code)}"
            answers.append(failure(call.row, Ending.ERROR_STATUS, text, _RESET_STATUS.get(code, 13)))

    def _on_settings(self, flags: int, stream_id: int, payload: bytes, _: list[Answer]) -> None:
        _of_connection(stream_id, "SETTINGS")
        if flags & frames.ACK:
            if payload:
                raise PeerError("an acknowledgement of settings carries some")
            self.ready = True
            return
        # Before all that the settings admit: to the server they hold from our acknowledgement on.
        self._acknowledge(frames.frame(frames.SETTINGS, frames.ACK, 0))
        for setting, value in frames.settings_in(payload):
            if setting == Setting.MAX_CONCURRENT_STREAMS:
                self._limit = value
            elif setting == Setting.INITIAL_WINDOW_SIZE:
                self._sender.set_initial_window(value)
            elif setting == Setting.MAX_FRAME_SIZE:
                self._sender.set_frame_bytes(value)
        self._heard = True

    def _on_ping(self, flags: int, stream_id: int, payload: bytes, _: list[Answer]) -> None:
        _of_connection(stream_id, "PING")
        _number(payload, 8, "PING")
        if not flags & frames.ACK:
            self._acknowledge(frames.frame(frames.PING, frames.ACK, 0, payload))

    def _on_goaway(self, _: int, stream_id: int, payload: bytes, answers: list[Answer]) -> None:
        """Calls beyond the last that the peer takes have failed: invariant 7 forbids to send them again."""
        _of_connection(stream_id, "GOAWAY")
        last = _number(payload[:4], 4, "GOAWAY") & frames.STREAM_MASK
        code = _number(payload[4:8], 4, "GOAWAY")
        said = payload[8:208].decode("utf-8", "replace")
        self.going_away = True
        self.ending = f"the server went away: {frames.error_name(code)}" + (f", {said}" if said else "")
        for refused in self._open_streams():
            if refused > last:
                answers.append(failure(self._row_of(refused), Ending.CONNECTION_LOST, self.ending))
                self._drop(refused)

    def _on_window_update(self, _: int, stream_id: int, payload: bytes, __: list[Answer]) -> None:
        increment = _number(payload, 4, "WINDOW_UPDATE") & frames.STREAM_MASK
        if not increment:
            raise PeerError("a window was widened by nothing")
        if not stream_id:
            self._sender.widen(increment)
            return
        self._refuse_idle(stream_id)
        self._sender.widen_stream(stream_id, increment)

    def _on_priority(self, _: int, __: int, payload: bytes, ___: list[Answer]) -> None:
        _number(payload, 5, "PRIORITY")

    def _on_push_promise(self, *_: object) -> None:
        raise PeerError("the server pushes, which we did not allow")

    def _refuse_idle(self, stream_id: int) -> None:
        if stream_id >= self._next_id or not stream_id % 2:
            raise PeerError(f"a frame belongs to stream {stream_id}, which was never opened")

    def _acknowledge(self, frame: bytes) -> None:
        self._sender.outbox.append(frame)
        self._control_bytes += len(frame)
        if self._control_bytes > MAX_CONTROL_BYTES:
            raise PeerError("the server asks for acknowledgements faster than it takes them")

    def _end(self, stream_id: int, answer: Answer, answers: list[Answer]) -> None:
        """The peer's side of a stream ended. Where ours had not, the rest of the request has become pointless."""
        del self._calls[stream_id]
        if stream_id in self._sender.waiting:
            self._sender.forget(stream_id)
            self._sender.outbox.append(frames.rst_stream(stream_id, ErrorCode.CANCEL))
            if answer.ok:
                answer = failure(answer.row, Ending.BAD_ANSWER, "the server answered what was not wholly asked")
        answers.append(answer)

    def _give_up(self, stream_id: int) -> None:
        self._drop(stream_id)
        self._cancelled.add(stream_id)
        self._sender.outbox.append(frames.rst_stream(stream_id, ErrorCode.CANCEL))

    def _fail(self, why: str, ending: Ending, answers: list[Answer]) -> None:
        self.going_away, self.ending = True, why
        self._held.clear()
        for stream_id in self._open_streams():
            answers.append(failure(self._row_of(stream_id), ending, why))
            self._drop(stream_id)

    def _call(self, stream_id: int) -> Call | None:
        """An open call of which something has come now."""
        call = self._calls.get(stream_id)
        if call is None:
            row = self._rows.pop(stream_id.to_bytes(4), None)
            if row is not None:
                call = self._calls[stream_id] = Call(row)
        return call

    def _count(self, stream_id: int, data: bytes, start: int, stop: int) -> bool:
        """Takes a piece of a message that is only counted, without a copy; False where more must be done."""
        call = self._calls.get(stream_id)
        if call is None or self._block_cost or not call.count(data, start, stop):
            return False
        self._counted += stop - start
        return True

    def _open_streams(self) -> list[int]:
        return sorted([*self._calls, *(int.from_bytes(number) for number in self._rows)])

    def _row_of(self, stream_id: int) -> int:
        call = self._calls.get(stream_id)
        return self._rows[stream_id.to_bytes(4)] if call is None else call.row

    def _drop(self, stream_id: int) -> None:
        if self._calls.pop(stream_id, None) is None:
            del self._rows[stream_id.to_bytes(4)]
        self._sender.forget(stream_id)


def _number(payload: bytes, size: int, kind: str) -> int:
    if len(payload) != size:
        raise PeerError(f"a {kind} frame has a length that it cannot have")
    return int.from_bytes(payload)


def _of_connection(stream_id: int, kind: str) -> None:
    if stream_id:
        raise PeerError(f"a {kind} frame belongs to stream {stream_id}")
