"""The measured loop against servers that answer: when each query is sent, and from when its latency runs."""

import hashlib
import threading
import time

import numpy as np

from inferometer_loadgen.verdict.measured import NEVER_NS, QueryStatus
from inferometer_loadgen.worker.loop import Signal
from integration.worker.runs import MS, client_of
from integration.worker.scripted import ANSWER, Conversation, body_of, serving

OK, TIMED_OUT, NOT_SENT = QueryStatus.OK, QueryStatus.TIMED_OUT, QueryStatus.NOT_SENT


def answers(conversation: Conversation) -> None:
    for _ in conversation.requests():
        conversation.answer()


def never_answers(conversation: Conversation) -> None:
    for _ in conversation.requests():
        pass


def answers_after_20_ms(conversation: Conversation) -> None:
    for _ in conversation.requests():
        time.sleep(0.02)
        conversation.answer()


def test_each_query_is_sent_once_and_not_before_its_time() -> None:
    with serving(answers) as server, client_of(server, connections=8) as client:
        outcome = client.run([query * 0.5 for query in range(200)], drain_ms=2_000)

    assert outcome.statuses == [OK] * 200
    assert server.received == dict.fromkeys(range(200), 1)
    assert (outcome.measured.send_lag_ns() >= 0).all()
    assert (outcome.measured.done_ns > outcome.measured.sent_ns).all()
    assert server.connections == 8
    assert outcome.stats.first_error == ""


def test_latency_runs_from_the_scheduled_time_also_for_a_query_that_waits_for_a_connection() -> None:
    with serving(answers_after_20_ms) as server, client_of(server, connections=1) as client:
        outcome = client.run([0, 0, 0, 0], drain_ms=2_000)

    assert outcome.statuses == [OK] * 4
    assert outcome.stats.backlogged == 3
    # Each waits for all before it: the last one's 80 ms are mostly time in our own backlog, and count all the same.
    assert all(latency >= 20 * (place + 1) for place, latency in enumerate(outcome.latency_ms))
    assert outcome.measured.send_lag_ns()[3] >= 60 * MS


def test_a_query_that_finds_a_free_connection_is_not_backlogged() -> None:
    with serving(answers_after_20_ms) as server, client_of(server, connections=4) as client:
        outcome = client.run([0, 0, 0, 0], drain_ms=2_000)

    assert outcome.statuses == [OK] * 4
    assert outcome.stats.backlogged == 0


def test_query_i_goes_to_replica_i_modulo_their_number() -> None:
    with serving(answers) as even, serving(answers) as odd, client_of(even, odd, connections=2) as client:
        outcome = client.run([0.2 * query for query in range(20)], drain_ms=2_000)

    assert outcome.statuses == [OK] * 20
    assert set(even.received) == set(range(0, 20, 2))
    assert set(odd.received) == set(range(1, 20, 2))


def test_a_body_that_the_kernel_takes_in_parts_arrives_whole() -> None:
    size = 3_000_000

    def reads_slowly(conversation: Conversation) -> None:
        for _ in conversation.requests(read_bytes=100_000):
            conversation.answer()

    with (
        serving(reads_slowly) as server,
        client_of(server, connections=2, samples=6, body_bytes=size) as client,
    ):
        outcome = client.run([0] * 6, drain_ms=20_000)

    assert outcome.statuses == [OK] * 6
    assert server.digests == {hashlib.sha256(body_of(sample, size)).digest() for sample in range(6)}


def test_an_answer_that_comes_in_parts_is_timed_by_its_last_byte() -> None:
    def dawdles(conversation: Conversation) -> None:
        for _ in conversation.requests():
            conversation.say(ANSWER[:-1])
            time.sleep(0.02)
            conversation.say(ANSWER[-1:])

    with serving(dawdles) as server, client_of(server) as client:
        outcome = client.run([0], drain_ms=2_000)

    assert outcome.latency_ms[0] >= 20


def test_what_is_open_at_the_end_has_timed_out_and_what_waits_was_not_sent() -> None:
    with serving(never_answers) as server, client_of(server, connections=2) as client:
        outcome = client.run([0, 0, 0, 1], drain_ms=50)

    assert outcome.statuses == [TIMED_OUT, TIMED_OUT, NOT_SENT, NOT_SENT]
    assert set(outcome.measured.latency_ns()) == {NEVER_NS}
    assert 51 * MS <= outcome.stats.elapsed_ns < 1_000 * MS
    assert outcome.stats.first_error == "no answer came in time"


def test_a_late_answer_of_one_phase_is_not_taken_for_one_of_the_next() -> None:
    first_has_timed_out = threading.Event()

    def answers_the_first_too_late(conversation: Conversation) -> None:
        for sample in conversation.requests():
            if sample == 0:
                first_has_timed_out.wait(10)
            conversation.answer()

    with serving(answers_the_first_too_late) as server, client_of(server) as client:
        warm_up = client.run([0], drain_ms=20)
        first_has_timed_out.set()
        measured = client.run([0, 5, 10], drain_ms=2_000, first_sample=1)

    assert warm_up.statuses == [TIMED_OUT]
    assert measured.statuses == [OK, OK, OK]
    assert server.received == {0: 1, 1: 1, 2: 1, 3: 1}


def test_records_are_handed_over_while_the_run_goes_on_each_once() -> None:
    with serving(answers) as server, client_of(server, connections=2) as client:
        outcome = client.run([10 * query for query in range(60)], drain_ms=2_000)

    rows = [np.frombuffer(frame.rows, "<i8").tolist() for frame in client.link.records]
    assert len(rows) > 1, "all came at the end"
    assert sorted(row for some in rows for row in some) == list(range(60))
    assert outcome.statuses == [OK] * 60


def test_an_abort_ends_the_run_at_once_and_every_query_has_its_status() -> None:
    def calls_off(conversation: Conversation) -> None:
        for _ in conversation.requests():
            client.link.say(Signal.ABORT)

    with serving(calls_off) as server, client_of(server) as client:
        outcome = client.run([0, 0, 60_000], drain_ms=60_000)

    assert outcome.stats.aborted
    assert outcome.stats.elapsed_ns < 5_000 * MS
    assert outcome.statuses == [TIMED_OUT, NOT_SENT, NOT_SENT]


def test_a_run_that_is_called_off_before_it_begins_sends_nothing() -> None:
    with serving(answers) as server, client_of(server) as client:
        client.link.say(Signal.ABORT)
        outcome = client.run([0, 1], drain_ms=60_000, lead_ms=60_000)

    assert outcome.stats.aborted
    assert outcome.statuses == [NOT_SENT, NOT_SENT]
    assert not server.received


def test_a_stop_ends_the_sending_and_lets_what_is_open_be_answered() -> None:
    stopped = threading.Event()

    def answers_when_stopped(conversation: Conversation) -> None:
        for sample in conversation.requests():
            if sample == 0:
                client.link.say(Signal.STOP)
                stopped.wait(10)
            conversation.answer()

    with serving(answers_when_stopped) as server, client_of(server) as client:
        client.link.on_report = lambda progress: stopped.set() if progress.all_sent else None
        outcome = client.run([0, 0, 60_000], drain_ms=10_000)

    assert not outcome.stats.aborted
    assert outcome.statuses == [OK, NOT_SENT, NOT_SENT]
    assert server.received == {0: 1}


def test_progress_is_reported_while_it_runs_and_at_its_end() -> None:
    with serving(answers) as server, client_of(server, connections=4) as client:
        client.run([0, 1, 2, 600], drain_ms=2_000)

    first, *_, last = client.link.reports
    assert (first.sent, first.completed, first.all_sent) == (3, 3, False)
    assert (last.sent, last.completed, last.failed, last.all_sent) == (4, 4, 0, True)
    assert sum(len(report.latencies_ns) for report in client.link.reports) == 4


def test_a_phase_without_a_query_ends_at_once() -> None:
    with serving(answers) as server, client_of(server) as client:
        outcome = client.run([], drain_ms=10_000, lead_ms=0)

    assert outcome.statuses == []
    assert outcome.stats.elapsed_ns < 1_000 * MS
