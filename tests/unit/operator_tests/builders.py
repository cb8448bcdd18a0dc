"""The ordinary case of everything, so that a test states only what differs from it."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from inferometer_loadgen.spec.benchmark import BenchmarkSpec
from inferometer_operator.api.status import BenchmarkStatus
from inferometer_operator.run import Key, Run
from inferometer_operator.settings import Settings

T0 = datetime(2026, 11, 25, 3, 5, 1, tzinfo=UTC)
UID = "6f0c2a52-0b7e-4b6a-9a53-0d6f3b1f9a11"

SETTINGS = Settings(
    image="localhost/inferometer:0.1.0",
    image_pull_policy="IfNotPresent",
    version="0.1.0",
    instance="inferometer-7d9c-x2x",
)


def a_spec(**changes: Any) -> BenchmarkSpec:
    """The quickstart's spec; `changes` are blocks or values by their dotted path, with `__` for the dot."""
    ordinary: dict[str, Any] = {
        "scenario": "Server",
        "model": {"name": "magika"},
        "target": {
            "triton": {
                "image": "localhost/triton-cpu:2.51",
                "replicas": 2,
                "gpu": {"count": 0},
                "modelRepository": {"image": "localhost/magika-model:1.0.3"},
            }
        },
        "load": {
            "workers": 2,
            "targetQPS": 40,
            "latencyBound": "250ms",
            "minDuration": "20s",
            "data": {"configMap": {"name": "quickstart-samples"}},
        },
    }
    for path, value in changes.items():
        *parents, last = path.split("__")
        block = ordinary
        for key in parents:
            block = block.setdefault(key, {})
        block[last] = value
    return msgspec.convert(ordinary, BenchmarkSpec)


def a_run(spec: BenchmarkSpec | None = None, status: BenchmarkStatus | None = None) -> Run:
    """The quickstart, as it was just created."""
    return Run(
        key=Key("bench", "quickstart"),
        uid=UID,
        created=T0,
        generation=1,
        resource_version="100",
        spec=spec or a_spec(),
        status=status or BenchmarkStatus(),
    )
