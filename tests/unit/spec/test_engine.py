"""What the official LoadGen can do as the engine of a load, and what is refused with the remedy."""

import pytest

from inferometer_loadgen.plan import Assignment, ReplicaAddress
from inferometer_loadgen.rules.submittable import obstacles
from unit.spec.test_scenarios import a_benchmark, a_plan, complaints

OFFICIAL = {"engine": "mlperf-loadgen"}


@pytest.mark.parametrize("scenario", ["SingleStream", "MultiStream", "Server", "Offline"])
def test_it_has_mlperfs_scenarios(scenario):
    plan = a_plan(scenario, OFFICIAL)

    assert plan.engine == "mlperf-loadgen"
    assert plan.judge.early_stopping is (scenario != "Offline"), "LoadGen always judges it"


def test_our_own_engine_is_the_default_and_leaves_early_stopping_to_the_spec():
    plan = a_plan("Server")

    assert plan.engine == "Own"
    assert plan.judge.early_stopping is False


@pytest.mark.parametrize(
    ("scenario", "load", "complaint"),
    [
        ("Concurrency", {}, "spec.load.engine: `mlperf-loadgen` has no scenario Concurrency. hint: set engine to Own"),
        ("Replay", {}, "spec.load.engine: `mlperf-loadgen` has no scenario Replay. hint: set engine to Own"),
        ("Server", {"workers": 2}, "spec.load.workers: `2` does not fit engine mlperf-loadgen: LoadGen runs on one"),
        (
            "Server",
            {"targetQPS": None, "findPeak": {"min": 1, "max": 2}},
            "spec.load.findPeak: does not fit engine mlperf-loadgen, whose run has one rate",
        ),
        (
            "MultiStream",
            {"streamDialect": "loadgen-r0.5", "targetQPS": 20},
            "spec.load.streamDialect: `loadgen-r0.5` does not fit engine mlperf-loadgen",
        ),
        ("Server", {"earlyStopping": False}, "spec.load.earlyStopping: `false` does not fit engine mlperf-loadgen"),
        ("Server", {"minDuration": "1500us"}, "spec.load.minDuration: `1500us` does not fit engine mlperf-loadgen"),
        ("SingleStream", {"sequences": {"count": 1, "length": 4}}, "spec.load.sequences: do not fit engine mlperf-"),
        ("Server", {"spin": "50us"}, "spec.load.spin: does not fit engine mlperf-loadgen: it is LoadGen that waits"),
    ],
)  # fmt: skip
def test_what_it_cannot_do_is_refused_with_the_remedy(scenario, load, complaint):
    found = complaints(a_benchmark(scenario, {**OFFICIAL, **load}))

    assert any(one.startswith(complaint) for one in found), found
    assert not complaints(a_benchmark(scenario, load)), "our own engine can"


def test_an_accuracy_run_is_refused():
    benchmark = a_benchmark("Server", {**OFFICIAL, "data": {"configMap": {"name": "labelled"}}})
    benchmark["spec"] |= {"mode": "Accuracy", "accuracy": {"scorer": "top1"}}

    (complaint,) = complaints(benchmark)
    assert complaint.startswith("spec.load.engine: `mlperf-loadgen` runs in mode Performance only, not Accuracy")


def test_the_rules_of_2019_are_of_another_loadgen():
    benchmark = a_benchmark("Server", {**OFFICIAL, "latencyBound": None})
    benchmark["spec"] |= {"rules": "mlperf-v0.5", "task": "resnet50"}

    assert any(one.startswith("spec.load.streamDialect: `loadgen-r0.5`") for one in complaints(benchmark))


def test_equal_issue_in_single_stream_hangs_on_an_expected_latency():
    benchmark = a_benchmark("SingleStream", OFFICIAL)
    benchmark["spec"] |= {"rules": "mlperf-v6.1", "task": "3d-unet"}

    assert any("its equal issue hangs on an expected latency" in one for one in complaints(benchmark))


@pytest.mark.parametrize("engine", ["Own", "mlperf-loadgen"])
def test_no_obstacle_but_the_engine_and_the_name_goes_with_it(engine):
    plan = a_plan("SingleStream", {"engine": engine, "warmup": "1s"})
    address = ReplicaAddress(name="s", url="http://198.18.0.4:8000", metrics_url="", node="gpu-a")

    types = [one.type for one in obstacles(plan, Assignment(replicas=(address,), worker_nodes=("cpu-a",)))]

    engines = ["OwnEngine"] if engine == "Own" else []
    names = ["NoNetworkSutName"] if engine == "Own" else []
    assert types == ["NoEdition", *engines, "EdgeOverNetwork", *names, "WarmedUpWithTestSamples"]
