"""An ordinary spec for short runs, and those that differ from it."""

from pathlib import Path

import yaml


def write_spec(folder: Path, *, name: str = "short", model: str = "magika", replicas: int = 1, **load: object) -> Path:
    """Server scenario, 60 queries/s for 2 s, one worker, synthetic samples; but for `load`."""
    document = {
        "apiVersion": "inferometer.dev/v1alpha1",
        "kind": "InferenceBenchmark",
        "metadata": {"name": name},
        "spec": {
            "scenario": "Server",
            "model": {"name": model},
            "target": {"triton": {"image": "unused", "modelRepository": {"image": "unused"}, "replicas": replicas}},
            "load": {
                "targetQPS": 60,
                "latencyBound": "1s",
                "minDuration": "2s",
                "warmup": "500ms",
                "data": {"synthetic": {"samples": 16}},
            }
            | load,
        },
    }
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(document))
    return path
