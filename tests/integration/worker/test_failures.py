"""The measured loop against servers that fail: no query is sent twice, and each ends with its status."""

import contextlib
import random
import socket
import threading
import time
from array import array
from collections.abc import Callable

import pytest

from inferometer_loadgen.verdict.measured import NEVER_NS, QueryStatus
from inferometer_loadgen.worker.connections import ConnectError
from inferometer_loadgen.worker.loop import Limits
from inferometer_loadgen.worker.work import Work
from integration.worker.runs import MS, Outcome, client_of
from integration.worker.scripted import ANSWER, Conversation, Script, serving

OK, TIMED_OUT, NOT_SENT = QueryStatus.OK, QueryStatus.TIMED_OUT, QueryStatus.NOT_SENT
ERROR_STATUS, CONNECTION_LOST = QueryStatus.ERROR_STATUS, QueryStatus.CONNECTION_LOST
BAD_ANSWER = QueryStatus.BAD_ANSWER


def for_sample_0(act: Callable[[Conversation], None]) -> Script:
    """Does something else for sample 0, and answers the others well."""

    def script(conversation: Conversation) -> None:
        for sample in conversation.requests():
            if sample == 0:
                act(conversation)
            else:
                conversation.answer()

    return script


def answers_500(conversation: Conversation) -> None:
    conversation.say(b"HTTP/1.1 500 Oops\r\nContent-Length: 15\r\n\r\nCUDA out of mem")


def answers_500_and_closes(conversation: Conversation) -> None:
    conversation.say(b"HTTP/1.1 500 Oops\r\nConnection: close\r\nContent-Length: 15\r\n\r\nCUDA out of mem")
    conversation.hang_up()


def closes_mid_answer(conversation: Conversation) -> None:
    conversation.say(ANSWER[:-1])
    conversation.hang_up()


def answers_twice(conversation: Conversation) -> None:
    conversation.say(ANSWER + ANSWER)


FAILURES = {
    "an error": (answers_500, ERROR_STATUS, "HTTP 500: CUDA out of mem"),
    "an error, then closes": (answers_500_and_closes, ERROR_STATUS, "HTTP 500: CUDA out of mem"),
    "a closed connection": (Conversation.hang_up, CONNECTION_LOST, "closed the connection before it answered"),
    "half an answer": (closes_mid_answer, CONNECTION_LOST, "closed the connection in the middle of an answer"),
    "two answers": (answers_twice, BAD_ANSWER, "came after the end"),
    "noise": (lambda conversation: conversation.say(b"SSH-2.0\r\n\r\n"), BAD_ANSWER, "no status line"),
}


@pytest.mark.parametrize(("act", "status", "message"), FAILURES.values(), ids=FAILURES)
def test_a_query_that_fails_is_not_sent_again_and_the_next_ones_go_on(
    act: Callable[[Conversation], None], status: QueryStatus, message: str
) -> None:
    with serving(for_sample_0(act)) as server, client_of(server) as client:
        outcome = client.run([0, 0, 5], drain_ms=5_000)

    assert outcome.statuses == [status, OK, OK]
    assert server.received == {0: 1, 1: 1, 2: 1}
    assert outcome.measured.latency_ns()[0] == NEVER_NS
    assert message in outcome.stats.first_error


def test_an_error_leaves_the_connection_in_use() -> None:
    with serving(for_sample_0(answers_500)) as server, client_of(server) as client:
        client.run([0, 0, 5], drain_ms=5_000)

    assert server.connections == 1


def test_a_connection_that_the_server_closes_while_idle_is_replaced_without_loss() -> None:
    def closes_after_each_answer(conversation: Conversation) -> None:
        conversation.first_request()
        conversation.answer()
        conversation.hang_up()

    with serving(closes_after_each_answer) as server, client_of(server, connections=2) as client:
        outcome = client.run([0, 50, 100, 150], drain_ms=5_000)

    assert outcome.statuses == [OK] * 4
    assert server.received == {0: 1, 1: 1, 2: 1, 3: 1}


def test_an_answer_that_announces_the_end_of_its_connection_is_followed_by_another_connection() -> None:
    def one_answer_a_connection(conversation: Conversation) -> None:
        conversation.first_request()
        conversation.say(ANSWER.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        conversation.hang_up()

    with serving(one_answer_a_connection) as server, client_of(server) as client:
        outcome = client.run([0] * 10, drain_ms=5_000)

    assert outcome.statuses == [OK] * 10
    assert server.received == dict.fromkeys(range(10), 1)


def test_a_server_that_stalls_on_one_connection_is_asked_over_the_others() -> None:
    with serving(for_sample_0(lambda _: None)) as server, client_of(server, connections=2) as client:
        outcome = client.run([0, 5, 10, 15], drain_ms=200)

    assert outcome.statuses == [TIMED_OUT, OK, OK, OK]
    assert server.received == {0: 1, 1: 1, 2: 1, 3: 1}


def test_a_server_that_is_gone_is_dialled_now_and_then_and_what_waits_was_not_sent() -> None:
    def answers_once_and_is_gone(conversation: Conversation) -> None:
        conversation.first_request()
        server.refuse_from_now_on()
        conversation.answer()
        conversation.hang_up()

    with serving(answers_once_and_is_gone) as server, client_of(server) as client:
        outcome = client.run([0, 50, 60], drain_ms=600)

    assert outcome.statuses == [OK, NOT_SENT, NOT_SENT]
    assert server.received == {0: 1}
    assert outcome.stats.cpu_ns < outcome.stats.elapsed_ns / 4


def half_a_request_answered_by(answer: bytes, *, then_hang_up: bool) -> Outcome:
    def answers_before_it_has_read(conversation: Conversation) -> None:
        conversation.wait_for_more()
        conversation.say(answer)
        if not then_hang_up:
            over.wait(10)

    over = threading.Event()
    with (
        serving(answers_before_it_has_read) as server,
        client_of(server, samples=2, body_bytes=30_000_000) as client,
    ):
        outcome = client.run([0], drain_ms=5_000)
        over.set()
    return outcome


def test_a_good_answer_to_half_a_request_is_no_answer_to_the_query() -> None:
    outcome = half_a_request_answered_by(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", then_hang_up=False)

    assert outcome.statuses == [BAD_ANSWER]


@pytest.mark.parametrize("then_hang_up", [False, True], ids=["and waits", "and hangs up"])
def test_a_refusal_of_half_a_request_keeps_the_servers_words(*, then_hang_up: bool) -> None:
    refusal = b"HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 18\r\n\r\nat most 1 MB a day"
    outcome = half_a_request_answered_by(refusal, then_hang_up=then_hang_up)

    assert outcome.statuses == [ERROR_STATUS]
    assert outcome.stats.first_error == "HTTP 413: at most 1 MB a day"


def test_an_address_that_cannot_be_dialled_is_tried_again_later_and_costs_no_query() -> None:
    def answers_once(conversation: Conversation) -> None:
        conversation.first_request()
        client.pool.dialer._sockaddrs[0] = (socket.AF_INET, ("255.255.255.255", 9))  # Refused by the kernel itself.
        conversation.answer()
        conversation.hang_up()

    with serving(answers_once) as server, client_of(server) as client:
        outcome = client.run([0, 30, 40], drain_ms=400)

    assert outcome.statuses == [OK, NOT_SENT, NOT_SENT]
    assert outcome.stats.cpu_ns < outcome.stats.elapsed_ns / 4


@pytest.mark.parametrize("seed", range(3))
def test_whatever_a_server_does_no_sample_is_sent_twice_and_each_query_has_one_end(seed: int) -> None:
    chance = random.Random(seed)
    acts: list[Callable[[Conversation], None]] = [
        *([Conversation.answer] * 6),
        *(answers_500, answers_500_and_closes, closes_mid_answer, answers_twice, Conversation.hang_up),
    ]

    def does_anything(conversation: Conversation) -> None:
        for _ in conversation.requests():
            chance.choice(acts)(conversation)

    with serving(does_anything) as server, client_of(server, connections=4) as client:
        outcome = client.run([query * 0.3 for query in range(300)], drain_ms=5_000)

    assert max(server.received.values()) == 1
    assert NOT_SENT not in outcome.statuses
    assert TIMED_OUT not in outcome.statuses
    assert set(outcome.statuses) > {OK, ERROR_STATUS}
    for sample in set(range(300)) - set(server.received):
        # Sent into a connection that the server was closing: lost, and not tried again.
        assert outcome.statuses[sample] in {CONNECTION_LOST, BAD_ANSWER}
    failed = [status for status in outcome.statuses if status != OK]
    assert client.link.reports[-1].failed == len(failed)


def test_a_replica_that_refuses_from_the_start_is_named() -> None:
    with serving(Conversation.answer) as alive, serving(Conversation.answer) as dead:
        dead.refuse_from_now_on()

        with pytest.raises(ConnectError, match="scripted at 127"), client_of(alive, dead):
            pass


def test_no_query_goes_into_a_connection_that_broke_and_its_last_event_is_not_taken_for_its_successors() -> None:
    is_due, is_reset = threading.Event(), threading.Event()

    def breaks_when_the_query_is_due(conversation: Conversation) -> None:
        is_due.wait(10)
        conversation.reset()
        is_reset.set()

    def stall_until_both_have_happened(_: object) -> None:
        client.pool.dialer._sockaddrs[0] = (socket.AF_INET, full.getsockname())
        is_due.set()
        is_reset.wait(10)
        time.sleep(0.1)  # until the first query is due

    with (
        serving(breaks_when_the_query_is_due) as server,
        socket.create_server(("127.0.0.1", 0), backlog=0) as full,
        socket.create_connection(full.getsockname()),
        client_of(server) as client,
    ):
        # The loop reports at 250 ms, so that it finds the reset and the first query at once. The broken connection's
        # successor has the same file descriptor and never comes about: its peer takes no more of them.
        client.link.on_report = stall_until_both_have_happened
        outcome = client.run([300, 310], drain_ms=200)

    assert outcome.statuses == [NOT_SENT, NOT_SENT]
    assert not server.received


def test_the_time_between_two_dials_does_not_hold_the_others_up() -> None:
    def gone(conversation: Conversation) -> None:
        conversation.first_request()
        dead.refuse_from_now_on()
        conversation.hang_up()

    with (
        serving(gone) as dead,
        serving(for_sample_0(answers_500)) as alive,
        client_of(dead, alive, connections=1) as client,
    ):
        outcome = client.run([query * 5 for query in range(20)], drain_ms=300)

    assert outcome.statuses[0] == CONNECTION_LOST
    assert set(outcome.statuses[2::2]) == {NOT_SENT}
    assert set(outcome.statuses[1::2]) == {OK}
    assert max(outcome.measured.send_lag_ns()[1::2]) < 200 * MS


def test_a_query_past_its_time_has_timed_out_its_connection_goes_and_the_load_goes_on() -> None:
    with serving(for_sample_0(lambda _: None)) as server, client_of(server) as client:
        work = Work(body=array("q", range(4)), scheduled_ns=array("q", [0, 0, 0, 200 * MS]), first=0, step=1)
        outcome = client.run_work(work, Limits(drain_ns=5_000 * MS, query_timeout_ns=50 * MS))

    assert outcome.statuses == [TIMED_OUT, OK, OK, OK]
    assert server.received == {0: 1, 1: 1, 2: 1, 3: 1}
    assert server.connections == 2
    assert outcome.stats.first_error == "no answer came within 0.05 s"
    # What waited behind it went out as soon as its connection was replaced.
    assert 50 * MS <= outcome.measured.sent_ns[1] < 200 * MS


def test_each_query_has_its_own_time_out() -> None:
    def answers_after_30_ms(conversation: Conversation) -> None:
        for _ in conversation.requests():
            time.sleep(0.03)
            conversation.answer()

    with serving(answers_after_30_ms) as server, client_of(server) as client:
        work = Work(body=array("q", range(5)), scheduled_ns=array("q", [0] * 5), first=0, step=1)
        outcome = client.run_work(work, Limits(drain_ns=5_000 * MS, query_timeout_ns=100 * MS))

    # Those that waited for the connection for longer than that were sent late, not answered late.
    assert outcome.statuses == [OK] * 5


def test_a_stray_byte_on_an_idle_connection_does_not_reach_the_next_query() -> None:
    def babbles_after_each_answer(conversation: Conversation) -> None:
        for _ in conversation.requests():
            conversation.answer()
            time.sleep(0.005)
            with contextlib.suppress(OSError):
                conversation.say(b"HTTP/1.1 200 OK\r\nContent-")

    with serving(babbles_after_each_answer) as server, client_of(server) as client:
        outcome = client.run([0, 100, 200], drain_ms=5_000)

    assert outcome.statuses == [OK] * 3
    assert server.received == {0: 1, 1: 1, 2: 1}
    assert server.connections >= 3


def test_a_whole_answer_that_nobody_asked_for_is_not_taken_for_the_next_querys() -> None:
    is_due = threading.Event()

    def babbles_when_the_second_query_is_due(conversation: Conversation) -> None:
        for sample in conversation.requests():
            conversation.answer()
            if sample == 0:
                is_due.wait(10)
                conversation.say(ANSWER.replace(b"200 OK", b"503 No!"))

    def stall_until_it_has_come(_: object) -> None:
        if not is_due.is_set():
            is_due.set()
            time.sleep(0.1)  # until the second query is due

    with serving(babbles_when_the_second_query_is_due) as server, client_of(server) as client:
        # The loop reports at 250 ms, so that it finds the stray answer and the query that is due at once.
        client.link.on_report = stall_until_it_has_come
        outcome = client.run([0, 300], drain_ms=5_000)

    assert outcome.statuses == [OK, OK]
    assert server.received == {0: 1, 1: 1}
