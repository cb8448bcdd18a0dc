"""A stored object becomes a run, or says all that keeps it from being one."""

import copy
from typing import Any

from inferometer_operator.run import decode_run

STORED: dict[str, Any] = {
    "metadata": {
        "namespace": "bench",
        "name": "one",
        "uid": "u",
        "resourceVersion": "1",
        "creationTimestamp": "2026-11-25T03:05:01Z",
    },
    "spec": {
        "scenario": "Server",
        "model": {"name": "magika"},
        "target": {"triton": {"image": "triton:1", "modelRepository": {"image": "models:1"}}},
        "load": {"targetQPS": 40, "latencyBound": "250ms", "data": {"synthetic": {}}},
    },
}


def test_fields_of_a_newer_operator_are_passed_over() -> None:
    stored = copy.deepcopy(STORED)
    stored["spec"]["novelty"] = True
    stored["status"] = {"novelty": True, "phase": "Running"}

    run = decode_run(stored)
    assert run.spec is not None
    assert run.status.phase == "Running"


def test_all_that_keeps_a_spec_from_being_read_is_said_at_once() -> None:
    stored = copy.deepcopy(STORED)
    stored["spec"]["load"] |= {"latencyBound": "250ms\n", "workers": 0}

    run = decode_run(stored)
    assert run.spec is None
    assert run.spec_problem == (
        "spec.load.latencyBound: `250ms\\n` is no duration. hint: write 250ms; "
        "spec.load.workers: `0` is too small. hint: write a whole number from 1 up to 64"
    )
