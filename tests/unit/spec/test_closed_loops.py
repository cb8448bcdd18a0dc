"""Steps of concurrency, and sequences: what is refused, with the remedy, and the plan that is made of them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inferometer_loadgen.plan import SequencesPlan
from inferometer_loadgen.spec.decode import decode_object
from unit.spec.test_scenarios import a_benchmark, a_plan, complaints

STEPS = {"concurrency": None, "concurrencySteps": [1, 2, 4, 8]}


def test_a_plan_of_steps_prepares_for_the_largest():
    plan = a_plan("Concurrency", STEPS, replicas=2)

    assert plan.concurrency_steps == (1, 2, 4, 8)
    assert plan.in_flight == 8
    assert plan.connections_per_replica == 8


@pytest.mark.parametrize(
    ("scenario", "load", "expected"),
    [
        (
            "Concurrency",
            STEPS | {"concurrency": 4},
            (
                "spec.load.concurrencySteps: says how many queries are open, and concurrency is set too. hint: leave "
                "one of them out"
            ),
        ),
        (
            "Concurrency",
            STEPS | {"concurrencySteps": [1, 4, 4, 2]},
            "spec.load.concurrencySteps[2]: `4` does not rise above `4` before it. hint: write [1, 2, 4]",
        ),
        (
            "Concurrency",
            STEPS | {"workers": 3},
            (
                "spec.load.concurrencySteps: `1` is too small for 3 workers, each of which has a share of it. "
                "hint: write 3 or more, or set workers to 1"
            ),
        ),
        (
            "Concurrency",
            STEPS | {"concurrencySteps": [1, 600]},
            (
                "spec.load.concurrencySteps: `600` makes 600 requests of a worker to a replica at a time, and over "
                "HTTP each needs one of 512 connections. hint: write less, add workers, or use protocol grpc"
            ),
        ),
        (
            "Server",
            {"concurrencySteps": [1, 2]},
            (
                "spec.load.concurrencySteps: means nothing in scenario Server: the scenario itself says how many "
                "queries are open. hint: leave it out, or use scenario Concurrency"
            ),
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_the_remedy(scenario, load, expected):
    assert complaints(a_benchmark(scenario, load)) == [expected]


def test_steps_are_rounds_of_their_own_and_do_not_repeat():
    benchmark = a_benchmark("Concurrency", STEPS)
    benchmark["spec"]["repeat"] = {"count": 3}

    assert complaints(benchmark) == [
        "spec.repeat: does not fit concurrencySteps, whose rounds are its steps. hint: leave one of them out"
    ]


@pytest.mark.parametrize(("deadline", "fits"), [("24s", False), ("25s", True)])
def test_a_deadline_leaves_time_for_all_steps(deadline, fits):
    benchmark = a_benchmark("Concurrency", STEPS | {"minDuration": "5s", "warmup": "1s"})
    benchmark["spec"]["runPolicy"] = {"activeDeadline": deadline}

    found = [str(error) for error in decode_object(benchmark)[1]]

    assert (
        found == []
        if fits
        else [
            (
                "spec.runPolicy.activeDeadline: `24s` is over before warmup `1s` and minDuration `5s` are in 4 steps. "
                "hint: allow that, and some minutes more for servers to start"
            ),
        ]
    )


def in_sequences(count=4, **load):
    return {"concurrency": count, "sequences": {"count": count, "length": 10}} | load


def test_a_plan_of_sequences():
    assert a_plan("Concurrency", in_sequences()).sequences == SequencesPlan(count=4, length=10)
    assert a_plan("SingleStream", in_sequences(1, concurrency=None)).sequences == SequencesPlan(count=1, length=10)
    assert a_plan("Concurrency").sequences is None


@pytest.mark.parametrize(
    ("scenario", "replicas", "load", "expected"),
    [
        (
            "Concurrency",
            4,
            in_sequences(8, workers=3),
            (
                "spec.load.sequences.count: `8` is no multiple of 3 workers and 4 replicas: a sequence would not stay "
                "with one. hint: write 12 for it and for concurrency, the next that is"
            ),
        ),
        (
            "Concurrency",
            1,
            in_sequences(4, concurrency=8),
            (
                "spec.load.sequences.count: `4` is not concurrency `8`, and each open sequence has one query open. "
                "hint: write 8, or set concurrency to 4"
            ),
        ),
        (
            "Concurrency",
            1,
            in_sequences(4, concurrency=None, concurrencySteps=[4, 8]),
            (
                "spec.load.concurrencySteps: does not fit sequences, whose count is the number of open queries. "
                "hint: write concurrency: 4, a run for each number"
            ),
        ),
        (
            "Concurrency",
            2,
            in_sequences(4, balance="LeastOutstanding"),
            (
                "spec.load.balance: `LeastOutstanding` does not fit sequences, each of which stays at one replica. "
                "hint: write RoundRobin"
            ),
        ),
        (
            "SingleStream",
            1,
            in_sequences(4, concurrency=None),
            ("spec.load.sequences.count: `4` does not fit SingleStream, with one query open. hint: write 1"),
        ),
        (
            "SingleStream",
            2,
            in_sequences(1, concurrency=None),
            "spec.load.sequences.count: `1` does not fit 2 replicas: a sequence stays at one. hint: use one replica",
        ),
        (
            "Server",
            1,
            in_sequences(4, concurrency=None),
            (
                "spec.load.sequences: means nothing in scenario Server: a query that is due before its sequence's last "
                "answer would wait in the client, and look like a late client's. hint: leave it out, or use scenario "
                "SingleStream or Concurrency"
            ),
        ),
    ],
)
def test_sequences_that_would_not_stay_together_are_refused_with_the_remedy(scenario, replicas, load, expected):
    assert complaints(a_benchmark(scenario, load, replicas)) == [expected]


def test_by_an_edition_of_the_rules_queries_are_independent():
    benchmark = a_benchmark("SingleStream", in_sequences(1, concurrency=None))
    benchmark["spec"] |= {"rules": "mlperf-v6.1", "task": "resnet50"}

    assert complaints(benchmark) == [
        "spec.load.sequences: means nothing by `mlperf-v6.1`, whose queries are independent. hint: set rules to custom"
    ]


@given(workers=st.integers(1, 12), replicas=st.integers(1, 12), count=st.integers(1, 200))
def test_the_count_that_is_named_is_the_least_that_fits_and_is_not_below(workers, replicas, count):
    count = max(count, workers)
    found = complaints(a_benchmark("Concurrency", in_sequences(count, workers=workers, protocol="grpc"), replicas))

    each = math.lcm(workers, replicas)
    if count % each == 0:
        assert found == []
    else:
        named = next(number for number in range(count, count + each) if number % each == 0)
        assert f"hint: write {named} for it" in found[0]
