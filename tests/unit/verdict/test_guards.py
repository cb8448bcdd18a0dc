"""Which limits a client may go over, in whose words it is told, and that a quiet client is never accused."""

from dataclasses import replace

import numpy as np
import pytest

from inferometer_loadgen.plan import Plan
from inferometer_loadgen.verdict import Measured, Vitals, judge
from inferometer_loadgen.verdict.guards import GUARDS, in_words, strains
from inferometer_loadgen.verdict.vitals import receive_stall_ns
from unit.verdict.runs import MS, US, S, a_client, a_plan, a_plan_of, a_run, an_offline_run, stalls, watched

SERVER, OFFLINE = a_plan(), a_plan_of("Offline", bound_ns=0)

BROKEN = {
    "throttled": (
        SERVER,
        a_client(throttled_ns=2 * MS),
        (
            "was throttled by its CPU limit for 2.0 ms of 1.0 s (limit 0.1%); raise spec.load.resources, "
            "give each worker whole CPUs (limits equal to requests)"
        ),
    ),
    "a neighbour on its core": (
        SERVER,
        a_client(run_delay_ns=60 * MS),
        (
            "waited 60.0 ms of 1.0 s for a CPU that others had (limit 20.0 ms); give the workers nodes of their own "
            "or give each worker whole CPUs (limits equal to requests)"
        ),
    ),
    "an overcommitted machine": (
        SERVER,
        a_client(stolen=0.034),
        "ran on a machine of which the hypervisor took 3.4% (limit 1%); use machines that are not overcommitted",
    ),
    "answers left unread": (
        SERVER,
        a_client(stalls=stalls((104.5, 109.6), (204.5, 209.6))),
        "left answers unread for 3.5 ms at p99.9 (limit 2.0 ms); give the workers nodes of their own or add workers",
    ),
    "a stall in Offline": (
        OFFLINE,
        a_client(stalls=stalls((100, 130))),
        (
            "read nothing for 30.0 ms of 1.0 s, 30.0 ms at a time (limit 1%); give the workers nodes of their own "
            "or add workers"
        ),
    ),
    "too few connections": (
        SERVER,
        a_client(backlogged=3),
        (
            "had no free connection for 3 of 500 queries when they were due (limit 0.1%); add workers "
            "or use protocol grpc, unless slow answers held the connections"
        ),
    ),
    "near its end": (
        SERVER,
        a_client(busy_ns=830 * MS),
        "was busy for 83% of the time, near the end of what it can send (limit 80%); add workers",
    ),
    "a lossy network": (
        SERVER,
        a_client(retransmitted=2),
        "had to send 2 of 2,000 TCP segments again (limit 0.01%); mend the network between workers and servers",
    ),
    "garbage": (
        SERVER,
        a_client(full_collections=1),
        "collected garbage 1 time while it measured (limit none); report this as an error of Inferometer",
    ),
    "memory on a disk": (
        SERVER,
        a_client(major_faults=7),
        "had to read 7 pages of memory from a disk (limit none); give each worker more memory",
    ),
}


def a_run_for(plan: Plan) -> Measured:
    return an_offline_run() if plan is OFFLINE else a_run()


@pytest.mark.parametrize(("plan", "client", "words"), BROKEN.values(), ids=BROKEN.keys())
def test_a_guard_that_is_broken_says_by_whom_by_how_much_and_what_helps(plan: Plan, client: Vitals, words: str) -> None:
    found = strains(watched(a_run_for(plan), a_client(), client), plan)

    assert in_words(found) == f"worker 1 {words}, and run again"


def test_every_guard_is_shown_above() -> None:
    assert len(GUARDS) == len(BROKEN) - 1, "the stall has two forms"


def test_the_worker_that_is_over_a_limit_most_is_named() -> None:
    run = watched(a_run(), a_client(throttled_ns=90 * MS), a_client(throttled_ns=20 * MS))

    assert [(strain.worker, strain.factor) for strain in strains(run, SERVER)] == [(0, 90.0)]


@pytest.mark.parametrize(
    "client",
    [
        a_client(throttled_ns=MS, run_delay_ns=20 * MS, stolen=0.01, busy_ns=800 * MS),
        a_client(run_delay_ns=None, throttled_ns=None, stolen=None, segments=None, retransmitted=None),
        a_client(elapsed_ns=0, busy_ns=0, cpu_ns=0, run_delay_ns=0),
        # One of 500 queries waited long: that is beyond p99.9 of them by less than one.
        a_client(stalls=stalls((0.4, 1.5))),
    ],
    ids=["each on its limit", "a machine that tells nothing", "no time at all", "a short stall"],
)
def test_a_limit_that_is_kept_or_not_known_breaks_no_guard(client: Vitals) -> None:
    assert strains(watched(a_run(), client, a_client()), SERVER) == ()


def test_an_answer_read_within_a_stall_may_have_come_since_the_stall_began_or_its_query_was_sent() -> None:
    sent_ns, done_ns = np.array([0, 20, 0, 0, 0]), np.array([50, 50, 9, 60, 2**63 - 1])

    assert receive_stall_ns(sent_ns, done_ns, np.array([[10, 55], [70, 80]])).tolist() == [40, 30, 0, 0, 0]
    assert receive_stall_ns(sent_ns, done_ns, np.empty((0, 2), dtype=np.int64)).tolist() == [0] * 5


@pytest.mark.parametrize("plan", [SERVER, OFFLINE], ids=["Server", "Offline"])
def test_of_a_thousand_quiet_series_none_is_accused(plan: Plan) -> None:
    """Whatever a quiet machine does: wake-ups of some tens of microseconds, a handler pass of a millisecond at times.

    The figures are those seen on a quiet core: lag p99 65-120 us, run delay 7% of the CPU time, busy up to 73%.
    """
    accused = []
    for seed in range(1_000):
        run = quiet_run(np.random.default_rng(seed), plan)
        verdict = judge(run, plan)
        if verdict.word != "Valid" or verdict.warnings:
            accused.append((seed, verdict))

    assert accused == []


def quiet_run(rng: np.random.Generator, plan: Plan) -> Measured:
    lag_ns = np.minimum(rng.lognormal(np.log(40 * US), 0.35, 1_000), 240 * US).astype(np.int64)
    latency_ns = lag_ns + 2 * MS + np.minimum(rng.exponential(MS, 1_000), 10 * MS).astype(np.int64)
    run = a_run(latency_ns=latency_ns, lag_ns=lag_ns)
    clients = [quiet_client(rng) for _ in range(2)]
    if plan is OFFLINE:
        offline = an_offline_run()
        run = replace(offline, done_ns=offline.sent_ns + latency_ns)
    return watched(run, *clients, uncertainty_ns=int(rng.integers(0, 100 * US)))


def quiet_client(rng: np.random.Generator) -> Vitals:
    busy_ns = int(rng.uniform(0.05, 0.73) * S)
    cpu_ns = int(busy_ns * rng.uniform(0.8, 1.0))
    begin_ms = np.sort(rng.uniform(0, 990, rng.integers(0, 3)))
    return a_client(
        busy_ns=busy_ns,
        cpu_ns=cpu_ns,
        run_delay_ns=int(cpu_ns * rng.uniform(0.0, 0.1)),
        stolen=float(rng.uniform(0, 0.005)),
        segments=int(rng.integers(500, 100_000)),
        stalls=stalls(*((begin, begin + rng.uniform(1.0, 1.3)) for begin in begin_ms)),
    )
