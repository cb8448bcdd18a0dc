"""The pipes to LoadGen's process, byte by byte."""

import os
from array import array
from contextlib import closing

import pytest

from inferometer_loadgen.official.feed import Feed


@pytest.fixture
def ends():
    asked, ask = os.pipe()
    told, answered = os.pipe()
    with closing(Feed(asked, answered)) as feed:
        yield feed, ask, told
    os.close(told)


def test_samples_are_whole_whatever_the_pieces(ends):
    feed, ask, _ = ends
    for piece in array("q", (7, 3, 100, 8, 4, 101)).tobytes():
        os.write(ask, bytes([piece]))
        feed.receive()
    os.close(ask)

    assert (feed.ids.tolist(), feed.samples.tolist(), feed.issued_ns.tolist()) == ([7, 8], [3, 4], [100, 101])
    assert not feed.is_over
    feed.receive()
    assert feed.is_over


def test_nothing_is_waited_for(ends):
    feed, ask, _ = ends
    feed.receive()
    os.close(ask)

    assert len(feed.ids) == 0
    assert not feed.is_over


def test_answers_that_the_pipe_does_not_take_go_later_and_none_is_lost(ends):
    feed, ask, told = ends
    ids = array("q", range(100_000))

    feed.answer(ids)
    assert feed.has_unsent
    came = b""
    while len(came) < 8 * len(ids):
        came += os.read(told, 1 << 20)
        feed.flush()
    os.close(ask)

    assert came == ids.tobytes()
    assert not feed.has_unsent


def test_a_process_that_is_gone_takes_no_answers():
    asked, ask = os.pipe()
    told, answered = os.pipe()
    os.close(told)
    with closing(Feed(asked, answered)) as feed:
        feed.answer([1])
        assert not feed.has_unsent
    os.close(ask)
