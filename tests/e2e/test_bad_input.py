"""Each kind of bad input is refused with the field, or ends the run typed with the remedy, and holds nothing."""

import base64
import io
import json
import time

import numpy as np
import pytest

from e2e.cluster import Bench, Object, condition, is_finished, quickstart
from inferometer_dev.errors import DevError

SMALL: dict[str, object] = {
    "target.triton.replicas": 1,
    "load.workers": 1,
    "load.minDuration": "5s",
    "load.targetQPS": 10,
}


def small(**changes: object) -> Object:
    """The shortest ordinary run, with what makes it fail."""
    return quickstart("bad", **SMALL | changes)


REFUSED: dict[str, tuple[Object, str]] = {
    "an unknown field": (small(**{"load.worker": 2}), 'unknown field "spec.load.worker"'),
    "a duration without a unit": (small(**{"load.latencyBound": "250"}), "spec.load.latencyBound"),
    "two model repositories": (
        small(**{"target.triton.modelRepository.persistentVolumeClaim": {"claimName": "models"}}),
        "set exactly one of image, persistentVolumeClaim",
    ),
    "no target": ({**small(), "spec": {**small()["spec"], "target": {}}}, "set exactly one of triton, endpoint"),
    "a name that is too long": ({**small(), "metadata": {"name": "n" * 41}}, "at most 40 characters"),
}


@pytest.mark.parametrize(("benchmark", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_admission_refuses(bench: Bench, benchmark: Object, words: str) -> None:
    with pytest.raises(DevError) as refused:
        bench.apply(benchmark)

    assert words in str(refused.value)


ENDED: dict[str, tuple[dict[str, object], str, tuple[str, ...]]] = {
    "a model that the server does not have": (
        {"model.name": "nope"},
        "ModelNotReady",
        ("does not serve model `nope`; it serves `magika` version 1", "spec.model.name"),
    ),
    "a server that needs more memory than its limit": (
        {"target.triton.resources": {"requests": {"cpu": "200m"}, "limits": {"memory": "32Mi"}}},
        "ContainerFailed",
        ("needed more memory than its limit", "spec.target.triton.resources.limits"),
    ),
    "a server that exits at its start": (
        {"target.triton.args": ["--no-such-option"]},
        "ContainerFailed",
        ("exited with code 1 before the load began",),
    ),
    "more samples than a worker's memory": (
        {
            "load.data": {"synthetic": {"samples": 100_000}},
            "load.resources": {"requests": {"cpu": "200m"}, "limits": {"memory": "192Mi"}},
        },
        "SamplesExceedMemory",
        ("192 MiB", "spec.load.resources"),
    ),
}


@pytest.mark.parametrize(("changes", "reason", "words"), ENDED.values(), ids=ENDED.keys())
def test_a_run_ends_typed_with_its_remedy(
    bench: Bench, changes: dict[str, object], reason: str, words: tuple[str, ...]
) -> None:
    started = time.monotonic()
    bench.apply(small(**changes))

    ends_as(bench, reason, *words)
    assert time.monotonic() - started < 45


SAMPLES: dict[str, tuple[np.ndarray, str]] = {
    "of another shape": (np.zeros((4, 100), np.int32), "100"),
    "of another type": (np.zeros((4, 2048), np.float32), "FP32"),
}


@pytest.mark.parametrize(("array", "word"), SAMPLES.values(), ids=SAMPLES.keys())
def test_samples_do_not_fit(bench: Bench, array: np.ndarray, word: str) -> None:
    put_samples(bench, array)
    bench.apply(small(**{"load.data": {"configMap": {"name": "mine"}}}))

    ends_as(bench, "SamplesDoNotFit", "`bytes`", word)


def test_a_bound_that_no_server_meets_is_a_verdict_with_the_figures(bench: Bench) -> None:
    bench.apply(small(**{"load.latencyBound": "1us"}))

    status = bench.wait("bad", is_finished, 60, "finished")["status"]
    assert condition(status, "Complete")["status"] == "True"
    assert condition(status, "Valid")["status"] != "True"
    reasons = {one["type"]: one["message"] for one in status["reasons"]}
    assert set(reasons) & {"LatencyBoundExceeded", "ClientInfluenced"}, reasons


LIMITS: dict[str, tuple[Object, str, tuple[str, ...]]] = {
    "a quota that is full": (
        {"kind": "ResourceQuota", "spec": {"hard": {"pods": "0"}}},
        "QuotaExceeded",
        ("ResourceQuota full", "pods=1"),
    ),
    "a limit range": (
        {"kind": "LimitRange", "spec": {"limits": [{"type": "Container", "max": {"cpu": "100m"}}]}},
        "PodRejected",
        # The range gives the container its maximum as a limit, which its request then exceeds.
        ("must be less than or equal to cpu limit of 100m", "spec.target.triton.resources"),
    ),
}


@pytest.mark.parametrize(("limit", "reason", "words"), LIMITS.values(), ids=LIMITS.keys())
def test_a_namespace_with(bench: Bench, limit: Object, reason: str, words: tuple[str, ...]) -> None:
    bench.kubectl("create", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "metadata": {"name": "full"}, **limit}))
    bench.wait_until(lambda: is_counted(bench, limit["kind"]), 20, "counted")
    bench.apply(small())

    ends_as(bench, reason, *words)
    assert bench.of_run("bad", "pods") == []


def is_counted(bench: Bench, kind: str) -> bool:
    """A quota means nothing until its controller has counted what is there."""
    return kind != "ResourceQuota" or "hard" in bench.get(kind, "full").get("status", {})


def put_samples(bench: Bench, array: np.ndarray) -> None:
    file = io.BytesIO()
    np.savez(file, bytes=array)
    data = {"samples.npz": base64.b64encode(file.getvalue()).decode()}
    config_map = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "mine"}, "binaryData": data}
    bench.kubectl("create", "-f", "-", stdin=json.dumps(config_map))


def ends_as(bench: Bench, reason: str, *words: str) -> None:
    status = bench.wait("bad", is_finished, 60, "finished")["status"]
    failed = condition(status, "Failed")

    assert (failed["status"], failed["reason"]) == ("True", reason), failed
    for word in words:
        assert word in failed["message"]
    assert condition(status, "Complete")["status"] == "False"
    assert condition(status, "Valid")["status"] == "Unknown"
    bench.wait_until(lambda: bench.of_run("bad", "pods,secrets") == [], 30, "rid of its pods")
