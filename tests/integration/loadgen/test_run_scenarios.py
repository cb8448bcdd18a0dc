"""`inferometer run` in each scenario and over each protocol against a real Triton, which counts what it was asked."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from inferometer_dev.triton import TritonProcess
from integration.loadgen.shell import inferometer, report_in, run_arguments

COMMON = {"minDuration": "1s", "warmup": "300ms", "data": {"synthetic": {"samples": 16}}}
SCENARIOS: dict[str, dict[str, Any]] = {
    "Server": {"targetQPS": 60, "latencyBound": "1s"},
    "SingleStream": {"minQueries": 20},
    "MultiStream": {"minQueries": 10, "samplesPerQuery": 4},
    "Offline": {"targetQPS": 100, "minQueries": 100, "inFlight": 8, "samplesPerRequest": 4},
    "Replay": {"latencyBound": "1s", "minDuration": "60s", "replay": {"configMap": {"name": "times"}}},
    "Concurrency": {"minQueries": 50, "concurrency": 4, "latencyBound": "1s"},
}
CASES = [(scenario, 1) for scenario in SCENARIOS] + [("Server", 3), ("Replay", 3), ("Offline", 3), ("Concurrency", 3)]


@pytest.mark.parametrize("protocol", ["http", "grpc"])
@pytest.mark.parametrize(("scenario", "workers"), CASES)
def test_what_was_answered_is_what_the_server_counted(
    triton: TritonProcess, tmp_path: Path, scenario: str, workers: int, protocol: str
) -> None:
    spec = write_scenario(tmp_path, scenario, protocol=protocol, workers=workers)
    url = triton.url if protocol == "http" else f"http://{triton.grpc_address}"

    ended = inferometer(*run_arguments(spec, url, triton.metrics_url, tmp_path))

    assert ended.code in {0, 3}, ended.stderr
    report = report_in(tmp_path)
    assert report.result.errors == 0
    assert report.result.queries == report.result.answered == report.replicas[0].server_successes
    assert report.versions.server == "Triton 2.51.0"
    assert urlsplit(url).netloc in report.assignment.replicas[0].url


def write_scenario(folder: Path, scenario: str, **load: object) -> Path:
    document = {
        "apiVersion": "inferometer.dev/v1alpha1",
        "kind": "InferenceBenchmark",
        "metadata": {"name": "scenario"},
        "spec": {
            "scenario": scenario,
            "model": {"name": "magika"},
            "target": {"triton": {"image": "unused", "modelRepository": {"image": "unused"}}},
            "load": COMMON | SCENARIOS[scenario] | load,
        },
    }
    path = folder / "scenario.yaml"
    path.write_text(yaml.safe_dump(document))
    times = {"times.csv": "".join(f"{0.02 * query:.2f}\n" for query in range(50))}
    (folder / "times.yaml").write_text(
        yaml.safe_dump({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "times"}, "data": times})
    )
    return path
