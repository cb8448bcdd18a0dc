"""mlperf_log_accuracy.json, which MLPerf's accuracy scripts read: each sample's answer, in hexadecimal."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple


class RawAnswer(NamedTuple):
    """One sample's answer."""

    seq_id: int
    """Which sample of the stream it is, counted from 0."""
    qsl_idx: int
    """Which sample of the library."""
    data: bytes
    """Its outputs, one after another."""


def accuracy_lines(answers: Iterable[RawAnswer]) -> Iterator[str]:
    """The file's lines with their ends; of a performance run, which keeps no answers, an empty list's."""
    end = "[\n"
    for answer in answers:
        data = answer.data.hex().upper()
        yield f'{end}{{ "seq_id" : {answer.seq_id}, "qsl_idx" : {answer.qsl_idx}, "data" : "{data}" }}'
        end = ",\n"
    yield "[\n]\n" if end == "[\n" else "\n]\n"
