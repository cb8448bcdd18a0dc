"""Each rule of the CRD accepts what it must and refuses what it must, on a real API server."""

import copy
import json
from typing import Any

import pytest
import yaml

from inferometer_loadgen.spec.decode import decode_file
from inferometer_loadgen.spec.errors import SpecErrors

from .conftest import ApiException, Cluster, await_true

GROUP = ("inferometer.dev", "v1alpha1")
PLURAL = "inferencebenchmarks"
NOW = "2026-11-25T03:05:01.000001Z"
LATER = "2026-11-25T03:05:02.000001Z"


RECORDED = {"replay": {"configMap": {"name": "times"}}}


def a_benchmark(name: str = "one", **spec: Any) -> dict[str, Any]:
    ordinary = {
        "scenario": "Server",
        "model": {"name": "magika"},
        "target": {"triton": {"image": "triton:1", "modelRepository": {"image": "models:1"}}},
        "load": {"targetQPS": 40, "latencyBound": "250ms", "data": {"synthetic": {}}},
    }
    return {
        "apiVersion": "inferometer.dev/v1alpha1",
        "kind": "InferenceBenchmark",
        "metadata": {"name": name},
        "spec": ordinary | spec,
    }


def ruled(rules: str, task: str, scenario: str, **load: Any) -> dict[str, Any]:
    """A benchmark by an edition of the rules."""
    benchmark = a_scenario(scenario, **load)
    benchmark["spec"] |= {"rules": rules, "task": task}
    return benchmark


def a_scenario(scenario: str, **load: Any) -> dict[str, Any]:
    return a_benchmark(scenario=scenario, load={"data": {"synthetic": {}}} | load)


def at_endpoints(count: int, benchmark: dict[str, Any]) -> dict[str, Any]:
    """A benchmark of servers that run already."""
    urls = [f"http://198.51.100.{number}:8000" for number in range(1, count + 1)]
    benchmark["spec"]["target"] = {"endpoint": {"urls": urls}}
    return benchmark


DETECTIONS = {"boxes": "boxes", "classes": "classes", "scores": "scores"}


def scored(**accuracy: Any) -> dict[str, Any]:
    """An accuracy run."""
    load = {"targetQPS": 40, "latencyBound": "250ms", "data": {"configMap": {"name": "labelled"}}}
    return a_benchmark(mode="Accuracy", accuracy=accuracy, load=load)


def changed(path: str, value: Any, base: dict[str, Any] | None = None) -> dict[str, Any]:
    """The ordinary benchmark with one value replaced; None removes it."""
    found = copy.deepcopy(base or a_benchmark())
    *parents, last = path.split(".")
    block = found
    for key in parents:
        block = block.setdefault(key, {})
    if value is None:
        block.pop(last)
    else:
        block[last] = value
    return found


def in_mode(mode: str, **spec: Any) -> dict[str, Any]:
    """A benchmark of labelled samples in a mode, with `spec` over it."""
    found = changed("spec.load.data", {"configMap": {"name": "samples"}})
    found["spec"] |= {"mode": mode, **spec}
    return found


SCORED = {"scorer": "top1"}


class Benchmarks:
    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self._custom = cluster.custom
        self._namespace = namespace

    def create(self, body: dict[str, Any]) -> dict[str, Any]:
        return self._custom.create_namespaced_custom_object(*GROUP, self._namespace, PLURAL, body)

    def replace(self, body: dict[str, Any]) -> dict[str, Any]:
        name = body["metadata"]["name"]
        return self._custom.replace_namespaced_custom_object(*GROUP, self._namespace, PLURAL, name, body)

    def set_status(self, stored: dict[str, Any], **status: Any) -> dict[str, Any]:
        body = stored | {"status": status}
        name = stored["metadata"]["name"]
        return self._custom.replace_namespaced_custom_object_status(*GROUP, self._namespace, PLURAL, name, body)


@pytest.fixture
def benchmarks(cluster: Cluster, namespace: str) -> Benchmarks:
    return Benchmarks(cluster, namespace)


def refusal(error: pytest.ExceptionInfo[ApiException]) -> str:
    assert error.value.status == 422, error.value.body
    return json.loads(error.value.body or "")["message"]


OVER_CREATION = {
    "a name leaves room for the names of its pods": (
        a_benchmark("n" * 40),
        a_benchmark("n" * 41),
        "at most 40 characters",
    ),
    "a model repository is an image or a claim, not both": (
        changed("spec.target.triton.modelRepository", {"persistentVolumeClaim": {"claimName": "models"}}),
        changed("spec.target.triton.modelRepository.persistentVolumeClaim", {"claimName": "models"}),
        "set exactly one of image, persistentVolumeClaim",
    ),
    "a model repository is one of them": (
        a_benchmark(),
        changed("spec.target.triton.modelRepository", {}),
        "set exactly one of image, persistentVolumeClaim",
    ),
    "a sample library is synthetic or a ConfigMap, not both": (
        changed("spec.load.data", {"configMap": {"name": "samples"}}),
        changed("spec.load.data.configMap", {"name": "samples"}),
        "set exactly one of synthetic, configMap",
    ),
    "a sample library is one of them": (
        a_benchmark(),
        changed("spec.load.data", {}),
        "set exactly one of synthetic, configMap",
    ),
    "what was measured and scored says how it is scored": (
        in_mode("PerformanceAndAccuracy", accuracy=SCORED, repeat={"count": 2}),
        in_mode("PerformanceAndAccuracy"),
        "accuracy belongs to mode Accuracy and PerformanceAndAccuracy",
    ),
    "an audit says which": (
        in_mode("Audit", audit="TEST04"),
        in_mode("Audit"),
        "audit belongs to mode Audit",
    ),
    "an audit belongs to its mode": (
        in_mode("Audit", audit="TEST05"),
        in_mode("Performance", audit="TEST05"),
        "audit belongs to mode Audit",
    ),
    "answers are scored in TEST01 alone": (
        in_mode("Audit", audit="TEST01", accuracy=SCORED),
        in_mode("Audit", audit="TEST04", accuracy=SCORED),
        "may stand with audit TEST01",
    ),
    "an audit has the rounds of its test": (
        in_mode("Audit", audit="TEST01"),
        in_mode("Audit", audit="TEST01", repeat={"count": 2}),
        "the rounds of mode Audit are those of the test",
    ),
    "rules are those of a pack": (
        a_benchmark(),
        changed("spec.rules", "mlperf-v9.9"),
        "use mlperf-v0.5, mlperf-v6.1 or custom",
    ),
    "a task is one of an edition": (
        a_benchmark(),
        changed("spec.task", "bert"),
        "task means nothing with custom rules",
    ),
    "an edition has tasks of its own": (
        ruled("mlperf-v6.1", "bert", "SingleStream"),
        ruled("mlperf-v6.1", "gnmt", "SingleStream"),
        "mlperf-v6.1 needs a task that it has",
    ),
    "a task has scenarios of its own": (
        ruled("mlperf-v6.1", "resnet50", "MultiStream"),
        ruled("mlperf-v6.1", "bert", "MultiStream"),
        "use SingleStream or Offline",
    ),
    "an edition fills Server's bound, and not its rate": (
        ruled("mlperf-v0.5", "gnmt", "Server", targetQPS=20),
        ruled("mlperf-v0.5", "gnmt", "Server"),
        "targetQPS is missing",
    ),
    "an edition fills the ticks of MultiStream": (
        ruled("mlperf-v0.5", "gnmt", "MultiStream"),
        ruled("mlperf-v0.5", "gnmt", "MultiStream", streamDialect="loadgen-6.0", targetQPS=20),
        "targetQPS means nothing in this scenario",
    ),
    "texts are split for bleu only": (
        scored(scorer="bleu", tokenize="none", target=23.7),
        scored(scorer="top1", tokenize="none"),
        "tokenize means nothing to this scorer",
    ),
    "coco-map needs to know its outputs": (
        scored(scorer="coco-map", detections=DETECTIONS, target=0.22),
        scored(scorer="coco-map"),
        "detections is missing",
    ),
    "outputs are detections for coco-map only": (
        scored(scorer="top1", output="probs", labelOffset=1),
        scored(scorer="top1", detections=DETECTIONS),
        "detections means nothing to this scorer",
    ),
    "a share is no percentage": (
        scored(scorer="top1", target=0.757),
        scored(scorer="top1", target=75.7),
        "target is above 1",
    ),
    "Server has a rate": (
        a_benchmark(),
        changed("spec.load.targetQPS", None),
        "targetQPS is missing",
    ),
    "Server has a bound": (
        a_benchmark(),
        changed("spec.load.latencyBound", None),
        "latencyBound is missing",
    ),
    "the ticks of 2019 have a rate": (
        a_scenario("MultiStream", streamDialect="loadgen-r0.5", targetQPS=20),
        a_scenario("MultiStream", streamDialect="loadgen-r0.5"),
        "targetQPS is missing",
    ),
    "answers pace a closed loop, and no rate does": (
        a_scenario("SingleStream"),
        a_scenario("SingleStream", targetQPS=20),
        "targetQPS means nothing in this scenario",
    ),
    "Offline has an expected rate": (
        a_scenario("Offline", targetQPS=20),
        a_scenario("Offline"),
        "targetQPS is missing",
    ),
    "no latency is judged in Offline": (
        a_scenario("Offline", targetQPS=20, samplesPerRequest=8, inFlight=8),
        a_scenario("Offline", targetQPS=20, latencyBound="1s"),
        "latencyBound means nothing in this scenario",
    ),
    "a percentile is of latencies": (
        a_scenario("SingleStream", latencyPercentile=0.9),
        a_scenario("Offline", targetQPS=20, latencyPercentile=0.9),
        "latencyPercentile means nothing in this scenario",
    ),
    "Concurrency has a concurrency": (
        a_scenario("Concurrency", concurrency=8, latencyBound="1s"),
        a_scenario("Concurrency"),
        "concurrency is missing",
    ),
    "steps are in a concurrency's place": (
        a_scenario("Concurrency", concurrencySteps=[1, 2, 4, 8]),
        a_scenario("Concurrency", concurrencySteps=[1, 2], concurrency=8),
        "leave one of them out",
    ),
    "steps rise": (
        a_scenario("Concurrency", concurrencySteps=[4, 8], workers=4),
        a_scenario("Concurrency", concurrencySteps=[4, 8, 8], workers=4),
        "concurrencySteps do not rise",
    ),
    "steps have a share for each worker": (
        a_scenario("Concurrency", concurrencySteps=[4, 8], workers=4),
        a_scenario("Concurrency", concurrencySteps=[2, 8], workers=4),
        "a step of concurrencySteps is smaller than the number of workers",
    ),
    "sequences are as many as queries are open": (
        a_scenario("Concurrency", concurrency=4, sequences={"count": 4, "length": 10}, workers=2),
        a_scenario("Concurrency", concurrency=8, sequences={"count": 4, "length": 10}, workers=2),
        "sequences.count is not concurrency",
    ),
    "sequences stay with their endpoint": (
        at_endpoints(2, a_scenario("Concurrency", concurrency=4, sequences={"count": 4, "length": 10})),
        at_endpoints(3, a_scenario("Concurrency", concurrency=4, sequences={"count": 4, "length": 10})),
        "sequences.count is no multiple of how many urls there are",
    ),
    "sequences stay with their worker": (
        a_scenario("Concurrency", concurrency=6, sequences={"count": 6, "length": 10}, workers=3),
        a_scenario("Concurrency", concurrency=6, sequences={"count": 6, "length": 10}, workers=4),
        "sequences.count is no multiple of workers",
    ),
    "a single stream has one sequence": (
        a_scenario("SingleStream", sequences={"count": 1, "length": 10}),
        a_scenario("SingleStream", sequences={"count": 2, "length": 10}),
        "more than one sequence in SingleStream",
    ),
    "sequences wait for answers": (
        a_scenario("SingleStream", sequences={"count": 1, "length": 10}),
        a_scenario("Offline", targetQPS=20, sequences={"count": 1, "length": 10}),
        "sequences means nothing in this scenario",
    ),
    "a concurrency is Concurrency's": (
        a_scenario("Concurrency", concurrency=8),
        a_scenario("SingleStream", concurrency=8),
        "concurrency means nothing in this scenario",
    ),
    "several samples a query are MultiStream's": (
        a_scenario("MultiStream", samplesPerQuery=8),
        a_scenario("SingleStream", samplesPerQuery=8),
        "samplesPerQuery means nothing in this scenario",
    ),
    "requests of several samples are Offline's": (
        a_scenario("Offline", targetQPS=20, samplesPerRequest=8),
        a_scenario("MultiStream", samplesPerRequest=8),
        "samplesPerRequest means nothing in this scenario",
    ),
    "a window is Offline's": (
        a_scenario("Offline", targetQPS=20, inFlight=8),
        a_scenario("SingleStream", inFlight=8),
        "inFlight means nothing in this scenario",
    ),
    "the fewest queries open are known to one worker": (
        changed("spec.load.balance", "LeastOutstanding"),
        changed("spec.load.workers", 2, changed("spec.load.balance", "LeastOutstanding")),
        "set workers to 1, or balance to RoundRobin",
    ),
    "LoadGen runs on one node": (
        changed("spec.load.engine", "mlperf-loadgen"),
        changed("spec.load.workers", 2, changed("spec.load.engine", "mlperf-loadgen")),
        "LoadGen runs on one node; set workers to 1",
    ),
    "LoadGen judges early stopping": (
        a_scenario("SingleStream", engine="mlperf-loadgen", earlyStopping=True),
        a_scenario("SingleStream", engine="mlperf-loadgen", earlyStopping=False),
        "earlyStopping false; leave it out",
    ),
    "LoadGen waits by itself": (
        changed("spec.load.spin", "50us"),
        changed("spec.load.spin", "50us", changed("spec.load.engine", "mlperf-loadgen")),
        "it is LoadGen that waits",
    ),
    "LoadGen knows of no query that waits for another": (
        a_scenario("SingleStream", sequences={"count": 1, "length": 4}),
        a_scenario("SingleStream", sequences={"count": 1, "length": 4}, engine="mlperf-loadgen"),
        "sequences, whose queries wait for one another; leave them out",
    ),
    "a run of LoadGen has one rate": (
        a_scenario("Server", targetQPS=20, latencyBound="1s", engine="mlperf-loadgen"),
        a_scenario("Server", findPeak={"min": 1, "max": 2}, latencyBound="1s", engine="mlperf-loadgen"),
        "a run of LoadGen has one rate; set targetQPS",
    ),
    "LoadGen has to know how long a query takes where samples are issued equally": (
        ruled("mlperf-v6.1", "resnet50", "SingleStream", engine="mlperf-loadgen"),
        ruled("mlperf-v6.1", "3d-unet", "SingleStream", engine="mlperf-loadgen"),
        "engine mlperf-loadgen with 3d-unet in SingleStream",
    ),
    "LoadGen has MLPerf's scenarios": (
        a_scenario("MultiStream", engine="mlperf-loadgen"),
        a_scenario("Concurrency", concurrency=2, engine="mlperf-loadgen"),
        "in a scenario that LoadGen has not",
    ),
    "the package is LoadGen 6.0": (
        a_scenario("MultiStream", streamDialect="loadgen-6.0", engine="mlperf-loadgen"),
        a_scenario("MultiStream", targetQPS=20, streamDialect="loadgen-r0.5", engine="mlperf-loadgen"),
        "and the package is LoadGen 6.0",
    ),
    "early stopping judges a latency": (
        a_scenario("SingleStream", earlyStopping=True),
        a_scenario("Offline", targetQPS=20, earlyStopping=True),
        "earlyStopping means nothing in this scenario",
    ),
    "the rules of 2019 have no early stopping": (
        a_scenario("MultiStream", targetQPS=20, streamDialect="loadgen-r0.5", earlyStopping=False),
        a_scenario("MultiStream", targetQPS=20, streamDialect="loadgen-r0.5", earlyStopping=True),
        "whose rules have none",
    ),
    "a search of Server looks for a rate": (
        a_scenario("Server", latencyBound="1s", findPeak={"min": 1, "max": 9}),
        a_scenario("Server", latencyBound="1s", targetQPS=20, findPeak={"maxSamplesPerQuery": 9}),
        "findPeak looks for a rate in Server",
    ),
    "a search has both of its rates": (
        a_scenario("Server", latencyBound="1s", findPeak={"min": 1, "max": 9}),
        a_scenario("Server", latencyBound="1s", findPeak={"max": 9}),
        "findPeak looks for one thing",
    ),
    "a search stands in place of a rate": (
        a_scenario("Server", latencyBound="1s", findPeak={"min": 1, "max": 9}),
        a_scenario("Server", latencyBound="1s", targetQPS=20, findPeak={"min": 1, "max": 9}),
        "findPeak says which rates are tried",
    ),
    "a search is not repeated": (
        a_scenario("Server", latencyBound="1s", findPeak={"min": 1, "max": 9}),
        a_benchmark(
            repeat={"count": 2},
            load={"latencyBound": "1s", "findPeak": {"min": 1, "max": 9}, "data": {"synthetic": {}}},
        ),
        "repeat does not fit findPeak",
    ),
    "a search has a highest rate that is not below its lowest": (
        a_scenario("Server", latencyBound="1s", findPeak={"min": 9, "max": 9}),
        a_scenario("Server", latencyBound="1s", findPeak={"min": 9, "max": 8.5}),
        "findPeak has a highest load below its lowest",
    ),
    "a search of MultiStream looks for samples per query": (
        a_scenario("MultiStream", targetQPS=20, streamDialect="loadgen-r0.5", findPeak={"maxSamplesPerQuery": 9}),
        a_scenario("MultiStream", targetQPS=20, streamDialect="loadgen-r0.5", findPeak={"min": 1, "max": 9}),
        "findPeak looks for samples per query in MultiStream",
    ),
    "a search of samples per query is the rules' of 2019": (
        a_scenario(
            "MultiStream",
            targetQPS=20,
            streamDialect="loadgen-r0.5",
            findPeak={"minSamplesPerQuery": 2, "maxSamplesPerQuery": 9},
        ),
        a_scenario("MultiStream", findPeak={"maxSamplesPerQuery": 9}),
        "findPeak looks for samples per query in MultiStream",
    ),
    "Replay has a recording": (
        a_scenario("Replay", latencyBound="1s", **RECORDED),
        a_scenario("Replay", latencyBound="1s"),
        "replay is missing",
    ),
    "Replay has a bound": (
        a_scenario("Replay", latencyBound="1s", latencyPercentile=0.9, spin="50us", workers=2, **RECORDED),
        a_scenario("Replay", **RECORDED),
        "latencyBound is missing",
    ),
    "a recording is Replay's": (
        a_scenario("Replay", latencyBound="1s", **RECORDED),
        a_scenario("Concurrency", concurrency=8, **RECORDED),
        "replay means nothing in this scenario",
    ),
    "a recording is in a ConfigMap": (
        a_scenario("Replay", latencyBound="1s", **RECORDED),
        a_scenario("Replay", latencyBound="1s", replay={}),
        "spec.load.replay.configMap",
    ),
    "recorded times have no rate": (
        a_scenario("Replay", latencyBound="1s", **RECORDED),
        a_scenario("Replay", latencyBound="1s", targetQPS=20, **RECORDED),
        "targetQPS means nothing in this scenario",
    ),
    "a recording is as long as it is": (
        a_scenario("Replay", latencyBound="1s", minDuration="60s", **RECORDED),
        a_scenario("Replay", latencyBound="1s", minDuration="10s", **RECORDED),
        "minDuration means nothing in scenario Replay",
    ),
    "a recording has as many queries as it has": (
        a_scenario("Replay", latencyBound="1s", minQueries=100, **RECORDED),
        a_scenario("Replay", latencyBound="1s", minQueries=10, **RECORDED),
        "minQueries means nothing in scenario Replay",
    ),
    "a spin is Server's": (
        changed("spec.load.spin", "50us"),
        a_scenario("SingleStream", spin="50us"),
        "spin means nothing in this scenario",
    ),
    "one query open at a time is one worker's": (
        a_scenario("MultiStream", workers=1),
        a_scenario("MultiStream", workers=2),
        "set workers to 1, or use scenario Server",
    ),
    "an input is named as tensors are": (
        changed("spec.model.inputs", {"bytes:0": {"shape": [2048]}}),
        changed("spec.model.inputs", {"by tes": {"shape": [2048]}}),
        "each key has at most 128 characters",
    ),
    "an environment variable is named as one": (
        changed("spec.target.triton.env", {"LOG_LEVEL": "1"}),
        changed("spec.target.triton.env", {"1LOG": "1"}),
        "each key has at most 128 characters",
    ),
    "a server's node selector names labels": (
        changed("spec.target.triton.nodeSelector", {"example.test/gpu": "a"}),
        changed("spec.target.triton.nodeSelector", {"example.test/": "a"}),
        "each key has at most 317 characters",
    ),
    "a load pod's node selector names labels": (
        changed("spec.load.nodeSelector", {"example.test/gpu": "a"}),
        changed("spec.load.nodeSelector", {"/gpu": "a"}),
        "each key has at most 317 characters",
    ),
    "a server's requests name resources": (
        changed("spec.target.triton.resources.requests", {"cpu": "200m"}),
        changed("spec.target.triton.resources.requests", {"c p u": "200m"}),
        "each key has at most 317 characters",
    ),
    "a worker's limits name resources": (
        changed("spec.load.resources.limits", {"memory": "1Gi"}),
        changed("spec.load.resources.limits", {"-memory": "1Gi"}),
        "each key has at most 317 characters",
    ),
    "a rate is above zero": (
        changed("spec.load.targetQPS", 0.5),
        changed("spec.load.targetQPS", 0),
        "spec.load.targetQPS",
    ),
    "a percentile is below one": (
        changed("spec.load.latencyPercentile", 0.999),
        changed("spec.load.latencyPercentile", 1),
        "spec.load.latencyPercentile",
    ),
    "a duration has a unit": (
        changed("spec.load.latencyBound", "15ms"),
        changed("spec.load.latencyBound", "15"),
        "spec.load.latencyBound",
    ),
    "an amount is a number or a text of its form": (
        changed("spec.load.resources.limits", {"cpu": 2, "memory": "1Gi"}),
        changed("spec.load.resources.limits", {"cpu": "two"}),
        "spec.load.resources.limits.cpu",
    ),
    "an amount is no fraction without quotes": (
        changed("spec.load.resources.limits", {"cpu": "0.5"}),
        changed("spec.load.resources.limits", {"cpu": 0.5}),
        "spec.load.resources.limits.cpu",
    ),
    "a time to live has a unit, and may be none": (
        changed("spec.runPolicy.ttlAfterFinished", "0s"),
        changed("spec.runPolicy.ttlAfterFinished", "0"),
        "spec.runPolicy.ttlAfterFinished",
    ),
    "pods stay by one of three policies": (
        changed("spec.runPolicy.cleanPods", "OnSuccess"),
        changed("spec.runPolicy.cleanPods", "Sometimes"),
        "spec.runPolicy.cleanPods",
    ),
    "a seed is 63 bits wide": (
        changed("spec.load.seeds", {"qsl": 2**63 - 1}),
        changed("spec.load.seeds", {"qsl": -1}),
        "spec.load.seeds.qsl",
    ),
}


@pytest.mark.parametrize(("accepted", "refused", "words"), OVER_CREATION.values(), ids=OVER_CREATION.keys())
def test_at_its_creation(benchmarks: Benchmarks, accepted: dict, refused: dict, words: str) -> None:
    benchmarks.create(accepted)

    with pytest.raises(ApiException) as error:
        benchmarks.create(refused | {"metadata": refused["metadata"] | {"name": "r" + refused["metadata"]["name"]}})
    assert words in refusal(error)


@pytest.mark.parametrize(("accepted", "refused", "_words"), OVER_CREATION.values(), ids=OVER_CREATION.keys())
def test_the_shell_says_the_same_of(accepted: dict, refused: dict, _words: str) -> None:
    assert decode_file(yaml.safe_dump(accepted), "good.yaml").name == accepted["metadata"]["name"]

    with pytest.raises(SpecErrors, match=r"bad\.yaml:[0-9]+: .*hint: "):
        decode_file(yaml.safe_dump(refused), "bad.yaml")


def test_a_command_scores_in_the_shell_only(benchmarks: Benchmarks) -> None:
    """In a cluster it would stand beside the run's token."""
    benchmark = scored(scorer="command", command={"run": ["score"]})
    assert decode_file(yaml.safe_dump(benchmark), "good.yaml").name == "one"

    with pytest.raises(ApiException) as error:
        benchmarks.create(benchmark)
    assert "scorer command does not run in a cluster" in refusal(error)


CHANGES = {
    "the scenario, which has one value, stays": ("spec.scenario", "Offline", "spec.scenario"),
    "the model stays": ("spec.model.name", "resnet50", "model can't be changed"),
    "a part of the model is not added": ("spec.model.inputs", {"x": {"shape": [1]}}, "model can't be changed"),
    "the target stays": ("spec.target.triton.replicas", 2, "target can't be changed"),
    "the load stays": ("spec.load.targetQPS", 41, "load can't be changed"),
    "the load's data stay": ("spec.load.data", {"configMap": {"name": "s"}}, "load can't be changed"),
    "the metrics stay": ("spec.metrics.interval", "2s", "metrics can't be changed"),
    "the policy stays": ("spec.runPolicy.activeDeadline", "1h", "runPolicy can't be changed"),
}


@pytest.mark.parametrize(("path", "value", "words"), CHANGES.values(), ids=CHANGES.keys())
def test_after_its_creation(benchmarks: Benchmarks, path: str, value: Any, words: str) -> None:
    stored = benchmarks.create(a_benchmark())
    labelled = benchmarks.replace(changed("metadata.labels", {"team": "vision"}, stored))

    with pytest.raises(ApiException) as error:
        benchmarks.replace(changed(path, value, labelled))
    assert words in refusal(error)


def test_cancel_is_set_once_and_not_taken_back(benchmarks: Benchmarks) -> None:
    stored = benchmarks.set_status(benchmarks.create(a_benchmark()), startTime=NOW, startNonce="a")
    cancelled = benchmarks.replace(changed("spec.cancel", True, stored))

    for value in (False, None):
        with pytest.raises(ApiException) as error:
            benchmarks.replace(changed("spec.cancel", value, cancelled))
        assert "cancel can't be taken back" in refusal(error)


def test_suspend_is_set_and_taken_back_before_the_start_and_not_set_after_it(benchmarks: Benchmarks) -> None:
    stored = benchmarks.create(changed("spec.suspend", True))
    for value in (False, True, False):
        stored = benchmarks.replace(changed("spec.suspend", value, stored))
    started = benchmarks.set_status(stored, startTime=NOW, startNonce="a")

    with pytest.raises(ApiException) as error:
        benchmarks.replace(changed("spec.suspend", True, started))
    assert "suspend can't be set once the load was started" in refusal(error)


def test_kubectl_refuses_an_unknown_field_and_the_api_warns_of_it(cluster: Cluster, namespace: str) -> None:
    body = json.dumps(changed("spec.load.worker", 2))
    strict = cluster.kubectl("create", "-n", namespace, "-f", "-", stdin=body, check=False)
    lax = cluster.kubectl("create", "-n", namespace, "--validate=warn", "-f", "-", stdin=body, check=False)

    assert 'unknown field "spec.load.worker"' in strict
    assert 'Warning: unknown field "spec.load.worker"' in lax
    assert "created" in lax


def test_a_start_is_written_with_its_nonce(benchmarks: Benchmarks) -> None:
    stored = benchmarks.create(a_benchmark())

    for half in ({"startTime": NOW}, {"startNonce": "a"}):
        with pytest.raises(ApiException) as error:
            benchmarks.set_status(stored, **half)
        assert "written together" in refusal(error)
    benchmarks.set_status(stored, startTime=NOW, startNonce="a")


@pytest.mark.parametrize(
    "status",
    [{"startTime": LATER, "startNonce": "a"}, {"startTime": NOW, "startNonce": "b"}, {}],
    ids=["its time stays", "its nonce stays", "it is not taken back"],
)
def test_a_start_is_written_once(benchmarks: Benchmarks, status: dict[str, str]) -> None:
    started = benchmarks.set_status(benchmarks.create(a_benchmark()), startTime=NOW, startNonce="a")
    progressed = benchmarks.set_status(started, startTime=NOW, startNonce="a", phase="Running")

    with pytest.raises(ApiException) as error:
        benchmarks.set_status(progressed, **status)
    assert "written once" in refusal(error)


def test_defaults_are_filled_in_by_the_api_server(benchmarks: Benchmarks) -> None:
    spec = benchmarks.create(a_benchmark())["spec"]

    assert spec["metrics"] == {"interval": "1s"}
    assert spec["target"]["triton"]["gpu"] == {"count": 1, "resource": "nvidia.com/gpu"}
    assert spec["load"]["resources"]["limits"] == {"cpu": "1", "memory": "512Mi"}
    assert spec["rules"] == "custom"
    assert "minDuration" not in spec["load"], "what an edition may fill must be seen to be left out"


def test_explain_reads_like_documentation(cluster: Cluster) -> None:
    text = await_true(
        lambda: cluster.kubectl("explain", "ib.spec.target.triton", check=False),
        "the API server publishes the CRD's schema",
    )

    assert "Triton servers, launched for this run." in " ".join(text.split())
    assert "Server pods; each receives its share of the queries." in " ".join(text.split())


def test_each_column_of_a_fresh_benchmark_is_printed(cluster: Cluster, namespace: str, benchmarks: Benchmarks) -> None:
    benchmarks.create(a_benchmark("fresh"))

    heading, row = cluster.kubectl("get", "ib", "-n", namespace, "-o", "wide").splitlines()

    assert heading.split() == (
        ["NAME", "MODEL", "SCENARIO", "PHASE", "PROGRESS", "RESULT", "P99", "VERDICT", "AGE", "QPS", "ERRORS", "REASON"]
    )
    assert row.split()[:3] == ["fresh", "magika", "Server"]
