"""Sequences on a real Triton: its sequence batcher carries a model's state from one request to the next."""

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

import pytest

from inferometer_dev.paths import DEV
from inferometer_dev.triton import TritonProcess
from integration.loadgen.recorder import write_numbered_samples
from integration.loadgen.shell import Ended, inferometer, report_in
from integration.loadgen.specs import write_spec
from integration.loadgen.test_stream_received import data, stream_of

MODEL = "running_sum"
SAMPLES = 40
COUNT, LENGTH = 4, 7
SUM = re.compile(r"sum of sequence (\d+): (\d+)")


EXPLICIT = ("--model-control-mode=explicit", f"--load-model={MODEL}")
"""Other models are in its folder too."""


@pytest.fixture(scope="module")
def summing_triton() -> Iterator[TritonProcess]:
    with TritonProcess(DEV / "models", models=[MODEL], args=EXPLICIT) as process:
        yield process


def a_spec(folder: Path, **load: object) -> Path:
    fields: dict[str, object] = {
        "data": {"configMap": {"name": "samples"}},
        "targetQPS": None,
        "latencyBound": None,
        "warmup": "0s",
        "minDuration": "500ms",
        "minQueries": 100,
        "concurrency": COUNT,
    }
    return write_spec(folder, scenario="Concurrency", model=MODEL, **(fields | load))  # type: ignore[arg-type]


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_the_servers_sums_are_those_of_the_printed_sequences(
    summing_triton: TritonProcess, tmp_path: Path, protocol: str
) -> None:
    write_numbered_samples(tmp_path / "samples.npz", SAMPLES)
    spec = a_spec(tmp_path, protocol=protocol, workers=2, sequences={"count": COUNT, "length": LENGTH})
    printed = defaultdict[int, list[int]](list)
    for row in stream_of(spec, 2, "--limit", "100000"):
        printed[row["sequence_id"]].append(row["sample"])
    told_before = len(summing_triton.log.read_bytes())

    ended = run(spec, summing_triton, protocol, tmp_path)

    assert ended.code in {0, 3}, ended.stderr
    result = report_in(tmp_path).result
    assert result.errors == 0
    sums = defaultdict[int, list[int]](list)
    for told in SUM.finditer(summing_triton.log.read_bytes()[told_before:].decode()):
        sums[int(told[1])].append(int(told[2]))
    assert sum(map(len, sums.values())) == result.queries
    for sequence_id, of_sequence in sums.items():
        assert of_sequence == list(accumulate(printed[sequence_id]))[: len(of_sequence)]
    assert sum(len(own) == LENGTH for own in sums.values()) >= COUNT


def test_rounds_begin_anew_whatever_those_before_have_left_open(summing_triton: TritonProcess, tmp_path: Path) -> None:
    write_numbered_samples(tmp_path / "samples.npz", SAMPLES)
    sequences = {"count": COUNT, "length": 1_000_000}
    spec = a_spec(tmp_path, warmup="300ms", repeat={"count": 2}, sequences=sequences)

    ended = run(spec, summing_triton, "http", tmp_path)

    assert ended.code in {0, 3}, ended.stderr
    assert [(one.result.errors, one.result.queries >= 100) for one in report_in(tmp_path).rounds] == [(0, True)] * 2


def test_the_same_model_refuses_queries_without_a_sequence(summing_triton: TritonProcess, tmp_path: Path) -> None:
    write_numbered_samples(tmp_path / "samples.npz", SAMPLES)
    spec = a_spec(tmp_path, warmup="300ms")

    ended = run(spec, summing_triton, "http", tmp_path)

    assert ended.code == 1
    assert "WarmUpFailed" in ended.stderr
    assert "correlation ID" in ended.stderr


def run(spec: Path, triton: TritonProcess, protocol: str, folder: Path) -> Ended:
    url = triton.url if protocol == "http" else f"grpc://{triton.grpc_address}"
    at = ("--endpoint", url, "--metrics-url", triton.metrics_url)
    return inferometer("run", str(spec), *at, *data(folder), "-o", str(folder))
