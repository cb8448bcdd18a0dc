"""Calls and their answers: each call ends once, however the server's bytes were cut."""

import pytest
from hyperframe.frame import DataFrame, HeadersFrame, PingFrame, RstStreamFrame, SettingsFrame
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from inferometer_loadgen.wire.grpc import Answer, BlockCache, Channel, Ending, GrpcRequest, framed
from inferometer_loadgen.wire.grpc.channel import MAX_FRAME_BYTES, TOP_UP_BYTES, UNLIMITED
from unit.wire.feeding import cut
from unit.wire.grpc.server import (
    ACK,
    BLOCK,
    END,
    HEAD,
    MESSAGE,
    REQUEST,
    a_channel,
    answer,
    asking,
    block,
    data,
    feed,
    goaway,
    headers,
    refusal,
    reset,
    sent_frames,
    settings,
    split_headers,
    window,
)


def good(row: int, message: bytes = b"") -> Answer:
    return Answer(row, Ending.OK, 0, "", message)


def padded(stream: int, payload: bytes, *flags: str) -> bytes:
    return DataFrame(stream, payload, pad_length=200, flags=["PADDED", *flags]).serialize()


def laden(stream: int) -> bytes:
    """Headers with a padding and a priority."""
    flags = ["END_HEADERS", "PRIORITY", "PADDED"]
    return HeadersFrame(stream, block(HEAD), pad_length=9, depends_on=0, stream_weight=15, flags=flags).serialize()


WAYS = {
    "in three frames": answer(1),
    "its message in frames of their own": (
        headers(1, HEAD)
        + b"".join(data(1, framed(MESSAGE)[at : at + 7]) for at in range(0, 5 + len(MESSAGE), 7))
        + headers(1, END, "END_STREAM")
    ),
    "its prefix in two frames": (
        headers(1, HEAD) + data(1, framed(MESSAGE)[:3]) + data(1, framed(MESSAGE)[3:]) + headers(1, END, "END_STREAM")
    ),
    "padded": headers(1, HEAD) + padded(1, framed(MESSAGE)) + padded(1, b"") + headers(1, END, "END_STREAM"),
    "its headers over CONTINUATION frames": (
        split_headers(1, HEAD, 5) + data(1, framed(MESSAGE)) + split_headers(1, END, 3, "END_STREAM")
    ),
    "its headers padded and with a priority": laden(1) + data(1, framed(MESSAGE)) + headers(1, END, "END_STREAM"),
    "an interim answer before it": headers(1, [(":status", "103"), ("link", "x")]) + answer(1),
    "frames of the connection between its own": (
        PingFrame(0, b"12345678").serialize()
        + headers(1, HEAD)
        + settings(max_concurrent_streams=7)
        + window(0, 5)
        + data(1, framed(MESSAGE))
        + window(1, 5)
        + bytes.fromhex("000005020000000001")
        + bytes(5)
        + headers(1, END, "END_STREAM")
    ),
    "frames that only an extension knows": (
        bytes.fromhex("000003fe0000000001") + b"abc" + answer(1) + bytes.fromhex("00000010ff00000000")
    ),
}


@pytest.mark.parametrize("sent", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("keep", [False, True], ids=["counted", "kept"])
@pytest.mark.parametrize("bytewise", [False, True], ids=["whole", "byte by byte"])
def test_a_good_answer_ends_its_call_however_it_is_framed(sent: bytes, *, keep: bool, bytewise: bool) -> None:
    channel = asking(1, keep_messages=keep)
    pieces = cut(sent, range(len(sent)) if bytewise else ())

    assert feed(channel, pieces) == [good(0, MESSAGE if keep else b"")]
    assert (channel.open, channel.finished, channel.ending) == (0, False, "")


@given(
    cases=st.lists(st.sampled_from(sorted(WAYS)), min_size=1, max_size=4),
    places=st.lists(st.integers(1, 3_000), max_size=12),
    keep=st.booleans(),
)
def test_how_the_bytes_are_cut_makes_no_difference(cases: list[str], places: list[int], *, keep: bool) -> None:
    channel = a_channel(keep_messages=keep)
    expected = good(0, MESSAGE if keep else b"")
    for number, case in enumerate(cases):
        channel.begin(number, REQUEST)
        sent = with_stream(WAYS[case], 1 + 2 * number)
        assert feed(channel, cut(sent, places)) == [expected._replace(row=number)]


def with_stream(frames: bytes, stream: int) -> bytes:
    """The same frames on another stream than 1."""
    moved = bytearray(frames)
    at = 0
    while at < len(moved):
        if moved[at + 5 : at + 9] == b"\x00\x00\x00\x01":
            moved[at + 5 : at + 9] = stream.to_bytes(4)
        at += 9 + int.from_bytes(moved[at : at + 3])
    return bytes(moved)


@limits(deadline=None)  # Some of it is large, and a machine may be busy.
@given(
    sizes=st.lists(st.sampled_from([0, 1, 300, 300, 300, 70_000]), min_size=1, max_size=12),
    places=st.lists(st.integers(1, 3_000), max_size=12),
    keep=st.booleans(),
)
def test_answers_alike_and_not_alike_are_each_taken_for_what_they_are(
    sizes: list[int], places: list[int], *, keep: bool
) -> None:
    channel = asking(len(sizes), keep_messages=keep)
    messages = [bytes([row]) * size for row, size in enumerate(sizes)]
    sent = b""
    for row, message in enumerate(messages):
        body = framed(message)
        pieces = [data(1 + 2 * row, body[at : at + 60_000]) for at in range(0, len(body), 60_000)]
        sent += headers(1 + 2 * row, HEAD) + b"".join(pieces) + headers(1 + 2 * row, END, "END_STREAM")

    assert feed(channel, cut(sent, places)) == [
        good(row, message if keep else b"") for row, message in enumerate(messages)
    ]


def test_answers_may_come_in_any_order_and_interleaved() -> None:
    channel = asking(3)
    sent = headers(5, HEAD) + headers(1, HEAD) + answer(3) + data(1, framed(MESSAGE)) + data(5, framed(MESSAGE))
    sent += headers(1, END, "END_STREAM") + headers(5, END, "END_STREAM")

    assert feed(channel, [sent]) == [good(1), good(0), good(2)]


def test_an_answer_that_looks_like_the_last_but_belongs_to_no_call_is_none() -> None:
    channel = asking(3)
    assert feed(channel, [answer(1) + answer(3)]) == [good(0), good(1)]

    # The third finds the way of the first two, and must not take it twice.
    assert [ended.ending for ended in feed(channel, [answer(3)])] == [Ending.BAD_ANSWER]
    assert channel.ending == "an answer went on after its end"


def test_no_call_begins_before_both_sides_know_each_others_settings() -> None:
    channel = Channel(BlockCache())

    assert channel.free() == 0
    channel.receive(settings())
    assert channel.free() == 0
    channel.receive(ACK)
    assert channel.free() == UNLIMITED


def test_the_first_bytes_ask_for_no_table_no_push_and_the_widest_windows() -> None:
    channel = Channel(BlockCache())
    (first,) = channel.take_outbox()
    preface, _, rest = bytes(first).partition(b"SM\r\n\r\n")
    channel._sender.outbox = [rest]
    announced, update = sent_frames(channel)

    assert preface == b"PRI * HTTP/2.0\r\n\r\n"
    assert announced.settings == {
        SettingsFrame.HEADER_TABLE_SIZE: 0,
        SettingsFrame.ENABLE_PUSH: 0,
        SettingsFrame.INITIAL_WINDOW_SIZE: 2**31 - 1,
        SettingsFrame.MAX_FRAME_SIZE: MAX_FRAME_BYTES,
        SettingsFrame.MAX_HEADER_LIST_SIZE: 65_536,
    }
    assert (update.stream_id, update.window_increment) == (0, 2**31 - 1 - 65_535)


def test_settings_and_pings_are_acknowledged() -> None:
    channel = a_channel()
    channel.receive(settings(max_frame_size=20_000) + PingFrame(0, b"12345678").serialize())
    channel.receive(PingFrame(0, b"87654321", flags=["ACK"]).serialize())
    acknowledged, pong = sent_frames(channel)

    assert isinstance(acknowledged, SettingsFrame)
    assert set(acknowledged.flags) == {"ACK"}
    assert (pong.opaque_data, pong.flags) == (b"12345678", {"ACK"})


def test_the_connections_window_is_topped_up_each_gibibyte() -> None:
    channel = asking(1)
    piece = data(1, bytes(60_000))
    feed(channel, [headers(1, HEAD) + data(1, b"\x00" + (2**31 - 10).to_bytes(4))])
    pieces, before = 0, channel._counted
    while not channel._sender.outbox:
        channel.receive(piece)
        pieces += 1
    (update,) = sent_frames(channel)

    assert (update.stream_id, update.window_increment) == (0, before + pieces * 60_000)
    assert TOP_UP_BYTES <= update.window_increment < TOP_UP_BYTES + 60_000


def test_answers_alike_count_for_the_window_too() -> None:
    channel = asking(10)
    feed(channel, [b"".join(answer(1 + 2 * row) for row in range(10))])

    assert channel._counted == 10 * (5 + len(MESSAGE))


def test_no_more_calls_are_free_than_the_server_allows_now() -> None:
    channel = a_channel(max_concurrent_streams=3)
    for row in range(2):
        channel.begin(row, REQUEST)
    assert channel.free() == 1
    channel.receive(settings(max_concurrent_streams=1))
    assert channel.free() == 0
    channel.receive(answer(1))
    assert channel.free() == 0
    channel.receive(answer(3))

    assert channel.free() == 1


def test_no_call_is_free_while_the_connections_window_is_shut() -> None:
    channel = a_channel(initial_window_size=10**6)
    channel.begin(0, GrpcRequest(BLOCK, framed(bytes(65_530))))
    assert channel.free() == 0
    channel.receive(window(0, 1))

    assert channel.free() > 0


@pytest.mark.parametrize("partly", [b"", headers(1, HEAD)], ids=["before its answer began", "in its answer"])
def test_a_cancelled_call_is_reset_and_what_still_comes_of_it_is_passed_over(partly: bytes) -> None:
    channel = asking(2)
    channel.receive(partly)
    channel.cancel(0)
    (sent,) = sent_frames(channel)

    assert isinstance(sent, RstStreamFrame)
    assert (sent.stream_id, sent.error_code) == (1, 8)
    assert feed(channel, [answer(1)[len(partly) :], answer(3)]) == [good(1)]
    assert channel.open == 0


def test_a_call_whose_body_waits_can_be_cancelled_and_sends_nothing_more() -> None:
    channel = a_channel(initial_window_size=10)
    channel.begin(0, GrpcRequest(BLOCK, framed(bytes(100))))
    channel.take_outbox()
    channel.cancel(0)
    channel.take_outbox()
    channel.receive(window(1, 1_000) + reset(1, 8))

    assert channel.take_outbox() == []
    assert channel.free() > 0


def test_calls_beyond_the_last_that_a_leaving_server_takes_have_failed_and_the_others_go_on() -> None:
    channel = asking(3)
    ended = feed(channel, [goaway(3, 11, b"too_many_pings")])

    text = "the server went away: ENHANCE_YOUR_CALM, too_many_pings"
    assert ended == [Answer(2, Ending.CONNECTION_LOST, -1, text, b"")]
    assert (channel.free(), channel.going_away, channel.finished) == (0, True, False)
    assert feed(channel, [answer(1), answer(3)]) == [good(0), good(1)]
    assert channel.finished


def test_a_server_that_leaves_step_by_step_takes_what_was_sent_before_the_last() -> None:
    channel = asking(2)

    assert feed(channel, [goaway(2**31 - 1)]) == []
    assert feed(channel, [goaway(1)]) == [Answer(1, Ending.CONNECTION_LOST, -1, channel.ending, b"")]
    assert feed(channel, [answer(1)]) == [good(0)]


def test_a_server_that_leaves_amid_a_body_gets_the_rest_where_it_takes_the_call_and_not_where_not() -> None:
    channel = a_channel(initial_window_size=10)
    for row in range(2):
        channel.begin(row, GrpcRequest(BLOCK, framed(bytes(100))))
    channel.take_outbox()
    channel.receive(goaway(1) + window(1, 1_000) + window(3, 1_000))

    assert {frame.stream_id for frame in sent_frames(channel)} == {1}
    assert feed(channel, [answer(1)]) == [good(0)]


def test_a_connection_that_ends_fails_each_open_call_once() -> None:
    channel = asking(3)
    feed(channel, [headers(3, HEAD)])

    text = "the server closed the connection before it answered"
    assert channel.eof() == [Answer(row, Ending.CONNECTION_LOST, -1, text, b"") for row in range(3)]
    assert channel.eof() == []
    assert channel.finished


def test_a_connection_whose_stream_numbers_are_used_up_begins_nothing_more() -> None:
    channel = a_channel()
    channel._next_id = 2**31 - 3
    channel.begin(7, REQUEST)
    assert channel.free() > 0
    channel.begin(8, REQUEST)

    assert (channel.free(), channel.going_away) == (0, True)
    assert feed(channel, [answer(2**31 - 3), answer(2**31 - 1)]) == [good(7), good(8)]
    assert channel.finished


def test_the_cache_serves_all_connections_of_a_worker() -> None:
    blocks = BlockCache()
    for _ in range(3):
        channel = a_channel(blocks=blocks)
        channel.begin(0, REQUEST)
        assert feed(channel, [answer(1)]) == [good(0)]

    assert len(blocks.known) == 2


def test_an_answer_before_a_fault_still_counts() -> None:
    channel = asking(2)
    ended = feed(channel, [answer(1) + b"HTTP/1.1 400 Bad Request\r\n\r\n"])

    assert [(call.row, call.ending) for call in ended] == [(0, Ending.OK), (1, Ending.BAD_ANSWER)]


def test_refusals_count_as_errors_however_fast_they_come() -> None:
    channel = asking(3)
    ended = feed(channel, [answer(1) + refusal(3, "3", "gr%C3%B6%C3%9Fe%20%25") + answer(5)])

    assert ended == [
        good(0),
        Answer(1, Ending.ERROR_STATUS, 3, "gRPC status 3 (INVALID_ARGUMENT): größe %", b""),
        good(2),
    ]
