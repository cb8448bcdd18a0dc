"""The answers on disk: each row once, and each sample once in the order of samples."""

from array import array
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import numpy as np
import pytest

from inferometer_loadgen.coordinator.spool import OutputsError, OutputsSpool
from inferometer_loadgen.plan import AccuracyLog
from inferometer_loadgen.protocol.frames import Outputs
from inferometer_loadgen.stream import LoggedSamples, Stream


def a_frame(*answers: tuple[int, bytes]) -> Outputs:
    """Of rows of one worker, and what each answer holds."""
    return Outputs(
        rows=array("q", [row for row, _ in answers]).tobytes(),
        sizes=array("q", [len(data) for _, data in answers]).tobytes(),
        json_lengths=array("q", [-1 for _ in answers]).tobytes(),
        data=b"".join(data for _, data in answers),
    )


type MakeSpool = Callable[[int, int], OutputsSpool]


@pytest.fixture
def spool_of() -> Iterator[MakeSpool]:
    """Spools of so many rows and workers, closed at the end."""
    with ExitStack() as stack:
        yield lambda rows, workers: stack.enter_context(closing(OutputsSpool(rows, workers)))


def a_stream(*samples: int, samples_per_row: int = 1) -> Stream:
    rows = -(-len(samples) // samples_per_row)
    return Stream(np.array(samples), np.zeros(rows, dtype=np.int64), samples_per_row)


def test_answers_of_all_workers_come_back_in_the_order_of_samples(spool_of: MakeSpool) -> None:
    spool = spool_of(5, 2)

    spool.add(1, a_frame((1, b"three"), (0, b"")))
    spool.add(0, a_frame((0, b"zero")))
    spool.add(0, a_frame((2, b"four"), (1, b"two")))

    found = [(kept.sample, kept.row, kept.data) for kept in spool.answers(a_stream(4, 3, 2, 1, 0))]
    assert found == [(0, 4, b"four"), (1, 3, b"three"), (2, 2, b"two"), (3, 1, b""), (4, 0, b"zero")]


def test_a_sample_that_fills_up_the_last_query_counts_where_it_was_asked_first(spool_of: MakeSpool) -> None:
    spool = spool_of(2, 1)

    spool.add(0, a_frame((0, b"a"), (1, b"b")))

    found = [(kept.sample, kept.row, kept.position) for kept in spool.answers(a_stream(2, 0, 1, 2, samples_per_row=2))]
    assert found == [(0, 0, 1), (1, 1, 0), (2, 0, 0)]


def test_answers_that_were_left_in_a_folder_are_read_again(tmp_path: Path) -> None:
    with closing(OutputsSpool(2, 2, tmp_path)) as spool:
        spool.add(1, a_frame((0, b"one")))
        spool.add(0, a_frame((0, b"zero")))
        spool.store()
        written = list(spool.answers(a_stream(1, 0)))

    with closing(OutputsSpool.stored(tmp_path)) as again:
        assert list(again.answers(a_stream(1, 0))) == written


def test_an_earlier_runs_index_does_not_tell_of_answers_that_were_never_all_there(tmp_path: Path) -> None:
    with closing(OutputsSpool(1, 1, tmp_path)) as earlier:
        earlier.add(0, a_frame((0, b"earlier")))
        earlier.store()
    with closing(OutputsSpool(2, 1, tmp_path)) as spool:
        spool.add(0, a_frame((0, b"now")))

    with pytest.raises(FileNotFoundError):
        OutputsSpool.stored(tmp_path)


@pytest.mark.parametrize(
    "frame",
    [
        a_frame((0, b"again")),
        a_frame((1, b""), (1, b"")),
        a_frame((2, b"beyond")),
        a_frame((-1, b"before")),
        Outputs(rows=bytes(8), sizes=bytes(8), json_lengths=bytes(8), data=b"more than its size"),
        Outputs(rows=bytes(8), sizes=bytes(16), json_lengths=bytes(8), data=b""),
        Outputs(rows=bytes(7), sizes=bytes(7), json_lengths=bytes(7), data=b""),
    ],
)
def test_what_is_not_an_answer_of_this_worker_each_once_is_refused(spool_of: MakeSpool, frame: Outputs) -> None:
    spool = spool_of(4, 2)
    spool.add(0, a_frame((0, b"once")))

    with pytest.raises(OutputsError):
        spool.add(0, frame)


def test_a_missing_answer_is_not_passed_over(spool_of: MakeSpool) -> None:
    spool = spool_of(2, 1)
    spool.add(0, a_frame((1, b"")))

    with pytest.raises(OutputsError, match="1 of 2 answers"):
        next(spool.answers(a_stream(0, 1)))


LOG = AccuracyLog(seed=720381539243781796, probability=0.5)


def test_logged_answers_come_back_in_the_order_in_which_they_were_asked_for() -> None:
    stream = a_stream(*range(20, 30), samples_per_row=2)
    places = np.flatnonzero(LoggedSamples(LOG).take(10)).tolist()
    rows = sorted({place // 2 for place in places})
    with closing(OutputsSpool(1, 1, is_open_ended=True)) as spool:
        spool.add(0, a_frame(*((row, bytes([row])) for row in reversed(rows))))

        found = [(kept.sample, kept.row, kept.position, kept.data) for kept in spool.logged(stream, LOG)]

    assert 1 < len(places) < 10
    assert found == [(20 + place, place // 2, place % 2, bytes([place // 2])) for place in places]


def test_a_logged_answer_that_was_not_handed_over_is_not_passed_over() -> None:
    with closing(OutputsSpool(1, 1, is_open_ended=True)) as spool, pytest.raises(OutputsError, match="logged answers"):
        next(spool.logged(a_stream(*range(10)), LOG))


def test_the_answers_to_some_samples_are_those_that_came_first() -> None:
    with closing(OutputsSpool(3, 1)) as spool:
        spool.add(0, a_frame((0, b"a"), (1, b"b"), (2, b"c")))

        found = [kept.data for kept in spool.answers_to(a_stream(7, 5, 7), np.array([5, 7]))]
        with pytest.raises(OutputsError, match="not asked for"):
            next(spool.answers_to(a_stream(7, 5, 7), np.array([6])))

    assert found == [b"b", b"a"]
