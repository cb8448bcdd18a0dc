"""Invariant 4, provoked: a client that is starved says so, and what it says somebody else has seen too."""

import json
import os
import signal
import subprocess
import sys
import time

import msgspec
import pytest

from inferometer_loadgen.plan import Plan
from inferometer_loadgen.verdict import ReasonType, judge
from inferometer_loadgen.verdict.guards import in_words, strains
from integration.worker.scripted import Conversation, serving
from integration.worker.strained import MS, Process, Seen, cpu_quota, processes, seen, unmatched
from unit.verdict.runs import a_plan

CLIENT_CPU = min(os.sched_getaffinity(0))
RATE, QUERIES = 500, 600


def plan_of(bound_ms: int = 100) -> Plan:
    plan = a_plan(latency_bound_ns=bound_ms * MS, min_duration_ns=0, min_queries=1)
    return msgspec.structs.replace(plan, workers=1, replicas=1)


def promptly(conversation: Conversation) -> None:
    for _ in conversation.requests():
        conversation.answer()


def in_20_ms(conversation: Conversation) -> None:
    for _ in conversation.requests():
        time.sleep(0.02)  # The server's work, not a wait for anything.
        conversation.answer()


def a_client(url: str, *, connections: int = 16, rate: int = RATE, queries: int = QUERIES) -> Process:
    return Process("client", url, str(connections), str(rate), str(queries), cpu=CLIENT_CPU)


def words(run: Seen) -> str:
    return in_words(strains(run.measured, plan_of()))


def test_a_client_beside_a_busy_neighbour_says_that_it_waited_for_a_cpu() -> None:
    spin = [sys.executable, "-c", "while True: pass"]
    with serving(promptly) as server:
        client = a_client(server.address.url)
        neighbours = [subprocess.Popen(spin) for _ in range(3)]
        try:
            for neighbour in neighbours:
                os.sched_setaffinity(neighbour.pid, {CLIENT_CPU})
            with processes(client):
                client.begin()
                run = seen(client.end())
        finally:
            for neighbour in neighbours:
                neighbour.kill()
                neighbour.wait()

    assert "for a CPU that others had" in words(run)
    assert judge(run.measured, plan_of()).word != "Invalid"


def test_a_client_that_was_stopped_for_50_ms_takes_unread_answers_upon_itself() -> None:
    """The bound is exceeded only by what the client left unread or sent late."""
    with serving(promptly) as server:
        client = a_client(server.address.url)
        with processes(client):
            client.begin()
            time.sleep(0.3)  # Until it is in the middle of its 1.2 s.
            os.kill(client.pid, signal.SIGSTOP)
            time.sleep(0.05)
            os.kill(client.pid, signal.SIGCONT)
            run = seen(client.end())

    longest_ms = run.vitals.longest_stall_ns / MS
    verdict = judge(run.measured, plan_of(bound_ms=30))
    assert longest_ms >= 45
    assert verdict.word == "Inconclusive"
    assert verdict.reasons[0].type is ReasonType.CLIENT_INFLUENCED


def test_a_client_with_a_cpu_quota_says_that_it_was_throttled() -> None:
    with cpu_quota(0.02) as group, serving(promptly) as server:
        if group is None:
            pytest.skip("this machine lets nobody make a cgroup; a recorded cpu.stat is read in tests/unit/worker")
        client = a_client(server.address.url)
        with processes(client):
            (group / "cgroup.procs").write_text(str(client.pid))
            client.begin()
            run = seen(client.end())

    assert "was throttled by its CPU limit" in words(run)


def test_a_client_with_too_few_connections_says_so_and_leaves_the_bound_in_doubt() -> None:
    """Each answer takes 20 ms, well within the bound; one connection carries 50 of them a second, and 60 are due."""
    with serving(in_20_ms) as server:
        client = a_client(server.address.url, connections=1, rate=60, queries=60)
        with processes(client):
            client.begin()
            run = seen(client.end())

    verdict = judge(run.measured, plan_of(bound_ms=100))
    assert "had no free connection" in words(run)
    assert verdict.word == "Inconclusive"


def test_what_a_client_accuses_itself_of_a_witness_on_its_core_has_seen() -> None:
    """A spinner takes what is left of the client's core. Whoever kept the client from running kept the spinner too.

    That says nothing of a client that alone was stopped; nobody stops it here.
    """
    with serving(promptly) as server:
        client, witness = a_client(server.address.url), Process("witness", cpu=CLIENT_CPU)
        with processes(client, witness):
            client.begin()
            run = seen(client.end())
            gaps = [tuple(gap) for gap in json.loads(witness.end())]

    stalls = [(run.t0_ns + int(begin), run.t0_ns + int(end)) for begin, end in run.vitals.stalls]
    assert unmatched(stalls, gaps) == []


def test_a_stall_that_the_witness_slept_through_least_of_all_is_unmatched() -> None:
    stall = (0, 82 * MS)

    assert unmatched([stall], [(10 * MS, 15 * MS)]) == [stall]
    assert unmatched([stall], [(10 * MS, 60 * MS)]) == []
    assert unmatched([(0, 2 * MS)], []) == [(0, 2 * MS)]
