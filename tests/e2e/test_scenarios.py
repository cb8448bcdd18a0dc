"""Every scenario and both protocols against real Triton pods: measured, judged, and counted by the servers."""

import pytest

from e2e.cluster import Bench, Object, condition, is_finished, quickstart

REPLICAS = 2
WORKERS = 3
DATA = {"configMap": {"name": "quickstart-samples"}}
SMALL = {"requests": {"cpu": "100m", "memory": "256Mi"}}

pytestmark = pytest.mark.timeout(240)


def load(**changes: object) -> Object:
    ordinary = {"data": DATA, "resources": SMALL, "minDuration": "5s", "minQueries": 20, "warmup": "1s"}
    return {**ordinary, **changes}


SERVER = load(targetQPS=30, latencyBound="2s", workers=WORKERS)

RUNS: dict[str, tuple[str, Object, str]] = {
    "Server over HTTP": ("Server", {**SERVER, "protocol": "http"}, "samples/s"),
    "Server over gRPC": ("Server", {**SERVER, "protocol": "grpc"}, "samples/s"),
    "SingleStream over gRPC": ("SingleStream", load(protocol="grpc"), "ns"),
    "MultiStream over HTTP": ("MultiStream", load(samplesPerQuery=4), "ns"),
    "Offline over gRPC": (
        "Offline",
        load(protocol="grpc", targetQPS=40, samplesPerRequest=2, inFlight=8, workers=WORKERS, minDuration="1s"),
        "samples/s",
    ),
    "Concurrency over HTTP": ("Concurrency", load(concurrency=6, workers=WORKERS), "samples/s"),
}


@pytest.mark.parametrize(("scenario", "load", "unit"), RUNS.values(), ids=RUNS.keys())
def test_a_scenario_is_measured_judged_and_counted_by_the_servers(
    bench: Bench, scenario: str, load: Object, unit: str
) -> None:
    bench.apply(quickstart("one", scenario=scenario, load=load, **{"target.triton.replicas": REPLICAS}))
    status = bench.wait("one", is_finished, 150, "finished")["status"]

    assert condition(status, "Complete")["status"] == "True", status
    assert status["result"]["unit"] == unit
    assert status["result"]["value"] > 0
    assert status["result"]["errors"] == 0
    # No reason says that the servers counted otherwise than the client, whatever this machine did to its latencies.
    assert not {reason["type"] for reason in status.get("reasons", ())} & {"ForeignRequests", "AnswersNotCounted"}
    assert sum(server["queries"] for server in status["servers"]) == status["result"]["queries"]
    assert all(server["queries"] > 0 for server in status["servers"])
    bench.wait_until(lambda: bench.of_run("one", "pods,secrets") == [], 30, "rid of everything")
