"""What a server receives is what `inferometer stream` printed: each sample, each once, at its replica, in order."""

import base64
import json
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from integration.loadgen.recorder import MODEL, Recorder, recording_server, write_numbered_samples
from integration.loadgen.shell import inferometer, report_in
from integration.loadgen.specs import write_spec

SAMPLES = 40


@pytest.mark.parametrize("workers", [1, 3])
def test_each_replica_receives_its_part_of_the_printed_stream(tmp_path: Path, workers: int) -> None:
    write_numbered_samples(tmp_path / "samples.npz", SAMPLES)
    with ExitStack() as stack:
        replicas = [stack.enter_context(recording_server()) for _ in range(2)]
        spec = spec_for(tmp_path, replicas=2, workers=workers)

        ended = inferometer("run", str(spec), *endpoints(replicas), *data(tmp_path), "-o", str(tmp_path))
        printed = stream_of(spec, workers)

    assert ended.code in {0, 3}, ended.stderr
    report = report_in(tmp_path)
    assert report.result.queries == report.result.answered == len(printed)
    assert sum(len(replica.received) for replica in replicas) == len(printed)
    for number, replica in enumerate(replicas):
        planned = [row for row in printed if row["replica"] == number]
        assert Counter(received.sample for received in replica.received) == Counter(row["sample"] for row in planned)
        for connection in {received.connection for received in replica.received}:
            own = [received.sample for received in replica.received if received.connection == connection]
            assert is_subsequence(own, [row["sample"] for row in planned])


def test_queries_come_at_their_scheduled_times(tmp_path: Path) -> None:
    write_numbered_samples(tmp_path / "samples.npz", SAMPLES)
    with recording_server() as replica:
        spec = spec_for(tmp_path)

        inferometer("run", str(spec), *endpoints([replica]), *data(tmp_path), "-o", str(tmp_path))
        printed = stream_of(spec, 1)

    # The server's threads may note two requests in the other order; those of one sample are told apart by time.
    came = sorted((received.sample, received.at_ns) for received in replica.received)
    planned = sorted((row["sample"], row["scheduled_ns"]) for row in printed)
    assert [sample for sample, _ in came] == [sample for sample, _ in planned]
    differences_ns = np.array([at_ns for _, at_ns in came]) - np.array([due_ns for _, due_ns in planned])
    # All by the same amount, time 0 on the server's clock, but for what a busy machine delays.
    assert np.median(differences_ns) - np.min(differences_ns) < 10_000_000


def spec_for(folder: Path, replicas: int = 1, workers: int = 1) -> Path:
    # No warm-up, so that the server hears nothing but the stream.
    samples = {"configMap": {"name": "samples"}}
    return write_spec(folder, model=MODEL, replicas=replicas, warmup="0s", data=samples, targetQPS=100, workers=workers)


def endpoints(replicas: list[Recorder]) -> list[str]:
    return [part for replica in replicas for part in ("--endpoint", replica.url)]


def data(folder: Path) -> tuple[str, str]:
    return "--data", str(folder / "samples.npz")


def stream_of(spec: Path, workers: int, *more: str) -> list[dict[str, int]]:
    make_config_map(spec.parent)
    ended = inferometer("stream", str(spec), "--json", "--workers", str(workers), *more)
    assert ended.code == 0, ended.stderr
    return [json.loads(line) for line in ended.stdout.splitlines()]


def make_config_map(folder: Path) -> None:
    """The samples as the shell finds them beside a spec."""
    npz = base64.b64encode((folder / "samples.npz").read_bytes()).decode()
    (folder / "samples.yaml").write_text(
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: samples}}\nbinaryData: {{samples.npz: {npz}}}\n"
    )


def is_subsequence(part: list[int], whole: list[int]) -> bool:
    rest = iter(whole)
    return all(item in rest for item in part)


@pytest.mark.parametrize(("workers", "each"), [(1, 16), (2, 4), (3, 6)], ids=["both", "one each", "both each"])
def test_a_worker_opens_connections_to_the_replicas_that_it_asks_only(tmp_path: Path, workers: int, each: int) -> None:
    write_numbered_samples(tmp_path / "samples.npz", SAMPLES)
    with ExitStack() as stack:
        replicas = [stack.enter_context(recording_server()) for _ in range(2)]
        spec = write_spec(
            tmp_path,
            model=MODEL,
            scenario="Concurrency",
            replicas=2,
            warmup="0s",
            data={"configMap": {"name": "samples"}},
            workers=workers,
            concurrency=8,
            targetQPS=None,
            latencyBound=None,
            minDuration="500ms",
        )
        ended = inferometer("run", str(spec), *endpoints(replicas), *data(tmp_path), "-o", str(tmp_path))

    assert ended.code in {0, 3}, ended.stderr
    assert [worker.connections for worker in report_in(tmp_path).client.workers] == [each] * workers
