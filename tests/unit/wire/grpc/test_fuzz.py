"""Servers without any sense: whatever comes, each call ends once, and neither time nor memory runs away."""

from collections import Counter

import pytest
from hyperframe.frame import ContinuationFrame, DataFrame, HeadersFrame, PingFrame, PriorityFrame
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from inferometer_loadgen.wire.grpc import Answer, Channel, GrpcRequest, framed
from inferometer_loadgen.wire.grpc.channel import MAX_FRAME_BYTES
from unit.wire.feeding import cut
from unit.wire.grpc.server import (
    ACK,
    BLOCK,
    END,
    HEAD,
    MESSAGE,
    a_channel,
    answer,
    block,
    data,
    goaway,
    headers,
    refusal,
    reset,
    settings,
    split_headers,
    window,
)

CALLS = 4
STREAMS = st.sampled_from([1, 1, 3, 3, 5, 7, 9, 2])
ENDS = st.sampled_from([(), ("END_STREAM",)])
PIECES = st.sampled_from([framed(MESSAGE), framed(MESSAGE)[:9], MESSAGE, b"", b"\x01\0\0\0\x03abc", bytes(3)])
HEADS = st.sampled_from([HEAD, END, [(":status", "103")], [(":status", "503")], [*HEAD, ("grpc-status", "0")]])

FRAMES = st.one_of(
    st.builds(answer, STREAMS),
    st.builds(refusal, STREAMS),
    st.builds(lambda stream, fields, flags: headers(stream, fields, *flags), STREAMS, HEADS, ENDS),
    st.builds(lambda stream, fields, flags: split_headers(stream, fields, 3, *flags), STREAMS, HEADS, ENDS),
    st.builds(lambda stream, piece, flags: data(stream, piece, *flags), STREAMS, PIECES, ENDS),
    st.builds(reset, STREAMS, st.integers(0, 20)),
    st.builds(window, STREAMS | st.just(0), st.sampled_from([1, 60, 2**31 - 1])),
    st.builds(goaway, st.sampled_from([0, 1, 3, 2**31 - 1])),
    st.builds(lambda size: settings(initial_window_size=size), st.sampled_from([0, 7, 65_535, 2**31 - 1])),
    st.builds(lambda limit: settings(max_concurrent_streams=limit), st.integers(0, 3)),
    st.just(ACK),
    st.just(PingFrame(0, bytes(8)).serialize()),
    st.binary(max_size=30),
    st.builds(
        lambda length, kind, flags, stream: (
            length.to_bytes(3) + bytes([kind, flags]) + stream.to_bytes(4) + bytes(length)
        ),
        st.integers(0, 40),
        st.integers(0, 12),
        st.integers(0, 255),
        st.integers(0, 2**32 - 1),
    ),
)


def busy_channel(*, keep: bool) -> Channel:
    """Some of its calls are wholly sent, some wait for a window."""
    channel = a_channel(keep_messages=keep, initial_window_size=50)
    for row in range(CALLS):
        channel.begin(row, GrpcRequest(BLOCK, framed(bytes(20 if row % 2 else 100))))
    return channel


def everything(channel: Channel, pieces: list[bytes], cancelled: int) -> list[Answer]:
    """All answers, to the end of the connection; one call is cancelled on the way."""
    ended: list[Answer] = []
    for number, piece in enumerate(pieces):
        ended += channel.receive(piece)
        channel.take_outbox()
        if number == 2:
            channel.cancel(cancelled)
    return ended + list(channel.eof())


@limits(max_examples=400, deadline=None)
@given(
    frames=st.lists(FRAMES, max_size=25),
    places=st.lists(st.integers(1, 2_000), max_size=10),
    keep=st.booleans(),
    cancelled=st.integers(0, 5),
)
def test_each_call_ends_exactly_once_or_was_cancelled(
    frames: list[bytes], places: list[int], cancelled: int, *, keep: bool
) -> None:
    channel = busy_channel(keep=keep)
    ended = Counter(answer.row for answer in everything(channel, cut(b"".join(frames), places), cancelled))

    assert max(ended.values(), default=0) <= 1
    assert set(range(CALLS)) - set(ended) <= {cancelled}
    assert (channel.open, channel.finished, channel.free()) == (0, True, 0)


@limits(max_examples=200, deadline=None)
@given(frames=st.lists(FRAMES, max_size=25), places=st.lists(st.integers(1, 2_000), max_size=10), keep=st.booleans())
def test_how_senseless_bytes_are_cut_makes_no_difference_either(
    frames: list[bytes], places: list[int], *, keep: bool
) -> None:
    sent = b"".join(frames)
    whole, in_pieces = busy_channel(keep=keep), busy_channel(keep=keep)
    ended = whole.receive(sent)
    ended_in_pieces = [answer for piece in cut(sent, places) for answer in in_pieces.receive(piece)]

    assert ended_in_pieces == ended
    assert in_pieces.finished == whole.finished
    # What a finished connection would still say interests nobody: it is closed.
    assert whole.finished or b"".join(whole.take_outbox()) == b"".join(in_pieces.take_outbox())
    assert in_pieces.eof() == whole.eof()


ENDLESS = {
    "a message": data(1, bytes(60_000)),
    "a body that is no gRPC": data(3, bytes(60_000)),
    "empty frames": data(1, b""),
    "padding": DataFrame(1, b"", pad_length=255, flags=["PADDED"]).serialize(),
    "interim answers": headers(5, [(":status", "103"), ("link", "x" * 100)]),
    "settings": settings(initial_window_size=7) + settings(initial_window_size=65_535),
    "pings": PingFrame(0, bytes(8)).serialize(),
    "priorities": PriorityFrame(1, depends_on=0, stream_weight=1).serialize(),
    "windows": window(7, 1),
    "unknown frames": bytes.fromhex("00ffff") + b"\xee\0\0\0\0\1" + bytes(65_535),
    "goodbyes": goaway(2**31 - 1, 0, b"x" * 1_000),
    "continuations": HeadersFrame(5, block(HEAD)).serialize()
    + ContinuationFrame(5, b"\x00\x01a\x01b").serialize() * 900,
}


@pytest.mark.parametrize("piece", ENDLESS.values(), ids=ENDLESS)
def test_what_does_not_end_is_not_hoarded(piece: bytes) -> None:
    channel = a_channel(keep_messages=True)
    for row in range(4):
        channel.begin(row, GrpcRequest(BLOCK, framed(bytes(100))))
    channel.receive(headers(1, HEAD) + data(1, b"\0" + (100).to_bytes(4)) + headers(3, [(":status", "503")]))
    for _ in range(2_000):
        channel.receive(piece)
        channel.take_outbox()

    hoards = [call._pieces for call in channel._calls.values() if call._pieces]
    held = sum(len(b"".join(hoard.kept or [])) + len(hoard.evidence) for hoard in hoards)
    held += len(channel._held) + len(channel._block) + len(channel.ending)
    assert held <= MAX_FRAME_BYTES + 70_000
