"""Steps of concurrency: what is refused, with the remedy, and the plan that is made of them."""

import pytest

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
