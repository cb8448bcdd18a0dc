"""Mode Accuracy against a real Triton: real files, a real model, and a score that somebody else computes too."""

from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
import tritonclient.http
import yaml

from inferometer_dev.triton import TritonProcess
from inferometer_loadgen.coordinator.spool import OutputsSpool
from inferometer_loadgen.stream import make_stream
from integration.loadgen.labelled import Labelled, labelled_files
from integration.loadgen.shell import inferometer, report_in, run_arguments
from integration.loadgen.specs import write_spec


@pytest.fixture(scope="module")
def labelled() -> Labelled:
    return labelled_files()


def right_answers(triton: TritonProcess, labelled: Labelled) -> int:
    """How many classes are right, asked of Triton's own client one by one."""
    right = 0
    with tritonclient.http.InferenceServerClient(urlsplit(triton.url).netloc) as client:
        for sample, label in zip(labelled.samples, labelled.classes, strict=True):
            asked = tritonclient.http.InferInput("bytes", [1, sample.size], "INT32")
            asked.set_data_from_numpy(sample[np.newaxis])
            answer = client.infer("magika", [asked]).as_numpy("target_label")
            right += int(np.argmax(answer[0])) == label
    return right


def write_accuracy_spec(
    folder: Path, *, scenario: str = "Server", target: float | None = None, mode: str = "Accuracy", **load: Any
) -> Path:
    path = write_spec(folder, scenario=scenario, data={"configMap": {"name": "files"}}, **load)
    document = yaml.safe_load(path.read_text())
    accuracy = {"scorer": "top1"} | ({} if target is None else {"target": target})
    document["spec"] |= {"mode": mode, "accuracy": accuracy}
    path.write_text(yaml.safe_dump(document))
    return path


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("protocol", ["http", "grpc"])
@pytest.mark.parametrize("scenario", ["Server", "Offline"])
def test_the_reported_score_is_that_of_tritons_own_client(
    triton: TritonProcess, labelled: Labelled, tmp_path: Path, scenario: str, protocol: str, workers: int
) -> None:
    per_request: dict[str, Any] = {"samplesPerRequest": 4, "latencyBound": None} if scenario == "Offline" else {}
    spec = write_accuracy_spec(
        tmp_path, scenario=scenario, target=0.5, protocol=protocol, workers=workers, **per_request
    )
    data = labelled.write(tmp_path / "files.npz")
    url = triton.url if protocol == "http" else f"grpc://{urlsplit(triton.url).hostname}:{triton.grpc_port}"

    ended = inferometer(*run_arguments(spec, url, triton.metrics_url, tmp_path), "--data", str(data))

    samples = len(labelled.classes)
    expected = right_answers(triton, labelled) / samples
    assert ended.code == 0, ended.stderr
    report = report_in(tmp_path)
    assert report.accuracy is not None
    assert (report.accuracy.metric, report.accuracy.value) == ("top1", expected)
    assert (report.accuracy.samples, report.result.samples) == (samples, samples)
    assert (report.accuracy.target, report.accuracy.met) == (0.5, True)
    with closing(OutputsSpool.stored(tmp_path)) as spool:
        kept = list(spool.answers(make_stream(report.plan.stream)))
    assert [answer.sample for answer in kept] == list(range(samples))
    assert f"accuracy: top1 {expected:.4g} (target 0.5, met), {samples} samples" in ended.stderr


@pytest.mark.parametrize(("scenario", "load"), [("SingleStream", {}), ("MultiStream", {"samplesPerQuery": 5})])
def test_one_query_at_a_time_scores_the_same(
    triton: TritonProcess, labelled: Labelled, tmp_path: Path, scenario: str, load: dict[str, Any]
) -> None:
    """MultiStream's last query is filled up with samples that were asked before: none counts twice."""
    samples = len(labelled.classes)
    assert samples % 5
    spec = write_accuracy_spec(tmp_path, scenario=scenario, targetQPS=None, latencyBound=None, **load)
    data = labelled.write(tmp_path / "files.npz")

    ended = inferometer(*run_arguments(spec, triton.url, triton.metrics_url, tmp_path), "--data", str(data))

    report = report_in(tmp_path)
    assert ended.code == 0, ended.stderr
    assert report.accuracy is not None
    assert (report.accuracy.value, report.accuracy.samples) == (right_answers(triton, labelled) / samples, samples)


def test_a_score_below_its_target_makes_the_run_invalid(
    triton: TritonProcess, labelled: Labelled, tmp_path: Path
) -> None:
    wrong = Labelled(labelled.samples, (labelled.classes + 1) % 214)
    data = wrong.write(tmp_path / "files.npz")
    spec = write_accuracy_spec(tmp_path, target=0.9)

    ended = inferometer(*run_arguments(spec, triton.url, triton.metrics_url, tmp_path), "--data", str(data))

    report = report_in(tmp_path)
    assert report.verdict == "Invalid", ended.stderr
    assert [reason.type for reason in report.reasons] == ["AccuracyBelowTarget"]


def test_samples_without_labels_leave_the_run_inconclusive_with_what_to_do(
    triton: TritonProcess, labelled: Labelled, tmp_path: Path
) -> None:
    data = labelled.write(tmp_path / "files.npz", with_labels=False)
    spec = write_accuracy_spec(tmp_path)

    ended = inferometer(*run_arguments(spec, triton.url, triton.metrics_url, tmp_path), "--data", str(data))

    report = report_in(tmp_path)
    assert report.verdict == "Inconclusive", ended.stderr
    assert [reason.type for reason in report.reasons] == ["AccuracyNotScored"]
    assert "label" in report.reasons[0].message


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_performance_and_accuracy_of_one_run_are_those_of_the_same_servers(
    triton: TritonProcess, labelled: Labelled, tmp_path: Path, protocol: str, workers: int
) -> None:
    spec = write_accuracy_spec(
        tmp_path, mode="PerformanceAndAccuracy", target=0.5, protocol=protocol, workers=workers, targetQPS=30
    )
    data = labelled.write(tmp_path / "files.npz")
    url = triton.url if protocol == "http" else f"grpc://{urlsplit(triton.url).hostname}:{triton.grpc_port}"

    ended = inferometer(*run_arguments(spec, url, triton.metrics_url, tmp_path), "--data", str(data))

    samples = len(labelled.classes)
    report = report_in(tmp_path)
    assert report.accuracy is not None, ended.stderr
    assert report.accuracy.value == right_answers(triton, labelled) / samples
    assert [one.purpose for one in report.rounds] == ["Measured", "Accuracy"]
    assert [one.result.answered for one in report.rounds] == [report.result.answered, samples]
    assert report.result.answered == report.result.queries >= 60
    # The successes that the server counts are those of the measured window alone.
    assert report.replicas[0].server_successes == report.result.answered
    logged = (tmp_path / "accuracy" / "mlperf_log_accuracy.json").read_text()
    assert logged.count("qsl_idx") == samples
    assert (tmp_path / "performance" / "run_1" / "mlperf_log_accuracy.json").read_text() == "[\n]\n"


SEARCHES: dict[str, dict[str, Any]] = {
    "Server": {
        "findPeak": {"min": 20, "max": 400, "tolerance": 0.5, "maxTrials": 3, "trialDuration": "1s"},
        "targetQPS": None,
    },
    "MultiStream": {
        "findPeak": {"maxSamplesPerQuery": 8, "maxTrials": 2, "trialDuration": "1s"},
        "targetQPS": 10,
        "streamDialect": "loadgen-r0.5",
        "latencyBound": None,
        "minQueries": 10,
    },
}


@pytest.mark.parametrize(("scenario", "protocol"), [("Server", "grpc"), ("MultiStream", "http")])
def test_after_a_search_answers_are_scored_at_the_load_that_was_measured(
    triton: TritonProcess, labelled: Labelled, tmp_path: Path, scenario: str, protocol: str
) -> None:
    spec = write_accuracy_spec(
        tmp_path, scenario=scenario, mode="PerformanceAndAccuracy", target=0.5, protocol=protocol, **SEARCHES[scenario]
    )
    data = labelled.write(tmp_path / "files.npz")
    url = triton.url if protocol == "http" else f"grpc://{urlsplit(triton.url).hostname}:{triton.grpc_port}"

    ended = inferometer(*run_arguments(spec, url, triton.metrics_url, tmp_path), "--data", str(data))

    samples = len(labelled.classes)
    report = report_in(tmp_path)
    assert report.accuracy is not None, ended.stderr
    assert report.accuracy.value == right_answers(triton, labelled) / samples
    *_, measured, scored = report.rounds
    assert (measured.purpose, scored.purpose) == ("Measured", "Accuracy")
    assert (scored.target_qps, scored.samples_per_query) == (measured.target_qps, measured.samples_per_query)
    logged = (tmp_path / "accuracy" / "mlperf_log_accuracy.json").read_text()
    assert logged.count("qsl_idx") == samples
