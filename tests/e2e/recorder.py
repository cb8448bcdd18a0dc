"""Runs against servers that write down what they are asked: their image, their samples, and what was planned."""

import base64
import io
import json
import os
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from e2e.cluster import Bench, Object, quickstart
from e2e.tritonserver import MODEL
from inferometer_dev.cluster.access import cluster_env, in_cluster
from inferometer_dev.cluster.lifecycle import load_image
from inferometer_dev.cluster.state import BIN
from inferometer_dev.debian import root_file_system
from inferometer_dev.images.triton import PACKAGES, base_layer
from inferometer_dev.keys import tree_key
from inferometer_dev.layers import layer_of_tree, remember, remembered
from inferometer_dev.oci import Image, Settings, save_record
from inferometer_dev.trees import built_tree, write_program
from inferometer_loadgen import plan as plans
from inferometer_loadgen.stream.make import make_stream

REFERENCE = "localhost/recorder:1"
SOURCE = Path(__file__).parent / "tritonserver.py"
SAMPLES = 40
REPLICAS = 2


def load_recorder() -> None:
    """The recorder's image, built and put into the cluster's nodes."""
    tree = built_tree(
        "recorder",
        tree_key(SOURCE),
        lambda part: write_program(part / "usr/local/bin/tritonserver", SOURCE.read_text()),
    )
    layer = remembered(tree.name) or remember(tree.name, layer_of_tree(tree))
    settings = Settings(env={"PATH": "/usr/local/bin:/usr/bin:/bin"}, user="1000:1000")
    base = base_layer(root_file_system("bookworm", PACKAGES))
    load_image(save_record(Image(REFERENCE, (base, layer), settings)).reference)


def recorded(name: str, **changes: object) -> Object:
    """A run of ten seconds on two recorders, without a warm-up: they hear the stream and nothing else."""
    ordinary: dict[str, object] = {
        "model.name": MODEL,
        "target.triton.image": REFERENCE,
        "target.triton.replicas": REPLICAS,
        "target.triton.resources": {"requests": {"cpu": "50m"}},
        "load.minDuration": "10s",
        "load.warmup": "0s",
        "load.data": {"configMap": {"name": "numbers"}},
    }
    return quickstart(name, **ordinary | changes)


def create_numbers(bench: Bench) -> None:
    """A sample library whose sample i is the number i."""
    npz = io.BytesIO()
    np.savez(npz, number=np.arange(SAMPLES, dtype=np.int64).reshape(SAMPLES, 1))
    data = {"samples.npz": base64.b64encode(npz.getvalue()).decode()}
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "numbers"}, "binaryData": data}
    bench.kubectl("apply", "-f", "-", stdin=yaml.safe_dump(manifest))


@dataclass(frozen=True)
class Heard:
    """What one replica was asked: samples, and the wall-clock times in nanoseconds."""

    samples: Counter[int]
    last_ns: int


class Recording:
    """The logs of a run's replicas, followed to the end of their pods."""

    def __init__(self, followers: list[subprocess.Popen[bytes]], files: list[Path]) -> None:
        self._followers = followers
        self._files = files

    def heard(self) -> list[Heard]:
        """Once the pods are gone: each replica's requests."""
        for follower in self._followers:
            follower.wait(timeout=60)
        return [_heard(path.read_text()) for path in self._files]

    def end(self) -> None:
        for follower in self._followers:
            follower.kill()
            follower.wait()


@contextmanager
def recording(bench: Bench, name: str) -> Iterator[Recording]:
    """Begins before the first query: call it while the run's client starts."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / str(index) for index in range(REPLICAS)]
        following = Recording([_follow(bench, f"{name}-server-{index}", files[index]) for index in range(2)], files)
        try:
            yield following
        finally:
            following.end()


def planned(bench: Bench, name: str) -> list[Counter[int]]:
    """The samples that the plan has for each replica."""
    stored = bench.get("configmap", f"{name}-plan")
    (text,) = stored["data"].values()
    samples = make_stream(plans.decode(text.encode()).stream).sample
    return [Counter(samples[index::REPLICAS].tolist()) for index in range(REPLICAS)]


def _follow(bench: Bench, pod: str, path: Path) -> subprocess.Popen[bytes]:
    argv = in_cluster([BIN / "kubectl", "-n", bench.namespace, "logs", "--follow", pod])
    with path.open("wb") as out:
        return subprocess.Popen(argv, stdout=out, stderr=subprocess.DEVNULL, env={**os.environ, **cluster_env()})


def _heard(log: str) -> Heard:
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    asked = [line for line in lines if "sample" in line]
    return Heard(Counter(line["sample"] for line in asked), max((line["at_ns"] for line in asked), default=0))
