"""The measured loop where something else than a schedule decides when a query goes: answers, room, ticks."""

import threading
import time
from array import array
from collections import Counter

import numpy as np
import pytest

from inferometer_loadgen.stream import Issue
from inferometer_loadgen.verdict.measured import QueryStatus
from inferometer_loadgen.worker.loop import Limits, Signal
from inferometer_loadgen.worker.work import Work
from integration.worker.runs import MS, client_of
from integration.worker.scripted import Conversation, ScriptedServer, serving

OK, TIMED_OUT, NOT_SENT = QueryStatus.OK, QueryStatus.TIMED_OUT, QueryStatus.NOT_SENT
PATIENT = Limits(drain_ns=5_000 * MS)
SAMPLES = 400


def answers(conversation: Conversation) -> None:
    for _ in conversation.requests():
        conversation.answer()


def answers_after_10_ms(conversation: Conversation) -> None:
    for _ in conversation.requests():
        time.sleep(0.01)
        conversation.answer()


def closed_loop(window: int, min_rows: int, min_ms: int = 0, *, rows: int = 10) -> Work:
    """A stream of samples 0, 1, 2 … that is only `rows` long at first."""
    given = rows

    def extend(more: int) -> array[int]:
        nonlocal given
        given += more
        return array("q", (row % SAMPLES for row in range(given - more, given)))

    return Work(
        body=array("q", range(rows)),
        scheduled_ns=array("q"),
        first=0,
        step=1,
        issue=Issue.COMPLETION,
        window=window,
        min_rows=min_rows,
        min_duration_ns=min_ms * MS,
        is_open_ended=True,
        extend=extend,
    )


def all_at_once(rows: int, first: int = 0, step: int = 1, *, window: int = 0) -> Work:
    return Work(
        body=array("q", range(rows)),
        scheduled_ns=array("q"),
        first=first,
        step=step,
        issue=Issue.AT_ONCE,
        window=window or rows,
    )


def ticks(every_ms: int, min_rows: int) -> Work:
    work = closed_loop(1, min_rows)
    work.issue, work.interval_ns = Issue.INTERVAL, every_ms * MS
    return work


def test_one_query_at_a_time_each_sent_when_the_one_before_is_answered() -> None:
    with serving(answers) as server, client_of(server, connections=2) as client:
        outcome = client.run_work(closed_loop(1, min_rows=50), PATIENT)

    assert outcome.statuses == [OK] * 50
    assert server.received == dict.fromkeys(range(50), 1)
    sent_ns, done_ns = outcome.measured.sent_ns, outcome.measured.done_ns
    assert (sent_ns[1:] >= done_ns[:-1]).all()
    assert outcome.stats.backlogged == 0


@pytest.mark.parametrize("window", [2, 5])
def test_as_many_queries_are_open_as_the_window_holds_and_never_more(window: int) -> None:
    with serving(answers_after_10_ms) as server, client_of(server, connections=window + 2) as client:
        outcome = client.run_work(closed_loop(window, min_rows=30), PATIENT)

    assert outcome.statuses == [OK] * 30
    assert most_open(outcome.measured.sent_ns, outcome.measured.done_ns) == window


def test_a_closed_loop_ends_with_the_first_query_that_is_late_enough_and_one_of_enough() -> None:
    with serving(answers_after_10_ms) as server, client_of(server) as client:
        by_count = client.run_work(closed_loop(1, min_rows=12, min_ms=20), PATIENT)
        by_time = client.run_work(closed_loop(1, min_rows=2, min_ms=100), PATIENT)

    assert len(by_count.statuses) == 12
    sent_ns = by_time.measured.sent_ns
    assert sent_ns[-1] >= 100 * MS
    assert (sent_ns[:-1] < 100 * MS).all()


def test_a_closed_loop_goes_on_beyond_what_was_laid_out_in_the_order_of_the_stream() -> None:
    with serving(answers) as server, client_of(server) as client:
        outcome = client.run_work(closed_loop(1, min_rows=300, rows=10), PATIENT)

    assert outcome.statuses == [OK] * 300
    assert server.received == dict.fromkeys(range(300), 1)
    rows = np.concatenate([np.frombuffer(frame.rows, "<i8") for frame in client.link.records])
    assert sorted(rows.tolist()) == list(range(300))


def test_a_stop_ends_a_closed_loop_and_its_records_are_those_it_has_issued() -> None:
    def calls_off(conversation: Conversation) -> None:
        for sample in conversation.requests():
            if sample == 5:
                client.link.say(Signal.STOP)
            conversation.answer()

    with serving(calls_off) as server, client_of(server) as client:
        outcome = client.run_work(closed_loop(1, min_rows=1_000_000), PATIENT)

    assert set(outcome.statuses) == {OK}
    assert server.received == dict.fromkeys(range(len(outcome.statuses)), 1)


def test_a_closed_loop_whose_server_falls_silent_ends_all_the_same() -> None:
    def falls_silent(conversation: Conversation) -> None:
        for sample in conversation.requests():
            if sample < 3:
                conversation.answer()

    with serving(falls_silent) as server, client_of(server) as client:
        outcome = client.run_work(closed_loop(1, min_rows=10), Limits(drain_ns=100 * MS))

    assert outcome.statuses == [OK, OK, OK, TIMED_OUT]
    assert server.received == dict.fromkeys(range(4), 1)


def test_where_all_is_due_at_once_no_connection_is_idle_and_none_has_more_than_one() -> None:
    with serving(answers_after_10_ms) as server, client_of(server, connections=4) as client:
        outcome = client.run_work(all_at_once(40), PATIENT)

    assert outcome.statuses == [OK] * 40
    assert server.received == dict.fromkeys(range(40), 1)
    assert most_open(outcome.measured.sent_ns, outcome.measured.done_ns) == 4
    assert outcome.stats.backlogged == 0


def test_where_all_is_due_at_once_the_window_is_shared_out_to_the_replicas() -> None:
    with (
        serving(answers_after_10_ms) as even,
        serving(answers_after_10_ms) as odd,
        client_of(even, odd, connections=8) as client,
    ):
        outcome = client.run_work(all_at_once(30, window=6), PATIENT)

    assert outcome.statuses == [OK] * 30
    for replica in range(2):
        assert most_open(outcome.measured.sent_ns[replica::2], outcome.measured.done_ns[replica::2]) == 3


def test_a_shard_whose_rows_are_all_of_one_replica_has_its_whole_window_there() -> None:
    with (
        serving(answers_after_10_ms) as even,
        serving(answers_after_10_ms) as odd,
        client_of(even, odd, connections=8) as client,
    ):
        outcome = client.run_work(all_at_once(30, 1, 2, window=6), PATIENT)

    assert outcome.statuses == [OK] * 30
    assert not even.received
    assert most_open(outcome.measured.sent_ns, outcome.measured.done_ns) == 6


@pytest.mark.parametrize(("first", "step"), [(0, 1), (1, 3), (1, 2)])
def test_where_all_is_due_at_once_each_replica_has_the_rows_of_its_index(first: int, step: int) -> None:
    with serving(answers) as even, serving(answers) as odd, client_of(even, odd, connections=2) as client:
        outcome = client.run_work(all_at_once(60, first, step), PATIENT)

    assert outcome.statuses == [OK] * 60
    replicas = [(first + row * step) % 2 for row in range(60)]
    for number, server in enumerate((even, odd)):
        assert server.received == Counter(row for row in range(60) if replicas[row] == number)


def test_a_slow_replica_does_not_hold_the_other_up() -> None:
    with serving(answers_after_10_ms) as slow, serving(answers) as quick, client_of(slow, quick) as client:
        outcome = client.run_work(all_at_once(60), PATIENT)

    done_ns = outcome.measured.done_ns
    assert outcome.statuses == [OK] * 60
    assert done_ns[1::2].max() < done_ns[0::2].max() / 2


def test_a_stop_leaves_what_was_not_sent_where_all_is_due_at_once() -> None:
    stopped = threading.Event()

    def calls_off(conversation: Conversation) -> None:
        for sample in conversation.requests():
            if sample == 0:
                client.link.say(Signal.STOP)
                stopped.wait(10)
            conversation.answer()

    with serving(calls_off) as server, client_of(server) as client:
        client.link.on_report = lambda progress: stopped.set() if progress.all_sent else None
        outcome = client.run_work(all_at_once(20), PATIENT)

    assert outcome.statuses == [OK, *[NOT_SENT] * 19]
    assert server.received == {0: 1}


def test_an_interval_load_sends_at_its_ticks_the_first_one_interval_after_the_beginning() -> None:
    with serving(answers) as server, client_of(server) as client:
        outcome = client.run_work(ticks(100, min_rows=3), PATIENT)

    assert outcome.statuses == [OK] * 3
    sent_ms = outcome.measured.sent_ns / MS
    assert all(sent_ms >= 100 * np.arange(1, 4))
    # None, unless the machine stalled for whole intervals.
    assert outcome.stats.skipped_ticks <= sent_ms[-1] // 100 - 3


def test_a_tick_that_finds_the_query_before_still_open_is_skipped_and_counted() -> None:
    def dawdles_once(conversation: Conversation) -> None:
        for sample in conversation.requests():
            if sample == 1:
                time.sleep(0.09)
            conversation.answer()

    with serving(dawdles_once) as server, client_of(server) as client:
        outcome = client.run_work(ticks(40, min_rows=4), PATIENT)

    assert outcome.statuses == [OK] * 4
    assert server.received == dict.fromkeys(range(4), 1)
    sent_ms = outcome.measured.sent_ns / MS
    assert sent_ms[2] - sent_ms[1] > 80
    assert 2 <= outcome.stats.skipped_ticks <= sent_ms[-1] // 40 - 4


def test_the_replica_with_the_fewest_open_queries_is_asked_and_written_down() -> None:
    released = threading.Event()

    def holds_its_first(conversation: Conversation) -> None:
        for number, _ in enumerate(conversation.requests()):
            if not number:
                released.wait(10)
            conversation.answer()

    def releases_at_the_end(conversation: Conversation) -> None:
        for sample in conversation.requests():
            conversation.answer()
            if sample == 19:
                released.set()

    with (
        serving(holds_its_first) as stuck,
        serving(releases_at_the_end) as quick,
        client_of(stuck, quick, connections=20, least_outstanding=True) as client,
    ):
        outcome = client.run([5 * query for query in range(20)], drain_ms=5_000)

    assert outcome.statuses == [OK] * 20
    assert outcome.records.replica is not None
    assert_received_where_recorded(outcome.records.replica.tolist(), [stuck, quick])
    assert sum(quick.received.values()) > 15
    frames = client.link.records
    by_row = {
        row: replica
        for frame in frames
        for row, replica in zip(np.frombuffer(frame.rows, "<i8"), np.frombuffer(frame.replica, "<i2"), strict=True)
    }
    assert [by_row[row] for row in range(20)] == outcome.records.replica.tolist()


def test_replicas_that_are_equally_busy_take_turns() -> None:
    with (
        serving(answers) as one,
        serving(answers) as other,
        client_of(one, other, connections=2, least_outstanding=True) as client,
    ):
        outcome = client.run([20 * query for query in range(10)], drain_ms=5_000)

    assert outcome.statuses == [OK] * 10
    assert sum(one.received.values()) == sum(other.received.values()) == 5


def assert_received_where_recorded(replicas: list[int], servers: list[ScriptedServer]) -> None:
    for number, server in enumerate(servers):
        assert server.received == Counter(row for row, replica in enumerate(replicas) if replica == number)


def test_with_a_spin_queries_go_at_their_time_and_answers_are_read_meanwhile() -> None:
    work = Work(
        body=array("q", range(100)),
        scheduled_ns=array("q", [query * MS for query in range(100)]),
        first=0,
        step=1,
    )
    with serving(answers) as server, client_of(server, connections=8) as client:
        outcome = client.run_work(work, Limits(drain_ns=5_000 * MS, spin_ns=10 * MS))

    assert outcome.statuses == [OK] * 100
    assert (outcome.measured.send_lag_ns() >= 0).all()
    # It spun all the time, and says that this is no work.
    assert outcome.stats.cpu_ns > outcome.stats.elapsed_ns / 4
    assert outcome.stats.busy_ns < outcome.stats.elapsed_ns / 2


def most_open(sent_ns: np.ndarray, done_ns: np.ndarray) -> int:
    """How many queries were open at a time, at most."""
    changes = sorted([(time_ns, 1) for time_ns in sent_ns.tolist()] + [(time_ns, -1) for time_ns in done_ns.tolist()])
    most = now = 0
    for _, change in changes:
        now += change
        most = max(most, now)
    return most
