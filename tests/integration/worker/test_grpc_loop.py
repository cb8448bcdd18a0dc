"""The measured loop over gRPC: many calls on one connection, each sent once, each with its one end."""

import hashlib
import random
import threading
import time
from array import array
from collections.abc import Callable

import pytest

from inferometer_loadgen.verdict.measured import QueryStatus
from inferometer_loadgen.worker.connections import ConnectError
from inferometer_loadgen.worker.loop import Limits
from inferometer_loadgen.worker.work import Work
from integration.worker.runs import MS, client_of
from integration.worker.scripted import Conversation, Script, body_of, serving
from integration.worker.scripted_grpc import GrpcConversation, serving_grpc
from integration.worker.test_paces import PATIENT, all_at_once, closed_loop, most_open

OK, TIMED_OUT, NOT_SENT = QueryStatus.OK, QueryStatus.TIMED_OUT, QueryStatus.NOT_SENT
ERROR_STATUS, CONNECTION_LOST = QueryStatus.ERROR_STATUS, QueryStatus.CONNECTION_LOST
BAD_ANSWER = QueryStatus.BAD_ANSWER


def answers(conversation: Conversation) -> None:
    for _ in conversation.requests():
        conversation.answer()


def as_grpc(conversation: Conversation) -> GrpcConversation:
    assert isinstance(conversation, GrpcConversation)
    return conversation


def for_sample_0(act: Callable[[GrpcConversation], None]) -> Script:
    """Does something else for sample 0, and answers the others well."""

    def script(conversation: Conversation) -> None:
        for sample in conversation.requests():
            if sample == 0:
                act(as_grpc(conversation))
            else:
                conversation.answer()

    return script


def at_most_open(streams: int) -> Script:
    """Allows so many calls at a time, and answers each after a while."""

    def script(conversation: Conversation) -> None:
        as_grpc(conversation).limit_streams(streams)
        for _ in conversation.requests():
            time.sleep(0.005)
            conversation.answer()

    return script


def test_each_query_is_sent_once_and_not_before_its_time_on_one_connection() -> None:
    def answers_any_number(conversation: Conversation) -> None:
        as_grpc(conversation).limit_streams(1_000)
        answers(conversation)

    with serving_grpc(answers_any_number) as server, client_of(server) as client:
        outcome = client.run([query * 0.5 for query in range(200)], drain_ms=20_000)

    assert outcome.statuses == [OK] * 200
    assert server.received == dict.fromkeys(range(200), 1)
    assert server.connections == 1
    assert outcome.stats.backlogged == 0
    assert (outcome.measured.send_lag_ns() >= 0).all()
    assert (outcome.measured.done_ns > outcome.measured.sent_ns).all()


def test_answers_may_come_in_any_order() -> None:
    def answers_the_last_first(conversation: Conversation) -> None:
        streams = []
        for _ in conversation.requests():
            streams.append(as_grpc(conversation).stream)
            if len(streams) == 5:
                for stream in reversed(streams):
                    time.sleep(0.01)
                    as_grpc(conversation).answer_on(stream)

    with serving_grpc(answers_the_last_first) as server, client_of(server) as client:
        outcome = client.run([0, 0, 0, 0, 0], drain_ms=2_000)

    assert outcome.statuses == [OK] * 5
    assert sorted(outcome.latency_ms, reverse=True) == outcome.latency_ms


def test_a_body_beyond_every_window_and_frame_arrives_whole() -> None:
    size = 3_000_000

    def reads_slowly(conversation: Conversation) -> None:
        for _ in conversation.requests(read_bytes=100_000):
            conversation.answer()

    with serving_grpc(reads_slowly) as server, client_of(server, samples=6, body_bytes=size) as client:
        outcome = client.run([0] * 6, drain_ms=20_000)

    assert outcome.statuses == [OK] * 6
    assert server.digests == {hashlib.sha256(body_of(sample, size)).digest() for sample in range(6)}


def test_a_query_that_finds_no_stream_waits_and_is_counted() -> None:
    with serving_grpc(at_most_open(2)) as server, client_of(server) as client:
        outcome = client.run([0] * 10, drain_ms=5_000)

    assert outcome.statuses == [OK] * 10
    assert outcome.stats.backlogged == 8
    assert most_open(outcome.measured.sent_ns, outcome.measured.done_ns) == 2


@pytest.mark.parametrize("window", [1, 5])
def test_a_closed_loop_keeps_its_window_full(window: int) -> None:
    with serving_grpc(at_most_open(100)) as server, client_of(server) as client:
        outcome = client.run_work(closed_loop(window, min_rows=30), PATIENT)

    assert outcome.statuses == [OK] * 30
    assert server.received == dict.fromkeys(range(30), 1)
    assert most_open(outcome.measured.sent_ns, outcome.measured.done_ns) == window


def test_where_all_is_due_at_once_no_more_is_open_than_the_window_holds() -> None:
    with serving_grpc(at_most_open(100)) as server, client_of(server, connections=2) as client:
        outcome = client.run_work(all_at_once(60, window=6), PATIENT)

    assert outcome.statuses == [OK] * 60
    assert server.received == dict.fromkeys(range(60), 1)
    assert most_open(outcome.measured.sent_ns, outcome.measured.done_ns) == 6


FAILURES = {
    "an error": (lambda call: call.refuse(3, "no such input"), ERROR_STATUS, "INVALID_ARGUMENT"),
    "a reset": (GrpcConversation.reset_stream, ERROR_STATUS, "reset"),
    "no trailers": (GrpcConversation.answer_without_trailers, BAD_ANSWER, "without trailers"),
    "a false length": (GrpcConversation.lie_about_the_length, BAD_ANSWER, "not whole"),
}


@pytest.mark.parametrize(("act", "status", "message"), FAILURES.values(), ids=FAILURES)
def test_a_query_that_fails_alone_is_not_sent_again_and_costs_no_other(
    act: Callable[[GrpcConversation], None], status: QueryStatus, message: str
) -> None:
    with serving_grpc(for_sample_0(act)) as server, client_of(server) as client:
        outcome = client.run([0, 0, 5], drain_ms=5_000)

    assert outcome.statuses == [status, OK, OK]
    assert server.received == {0: 1, 1: 1, 2: 1}
    assert server.connections == 1
    assert message in outcome.stats.first_error


ENDINGS = {
    "hangs up": (Conversation.hang_up, CONNECTION_LOST),
    "hangs up in mid-answer": (lambda call: (call.answer_half(), call.hang_up()), CONNECTION_LOST),
    "resets": (Conversation.reset, CONNECTION_LOST),
    "babbles": (lambda call: call.say(b"HTTP/1.1 400 Bad Request\r\n\r\n"), BAD_ANSWER),
}


@pytest.mark.parametrize(("act", "status"), ENDINGS.values(), ids=ENDINGS)
def test_a_connection_that_ends_takes_its_open_queries_with_it_and_is_replaced(
    act: Callable[[GrpcConversation], None], status: QueryStatus
) -> None:
    together = threading.Barrier(1)

    def ends_with_the_third(conversation: Conversation) -> None:
        for sample in conversation.requests():
            if sample == 2:
                together.wait(10)
                act(as_grpc(conversation))
                return
            if sample > 2:
                conversation.answer()

    with serving_grpc(ends_with_the_third) as server, client_of(server) as client:
        outcome = client.run([0, 0, 0, 100, 110], drain_ms=5_000)

    assert outcome.statuses == [status] * 3 + [OK] * 2
    assert server.received == dict.fromkeys(range(5), 1)
    assert server.connections == 2


def test_a_connection_that_is_announced_to_end_is_replaced_and_what_it_took_is_still_answered() -> None:
    def goes_away_after_the_second(conversation: Conversation) -> None:
        call = as_grpc(conversation)
        for sample in conversation.requests():
            if sample == 1:
                first, second = call.stream - 2, call.stream
                call.go_away(last=second)
                time.sleep(0.02)
                for stream in (first, second):
                    call.answer_on(stream)
            elif sample > 1:
                conversation.answer()

    with serving_grpc(goes_away_after_the_second) as server, client_of(server) as client:
        outcome = client.run([0, 0, 100, 110], drain_ms=5_000)

    assert outcome.statuses == [OK] * 4
    assert server.received == dict.fromkeys(range(4), 1)
    assert server.connections == 2


def test_calls_that_a_server_going_away_does_not_take_have_failed_and_are_not_sent_again() -> None:
    def takes_only_the_first(conversation: Conversation) -> None:
        call = as_grpc(conversation)
        for sample in conversation.requests():
            if sample == 1:
                call.go_away(last=call.stream - 2)
                call.answer_on(call.stream - 2)
            elif sample > 1:
                conversation.answer()

    with serving_grpc(takes_only_the_first) as server, client_of(server) as client:
        outcome = client.run([0, 0, 100], drain_ms=5_000)

    assert outcome.statuses == [OK, CONNECTION_LOST, OK]
    assert server.received == {0: 1, 1: 1, 2: 1}
    assert "went away" in outcome.stats.first_error


def test_a_query_past_its_time_is_given_up_alone_while_its_connection_lives() -> None:
    reset: list[int] = []

    def answers_all_but_the_first(conversation: Conversation) -> None:
        for sample in conversation.requests():
            if sample:
                conversation.answer()
            reset[:] = as_grpc(conversation).reset_streams

    work = Work(body=array("q", range(10)), scheduled_ns=array("q", [20 * MS * row for row in range(10)]),
                first=0, step=1)  # fmt: skip
    with serving_grpc(answers_all_but_the_first) as server, client_of(server) as client:
        outcome = client.run_work(work, Limits(drain_ns=5_000 * MS, query_timeout_ns=100 * MS))

    assert outcome.statuses == [TIMED_OUT, *[OK] * 9]
    assert server.received == dict.fromkeys(range(10), 1)
    assert server.connections == 1
    assert reset == [1]


def test_a_connection_on_which_nothing_is_heard_is_replaced() -> None:
    def is_deaf_at_first(conversation: Conversation) -> None:
        for _ in conversation.requests():
            if conversation.number:
                conversation.answer()

    work = Work(body=array("q", range(4)), scheduled_ns=array("q", [0, 0, 200 * MS, 210 * MS]), first=0, step=1)
    with serving_grpc(is_deaf_at_first) as server, client_of(server) as client:
        outcome = client.run_work(work, Limits(drain_ns=5_000 * MS, query_timeout_ns=100 * MS))

    assert outcome.statuses == [TIMED_OUT, TIMED_OUT, OK, OK]
    assert server.received == dict.fromkeys(range(4), 1)
    assert server.connections == 2


def test_what_is_open_at_the_end_has_timed_out() -> None:
    def never_answers(conversation: Conversation) -> None:
        for _ in conversation.requests():
            pass

    with serving_grpc(never_answers) as server, client_of(server) as client:
        outcome = client.run([0, 0, 1], drain_ms=50)

    assert outcome.statuses == [TIMED_OUT] * 3
    assert outcome.stats.first_error == "no answer came in time"


def test_a_late_answer_of_one_phase_is_not_taken_for_one_of_the_next() -> None:
    first_has_timed_out = threading.Event()

    def answers_the_first_too_late(conversation: Conversation) -> None:
        for sample in conversation.requests():
            if sample == 0:
                first_has_timed_out.wait(10)
            conversation.answer()

    with serving_grpc(answers_the_first_too_late) as server, client_of(server) as client:
        warm_up = client.run([0], drain_ms=20)
        first_has_timed_out.set()
        measured = client.run([0, 5, 10], drain_ms=2_000, first_sample=1)

    assert warm_up.statuses == [TIMED_OUT]
    assert measured.statuses == [OK, OK, OK]
    assert server.received == {0: 1, 1: 1, 2: 1, 3: 1}


def test_a_server_that_speaks_no_grpc_is_named_before_anything_is_sent() -> None:
    def speaks_http(conversation: Conversation) -> None:
        conversation.wait_for_more()
        conversation.say(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    with serving(speaks_http) as server, serving_grpc(answers) as other:
        server.kind = other.kind

        with pytest.raises(ConnectError, match=r"scripted at http://127.* does not answer as gRPC"), client_of(server):
            pass


@pytest.mark.parametrize("seed", range(4))
def test_whatever_a_server_does_no_sample_is_sent_twice_and_each_query_has_one_end(seed: int) -> None:
    chance = random.Random(seed)
    acts: list[Callable[[GrpcConversation], object]] = [
        *([GrpcConversation.answer] * 12),
        *(act for act, _, _ in FAILURES.values()),
        *(act for act, _ in ENDINGS.values()),
        lambda call: call.go_away(last=call.stream),
    ]

    def does_anything(conversation: Conversation) -> None:
        call = as_grpc(conversation)
        if chance.random() < 0.3:
            call.limit_streams(3)
        for _ in conversation.requests():
            chance.choice(acts)(call)

    with serving_grpc(does_anything) as server, client_of(server, connections=2) as client:
        outcome = client.run([query * 0.5 for query in range(300)], drain_ms=1_000)

    assert max(server.received.values()) == 1
    assert set(outcome.statuses) > {OK, CONNECTION_LOST}
    for sample in set(range(300)) - set(server.received):
        # Sent into a connection that the server was closing: lost, and not tried again.
        assert outcome.statuses[sample] in {CONNECTION_LOST, BAD_ANSWER, NOT_SENT}
    failed = [status for status in outcome.statuses if status not in {OK, NOT_SENT}]
    assert client.link.reports[-1].failed == len(failed)
