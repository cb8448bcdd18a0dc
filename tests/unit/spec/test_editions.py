"""What an edition of the rules makes of a spec: the locked plan of each task and scenario, deviations, refusals.

The tables are written by hand from the rules, not from the packs.
"""

import pytest

from inferometer_loadgen.plan import Deviation
from inferometer_loadgen.spec import LibraryFacts, resolve
from inferometer_loadgen.spec.decode import decode_object
from unit.spec.specs import an_object

S, MS = 10**9, 10**6
SEEDS_V0_5 = (3133965575612453542, 665484352860916858, 3622009729038561421)
SEEDS_V6_1 = (2085463073848966840, 2747215439041700203, 16159082839903944936)
MUCH = LibraryFacts(samples=5_000_000, sha256="")

# Task: QSL, Server bound in ms, MultiStream's ticks a second, its and Server's queries, tail.
V0_5 = {
    "resnet50": (1024, 15, 20, 270_336, 0.99),
    "mobilenet": (1024, 10, 20, 270_336, 0.99),
    "ssd-resnet34": (64, 100, 15, 270_336, 0.99),
    "ssd-mobilenet": (256, 10, 20, 270_336, 0.99),
    "gnmt": (3_903_900, 250, 10, 90_112, 0.97),
}
# Task and scenario: QSL, least queries, order.
V6_1 = {
    ("resnet50", "SingleStream"): (1024, 100, "Drawn"),
    ("resnet50", "MultiStream"): (1024, 662, "Drawn"),
    ("resnet50", "Offline"): (1024, 24_576, "Drawn"),
    ("yolo11l", "SingleStream"): (64, 100, "Drawn"),
    ("yolo11l", "MultiStream"): (64, 662, "Drawn"),
    ("yolo11l", "Offline"): (64, 24_576, "Drawn"),
    ("bert", "SingleStream"): (10_833, 100, "Drawn"),
    ("bert", "Offline"): (10_833, 10_833, "Drawn"),
    ("3d-unet", "SingleStream"): (43, 100, "Permutations"),
    ("3d-unet", "Offline"): (43, 43, "Permutations"),
    ("sdxl", "SingleStream"): (5_000, 100, "Drawn"),
    ("sdxl", "Offline"): (5_000, 5_000, "Drawn"),
    ("dlrm-v3", "Server"): (349_823, 100, "Drawn"),
    ("dlrm-v3", "Offline"): (349_823, 24_576, "Drawn"),
}
PERCENTILES = {"SingleStream": 0.9, "MultiStream": 0.99, "Server": 0.99, "Offline": 0.99}


def a_ruled(rules, task, scenario, **load):
    """The least that a task's scenario needs, with `load` over it."""
    benchmark = an_object()
    benchmark["spec"] |= {"rules": rules, "scenario": scenario} | ({"task": task} if task else {})
    rate = {"targetQPS": 100} if scenario in ("Server", "Offline") else {}
    given = {"data": {"configMap": {"name": "samples"}}} | rate | load
    benchmark["spec"]["load"] = {name: value for name, value in given.items() if value is not None}
    return benchmark


def a_plan(*asked, samples=MUCH, **load):
    spec, errors = decode_object(a_ruled(*asked, **load))
    assert errors == ()
    assert spec is not None
    return resolve("one", spec, samples)


def locked(plan):
    """What an edition fixes of a plan."""
    stream, judge = plan.stream, plan.judge
    assert (stream.min_duration_ns, stream.min_queries) == (judge.min_duration_ns, judge.min_queries)
    return {
        "dialect": stream.dialect,
        "seeds": (stream.seeds.qsl, stream.seeds.sample_index, stream.seeds.schedule),
        "samples": stream.performance_samples,
        "duration": judge.min_duration_ns,
        "queries": judge.min_queries,
        "order": stream.order,
        "per query": stream.samples_per_query,
        "rate": stream.target_qps,
        "bound": judge.latency_bound_ns,
        "percentile": judge.latency_percentile,
        "early stopping": judge.early_stopping,
        "server metric": judge.server_metric,
    }


@pytest.mark.parametrize("scenario", PERCENTILES)
@pytest.mark.parametrize("task", V0_5)
def test_v0_5_fixes_each_scenario_of_each_of_its_tasks(task, scenario):
    samples, bound_ms, ticks, queries, tail = V0_5[task]

    plan = a_plan("mlperf-v0.5", task, scenario)

    assert locked(plan) == {
        "dialect": "loadgen-r0.5",
        "seeds": SEEDS_V0_5,
        "samples": samples,
        "duration": 60 * S,
        "queries": {"SingleStream": 1024, "Offline": 24_576}.get(scenario, queries),
        "order": "Drawn",
        "per query": 8 if scenario == "MultiStream" else 1,
        "rate": {"MultiStream": ticks, "SingleStream": 0}.get(scenario, 100),
        "bound": bound_ms * MS if scenario == "Server" else 0,
        "percentile": {"SingleStream": 0.9, "Offline": 0.99}.get(scenario, tail),
        "early stopping": False,
        "server metric": "Scheduled" if scenario == "Server" else "Completed",
    }
    assert (plan.rules, plan.task, plan.deviations) == ("mlperf-v0.5", task, ())


@pytest.mark.parametrize(("task", "scenario"), V6_1)
def test_v6_1_fixes_each_scenario_of_each_of_its_tensor_tasks(task, scenario):
    samples, queries, order = V6_1[task, scenario]

    plan = a_plan("mlperf-v6.1", task, scenario)

    assert locked(plan) == {
        "dialect": "loadgen-6.0",
        "seeds": SEEDS_V6_1,
        "samples": samples,
        "duration": 600 * S,
        "queries": queries,
        "order": order,
        "per query": 8 if scenario == "MultiStream" else 1,
        "rate": 100 if scenario in ("Server", "Offline") else 0,
        "bound": 80 * MS if scenario == "Server" else 0,
        "percentile": PERCENTILES[scenario],
        "early stopping": scenario != "Offline",
        "server metric": "Completed",
    }
    assert (plan.rules, plan.task, plan.deviations) == ("mlperf-v6.1", task, ())


DEVIATIONS = {
    "a shorter run": ({"minDuration": "10s"}, ("spec.load.minDuration", "10s", "60s")),
    "a laxer bound": ({"latencyBound": "1s"}, ("spec.load.latencyBound", "1s", "15ms")),
    "fewer queries": ({"minQueries": 10}, ("spec.load.minQueries", "10", "270336")),
    "another percentile": ({"latencyPercentile": 0.9}, ("spec.load.latencyPercentile", "0.9", "0.99")),
    "another dialect": ({"streamDialect": "loadgen-6.0"}, ("spec.load.streamDialect", "loadgen-6.0", "loadgen-r0.5")),
    "another seed": ({"seeds": {"qsl": 7}}, ("spec.load.seeds.qsl", "7", "3133965575612453542")),
}


@pytest.mark.parametrize(("load", "expected"), DEVIATIONS.values(), ids=DEVIATIONS)
def test_an_override_is_a_deviation_with_its_source(load, expected):
    (found,) = a_plan("mlperf-v0.5", "resnet50", "Server", **load).deviations

    assert (found.field, found.value, found.fixed) == expected
    assert found.source


@pytest.mark.parametrize(
    "load",
    [
        {"minDuration": "1m"},
        {"minDuration": "60000ms", "latencyBound": "15000us"},
        {"minQueries": 270_336, "latencyPercentile": 0.99, "streamDialect": "loadgen-r0.5"},
        {"seeds": {"qsl": 3133965575612453542 % 2**32}},
    ],
)
def test_the_same_value_in_other_words_is_no_deviation(load):
    assert a_plan("mlperf-v0.5", "resnet50", "Server", **load) == a_plan("mlperf-v0.5", "resnet50", "Server")


def test_a_library_that_is_smaller_than_the_qsl_is_a_deviation():
    plan = a_plan("mlperf-v0.5", "resnet50", "Offline", samples=LibraryFacts(samples=100, sha256=""))

    assert (plan.stream.total_samples, plan.stream.performance_samples) == (100, 100)
    assert plan.deviations == (
        Deviation(
            field="spec.load.data",
            value="100 samples",
            fixed="1024 samples",
            source="MLPerf Inference rules of October 2019: table of tasks, resnet50, QSL size",
        ),
    )


def test_in_another_dialect_ticks_are_not_filled():
    plan = a_plan("mlperf-v0.5", "resnet50", "MultiStream", streamDialect="loadgen-6.0")

    assert plan.stream.target_qps == 0
    assert [one.field for one in plan.deviations] == ["spec.load.streamDialect"]


def test_without_rules_nothing_is_held_against_an_edition():
    plan = a_plan("custom", "", "Server", latencyBound="1s")

    assert (plan.rules, plan.task, plan.deviations) == ("custom", "", ())
    assert (plan.judge.min_duration_ns, plan.judge.min_queries) == (60 * S, 100)


REFUSALS = {
    "a task that the pack lacks": (
        ("mlperf-v6.1", "gnmt", "Offline"),
        (
            "spec.task: `gnmt` is no task of mlperf-v6.1. hint: write one of "
            "resnet50, yolo11l, bert, 3d-unet, sdxl, dlrm-v3"
        ),
    ),
    "a scenario that the task lacks": (
        ("mlperf-v6.1", "bert", "Server"),
        "spec.scenario: `Server` is no scenario of bert in mlperf-v6.1. hint: write one of SingleStream, Offline",
    ),
    "no task": (
        ("mlperf-v0.5", "", "Offline"),
        (
            "spec.task: is missing, and mlperf-v0.5 needs it. hint: write one of resnet50, mobilenet, ssd-resnet34, "
            "ssd-mobilenet, gnmt"
        ),
    ),
    "a task without rules": (
        ("custom", "bert", "Offline"),
        (
            "spec.task: `bert` means nothing with custom rules. hint: leave it out, or set rules to mlperf-v0.5 or "
            "mlperf-v6.1"
        ),
    ),
    "rules that there are not": (
        ("mlperf-v9.9", "bert", "Offline"),
        "spec.rules: `mlperf-v9.9` is no pack. hint: write mlperf-v0.5, mlperf-v6.1 or custom",
    ),
}


@pytest.mark.parametrize(("asked", "line"), REFUSALS.values(), ids=REFUSALS)
def test_what_no_pack_has_is_refused_with_what_there_is(asked, line):
    _, errors = decode_object(a_ruled(*asked))

    assert [str(error) for error in errors] == [line]


@pytest.mark.parametrize(
    "load", [{"concurrency": 4}, {"replay": {"configMap": {"name": "t"}}}], ids=["Concurrency", "Replay"]
)
def test_a_scenario_that_no_rules_know_is_refused(load):
    scenario = "Concurrency" if "concurrency" in load else "Replay"
    _, errors = decode_object(a_ruled("mlperf-v0.5", "resnet50", scenario, **load))

    (error,) = errors
    assert str(error) == (
        f"spec.scenario: `{scenario}` is no scenario of resnet50 in mlperf-v0.5. hint: write one of SingleStream, "
        "MultiStream, Server, Offline"
    )


@pytest.mark.parametrize(
    ("scenario", "rounds"), [("Server", 5), ("SingleStream", None), ("MultiStream", None), ("Offline", None)]
)
def test_v0_5_asks_for_five_rounds_of_server(scenario, rounds):
    repeat = a_plan("mlperf-v0.5", "resnet50", scenario).repeat

    assert (None if repeat is None else repeat.count) == rounds


def test_another_number_of_rounds_is_a_deviation():
    benchmark = a_ruled("mlperf-v0.5", "resnet50", "Server")
    benchmark["spec"]["repeat"] = {"count": 2}
    spec, errors = decode_object(benchmark)
    assert errors == ()
    assert spec is not None

    (deviation,) = resolve("one", spec, MUCH).deviations

    assert (deviation.field, deviation.value, deviation.fixed) == ("spec.repeat.count", "2", "5")


def test_a_search_for_the_peak_is_no_five_rounds():
    plan = a_plan("mlperf-v0.5", "resnet50", "Server", targetQPS=None, findPeak={"min": 10, "max": 100})

    assert plan.repeat is None
    assert [(one.field, one.fixed) for one in plan.deviations] == [("spec.load.findPeak", "5 of them")]


def test_ticks_are_not_given_an_early_stopping_that_they_cannot_have():
    plan = a_plan("mlperf-v6.1", "resnet50", "MultiStream", streamDialect="loadgen-r0.5", targetQPS=20)

    assert not plan.judge.early_stopping
    assert "spec.load.streamDialect" in {one.field for one in plan.deviations}


def test_early_stopping_is_today_s_and_may_be_given_up():
    assert a_plan("mlperf-v6.1", "bert", "SingleStream").judge.early_stopping
    assert not a_plan("mlperf-v0.5", "gnmt", "SingleStream").judge.early_stopping

    (deviation,) = a_plan("mlperf-v6.1", "bert", "SingleStream", earlyStopping=False).deviations

    assert (deviation.field, deviation.value, deviation.fixed) == ("spec.load.earlyStopping", "false", "true")
