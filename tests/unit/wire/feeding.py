"""Ways to feed a reader the same bytes."""

from collections.abc import Iterable
from itertools import pairwise

from inferometer_loadgen.wire import Answer, AnswerReader
from inferometer_loadgen.wire.http1 import shared_heads


def a_reader() -> AnswerReader:
    return AnswerReader(shared_heads())


def feed(reader: AnswerReader, pieces: Iterable[bytes]) -> list[Answer]:
    """The answers that the pieces complete, in order."""
    answers = (reader.receive(piece) for piece in pieces)
    return [answer for answer in answers if answer is not None]


def feed_whole(data: bytes) -> list[Answer]:
    return feed(a_reader(), [data])


def feed_bytewise(data: bytes) -> list[Answer]:
    return feed(a_reader(), cut(data, range(1, len(data))))


def cut(data: bytes, places: Iterable[int]) -> list[bytes]:
    """`data` cut at these places; a place outside, or twice, cuts nothing."""
    edges = [0, *sorted({place for place in places if 0 < place < len(data)}), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]
