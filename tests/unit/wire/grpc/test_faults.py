"""What a server may do wrong, and how each call ends then. None of it is a success, and none of it is an exception."""

import gzip
import re

import pytest
from hyperframe.frame import ContinuationFrame, DataFrame, HeadersFrame, PingFrame, PushPromiseFrame

from inferometer_loadgen.wire.grpc import Answer, BlockCache, Channel, Ending, framed
from inferometer_loadgen.wire.grpc.channel import MAX_CONTROL_BYTES, MAX_FRAME_BYTES
from unit.wire.feeding import cut
from unit.wire.grpc.server import (
    ACK,
    END,
    HEAD,
    MESSAGE,
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
    settings,
    split_headers,
    window,
)

HTML = [(":status", "503"), ("content-type", "text/html")]
GZIPPED = [*HEAD, ("grpc-encoding", "gzip")]
ENDED = "END_STREAM"


def compressed(payload: bytes) -> bytes:
    return b"\x01" + len(payload).to_bytes(4) + payload


STATUS = Ending.ERROR_STATUS
BAD = Ending.BAD_ANSWER

OF_ONE_CALL = {
    "an error in one frame": (refusal(1, "5", "no model"), STATUS, 5, "gRPC status 5 (NOT_FOUND): no model"),
    "an error after its headers": (
        headers(1, HEAD) + headers(1, [("grpc-status", "13"), ("grpc-message", "boom")], ENDED),
        *(STATUS, 13, "gRPC status 13 (INTERNAL): boom"),
    ),
    "an error after a whole message": (
        headers(1, HEAD) + data(1, framed(MESSAGE)) + headers(1, [("grpc-status", "14")], ENDED),
        *(STATUS, 14, "gRPC status 14 (UNAVAILABLE): "),
    ),
    "an error that is split": (
        split_headers(1, [*HEAD, ("grpc-status", "8"), ("grpc-message", "full")], 9, ENDED),
        *(STATUS, 8, "gRPC status 8 (RESOURCE_EXHAUSTED): full"),
    ),
    "an error in the first headers, ended by an empty frame": (
        headers(1, [*HEAD, ("grpc-status", "7")]) + data(1, b"", ENDED),
        *(STATUS, 7, "gRPC status 7 (PERMISSION_DENIED): "),
    ),
    "a status that gRPC does not know": (refusal(1, "99"), STATUS, 99, "gRPC status 99 (not known): "),
    "a message with a broken escape": (refusal(1, "2", "50% of %zz"), STATUS, 2, "gRPC status 2 (UNKNOWN): 50% of %zz"),
    "an endless message, cut": (refusal(1, "2", "x" * 5_000), STATUS, 2, "gRPC status 2 (UNKNOWN): " + "x" * 512),
    "a proxy's error": (
        headers(1, HTML) + data(1, b"<h1>no healthy upstream</h1>", ENDED),
        *(STATUS, -1, "HTTP 503: <h1>no healthy upstream</h1>"),
    ),
    "a proxy's error without a body": (headers(1, [(":status", "502")], ENDED), STATUS, -1, "HTTP 502: "),
    "a proxy's error with a grpc-status of 0": (
        headers(1, [(":status", "500"), ("grpc-status", "0")], ENDED),
        *(STATUS, -1, "HTTP 500: "),
    ),
    "a stream refused": (reset(1, 7), STATUS, 14, "the server reset the stream: REFUSED_STREAM"),
    "a stream reset amid the answer": (
        headers(1, HEAD) + data(1, framed(MESSAGE)[:20]) + reset(1, 2),
        *(STATUS, 13, "the server reset the stream: INTERNAL_ERROR"),
    ),
    "a stream reset after the message": (
        headers(1, HEAD) + data(1, framed(MESSAGE)) + reset(1, 0),
        *(STATUS, 13, "the server reset the stream: NO_ERROR"),
    ),
    "a stream reset for a reason unheard of": (reset(1, 77), STATUS, 13, "the server reset the stream: error 0x4d"),
    "success without a message": (refusal(1, "0"), BAD, -1, "it holds no message"),
    "success after headers, without a message": (
        headers(1, HEAD) + headers(1, END, ENDED),
        *(BAD, -1, "it holds no message"),
    ),
    "success with a part of a message": (
        headers(1, HEAD) + data(1, framed(MESSAGE)[:-1]) + headers(1, END, ENDED),
        *(BAD, -1, "its message is not whole"),
    ),
    "success with a part of a prefix": (
        headers(1, HEAD) + data(1, b"\0\0") + headers(1, END, ENDED),
        *(BAD, -1, "its message is not whole"),
    ),
    "success with two messages": (
        headers(1, HEAD) + data(1, framed(MESSAGE)) + data(1, framed(MESSAGE)) + headers(1, END, ENDED),
        *(BAD, -1, "it holds more than one message"),
    ),
    "success with two messages in one frame": (
        headers(1, HEAD) + data(1, framed(MESSAGE) * 2) + headers(1, END, ENDED),
        *(BAD, -1, "it holds more than one message"),
    ),
    "success with a byte too many": (
        headers(1, HEAD) + data(1, framed(MESSAGE) + b"!") + headers(1, END, ENDED),
        *(BAD, -1, "it holds more than one message"),
    ),
    "no trailers": (headers(1, HEAD) + data(1, framed(MESSAGE), ENDED), BAD, -1, "it ended without trailers"),
    "no trailers, no message": (headers(1, HEAD, ENDED), BAD, -1, "its trailers hold no grpc-status"),
    "trailers without a status": (
        headers(1, HEAD) + data(1, framed(MESSAGE)) + headers(1, [("x", "y")], ENDED),
        *(BAD, -1, "its trailers hold no grpc-status"),
    ),
    "a status that is no number": (refusal(1, "zero"), BAD, -1, "its grpc-status is no number"),
    "a status that is empty": (refusal(1, ""), BAD, -1, "its grpc-status is no number"),
    "a web page with status 200": (
        headers(1, [(":status", "200"), ("content-type", "text/html")]) + data(1, b"<h1>Hello</h1>", ENDED),
        *(BAD, -1, "it ended without trailers; its type is `text/html`: <h1>Hello</h1>"),
    ),
    "no HTTP status": (headers(1, END, ENDED), BAD, -1, "its headers hold no :status"),
    "a flag that is none": (
        headers(1, HEAD) + data(1, b"\x02" + framed(MESSAGE)[1:]) + headers(1, END, ENDED),
        *(BAD, -1, "2 is no compressed flag"),
    ),
    "compression without its name": (
        headers(1, HEAD) + data(1, compressed(b"abc")) + headers(1, END, ENDED),
        *(BAD, -1, "its message is compressed as `identity`, which we never offered"),
    ),
    "compression that nobody knows": (
        headers(1, [*HEAD, ("grpc-encoding", "snappy")]) + data(1, compressed(b"abc")) + headers(1, END, ENDED),
        *(BAD, -1, "its message is compressed as `snappy`, which we never offered"),
    ),
}


@pytest.mark.parametrize("case", OF_ONE_CALL)
@pytest.mark.parametrize("keep", [False, True], ids=["counted", "kept"])
@pytest.mark.parametrize("bytewise", [False, True], ids=["whole", "byte by byte"])
def test_one_call_fails_by_its_name_and_the_next_goes_well(case: str, *, keep: bool, bytewise: bool) -> None:
    sent, ending, status, text = OF_ONE_CALL[case]
    channel = asking(2, keep_messages=keep)
    if ending is BAD:
        text = f"the server's answer is none: {text}"

    ended = feed(channel, cut(sent, range(len(sent)) if bytewise else ()))

    assert ended == [Answer(0, ending, status, text, b"")]
    assert [call.ending for call in channel.receive(answer(3))] == [Ending.OK]


@pytest.mark.parametrize(
    "sent",
    [headers(1, HEAD) + headers(1, HEAD), headers(1, [("x", "y")]), headers(1, HEAD) + headers(1, END)],
    ids=["headers twice", "headers without a status", "trailers that end nothing"],
)
def test_a_call_whose_answer_has_no_beginning_or_two_is_given_up(sent: bytes) -> None:
    channel = asking(2)
    (ended,) = feed(channel, [sent])

    assert (ended.row, ended.ending) == (0, BAD)
    assert feed(channel, [data(1, b"late"), answer(3)])[0].ok
    assert b"".join(channel.take_outbox()) == reset(1, 8)


@pytest.mark.parametrize("keep", [False, True], ids=["counted", "kept"])
def test_a_compressed_message_is_a_good_one_and_is_inflated_where_it_is_kept(*, keep: bool) -> None:
    channel = asking(1, keep_messages=keep)
    sent = headers(1, GZIPPED) + data(1, compressed(gzip.compress(MESSAGE))) + headers(1, END, ENDED)

    assert feed(channel, [sent]) == [Answer(0, Ending.OK, 0, "", MESSAGE if keep else b"")]


@pytest.mark.parametrize("payload", [b"abc", gzip.compress(MESSAGE)[:-3]], ids=["no gzip", "cut off"])
def test_a_compressed_message_that_cannot_be_inflated_is_none(payload: bytes) -> None:
    channel = asking(1, keep_messages=True)
    (ended,) = feed(channel, [headers(1, GZIPPED) + data(1, compressed(payload)) + headers(1, END, ENDED)])

    assert ended.ending is BAD
    assert "cannot be decompressed" in ended.text


def test_a_small_message_that_inflates_to_a_huge_one_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inferometer_loadgen.wire.grpc.answer.MAX_MESSAGE_BYTES", 1_000)
    channel = asking(1, keep_messages=True)
    bomb = gzip.compress(bytes(100_000))
    (ended,) = feed(channel, [headers(1, GZIPPED) + data(1, compressed(bomb)) + headers(1, END, ENDED)])

    assert ended.ending is BAD
    assert "longer than is kept (1,000)" in ended.text


def test_a_message_too_long_to_be_kept_is_not_kept_but_may_be_counted() -> None:
    for keep in (True, False):
        channel = asking(1, keep_messages=keep)
        feed(channel, [headers(1, HEAD) + data(1, b"\x00" + (2**29).to_bytes(4))])
        for _ in range(2**29 // 60_000):
            channel.receive(data(1, bytes(60_000)))
        (ended,) = feed(channel, [data(1, bytes(2**29 % 60_000)) + headers(1, END, ENDED)])

        assert ended.ending is (BAD if keep else Ending.OK)


PUSH = PushPromiseFrame(1, promised_stream_id=2, data=block(HEAD), flags=["END_HEADERS"]).serialize()
OPEN_HEADERS = HeadersFrame(1, block(HEAD)).serialize()

OF_THE_CONNECTION = {
    "HTTP/1.1": (b"HTTP/1.1 400 Bad Request\r\n\r\n", "a frame of 4,740,180 bytes is too long"),
    "a frame too long": (DataFrame(1, bytes(MAX_FRAME_BYTES + 1)).serialize(), "65,537 bytes is too long"),
    "a push": (PUSH, "the server pushes"),
    "an answer to what was not asked": (answer(5), "stream 5, which was never opened"),
    "an answer on a stream of its own": (answer(2), "stream 2, which was never opened"),
    "an answer on the connection": (bytes.fromhex("000000010400000000"), "stream 0, which was never opened"),
    "a second answer": (answer(1) + answer(1), "an answer went on after its end"),
    "trailers after the end": (answer(1) + headers(1, END, ENDED), "an answer went on after its end"),
    "a body before its headers": (data(1, framed(MESSAGE)), "before its headers"),
    "a reset of what was not asked": (reset(5, 8), "stream 5, which was never opened"),
    "headers within headers": (OPEN_HEADERS + answer(3), "was interrupted by another frame"),
    "a body within headers": (OPEN_HEADERS + data(1, b""), "was interrupted by another frame"),
    "a continuation of nothing": (ContinuationFrame(1, b"x").serialize(), "continues nothing"),
    "a continuation of something else": (OPEN_HEADERS + ContinuationFrame(3, b"x").serialize(), "continues nothing"),
    "headers without an end": (
        OPEN_HEADERS + ContinuationFrame(1, bytes(60_000)).serialize() * 2,
        "longer than 65,536 bytes",
    ),
    "empty continuations without an end": (
        OPEN_HEADERS + ContinuationFrame(1, b"").serialize() * 8_000,
        "longer than 65,536 bytes",
    ),
    "headers that inflate": (
        headers(1, [("x", "y" * 65_000), ("z", "y" * 1_000)]),
        "is too long|cannot be decoded",
    ),
    "headers that are cut off": (
        HeadersFrame(1, b"\x00\x0aab", flags=["END_HEADERS"]).serialize(),
        "cannot be decoded",
    ),
    "headers from a table that we did not allow": (
        HeadersFrame(1, b"\xbe", flags=["END_HEADERS"]).serialize(),
        "cannot be decoded",
    ),
    "a table that we did not allow": (
        HeadersFrame(1, b"\x3f\xe1\x1f", flags=["END_HEADERS"]).serialize(),
        "cannot be decoded",
    ),
    "a number without an end in the headers": (
        HeadersFrame(1, b"\x7f" + b"\xff" * 60_000, flags=["END_HEADERS"]).serialize(),
        "cannot be decoded",
    ),
    "an HTTP status that is none": (headers(1, [(":status", "2OO")]), "is no HTTP status"),
    "a padding longer than its frame": (bytes.fromhex("00000200080000000105 00".replace(" ", "")), "padding is longer"),
    "a padded frame without anything": (bytes.fromhex("000000010c00000001"), "padded frame is empty"),
    "settings of half a value": (bytes.fromhex("000005040000000000") + bytes(5), "no whole number"),
    "settings of a stream": (bytes.fromhex("000000040000000001"), "SETTINGS frame belongs to stream 1"),
    "an acknowledgement that sets": (bytes.fromhex("000006040100000000") + bytes(6), "carries some"),
    "a window too wide by settings": (settings(initial_window_size=2**31), "more than HTTP/2 allows"),
    "frames too small": (settings(max_frame_size=16_383), "16,383 bytes are no size of a frame"),
    "frames too large": (settings(max_frame_size=2**24), "16,777,216 bytes are no size of a frame"),
    "a window widened by nothing": (bytes.fromhex("00000408000000000000000000"), "by nothing"),
    "a window too wide": (window(0, 2**31 - 1), "beyond what HTTP/2 allows"),
    "half a window": (bytes.fromhex("0000020800000000000000"), "a WINDOW_UPDATE frame has a length"),
    "half a reset": (bytes.fromhex("000002030000000001 0000".replace(" ", "")), "a RST_STREAM frame has a length"),
    "half a ping": (bytes.fromhex("000002060000000000 0000".replace(" ", "")), "a PING frame has a length"),
    "a ping of a stream": (bytes.fromhex("000008060000000001") + bytes(8), "PING frame belongs to stream 1"),
    "half a goodbye": (bytes.fromhex("000004070000000000") + bytes(4), "a GOAWAY frame has a length"),
    "half a priority": (bytes.fromhex("000002020000000001 0000".replace(" ", "")), "a PRIORITY frame has a length"),
}


@pytest.mark.parametrize(("sent", "why"), OF_THE_CONNECTION.values(), ids=OF_THE_CONNECTION)
@pytest.mark.parametrize("bytewise", [False, True], ids=["whole", "byte by byte"])
def test_a_broken_connection_fails_its_open_calls_and_says_how(sent: bytes, why: str, *, bytewise: bool) -> None:
    channel = asking(2)
    ended = feed(channel, cut(sent, range(len(sent)) if bytewise else ()))

    assert channel.finished
    assert re.search(why, channel.ending)
    assert [call.row for call in ended] == [0, 1]
    assert {call.text for call in ended if not call.ok} == {channel.ending}
    assert channel.receive(answer(1)) == []
    assert channel.eof() == []


def test_an_answer_that_looks_like_the_last_is_none_within_headers() -> None:
    channel = asking(4)
    assert [call.ok for call in channel.receive(answer(1) + answer(3))] == [True, True]
    channel.receive(HeadersFrame(5, block(HEAD)).serialize())

    assert [call.ok for call in channel.receive(answer(7))] == [False, False]
    assert channel.ending == "a block of headers was interrupted by another frame"


@pytest.mark.parametrize(
    "sent",
    [b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", b"SSH-2.0-OpenSSH_9.2\r\n", ACK, answer(1), goaway(0)],
    ids=["HTTP/1.1", "SSH", "an acknowledgement first", "an answer first", "a goodbye first"],
)
def test_a_server_that_does_not_speak_http2_is_found_out_before_any_call(sent: bytes) -> None:
    channel = Channel(BlockCache())
    channel.receive(sent)

    assert channel.ending == "the server does not begin with HTTP/2 settings: is this the port where it speaks gRPC?"
    assert channel.finished
    assert channel.free() == 0


def test_a_server_that_floods_with_pings_and_reads_nothing_is_left() -> None:
    channel = asking(1)
    pings = PingFrame(0, bytes(8)).serialize() * 1_000
    sent = 0
    while not channel.finished:
        channel.receive(pings)
        sent += 1_000
        assert sent * 17 < 2 * MAX_CONTROL_BYTES


def test_a_storm_of_settings_is_acknowledged_one_by_one() -> None:
    channel = a_channel()
    channel.receive(settings(max_concurrent_streams=5) * 10_000)

    assert b"".join(channel.take_outbox()) == ACK * 10_000
    assert not channel.finished
