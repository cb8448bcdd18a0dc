"""What each scenario needs of the load, what it refuses, and the plan that is made of it."""

import msgspec
import numpy as np
import pytest

from inferometer_loadgen.spec import resolve
from inferometer_loadgen.spec.decode import decode_object
from inferometer_loadgen.spec.resolve import ReplayFacts
from inferometer_loadgen.stream import Issue, issue_of, make_stream
from inferometer_loadgen.stream.replay import pack_times
from unit.spec.specs import an_object

LOADS: dict[str, dict[str, object]] = {
    "SingleStream": {},
    "MultiStream": {},
    "Server": {"targetQPS": 10, "latencyBound": "100ms"},
    "Offline": {"targetQPS": 10},
    "Concurrency": {"concurrency": 8},
    "Replay": {"replay": {"configMap": {"name": "times"}}, "latencyBound": "100ms"},
}
RECORDING = ReplayFacts(packed=pack_times(np.array([0, 5, 5, 9])), queries=4, lasts_ns=9, burst=4)


def a_benchmark(scenario, load=None, replicas=1):
    """The least that a scenario needs, with `load` over it; None takes a field away."""
    benchmark = an_object()
    benchmark["spec"]["scenario"] = scenario
    benchmark["spec"]["target"]["triton"]["replicas"] = replicas
    fields = {"data": {"synthetic": {}}, **LOADS[scenario], **(load or {})}
    benchmark["spec"]["load"] = {name: value for name, value in fields.items() if value is not None}
    return benchmark


def complaints(benchmark):
    return [str(error) for error in decode_object(benchmark)[1]]


def a_plan(scenario, load=None, replicas=1):
    spec, errors = decode_object(a_benchmark(scenario, load, replicas))
    assert errors == ()
    assert spec is not None
    return resolve("one", spec, None, RECORDING if scenario == "Replay" else None)


@pytest.mark.parametrize("scenario", LOADS)
def test_each_scenario_runs_with_the_least_that_it_needs(scenario):
    plan = a_plan(scenario)

    assert plan.stream.scenario == scenario
    assert len(make_stream(plan.stream)) > 0


def test_the_scenario_is_server_where_none_is_named():
    benchmark = a_benchmark("Server")
    del benchmark["spec"]["scenario"]

    spec, errors = decode_object(benchmark)
    assert errors == ()
    assert spec is not None
    assert spec.scenario == "Server"


@pytest.mark.parametrize(
    ("scenario", "load", "expected"),
    [
        (
            "Server",
            {"targetQPS": None},
            (
                "spec.load.targetQPS: is missing, and scenario Server needs it. hint: add it: the queries per "
                "second; in "
                "Offline the samples per second that are expected"
            ),
        ),
        (
            "Server",
            {"latencyBound": None},
            (
                "spec.load.latencyBound: is missing, and scenario Server needs it. hint: add it: the longest that an "
                "answer may take"
            ),
        ),
        (
            "Concurrency",
            {"concurrency": None},
            (
                "spec.load.concurrency: is missing, and scenario Concurrency needs it. hint: add it: the number "
                "of queries "
                "that are open at any time"
            ),
        ),
        (
            "MultiStream",
            {"streamDialect": "loadgen-r0.5"},
            (
                "spec.load.targetQPS: is missing, and MultiStream in loadgen-r0.5 needs it. hint: add it: the "
                "ticks per "
                "second"
            ),
        ),
        (
            "SingleStream",
            {"targetQPS": 10},
            (
                "spec.load.targetQPS: `10.0` means nothing in scenario SingleStream: answers or recorded times pace "
                "the load there. hint: leave it out, or use scenario Server or Offline"
            ),
        ),
        (
            "Offline",
            {"latencyBound": "1s"},
            (
                "spec.load.latencyBound: `1s` means nothing in scenario Offline: no latency is judged there. "
                "hint: leave it out, or use scenario Server or Replay or Concurrency"
            ),
        ),
        (
            "Offline",
            {"latencyPercentile": 0.9},
            (
                "spec.load.latencyPercentile: `0.9` means nothing in scenario Offline: its result is samples "
                "per second. "
                "hint: leave it out, or use scenario SingleStream or MultiStream or Server or Concurrency "
                "or Replay"
            ),
        ),
        (
            "MultiStream",
            {"earlyStopping": True, "streamDialect": "loadgen-r0.5", "targetQPS": 20},
            (
                "spec.load.earlyStopping: `true` does not fit streamDialect loadgen-r0.5: the rules of 2019 have no "
                "early stopping. hint: leave it out, or set streamDialect to loadgen-6.0"
            ),
        ),
        (
            "Server",
            {"concurrency": 3},
            (
                "spec.load.concurrency: `3` means nothing in scenario Server: the scenario itself says how many "
                "queries "
                "are open. hint: leave it out, or use scenario Concurrency"
            ),
        ),
        (
            "SingleStream",
            {"samplesPerQuery": 8},
            (
                "spec.load.samplesPerQuery: `8` means nothing in scenario SingleStream: a query has one. "
                "hint: leave it out, or use scenario MultiStream"
            ),
        ),
        (
            "MultiStream",
            {"samplesPerRequest": 8},
            (
                "spec.load.samplesPerRequest: `8` means nothing in scenario MultiStream: only Offline's one "
                "query is dealt "
                "out in requests. hint: leave it out, or use scenario Offline"
            ),
        ),
        (
            "Server",
            {"inFlight": 8},
            (
                "spec.load.inFlight: `8` means nothing in scenario Server: only in Offline all is due at once. "
                "hint: leave it out, or use scenario Offline"
            ),
        ),
        (
            "Offline",
            {"spin": "50us"},
            (
                "spec.load.spin: `50us` means nothing in scenario Offline: no query is due at a time of its own. "
                "hint: leave it out, or use scenario Server or Replay"
            ),
        ),
        (
            "Server",
            {"spin": "2ms"},
            (
                "spec.load.spin: `2ms` keeps a CPU busy for nothing: a worker is woken up in some tens of "
                "microseconds. hint: write 1ms or less, such as 50us"
            ),
        ),
        (
            "Server",
            {"balance": "LeastOutstanding", "workers": 2},
            (
                "spec.load.balance: `LeastOutstanding` does not fit 2 workers: each knows of its own queries only. "
                "hint: set workers to 1, or write RoundRobin"
            ),
        ),
        (
            "Replay",
            {"replay": None},
            (
                "spec.load.replay: is missing, and scenario Replay needs it. hint: add it: the ConfigMap that holds "
                "the times"
            ),
        ),
        (
            "Replay",
            {"latencyBound": None},
            (
                "spec.load.latencyBound: is missing, and scenario Replay needs it. hint: add it: the longest that an "
                "answer may take"
            ),
        ),
        (
            "Replay",
            {"targetQPS": 10},
            (
                "spec.load.targetQPS: `10.0` means nothing in scenario Replay: answers or recorded times pace the load "
                "there. hint: leave it out, or use scenario Server or Offline"
            ),
        ),
        (
            "Replay",
            {"minDuration": "10s"},
            (
                "spec.load.minDuration: `10s` means nothing in scenario Replay, which sends the whole recording. "
                "hint: leave it out"
            ),
        ),
        (
            "Replay",
            {"minQueries": 3},
            (
                "spec.load.minQueries: `3` means nothing in scenario Replay, which sends the whole recording. "
                "hint: leave it out"
            ),
        ),
        (
            "Server",
            {"replay": {"configMap": {"name": "times"}}},
            (
                "spec.load.replay: means nothing in scenario Server: only Replay sends at recorded times. "
                "hint: leave it out, or use scenario Replay"
            ),
        ),
        (
            "Server",
            {"queryTimeout": "0s"},
            "spec.load.queryTimeout: `0s` is no time at all. hint: write a duration above zero",
        ),
        (
            "SingleStream",
            {"workers": 4},
            (
                "spec.load.workers: `4` does not fit scenario SingleStream, which keeps one query open at a time. "
                "hint: set workers to 1, or use scenario Server"
            ),
        ),
        (
            "MultiStream",
            {"workers": 2},
            (
                "spec.load.workers: `2` does not fit scenario MultiStream, which keeps one query open at a time. "
                "hint: set workers to 1, or use scenario Server"
            ),
        ),
        (
            "Concurrency",
            {"concurrency": 3, "workers": 4},
            (
                "spec.load.concurrency: `3` is too small for 4 workers, each of which has a share of it. "
                "hint: write 4 or more, or set workers to 3"
            ),
        ),
        (
            "Offline",
            {"inFlight": 3, "workers": 4},
            (
                "spec.load.inFlight: `3` is too small for 4 workers, each of which has a share of it. "
                "hint: write 4 or more, or set workers to 3"
            ),
        ),
        (
            "Concurrency",
            {"concurrency": 2000, "workers": 3},
            (
                "spec.load.concurrency: `2000` makes 667 requests of a worker to a replica at a time, and over "
                "HTTP each "
                "needs one of 512 connections. hint: write less, add workers, or use protocol grpc"
            ),
        ),
    ],
)
def test_what_does_not_fit_a_scenario_is_refused_with_the_remedy(scenario, load, expected):
    assert complaints(a_benchmark(scenario, load)) == [expected]


@pytest.mark.parametrize(
    ("scenario", "load"),
    [
        ("MultiStream", {"streamDialect": "loadgen-r0.5", "targetQPS": 20}),
        ("Concurrency", {"concurrency": 4, "workers": 4, "latencyBound": "1s"}),
        ("Concurrency", {"concurrency": 2000, "workers": 3, "protocol": "grpc"}),
        ("Offline", {"samplesPerRequest": 8, "inFlight": 4, "workers": 4}),
    ],
)
def test_what_fits_is_accepted(scenario, load):
    assert complaints(a_benchmark(scenario, load)) == []


def test_a_scenario_that_is_misspelt_is_one_error_and_not_judged_as_another_one():
    benchmark = a_benchmark("Concurrency")
    benchmark["spec"]["scenario"] = "Concurency"

    assert complaints(benchmark) == [
        (
            "spec.scenario: `Concurency` is none of Concurrency, MultiStream, Offline, Replay, Server, SingleStream. "
            "hint: write one of them"
        )
    ]


def facts(plan):
    return {
        "issue": issue_of(plan.stream),
        "samples": max(plan.stream.samples_per_query, plan.stream.samples_per_request),
        "in flight": plan.in_flight,
        "connections": plan.connections_per_replica,
        "percentile": plan.judge.latency_percentile,
        "bound": plan.judge.latency_bound_ns,
    }


@pytest.mark.parametrize(
    ("scenario", "load", "expected"),
    [
        ("SingleStream", {}, (Issue.COMPLETION, 1, 1, 1, 0.9, 0)),
        ("MultiStream", {}, (Issue.COMPLETION, 8, 1, 1, 0.99, 0)),
        (
            "MultiStream",
            {"streamDialect": "loadgen-r0.5", "targetQPS": 20, "samplesPerQuery": 3},
            (Issue.INTERVAL, 3, 1, 1, 0.99, 0),
        ),
        ("Server", {}, (Issue.SCHEDULED, 1, 0, 7, 0.99, 100_000_000)),
        ("Server", {"protocol": "grpc"}, (Issue.SCHEDULED, 1, 0, 1, 0.99, 100_000_000)),
        ("Replay", {}, (Issue.SCHEDULED, 1, 0, 2, 0.99, 100_000_000)),
        ("Replay", {"workers": 2}, (Issue.SCHEDULED, 1, 0, 2, 0.99, 100_000_000)),
        ("Replay", {"balance": "LeastOutstanding"}, (Issue.SCHEDULED, 1, 0, 4, 0.99, 100_000_000)),
        ("Offline", {}, (Issue.AT_ONCE, 1, 128, 64, 0.99, 0)),
        ("Offline", {"inFlight": 30, "workers": 4, "samplesPerRequest": 5}, (Issue.AT_ONCE, 5, 30, 8, 0.99, 0)),
        ("Offline", {"inFlight": 30, "balance": "LeastOutstanding"}, (Issue.AT_ONCE, 1, 30, 30, 0.99, 0)),
        ("Concurrency", {"concurrency": 30, "workers": 4}, (Issue.COMPLETION, 1, 30, 8, 0.99, 0)),
        ("Concurrency", {"concurrency": 900, "protocol": "grpc"}, (Issue.COMPLETION, 1, 900, 9, 0.99, 0)),
    ],
)
def test_the_plan_of_a_scenario_on_two_replicas(scenario, load, expected):
    plan = a_plan(scenario, load, replicas=2)

    assert tuple(facts(plan).values()) == expected


def test_where_no_bound_is_judged_an_answer_is_awaited_for_a_minute():
    assert a_plan("SingleStream").drain_ns == 65_000_000_000
    assert a_plan("Server").drain_ns == 5_200_000_000


def test_a_time_out_and_a_spin_are_none_unless_asked_for():
    assert (a_plan("Server").query_timeout_ns, a_plan("Server").spin_ns) == (0, 0)
    asked = a_plan("Server", {"queryTimeout": "3s", "spin": "50us"})
    assert (asked.query_timeout_ns, asked.spin_ns) == (3_000_000_000, 50_000)


def test_a_balance_is_by_turns_unless_asked_for():
    assert a_plan("Server").balance == "RoundRobin"
    assert a_plan("Server", {"balance": "LeastOutstanding"}).balance == "LeastOutstanding"


def test_a_replay_sends_the_whole_recording_and_is_judged_by_all_of_it():
    plan = a_plan("Replay")

    assert make_stream(plan.stream).scheduled_ns.tolist() == [0, 5, 5, 9]
    assert (plan.judge.min_queries, plan.judge.min_duration_ns) == (4, 9)
    assert plan.drain_ns == 5_200_000_000


def test_the_plan_of_a_replay_is_not_made_without_its_recording():
    spec, _ = decode_object(a_benchmark("Replay"))
    assert spec is not None

    with pytest.raises(TypeError, match="recording"):
        resolve("one", spec, None)


def test_a_replay_shorter_than_the_least_duration_of_others_may_have_a_short_deadline():
    benchmark = a_benchmark("Replay")
    benchmark["spec"]["runPolicy"] = {"activeDeadline": "30s"}

    assert complaints(benchmark) == []


def test_a_plan_survives_its_encoding():
    plan = a_plan("MultiStream", {"streamDialect": "loadgen-r0.5", "targetQPS": 20})

    assert msgspec.convert(msgspec.to_builtins(plan), type(plan)) == plan
