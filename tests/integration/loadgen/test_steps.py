"""Steps of concurrency in one run: each has its own number of requests in flight, on connections that stay."""

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from integration.loadgen.recorder import MODEL, Received, Recorder, recording_server, write_numbered_samples
from integration.loadgen.recorder_grpc import recording_grpc_server
from integration.loadgen.shell import inferometer, report_in
from integration.loadgen.specs import write_spec
from integration.loadgen.test_stream_received import data, make_config_map, stream_of

SAMPLES = 40
DELAY_S = 0.1
"""So long that all of a step have come before the first is answered, on a busy machine too."""
STEPS = [3, 6, 12]
SERVERS: dict[str, Callable[[], AbstractContextManager[Recorder]]] = {
    "http": lambda: recording_server(delay_s=DELAY_S),
    "grpc": recording_grpc_server,
}


@pytest.mark.parametrize("protocol", ["http", "grpc"])
@pytest.mark.parametrize("workers", [1, 3])
def test_each_step_is_measured_with_its_own_number_in_flight(tmp_path: Path, workers: int, protocol: str) -> None:
    write_numbered_samples(tmp_path / "samples.npz", SAMPLES)
    make_config_map(tmp_path)
    with SERVERS[protocol]() as replica:
        spec = write_spec(
            tmp_path,
            scenario="Concurrency",
            model=MODEL,
            data={"configMap": {"name": "samples"}},
            targetQPS=None,
            concurrencySteps=STEPS,
            warmup="0s",
            minDuration="500ms",
            minQueries=30,
            workers=workers,
            protocol=protocol,
        )
        ended = inferometer("run", str(spec), "--endpoint", replica.url, *data(tmp_path), "-o", str(tmp_path))

    assert ended.code in {0, 3}, ended.stderr
    report = report_in(tmp_path)
    assert [step.concurrency for step in report.steps] == STEPS
    assert [one.purpose for one in report.rounds] == ["Step"] * len(STEPS)
    assert sum(step.errors for step in report.steps) == 0
    queries = [one.result.queries for one in report.rounds]
    assert sum(queries) == len(replica.received)
    came = in_rounds(replica.received, queries)
    if protocol == "http":
        # Whoever answers only after a time holds all that is open.
        assert [most_within(part, DELAY_S) for part in came] == STEPS
    opened = report.plan.connections_per_replica * workers
    assert len({received.connection for received in replica.received}) <= opened
    (chosen,) = (step for step in report.steps if step.is_result)
    valid = [step for step in report.steps if step.verdict == report.verdict]
    assert chosen.samples_per_second == max(step.samples_per_second or 0 for step in valid)
    assert f"result: of concurrency {chosen.concurrency}" in ended.stderr


def test_each_step_begins_with_the_printed_stream(tmp_path: Path) -> None:
    write_numbered_samples(tmp_path / "samples.npz", SAMPLES)
    with recording_server() as replica:
        spec = write_spec(
            tmp_path,
            scenario="Concurrency",
            model=MODEL,
            data={"configMap": {"name": "samples"}},
            targetQPS=None,
            concurrencySteps=[1, 2],
            warmup="0s",
            minDuration="200ms",
            minQueries=50,
        )
        ended = inferometer("run", str(spec), "--endpoint", replica.url, *data(tmp_path), "-o", str(tmp_path))
        printed = [row["sample"] for row in stream_of(spec, 1)]

    assert ended.code in {0, 3}, ended.stderr
    first, second = in_rounds(replica.received, [one.result.queries for one in report_in(tmp_path).rounds])
    assert [received.sample for received in first[: len(printed)]] == printed
    # Two are open at a time: while one is on its way, as long as that may take, the other's place goes on.
    came = Counter(received.sample for received in second[: len(printed)])
    assert (Counter(printed) - came).total() <= 1


def in_rounds(received: list[Received], queries: list[int]) -> list[list[Received]]:
    """A drain lies between rounds, so that what came is told apart by its order."""
    starts = [sum(queries[:number]) for number in range(len(queries))]
    return [received[start : start + count] for start, count in zip(starts, queries, strict=True)]


def most_within(received: list[Received], seconds: float) -> int:
    """The most requests that came within less than so long: no more were open at a time."""
    at_ns = sorted(one.at_ns for one in received)
    window_ns = int(seconds * 1e9)
    return max(
        sum(start <= other < start + window_ns for other in at_ns[at : at + 64]) for at, start in enumerate(at_ns)
    )
