"""The bytes of a gRPC server, and ways to feed a channel with them.

Frames are hyperframe's and blocks of headers are hpack's: the channel is not tested with code of its own.
"""

from collections.abc import Iterable
from typing import Any

import hpack
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

from inferometer_loadgen.wire.grpc import INFER_PATH, Answer, BlockCache, Channel, GrpcRequest, framed, header_block

type Fields = list[tuple[str, str]]

HEAD: Fields = [(":status", "200"), ("content-type", "application/grpc")]
END: Fields = [("grpc-status", "0")]
MESSAGE = b"\n\x06magika" + bytes(range(200))
BLOCK = header_block("198.18.11.4:8001", INFER_PATH)
REQUEST = GrpcRequest(BLOCK, framed(b"question"))


def block(fields: Fields, *, huffman: bool = False) -> bytes:
    """Stateless, as from a server that obeys HEADER_TABLE_SIZE 0."""
    encoder = hpack.Encoder()
    encoder.header_table.maxsize = 0
    return encoder.encode(fields, huffman=huffman)


def settings(**values: int) -> bytes:
    names = {name.lower(): getattr(SettingsFrame, name) for name in dir(SettingsFrame) if name.isupper()}
    return SettingsFrame(0, {names[name]: value for name, value in values.items()}).serialize()


ACK = SettingsFrame(0, flags=["ACK"]).serialize()


def headers(stream: int, fields: Fields, *flags: str) -> bytes:
    return HeadersFrame(stream, block(fields), flags=["END_HEADERS", *flags]).serialize()


def data(stream: int, payload: bytes, *flags: str) -> bytes:
    return DataFrame(stream, payload, flags=list(flags)).serialize()


def answer(stream: int, message: bytes = MESSAGE) -> bytes:
    """A good one, as Triton writes it."""
    return headers(stream, HEAD) + data(stream, framed(message)) + headers(stream, END, "END_STREAM")


def refusal(stream: int, status: str = "3", message: str = "") -> bytes:
    """An error as most servers send it: one frame, and HTTP status 200."""
    return headers(stream, [*HEAD, ("grpc-status", status), ("grpc-message", message)], "END_STREAM")


def split_headers(stream: int, fields: Fields, pieces: int, *flags: str) -> bytes:
    """Headers over CONTINUATION frames."""
    whole = block(fields)
    cuts = [whole[len(whole) * at // pieces : len(whole) * (at + 1) // pieces] for at in range(pieces)]
    sent = HeadersFrame(stream, cuts[0], flags=list(flags)).serialize()
    for at, piece in enumerate(cuts[1:], 2):
        sent += ContinuationFrame(stream, piece, flags=["END_HEADERS"] if at == pieces else []).serialize()
    return sent


def reset(stream: int, code: int) -> bytes:
    return RstStreamFrame(stream, error_code=code).serialize()


def goaway(last: int, code: int = 0, said: bytes = b"") -> bytes:
    return GoAwayFrame(0, last_stream_id=last, error_code=code, additional_data=said).serialize()


def window(stream: int, increment: int) -> bytes:
    return WindowUpdateFrame(stream, window_increment=increment).serialize()


def a_channel(*, keep_messages: bool = False, blocks: BlockCache | None = None, **values: int) -> Channel:
    """Ready, its first bytes taken; `values` are the server's settings."""
    channel = Channel(blocks or BlockCache(), keep_messages=keep_messages)
    channel.take_outbox()
    assert channel.receive(settings(**values) + ACK) == []
    assert channel.ready
    channel.take_outbox()
    return channel


def asking(calls: int, *, keep_messages: bool = False) -> Channel:
    """A channel with calls of rows 0, 1, 2 … on streams 1, 3, 5 …, wholly sent."""
    channel = a_channel(keep_messages=keep_messages)
    for row in range(calls):
        channel.begin(row, REQUEST)
    channel.take_outbox()
    return channel


def feed(channel: Channel, pieces: Iterable[bytes]) -> list[Answer]:
    return [answer for piece in pieces for answer in channel.receive(piece)]


def sent_frames(channel: Channel) -> list[Any]:
    """What the channel sends, parsed by hyperframe, whose frames each have attributes of their own."""
    sent = memoryview(b"".join(channel.take_outbox()))
    frames = []
    while sent:
        frame, length = Frame.parse_frame_header(sent[:9])
        frame.parse_body(sent[9 : 9 + length])
        frames.append(frame)
        sent = sent[9 + length :]
    return frames
