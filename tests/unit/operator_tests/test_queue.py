"""A key waits once, runs once at a time, and is not lost while it runs."""

from hypothesis import given
from hypothesis import strategies as st

from inferometer_operator.queue import LONGEST_RETRY_S, WorkQueue


def test_a_key_that_is_added_twice_is_taken_once() -> None:
    queue: WorkQueue[str] = WorkQueue()
    queue.add("a")
    queue.add("a")

    assert [queue.take(0), queue.take(0)] == ["a", None]


def test_keys_are_taken_in_the_order_of_their_arrival() -> None:
    queue: WorkQueue[str] = WorkQueue()
    for key in "bca":
        queue.add(key)

    assert [queue.take(0), queue.take(0), queue.take(0)] == ["b", "c", "a"]


def test_a_key_that_is_added_while_it_runs_runs_again_afterwards() -> None:
    queue: WorkQueue[str] = WorkQueue()
    queue.add("a")
    queue.take(0)
    queue.add("a")

    assert queue.take(0) is None
    queue.done("a")
    assert queue.take(0) == "a"


def test_a_key_for_later_is_taken_when_it_is_due() -> None:
    queue: WorkQueue[str] = WorkQueue()
    queue.add_at("a", 5.0)

    assert queue.take(4.9) is None
    assert queue.next_due() == 5.0
    assert queue.take(5.0) == "a"


def test_an_earlier_time_replaces_a_later_one_and_not_the_other_way_round() -> None:
    queue: WorkQueue[str] = WorkQueue()
    queue.add_at("a", 5.0)
    queue.add_at("a", 3.0)
    queue.add_at("a", 9.0)

    assert queue.next_due() == 3.0


def test_news_make_a_key_for_later_ready_now() -> None:
    queue: WorkQueue[str] = WorkQueue()
    queue.add_at("a", 5.0)
    queue.add("a")

    assert queue.take(0) == "a"
    queue.done("a")
    assert queue.take(9) is None


def test_a_key_that_fails_is_looked_at_again_later_each_time_and_forgiven_when_done() -> None:
    queue: WorkQueue[str] = WorkQueue()
    delays, now = [], 0.0
    queue.add("a")
    for _ in range(10):
        assert queue.take(now) == "a"
        delays.append(queue.failed("a", now))
        now += delays[-1]

    assert delays[:3] == [0.25, 0.5, 1.0]
    assert delays[-1] == LONGEST_RETRY_S
    queue.take(now)
    queue.done("a")
    queue.add("a")
    queue.take(now)
    assert queue.failed("a", now) == 0.25


def test_news_that_come_before_a_retry_do_not_make_it_later() -> None:
    queue: WorkQueue[str] = WorkQueue()
    queue.add("a")
    queue.take(0.0)
    queue.failed("a", 0.0)
    for _ in range(20):
        queue.add("a")
        queue.take(0.01)
        assert queue.failed("a", 0.01) == 0.25


@given(st.lists(st.tuples(st.sampled_from(["add", "add_at", "take", "done", "failed"]), st.sampled_from("abc"))))
def test_no_key_is_lost_and_none_runs_twice_at_a_time(moves: list[tuple[str, str]]) -> None:
    queue: WorkQueue[str] = WorkQueue()
    running: set[str] = set()
    owed: set[str] = set()
    now = 0.0
    for move, key in moves:
        now += 1.0
        match move:
            case "add":
                queue.add(key)
                owed.add(key)
            case "add_at":
                queue.add_at(key, now + 2)
                owed.add(key)
            case "take":
                taken = queue.take(now)
                assert taken not in running
                if taken is not None:
                    running.add(taken)
                    owed.discard(taken)
            case "done" if key in running:
                running.discard(key)
                queue.done(key)
            case "failed" if key in running:
                running.discard(key)
                queue.failed(key, now)
                owed.add(key)
            case _:
                pass
    for key in sorted(running):
        queue.done(key)
    rest = set()
    while (taken := queue.take(now + 1000)) is not None:
        rest.add(taken)
        queue.done(taken)

    assert rest >= owed
    assert len(queue) == 0
