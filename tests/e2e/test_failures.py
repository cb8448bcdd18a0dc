"""What goes wrong most often ends typed, with the remedy, in under half a minute, and holds no GPU any more."""

import time

import pytest

from e2e.cluster import GPUS, Bench, condition, is_finished, quickstart

BROKEN_MODEL = "localhost/broken-model:1"


@pytest.mark.parametrize(
    ("changes", "reason", "words"),
    [
        pytest.param(
            {"target.triton.image": "localhost/triton-cpu:nope"},
            "ImagePullFailed",
            ("localhost/triton-cpu:nope", "spec.target.triton.image"),
            id="an image that cannot be pulled",
        ),
        pytest.param(
            {"target.triton.modelRepository": {"image": BROKEN_MODEL}},
            "ModelLoadFailed",
            ("input shape [3,224,224] expected",),
            id="a model that fails to load, in the server's own words",
        ),
        pytest.param(
            {"target.triton.gpu": {"count": GPUS + 1}},
            "Unschedulable",
            ("nvidia.com/gpu", "spec.target.triton.gpu"),
            id="more GPUs than a node has",
        ),
    ],
)
def test_a_failure_ends_the_run_typed_with_its_remedy_and_releases_the_gpus(
    bench: Bench, changes: dict[str, object], reason: str, words: tuple[str, ...]
) -> None:
    started = time.monotonic()
    bench.apply(quickstart("bad", **({"target.triton.gpu": {"count": 1}} | changes)))

    status = bench.wait("bad", is_finished, 45, "finished")["status"]
    took_s = time.monotonic() - started

    failed = condition(status, "Failed")
    assert (failed["status"], failed["reason"]) == ("True", reason)
    for word in words:
        assert word in failed["message"]
    assert condition(status, "Complete")["status"] == "False"
    assert condition(status, "Valid")["status"] == "Unknown"
    assert took_s < 30
    bench.wait_until(lambda: bench.of_run("bad", "pods,secrets") == [], 30, "rid of its pods")
    assert reason in bench.kubectl("get", "ib", "bad", "-o", "wide")
    assert reason in bench.kubectl("get", "events.events.k8s.io")
