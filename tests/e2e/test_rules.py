"""Accuracy, rounds, the search for the peak and MLPerf's rules on the real node, against real Triton pods."""

import base64
import gzip
import io
from typing import Any

import numpy as np
import pytest

from e2e.cluster import Bench, Object, condition, is_finished, quickstart
from inferometer_loadgen.report.schema import Report, decode
from integration.loadgen.labelled import labelled_files

DATA = {"configMap": {"name": "quickstart-samples"}}
SMALL = {"requests": {"cpu": "100m", "memory": "256Mi"}}

pytestmark = pytest.mark.timeout(240)


def load(**changes: object) -> Object:
    return {"data": DATA, "resources": SMALL, "workers": 2, **changes}


def ran(bench: Bench, benchmark: Object) -> tuple[Object, Report]:
    """Its status and its report, once it has a verdict and holds nothing any more."""
    name = benchmark["metadata"]["name"]
    bench.apply(benchmark)
    status = bench.wait(name, is_finished, 180, "finished")["status"]
    assert condition(status, "Complete")["status"] == "True", status
    bench.wait_until(lambda: bench.of_run(name, "pods,secrets") == [], 30, "rid of everything")
    stored = bench.get("configmap", status["report"]["configMap"])["binaryData"]["report.json.gz"]
    return status, decode(gzip.decompress(base64.b64decode(stored)))


def put_labelled_samples(bench: Bench) -> int:
    """In a ConfigMap; how many they are."""
    labelled, samples = labelled_files(), io.BytesIO()
    arrays: dict[str, Any] = {"bytes": labelled.samples, "label:class": labelled.classes}
    np.savez_compressed(samples, **arrays)
    bench.apply(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "labelled"},
            "binaryData": {"samples.npz": base64.b64encode(samples.getvalue()).decode()},
        }
    )
    return len(labelled.classes)


def test_an_accuracy_run_scores_each_labelled_sample_once(bench: Bench) -> None:
    labelled = put_labelled_samples(bench)
    benchmark = quickstart(
        "scored",
        mode="Accuracy",
        accuracy={"scorer": "top1", "target": 0.5},
        load=load(data={"configMap": {"name": "labelled"}}, targetQPS=20, latencyBound="2s"),
    )

    status, report = ran(bench, benchmark)

    assert status["verdict"] == "Valid", status["reasons"]
    assert status["result"]["accuracy"]["metric"] == "top1"
    assert status["result"]["accuracy"]["value"] > 0.5
    assert report.accuracy is not None
    assert report.accuracy.samples == labelled


def test_performance_and_accuracy_are_two_rounds_on_the_same_servers(bench: Bench) -> None:
    labelled = put_labelled_samples(bench)
    benchmark = quickstart(
        "both",
        mode="PerformanceAndAccuracy",
        accuracy={"scorer": "top1", "target": 0.5},
        load=load(
            data={"configMap": {"name": "labelled"}}, targetQPS=20, latencyBound="2s", minDuration="3s", minQueries=20
        ),
    )

    status, report = ran(bench, benchmark)

    assert [one.purpose for one in report.rounds] == ["Measured", "Accuracy"]
    assert report.rounds[1].result.answered == labelled
    assert status["result"]["accuracy"]["value"] > 0.5
    assert status["result"]["value"] == report.result.value
    assert "samples/s, top1" in status["summary"]["result"]


def test_rounds_are_measured_one_after_another_in_one_run(bench: Bench) -> None:
    benchmark = quickstart(
        "twice",
        repeat={"count": 2, "cooldown": "1s"},
        load=load(targetQPS=20, latencyBound="2s", minDuration="3s", minQueries=20, warmup="1s"),
    )

    status, report = ran(bench, benchmark)

    assert [one.number for one in report.rounds] == [1, 2]
    assert len({one.stream_digest for one in report.rounds}) == 1, "each round has the same seeds"
    assert report.spread is not None
    assert report.spread.median == status["result"]["value"]


def test_a_search_measures_the_highest_rate_that_it_found(bench: Bench) -> None:
    search = {"min": 5, "max": 20, "tolerance": 1, "trialDuration": "2s", "maxTrials": 4}
    benchmark = quickstart(
        "peak", load=load(findPeak=search, latencyBound="2s", minDuration="3s", minQueries=20, warmup="1s")
    )

    _, report = ran(bench, benchmark)

    assert report.peak is not None
    assert report.peak.trials >= 1
    assert {one.purpose for one in report.rounds} == {"Trial", "Measured"}


def test_a_run_by_an_edition_of_the_rules_says_where_it_deviates(bench: Bench) -> None:
    benchmark = quickstart(
        "ruled",
        rules="mlperf-v0.5",
        task="resnet50",
        repeat={"count": 1},
        load=load(targetQPS=20, latencyBound="2s", minDuration="3s", minQueries=20),
    )

    status, report = ran(bench, benchmark)

    assert report.plan.stream.dialect == "loadgen-r0.5"
    assert report.result.metric == "scheduled_samples_per_second"
    assert status["perRules"] is False
    assert status["submittable"] is False
    deviating = {one.field for one in report.deviations}
    assert {"spec.load.latencyBound", "spec.load.minDuration", "spec.repeat.count", "spec.load.data"} <= deviating
    assert {"OwnEngine", "ManyWorkers"} <= {one.type for one in report.obstacles}


def test_the_official_loadgen_measures_and_its_own_logs_are_in_the_report(bench: Bench) -> None:
    benchmark = quickstart(
        "official",
        load=load(
            engine="mlperf-loadgen", workers=1, targetQPS=20, latencyBound="2s", minDuration="3s", minQueries=60,
            warmup="1s",
        ),
    )  # fmt: skip

    status, report = ran(bench, benchmark)

    assert report.official is not None
    assert report.official.version == "6.0.17"
    assert report.official.agrees is True, status["reasons"]
    # Fewer queries than early stopping asks of p99: LoadGen says so, and so do the worker's records.
    assert report.official.verdict == "INVALID"
    assert "EarlyStoppingNotMet" in [reason["type"] for reason in status["reasons"]]
    detail = report.official.logs["mlperf_log_detail.txt"]
    assert '"key": "loadgen_version", "value": "6.0.17' in detail
    assert '"value": "Network SUT: ' in detail
    assert {"OwnEngine", "NoNetworkSutName"}.isdisjoint(one.type for one in report.obstacles)
