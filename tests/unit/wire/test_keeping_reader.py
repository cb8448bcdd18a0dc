"""A reader that keeps: the same answers as one that only counts, and what the good ones hold."""

import pytest

from inferometer_loadgen.wire.http1 import KeepingReader, shared_heads
from unit.wire.feeding import a_reader, feed

JSON = b'{"outputs":[]}'
BODY = JSON + bytes(range(256))
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
BINARY = b"inference-HEADER-content-length:  %d \r\n" % len(JSON)
CHUNKS = b"%x\r\n%b\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(JSON), JSON, 256, bytes(range(256)))

ANSWERS = {
    "JSON and binary tensors": (b"HTTP/1.1 200 OK\r\n" + LENGTH + BINARY + b"\r\n" + BODY, (len(JSON), BODY)),
    "the length of the JSON first": (b"HTTP/1.1 200 OK\r\n" + BINARY + LENGTH + b"\r\n" + BODY, (len(JSON), BODY)),
    "JSON alone": (b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n" + JSON, (-1, JSON)),
    "nothing": (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", (-1, b"")),
    "chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" + BINARY + b"\r\n" + CHUNKS, (len(JSON), BODY)),
    "an error": (b"HTTP/1.1 500 No\r\nContent-Length: 4\r\n\r\noops", None),
}


@pytest.mark.parametrize("size", [1, 7, 10_000])
@pytest.mark.parametrize(("answer", "kept"), ANSWERS.values(), ids=ANSWERS.keys())
def test_a_good_answer_is_kept_once_however_it_was_cut(
    answer: bytes, kept: tuple[int, bytes] | None, size: int
) -> None:
    reader = KeepingReader(shared_heads())
    pieces = [answer[start : start + size] for start in range(0, len(answer), size)]

    for _ in range(2):
        assert feed(reader, pieces) == feed(a_reader(), pieces)
        assert reader.take() == kept
        assert reader.take() is None


def test_what_was_kept_of_one_answer_is_not_in_the_next() -> None:
    reader = KeepingReader(shared_heads())

    for text in (b"one", b"three", b"x"):
        feed(reader, [b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(text), text])
        assert reader.take() == (-1, text)
