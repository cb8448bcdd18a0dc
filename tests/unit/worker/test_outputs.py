"""Answers on their way to the coordinator: in chunks, each once, and none of the warm-up's."""

from array import array

import pytest

from inferometer_loadgen.coordinator.spool import OutputsSpool
from inferometer_loadgen.protocol.frames import MAX_FRAME_BYTES, Frame, Outputs, encode_frame
from inferometer_loadgen.worker.asking import PrepareError
from inferometer_loadgen.worker.outputs import CHUNK_BYTES, MAX_ANSWER_BYTES, OutputsSender


class Sent(list[Frame]):
    """A link that notes what is sent on it."""

    def send(self, frame: Frame) -> None:
        self.append(frame)

    def answers(self) -> list[tuple[int, int, bytes]]:
        found = []
        for frame in self:
            assert isinstance(frame, Outputs)
            place = 0
            for row, size, json_length in zip(
                *map(numbers, (frame.rows, frame.sizes, frame.json_lengths)), strict=True
            ):
                found.append((row, json_length, frame.data[place : place + size]))
                place += size
        return found


def numbers(column: bytes) -> array[int]:
    found = array("q")
    found.frombytes(column)
    return found


def test_answers_arrive_as_they_were_in_chunks() -> None:
    link, answers = Sent(), [(row, row - 1, bytes([row]) * (CHUNK_BYTES // 3)) for row in range(7)]
    sender = OutputsSender(link)
    sender.begin()

    for answer in answers:
        sender.keep(*answer)
    sender.flush()
    sender.flush()

    assert link.answers() == answers
    assert len(link) == 2


def test_the_answers_of_a_warm_up_are_of_no_interest() -> None:
    link = Sent()
    sender = OutputsSender(link)

    sender.keep(0, -1, b"warm")
    sender.begin()
    sender.flush()

    assert link == []


def test_the_longest_answer_beside_the_fullest_chunk_fits_into_a_frame() -> None:
    link = Sent()
    sender = OutputsSender(link)
    sender.begin()

    sender.keep(0, -1, bytes(CHUNK_BYTES - 1))
    sender.keep(1, -1, bytes(MAX_ANSWER_BYTES))

    assert len(encode_frame(link[0])) < MAX_FRAME_BYTES


def test_an_answer_that_no_frame_can_hold_ends_the_run_typed() -> None:
    sender = OutputsSender(Sent())
    sender.begin()

    with pytest.raises(PrepareError, match="fewer samples a request") as refused:
        sender.keep(0, -1, bytes(MAX_ANSWER_BYTES + 1))
    assert refused.value.type == "OutputsLost"


def test_of_a_judged_round_only_what_is_wanted_is_kept_and_sent_at_its_end() -> None:
    link = Sent()
    sender = OutputsSender(link)
    sender.begin(lambda row: row % 2 == 0)

    for row in range(6):
        sender.keep(row, -1, bytes([row]) * (CHUNK_BYTES // 2))
    assert link == []
    sender.end()

    assert [row for row, _, _ in link.answers()] == [0, 2, 4]
    sender.keep(8, -1, b"after the end")
    sender.flush()
    assert [row for row, _, _ in link.answers()] == [0, 2, 4]


def test_few_logged_answers_of_a_closed_loop_of_millions_are_taken_by_its_coordinator() -> None:
    link = Sent()
    sender = OutputsSender(link)
    sender.begin(lambda row: row % 100_000 == 0)
    for row in range(0, 6_000_000, 50_000):
        sender.keep(row, -1, b"answer")
    sender.end()
    spool = OutputsSpool(100, 1, is_open_ended=True)

    for frame in link:
        assert isinstance(frame, Outputs)
        spool.add(0, frame)

    assert [row for row, _, _ in link.answers()] == list(range(0, 6_000_000, 100_000))
    spool.close()
