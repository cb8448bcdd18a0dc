"""Each task of both packs in each of its scenarios, shortened, on a real Triton with tensors of the task's own shapes.

What a pack fixes beyond the length stays as it is: dialect, seeds, bounds, percentiles, ticks, samples of a query.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from inferometer_dev.triton import TritonProcess
from inferometer_loadgen.rules import installed_pack, scenarios_of
from integration.loadgen.shell import inferometer, report_in, run_arguments
from integration.loadgen.stand_ins import STAND_INS, write_repository

PACKS = ("mlperf-v0.5", "mlperf-v6.1")
SHORT: dict[str, dict[str, Any]] = {
    "SingleStream": {"minQueries": 4},
    "MultiStream": {"minQueries": 3},
    "Server": {"targetQPS": 10, "minQueries": 4},
    "Offline": {"targetQPS": 1, "minQueries": 5, "inFlight": 2},
}
LARGE = ("ssd-resnet34", "3d-unet")
"""17 MB a sample, and 33 MB with its answer: a query of v0.5's MultiStream has two of them here."""
SHORTENED = {
    "spec.load.minDuration",
    "spec.load.minQueries",
    "spec.load.samplesPerQuery",
    "spec.load.data",
    "spec.repeat.count",
}
"""All that may differ from the pack."""


def combinations() -> list[tuple[str, str, str]]:
    packs = [(name, installed_pack(name)) for name in PACKS]
    return [
        (name, task, scenario)
        for name, pack in packs
        if pack is not None
        for task in pack.tasks
        for scenario in scenarios_of(pack, task)
    ]


@pytest.fixture(scope="module")
def tasks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TritonProcess]:
    repository = write_repository(tmp_path_factory.mktemp("stand-ins"))
    with TritonProcess(repository, start_within_s=180) as process:
        yield process


def write_shortened(folder: Path, rules: str, task: str, scenario: str, protocol: str) -> Path:
    load: dict[str, Any] = {
        "minDuration": "200ms",
        "warmup": "0s",
        "protocol": protocol,
        "data": {"synthetic": {"samples": 2}},
    }
    if scenario == "MultiStream" and task in LARGE:
        load["samplesPerQuery"] = 2
    spec = {
        "rules": rules,
        "task": task,
        "scenario": scenario,
        "model": {"name": task, "inputs": {name: {"shape": shape} for name, shape in STAND_INS[task].shapes.items()}},
        "target": {"triton": {"image": "unused", "modelRepository": {"image": "unused"}}},
        "load": load | SHORT[scenario],
    }
    if scenario == "Server":
        spec["repeat"] = {"count": 1}  # v0.5 asks for five.
    document = {
        "apiVersion": "inferometer.dev/v1alpha1",
        "kind": "InferenceBenchmark",
        "metadata": {"name": "shortened"},
        "spec": spec,
    }
    path = folder / "shortened.yaml"
    path.write_text(yaml.safe_dump(document))
    return path


def test_every_task_of_the_packs_has_a_stand_in() -> None:
    assert {task for _, task, _ in combinations()} == set(STAND_INS)


@pytest.mark.parametrize(("rules", "task", "scenario"), combinations())
def test_a_shortened_run_is_answered_to_its_last_query(
    tasks: TritonProcess, tmp_path: Path, rules: str, task: str, scenario: str
) -> None:
    # One scenario of each task goes over gRPC, which carries the same tensors in messages of its own.
    protocol = "grpc" if scenario == "Offline" else "http"
    spec = write_shortened(tmp_path, rules, task, scenario, protocol)
    url = tasks.url if protocol == "http" else f"http://{tasks.grpc_address}"

    ended = inferometer(*run_arguments(spec, url, tasks.metrics_url, tmp_path))

    assert ended.code in {0, 3}, ended.stderr
    report = report_in(tmp_path)
    assert (report.plan.rules, report.plan.task, report.plan.stream.scenario) == (rules, task, scenario)
    assert {one.field for one in report.deviations} <= SHORTENED
    assert report.result.errors == 0
    assert report.result.queries == report.result.answered == report.replicas[0].server_successes
    # Today's rules report an estimate, which takes more queries than these.
    assert report.result.early_stopping is not None or report.result.value is not None
    assert report.result.latency.max_ns is not None
