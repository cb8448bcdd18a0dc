"""An ordinary spec for short runs, and those that differ from it."""

from pathlib import Path

import yaml


def write_spec(
    folder: Path,
    *,
    name: str = "short",
    scenario: str = "Server",
    model: str = "magika",
    replicas: int = 1,
    repeat: dict[str, object] | None = None,
    **load: object,
) -> Path:
    """60 queries/s for 2 s, one worker, synthetic samples; but for `load`, where None takes a field away."""
    fields = {
        "targetQPS": 60,
        "latencyBound": "1s",
        "minDuration": "2s",
        "warmup": "500ms",
        "data": {"synthetic": {"samples": 16}},
    } | load
    document = {
        "apiVersion": "inferometer.dev/v1alpha1",
        "kind": "InferenceBenchmark",
        "metadata": {"name": name},
        "spec": {
            "scenario": scenario,
            "model": {"name": model},
            "target": {"triton": {"image": "unused", "modelRepository": {"image": "unused"}, "replicas": replicas}},
            **({} if repeat is None else {"repeat": repeat}),
            "load": {field: value for field, value in fields.items() if value is not None},
        },
    }
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(document))
    return path
