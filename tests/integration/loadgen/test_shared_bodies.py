"""The worker processes of a shell hold the bodies of a sample library once, not each."""

from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from integration.loadgen.recorder import MODEL, Recorder, recording_server, write_numbered_samples
from integration.loadgen.recorder_grpc import recording_grpc_server
from integration.loadgen.shell import children_of, inferometer, report_in, running
from integration.loadgen.specs import write_spec

WIDTH = 75_264
"""Numbers of 8 bytes: as large as an image of ResNet50, 602 kB."""
SAMPLES = 64
LIBRARY_BYTES = SAMPLES * WIDTH * 8
WORKERS = 4


def server(protocol: str) -> AbstractContextManager[Recorder]:
    return recording_server(width=WIDTH) if protocol == "http" else recording_grpc_server(width=WIDTH)


def spec_for(folder: Path, protocol: str, samples: int, data: object = None) -> Path:
    return write_spec(
        folder,
        name=f"of-{samples}",
        model=MODEL,
        protocol=protocol,
        workers=WORKERS,
        warmup="0s",
        minDuration="3s",
        targetQPS=20,
        data=data or {"synthetic": {"samples": samples}},
    )


def memory_of_workers(folder: Path, protocol: str, samples: int) -> tuple[int, int]:
    """The workers' proportional set size while they measure, and the part of it that is in shared memory."""
    spec = spec_for(folder, protocol, samples)
    with (
        server(protocol) as replica,
        running("run", str(spec), "--endpoint", replica.url, "-o", str(folder / f"{samples}")) as process,
    ):
        while not replica.received:
            assert process.poll() is None, process.communicate()
        workers = children_of(process.pid, "worker")
        rollups = [Path(f"/proc/{worker}/smaps_rollup").read_text().splitlines() for worker in workers]
        assert len(workers) == WORKERS
    sizes = [{line.split()[0]: int(line.split()[1]) * 1024 for line in rollup[1:]} for rollup in rollups]
    return sum(size["Pss:"] for size in sizes), sum(size["Pss_Shmem:"] for size in sizes)


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_four_workers_hold_one_copy_of_the_bodies(tmp_path: Path, protocol: str) -> None:
    few, _ = memory_of_workers(tmp_path, protocol, 1)
    many, shared = memory_of_workers(tmp_path, protocol, SAMPLES)

    assert 0.99 * LIBRARY_BYTES < shared < 1.05 * LIBRARY_BYTES
    assert many - few < 1.5 * LIBRARY_BYTES, "the bodies are in memory of the workers' own too"


def test_only_the_worker_that_makes_the_bodies_reads_the_samples(tmp_path: Path) -> None:
    few, many = (sorted(peaks_of_workers(tmp_path, samples)) for samples in (1, SAMPLES))

    # The others map the bodies, and that is all.
    assert many[-2] - few[-2] < 1.3 * LIBRARY_BYTES


def peaks_of_workers(folder: Path, samples: int) -> list[int]:
    """The most that each worker ever held, of a sample library in a file."""
    file = folder / f"{samples}.npz"
    write_numbered_samples(file, samples, WIDTH)
    spec = spec_for(folder, "http", samples, {"configMap": {"name": "samples"}})
    with (
        server("http") as replica,
        running(
            "run", str(spec), "--data", str(file), "--endpoint", replica.url, "-o", str(folder / f"{samples}")
        ) as process,
    ):
        while not replica.received:
            assert process.poll() is None, process.communicate()
        statuses = [Path(f"/proc/{worker}/status").read_text() for worker in children_of(process.pid, "worker")]
    return [int(status.partition("VmHWM:")[2].split()[0]) * 1024 for status in statuses]


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_what_is_sent_from_shared_memory_is_whole(tmp_path: Path, protocol: str) -> None:
    spec, samples = spec_for(tmp_path, protocol, 8, {"configMap": {"name": "samples"}}), tmp_path / "samples.npz"
    write_numbered_samples(samples, 8, WIDTH)
    with server(protocol) as replica:
        ended = inferometer("run", str(spec), "--data", str(samples), "--endpoint", replica.url, "-o", str(tmp_path))

    assert ended.code in {0, 3}, ended.stderr
    result = report_in(tmp_path).result
    assert result.queries == result.answered == len(replica.received)
    assert {received.sample for received in replica.received} == set(range(8))


def test_a_descriptor_that_no_parent_gave_is_refused(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("t")

    coordinator = ("--coordinator", "127.0.0.1:9", "--index", "0", "--token", str(token))
    ended = inferometer("worker", "--plan", str(tmp_path / "plan.json"), *coordinator, "--bodies-fd", "99")

    assert ended.code == 2, ended.stderr
    assert "--bodies-fd 99: is no memory file that this process was started with" in ended.stderr
