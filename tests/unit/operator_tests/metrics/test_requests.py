"""Calls in the words of the rights that they need."""

import pytest

from inferometer_operator.kube import BENCHMARKS, COLLECTIONS, SCHEDULES
from inferometer_operator.metrics.requests import call_of

RUNS, PLANS = BENCHMARKS.format(namespace="bench"), SCHEDULES.format(namespace="pods")


@pytest.mark.parametrize(
    ("method", "path", "call"),
    [
        ("POST", "/api/v1/namespaces/bench/pods", ("create", "pods")),
        ("GET", "/api/v1/namespaces/bench/pods", ("list", "pods")),
        ("GET", "/api/v1/namespaces/bench/pods/a", ("get", "pods")),
        ("GET", "/api/v1/namespaces/bench/pods/a/log", ("get", "pods/log")),
        ("DELETE", "/api/v1/namespaces/bench/pods/a", ("delete", "pods")),
        ("POST", COLLECTIONS["Event"].format(namespace="bench"), ("create", "events")),
        ("GET", RUNS, ("list", "inferencebenchmarks")),
        ("PATCH", f"{RUNS}/a/status", ("patch", "inferencebenchmarks/status")),
        ("PATCH", f"{PLANS}/a/status", ("patch", "inferencebenchmarkschedules/status")),
        ("GET", "/api/v1/namespaces", ("list", "namespaces")),
        ("GET", "/api/v1/namespaces/bench", ("get", "namespaces")),
    ],
    ids=lambda value: str(value),
)
def test_a_call_is_named_by_verb_and_resource_whatever_the_names_in_its_path(method, path, call):
    assert call_of(method, path) == call
