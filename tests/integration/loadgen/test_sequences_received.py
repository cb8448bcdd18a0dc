"""What servers receive of sequences: each at one replica, from start to end in order, as `stream` printed them."""

from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import grpc
import pytest

from inferometer_loadgen.plan import SequencesPlan
from integration.loadgen.recorder import MODEL, Received, Recorder, recording_server, write_numbered_samples
from integration.loadgen.recorder_grpc import recording_grpc_server
from integration.loadgen.shell import inferometer, report_in
from integration.loadgen.specs import write_spec
from integration.loadgen.test_stream_received import data, endpoints, stream_of

SAMPLES = 40
COUNT, LENGTH = 6, 5
SLOW_S = 0.15
SERVERS: dict[str, Callable[[], AbstractContextManager[Recorder]]] = {
    "http": recording_server,
    "grpc": recording_grpc_server,
}


def a_spec(folder: Path, **load: object) -> Path:
    fields: dict[str, object] = {
        "data": {"configMap": {"name": "samples"}},
        "targetQPS": None,
        "latencyBound": None,
        "warmup": "0s",
        "minDuration": "500ms",
        "minQueries": 200,
    }
    return write_spec(folder, model=MODEL, **(fields | load))  # type: ignore[arg-type]


@pytest.mark.parametrize("protocol", SERVERS)
@pytest.mark.parametrize("workers", [1, 3])
def test_each_sequence_comes_whole_and_in_order_at_its_replica(tmp_path: Path, workers: int, protocol: str) -> None:
    write_numbered_samples(tmp_path / "samples.npz", SAMPLES)
    with ExitStack() as stack:
        replicas = [stack.enter_context(SERVERS[protocol]()) for _ in range(2)]
        spec = a_spec(
            tmp_path,
            scenario="Concurrency",
            replicas=2,
            workers=workers,
            protocol=protocol,
            concurrency=COUNT,
            sequences={"count": COUNT, "length": LENGTH},
        )
        ended = inferometer("run", str(spec), *endpoints(replicas), *data(tmp_path), "-o", str(tmp_path))
        far = stream_of(spec, workers, "--limit", "200000")

    assert ended.code in {0, 3}, ended.stderr
    report = report_in(tmp_path)
    assert report.result.errors == 0
    assert report.plan.sequences == SequencesPlan(count=COUNT, length=LENGTH)
    assert report.result.queries == sum(len(replica.received) for replica in replicas) >= 200
    printed = defaultdict[int, list[tuple[Any, ...]]](list)
    for row in far:
        turn = row["sequence_id"], row["sequence_start"], row["sequence_end"]
        printed[row["sequence_id"]].append((row["sample"], row["replica"], turn))
    came = [by_sequence(replica.received) for replica in replicas]
    assert not came[0].keys() & came[1].keys()
    for number, sequences in enumerate(came):
        for sequence_id, received in sequences.items():
            expected = printed[sequence_id]
            assert [(one.sample, number, one.turn) for one in received] == expected[: len(received)]
            assert len(expected) == LENGTH
    unfinished = [own for sequences in came for own in sequences.values() if len(own) < LENGTH]
    # Those that the end of the run has left open: one of each slot at most.
    assert len({own[0].turn[0] % COUNT for own in unfinished if own[0].turn}) == len(unfinished) <= COUNT


@pytest.mark.parametrize("protocol", SERVERS)
def test_a_single_stream_is_one_sequence_after_another(tmp_path: Path, protocol: str) -> None:
    write_numbered_samples(tmp_path / "samples.npz", SAMPLES)
    with SERVERS[protocol]() as replica:
        spec = a_spec(
            tmp_path,
            scenario="SingleStream",
            protocol=protocol,
            sequences={"count": 1, "length": LENGTH},
            minQueries=33,
        )
        ended = inferometer("run", str(spec), *endpoints([replica]), *data(tmp_path), "-o", str(tmp_path))

    assert ended.code in {0, 3}, ended.stderr
    turns = [received.turn for received in replica.received]
    assert turns == [(1 + i // LENGTH, i % LENGTH == 0, i % LENGTH == LENGTH - 1) for i in range(len(turns))]


def test_a_slow_sequence_is_waited_for_by_itself_alone(tmp_path: Path) -> None:
    write_numbered_samples(tmp_path / "samples.npz", SAMPLES)
    with recording_server(delay_s=SLOW_S, is_slow=is_in_slot_0) as replica:
        sequences = {"count": 2, "length": LENGTH}
        spec = a_spec(
            tmp_path, scenario="Concurrency", concurrency=2, sequences=sequences, minDuration="2s", minQueries=20
        )
        ended = inferometer("run", str(spec), *endpoints([replica]), *data(tmp_path), "-o", str(tmp_path))

    assert ended.code in {0, 3}, ended.stderr
    assert report_in(tmp_path).result.queries == len(replica.received)
    slow = [received for received in replica.received if is_in_slot_0(received)]
    assert all(later.at_ns - earlier.at_ns >= SLOW_S * 1e9 for earlier, later in pairwise(slow))
    assert len(slow) > LENGTH
    assert len(replica.received) - len(slow) > 2 * len(slow)
    assert [received.turn for received in slow] == [
        (1 + 2 * (turn // LENGTH), turn % LENGTH == 0, turn % LENGTH == LENGTH - 1) for turn in range(len(slow))
    ]


def is_in_slot_0(received: Received) -> bool:
    return received.turn is not None and received.turn[0] % 2 == 1


def test_a_warm_up_leaves_no_sequence_open(tmp_path: Path) -> None:
    write_numbered_samples(tmp_path / "samples.npz", SAMPLES)
    with recording_server() as replica:
        spec = a_spec(
            tmp_path,
            scenario="Concurrency",
            concurrency=2,
            sequences={"count": 2, "length": LENGTH},
            warmup="300ms",
        )
        ended = inferometer("run", str(spec), *endpoints([replica]), *data(tmp_path), "-o", str(tmp_path))

    assert ended.code in {0, 3}, ended.stderr
    warmed = replica.received[: -report_in(tmp_path).result.queries]
    assert warmed
    assert all(received.turn is not None and received.turn[1:] == (True, True) for received in warmed)


def test_a_query_that_fails_is_typed_and_not_sent_again_and_the_rest_of_its_sequence_goes_on(tmp_path: Path) -> None:
    write_numbered_samples(tmp_path / "samples.npz", SAMPLES)
    calls = count()

    def act(context: grpc.ServicerContext) -> None:
        if next(calls) == 8:
            context.abort(grpc.StatusCode.INTERNAL, "out of memory")

    with recording_grpc_server(act) as replica:
        spec = a_spec(
            tmp_path,
            scenario="Concurrency",
            protocol="grpc",
            concurrency=2,
            sequences={"count": 2, "length": LENGTH},
            minQueries=60,
        )
        ended = inferometer("run", str(spec), *endpoints([replica]), *data(tmp_path), "-o", str(tmp_path))

    assert ended.code == 3, ended.stderr
    report = report_in(tmp_path)
    assert report.verdict == "Invalid"
    assert report.result.errors == 1
    assert "out of memory" in report.reasons[0].message
    assert report.result.queries == len(replica.received)
    hit = replica.received[8].turn
    assert hit is not None
    of_it = [received.turn for received in by_sequence(replica.received)[hit[0]]]
    assert of_it == [(hit[0], place == 0, place == LENGTH - 1) for place in range(LENGTH)]


def by_sequence(received: list[Received]) -> dict[int, list[Received]]:
    found = defaultdict[int, list[Received]](list)
    for one in sorted(received, key=lambda one: one.at_ns):
        assert one.turn is not None
        found[one.turn[0]].append(one)
    return found
