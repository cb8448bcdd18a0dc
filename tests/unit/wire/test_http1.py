"""Answers of HTTP/1.1: when one is whole, and what its status is, however its bytes were cut."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inferometer_loadgen.wire import Answer, PeerError
from inferometer_loadgen.wire.http1 import MAX_CACHED_HEADS, MAX_ERROR_BYTES, AnswerReader, shared_heads
from unit.wire.feeding import a_reader, cut, feed, feed_bytewise, feed_whole

BODY = b'{"model_name":"m","outputs":[]}' + bytes(range(256))
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
TRAP = b"Inference-Header-Content-Length: 31\r\n"
OK = Answer(status=200, keep_alive=True)
OK_THEN_CLOSE = Answer(status=200, keep_alive=False)

type Feed = Callable[[bytes], list[Answer]]

WHOLE = {
    "a length": (b"HTTP/1.1 200 OK\r\n" + LENGTH + b"\r\n" + BODY, OK),
    "KServe's own length before the body's": (b"HTTP/1.1 200 OK\r\n" + TRAP + LENGTH + b"\r\n" + BODY, OK),
    "KServe's own length after the body's": (b"HTTP/1.1 200 OK\r\n" + LENGTH + TRAP + b"\r\n" + BODY, OK),
    "a name in other letters, a value among blanks": (
        b"HTTP/1.1 200 OK\r\ncONTENT-lENGTH:\t %d \t\r\n\r\n" % len(BODY) + BODY,
        OK,
    ),
    "no reason phrase": (b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", OK),
    "the same length twice": (b"HTTP/1.1 200 OK\r\n" + LENGTH + LENGTH + b"\r\n" + BODY, OK),
    "a body that looks like an answer": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 38\r\n\r\nHTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n",
        OK,
    ),
    "chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n", OK),
    "chunks with extensions and trailers": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3 ;a=b;c=d\r\nabc\r\n00;l\r\nX: 1\r\nY: 2\r\n\r\n",
        OK,
    ),
    "chunks that hold line ends": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n",
        OK,
    ),
    "chunks, and a length that does not count beside them": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        OK,
    ),
    "no body by its status": (b"HTTP/1.1 204 No Content\r\n\r\n", Answer(status=204, keep_alive=True)),
    "an interim answer before it": (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n" + LENGTH + b"\r\n" + BODY, OK),
    "two interim answers before it": (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n"
        + LENGTH
        + b"\r\n"
        + BODY,
        OK,
    ),
    "an end of the connection announced": (
        b"HTTP/1.1 200 OK\r\nConnection: TE, Close\r\n" + LENGTH + b"\r\n" + BODY,
        OK_THEN_CLOSE,
    ),
    "HTTP/1.0": (b"HTTP/1.0 200 OK\r\n" + LENGTH + b"\r\n" + BODY, OK_THEN_CLOSE),
    "HTTP/1.0 that keeps the connection": (
        b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n" + LENGTH + b"\r\n" + BODY,
        OK,
    ),
    "an error": (b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy", Answer(status=503, keep_alive=True)),
}

WRONG = {
    "not HTTP": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "HTTP/2": b"HTTP/2 200 OK\r\n\r\n",
    "a status of two digits": b"HTTP/1.1 20 OK\r\n\r\n",
    "two lengths that differ": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
    "a length that is no number": b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
    "a negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    "a length beyond reason": b"HTTP/1.1 200 OK\r\nContent-Length: 1" + b"0" * 30 + b"\r\n\r\n",
    "an encoding that is not known": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
    "a chunk without a size": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n;x\r\n",
    "a chunk longer than its size": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n",
    "a line of blanks that a pattern could backtrack in": (
        b"HTTP/1.1 200 OK\r\nContent-Length:" + b" " * 6_000 + b"\rX\r\n\r\n"
    ),
}

ENDLESS = {
    "a head without an end": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000,
    "a head that ends too late": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 66_000 + b"\r\nContent-Length: 0\r\n\r\n",
    "a size line without an end": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + b"x" * 70_000,
    "trailers without an end": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: " + b"x" * 70_000,
}


@pytest.mark.parametrize(("data", "answer"), WHOLE.values(), ids=WHOLE)
@pytest.mark.parametrize("feed_in_some_way", [feed_whole, feed_bytewise], ids=["whole", "byte by byte"])
def test_an_answer_is_complete_with_its_last_byte_and_not_before(
    feed_in_some_way: Feed, data: bytes, answer: Answer
) -> None:
    assert feed_in_some_way(data) == [answer]
    assert feed_in_some_way(data[:-1]) == []


@given(case=st.sampled_from(sorted(WHOLE)), places=st.lists(st.integers(1, 400), max_size=12))
def test_how_the_bytes_are_cut_makes_no_difference(case: str, places: list[int]) -> None:
    data, answer = WHOLE[case]
    reader = a_reader()

    # Three in turn on one connection: the later ones find their heads in the cache.
    assert [feed(reader, cut(data, places)) for _ in range(3)] == [[answer]] * 3


@given(cases=st.lists(st.sampled_from(sorted(WHOLE)), max_size=8), places=st.lists(st.integers(1, 400), max_size=3))
def test_answers_of_different_kinds_in_turn_are_each_taken_for_what_they_are(
    cases: list[str], places: list[int]
) -> None:
    reader = a_reader()

    for case in cases:
        data, answer = WHOLE[case]
        assert feed(reader, cut(data, places)) == [answer]
        assert answer.status != 503 or reader.error_body == b"busy"


@pytest.mark.parametrize("data", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("feed_in_some_way", [feed_whole, feed_bytewise], ids=["whole", "byte by byte"])
def test_what_is_no_answer_is_the_peers_error(feed_in_some_way: Feed, data: bytes) -> None:
    with pytest.raises(PeerError):
        feed_in_some_way(data)


@pytest.mark.parametrize("data", ENDLESS.values(), ids=ENDLESS)
@pytest.mark.parametrize("piece", [100_000, 997], ids=["whole", "in pieces"])
def test_what_does_not_end_within_reason_is_the_peers_error(data: bytes, piece: int) -> None:
    with pytest.raises(PeerError, match="is longer than 65,536 bytes"):
        feed(a_reader(), cut(data, range(0, len(data), piece)))


@given(data=st.binary(max_size=300), places=st.lists(st.integers(1, 300), max_size=5))
def test_noise_ends_in_nothing_worse_than_the_peers_error(data: bytes, places: list[int]) -> None:
    read_all_that_may_fail(cut(data, places))


@given(
    parts=st.lists(
        st.sampled_from(
            [
                *(b"HTTP/1.1 200 OK\r\n", b"HTTP/1.0 500 \r\n", b"HTTP/1.1 100 C\r\n\r\n", b"Content-Length:", b" 3"),
                *(b"Transfer-Encoding: chunked\r\n", b"Connection: close\r\n", b"\r\n", b"\r\n\r\n", b"3", b"0", b";"),
                *(b"\r", b"\n", b"abc", b" ", b"\x00", b"ffffffff\r\n"),
            ]
        ),
        max_size=30,
    ),
    places=st.lists(st.integers(1, 300), max_size=5),
)
def test_shuffled_protocol_ends_in_nothing_worse_than_the_peers_error(parts: list[bytes], places: list[int]) -> None:
    read_all_that_may_fail(cut(b"HTTP/1.1 200 OK\r\n" + b"".join(parts), places))


def read_all_that_may_fail(pieces: list[bytes]) -> None:
    reader = a_reader()
    with suppress(PeerError):
        feed(reader, pieces)
        reader.eof()


@pytest.mark.parametrize("case", ["a length", "chunks", "chunks with extensions and trailers"])
def test_two_answers_at_once_are_one_too_many(case: str) -> None:
    data, _ = WHOLE[case]

    with pytest.raises(PeerError, match="came after the end"):
        feed_whole(data + data)


def test_two_answers_at_once_are_one_too_many_also_when_the_head_is_known() -> None:
    data, _ = WHOLE["a length"]
    reader = a_reader()
    feed(reader, [data])

    with pytest.raises(PeerError, match="came after the end"):
        reader.receive(data + data)


@pytest.mark.parametrize("sent", [1, len(BODY) - 1])
def test_a_length_that_promises_more_than_comes_is_seen_when_the_connection_ends(sent: int) -> None:
    reader = a_reader()
    assert reader.receive(b"HTTP/1.1 200 OK\r\n" + LENGTH + b"\r\n" + BODY[:sent]) is None

    with pytest.raises(PeerError, match="in the middle of an answer"):
        reader.eof()


def test_a_length_that_promises_less_than_comes_is_the_peers_error() -> None:
    with pytest.raises(PeerError, match="1 bytes came after the end"):
        feed_whole(b"HTTP/1.1 200 OK\r\n" + LENGTH + b"\r\n" + BODY + b"!")


def test_a_body_without_a_length_ends_with_the_connection() -> None:
    reader = a_reader()
    assert feed(reader, [b"HTTP/1.1 200 OK\r\n\r\n", BODY, BODY]) == []

    assert reader.eof() == OK_THEN_CLOSE


def test_a_connection_that_ends_between_answers_completes_none() -> None:
    data, answer = WHOLE["a length"]
    reader = a_reader()
    assert feed(reader, [data]) == [answer]

    assert reader.eof() is None


def test_an_interim_answer_completes_nothing_however_often_it_came_before() -> None:
    reader = a_reader()

    assert feed(reader, [b"HTTP/1.1 100 Continue\r\n\r\n"] * 3) == []


@pytest.mark.parametrize("sent_length", [True, False], ids=["with a length", "in chunks"])
@pytest.mark.parametrize("bytewise", [False, True], ids=["whole", "byte by byte"])
def test_the_start_of_an_errors_body_is_kept_as_evidence(*, sent_length: bool, bytewise: bool) -> None:
    reason = b"failed to find model. " * 100
    framed = (
        b"Content-Length: %d\r\n\r\n%b" % (len(reason), reason)
        if sent_length
        else b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(reason), reason)
    )
    data = b"HTTP/1.1 400 Bad Request\r\n" + framed
    reader = a_reader()

    # Twice: the second time its head is known.
    for _ in range(2):
        assert [answer.status for answer in feed(reader, cut(data, range(len(data)) if bytewise else ()))] == [400]
        assert reader.error_body == reason[:MAX_ERROR_BYTES]


def test_a_chunk_of_any_size_is_counted_and_not_kept() -> None:
    reader = a_reader()
    reader.receive(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n")
    for _ in range(100):
        assert reader.receive(bytes(1_000_000)) is None

    assert len(reader._buffer) == 0


def test_heads_that_all_differ_neither_fill_the_memory_nor_keep_new_ones_out() -> None:
    heads = shared_heads()
    reader = AnswerReader(heads)
    for request in range(MAX_CACHED_HEADS + 100):
        head = b"HTTP/1.1 200 OK\r\nX-Request: %d\r\nContent-Length: 2" % request
        assert reader.receive(head + b"\r\n\r\n{}") == OK

    assert len(heads) <= MAX_CACHED_HEADS
    assert head in heads


def test_an_answer_of_the_last_ones_size_is_taken_for_alike_only_where_its_head_is_the_same() -> None:
    reader = AnswerReader(shared_heads())
    good = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabcd"
    others = [
        (b"HTTP/1.1 500 No\r\nContent-Length: 4\r\n\r\nwhat", Answer(500, keep_alive=True)),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nabcd", Answer(200, keep_alive=False)),
    ]

    for other, answer in others:
        assert len(other) == len(good)
        for _ in range(2):
            assert reader.receive(good) == Answer(200, keep_alive=True)
            assert reader.receive(good[:-1]) is None
            assert reader.receive(good[-1:]) == Answer(200, keep_alive=True)
            assert reader.receive(other) == answer
    assert reader.error_body == b"what"
