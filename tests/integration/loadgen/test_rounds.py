"""One run of several rounds: a server receives the same stream in each, on connections that stay."""

import signal
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from integration.loadgen.recorder import MODEL, Recorder, recording_server, write_numbered_samples
from integration.loadgen.recorder_grpc import recording_grpc_server
from integration.loadgen.shell import inferometer, report_in, running, wait_for
from integration.loadgen.specs import write_spec
from integration.loadgen.test_stream_received import data, make_config_map, stream_of

SAMPLES = 40
SERVERS: dict[str, Callable[[], AbstractContextManager[Recorder]]] = {
    "http": recording_server,
    "grpc": recording_grpc_server,
}


@pytest.mark.parametrize("protocol", ["http", "grpc"])
@pytest.mark.parametrize("workers", [1, 3])
def test_each_round_sends_the_whole_stream_again_on_the_same_connections(
    tmp_path: Path, workers: int, protocol: str
) -> None:
    write_numbered_samples(tmp_path / "samples.npz", SAMPLES)
    with SERVERS[protocol]() as replica:
        spec = spec_of_three_rounds(tmp_path, workers=workers, protocol=protocol)
        ended = inferometer("run", str(spec), "--endpoint", replica.url, *data(tmp_path), "-o", str(tmp_path))
        printed = [row["sample"] for row in stream_of(spec, workers)]

    assert ended.code in {0, 3}, ended.stderr
    report = report_in(tmp_path)
    assert [one.number for one in report.rounds] == [1, 2, 3]
    assert [one.result.answered for one in report.rounds] == [len(printed)] * 3
    assert {one.stream_digest for one in report.rounds} == {report.stream_digest}
    assert len(replica.received) == 3 * len(printed)
    for number in range(3):
        # A cooldown lies between rounds, so that what came is told apart by its order.
        came = replica.received[number * len(printed) : (number + 1) * len(printed)]
        assert Counter(received.sample for received in came) == Counter(printed)
    first, last = (connections_of(replica, part, len(printed)) for part in (0, 2))
    assert first & last
    opened = report.plan.connections_per_replica * workers
    assert len({received.connection for received in replica.received}) <= opened
    assert report.spread is not None
    assert report.spread.low is not None
    assert report.spread.low <= (report.result.value or 0) <= (report.spread.high or 0)


def test_a_closed_loop_is_repeated_too(tmp_path: Path) -> None:
    write_numbered_samples(tmp_path / "samples.npz", SAMPLES)
    with recording_server() as replica:
        spec = write_spec(
            tmp_path,
            scenario="Concurrency",
            model=MODEL,
            repeat={"count": 2},
            data={"configMap": {"name": "samples"}},
            targetQPS=None,
            concurrency=2,
            warmup="0s",
            minDuration="500ms",
        )
        ended = inferometer("run", str(spec), "--endpoint", replica.url, *data(tmp_path), "-o", str(tmp_path))

    assert ended.code in {0, 3}, ended.stderr
    report = report_in(tmp_path)
    assert sum(one.result.queries for one in report.rounds) == len(replica.received)
    rounds = [one.result.queries for one in report.rounds]
    first, second = replica.received[: rounds[0]], replica.received[rounds[0] :]
    same = min(rounds) - 2  # Two are open at a time, and may come in the other order.
    assert len(Counter(r.sample for r in first[:same]) - Counter(r.sample for r in second[: same + 2])) <= 2


def spec_of_three_rounds(folder: Path, workers: int, protocol: str) -> Path:
    make_config_map(folder)
    return write_spec(
        folder,
        model=MODEL,
        repeat={"count": 3, "cooldown": "100ms"},
        data={"configMap": {"name": "samples"}},
        warmup="0s",
        minDuration="1s",
        targetQPS=100,
        workers=workers,
        protocol=protocol,
    )


def connections_of(replica: Recorder, number: int, queries: int) -> set[int]:
    return {received.connection for received in replica.received[number * queries : (number + 1) * queries]}


def test_a_search_for_the_peak_ends_with_a_measured_run_at_the_rate_that_it_found(tmp_path: Path) -> None:
    write_numbered_samples(tmp_path / "samples.npz", SAMPLES)
    with recording_server() as replica:
        spec = write_spec(
            tmp_path,
            model=MODEL,
            data={"configMap": {"name": "samples"}},
            targetQPS=None,
            findPeak={"min": 20, "max": 80, "tolerance": 1, "trialDuration": "500ms"},
            warmup="0s",
            minDuration="1s",
            minQueries=10,
        )
        ended = inferometer("run", str(spec), "--endpoint", replica.url, *data(tmp_path), "-o", str(tmp_path))

    assert ended.code in {0, 3}, ended.stderr
    report = report_in(tmp_path)
    assert sum(one.result.queries for one in report.rounds) == len(replica.received)
    assert report.peak is not None
    assert report.rounds[0].purpose == "Trial"
    assert report.rounds[0].target_qps == 20
    assert report.rounds[-1].purpose == "Measured"
    assert "peak: " in ended.stderr


@pytest.mark.parametrize("workers", [1, 3])
def test_a_trial_is_ended_as_soon_as_it_cannot_be_valid_and_the_measured_run_never(
    tmp_path: Path, workers: int
) -> None:
    write_numbered_samples(tmp_path / "samples.npz", SAMPLES)
    make_config_map(tmp_path)
    with recording_server(delay_s=0.2) as replica:
        spec = write_spec(
            tmp_path,
            model=MODEL,
            data={"configMap": {"name": "samples"}},
            targetQPS=None,
            findPeak={"min": 40, "max": 80, "trialDuration": "8s"},
            latencyBound="50ms",
            warmup="0s",
            minDuration="2s",
            minQueries=10,
            workers=workers,
        )
        ended = inferometer("run", str(spec), "--endpoint", replica.url, *data(tmp_path), "-o", str(tmp_path))

    trial, measured = report_in(tmp_path).rounds
    assert "of its queries were late" in trial.ended_early, ended.stderr
    assert trial.verdict != "Valid"
    assert 0 < trial.result.queries < 8 * 40 / 2
    assert (trial.result.errors, measured.result.errors) == (0, 0)
    assert (measured.purpose, measured.ended_early) == ("Measured", "")
    assert measured.result.queries > 2 * 40 * 0.7
    assert "ended early" in ended.stderr


def test_a_run_that_is_interrupted_between_rounds_ends_at_once_and_reports_those_before(tmp_path: Path) -> None:
    write_numbered_samples(tmp_path / "samples.npz", SAMPLES)
    with recording_server() as replica:
        spec = write_spec(
            tmp_path,
            model=MODEL,
            repeat={"count": 2, "cooldown": "10m"},
            data={"configMap": {"name": "samples"}},
            warmup="0s",
            minDuration="500ms",
            workers=2,
        )
        arguments = ("run", str(spec), "--endpoint", replica.url, *data(tmp_path), "-o", str(tmp_path))
        with running(*arguments) as process:
            wait_for("cooling down, round 2 of 2", process)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=30)

    report = report_in(tmp_path)
    assert len(report.rounds) == 1
    assert report.verdict == "Inconclusive"
    assert "after 1 of 2 rounds" in report.reasons[-1].message
    assert "Traceback" not in said
    assert "expected WarmUp" not in said
