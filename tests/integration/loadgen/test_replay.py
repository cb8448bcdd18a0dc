"""A recording is replayed by `inferometer run`: each query comes at its recorded time, and is judged from it."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from inferometer_loadgen.stream import make_stream
from inferometer_loadgen.stream.replay import unpack_times
from integration.loadgen.recorder import MODEL, recording_server, write_numbered_samples
from integration.loadgen.shell import inferometer, report_in
from integration.loadgen.specs import write_spec

SAMPLES = 40
BEGAN_S = 1_764_043_501
DUE_MS = [burst + 4 * query for burst in (0, 700, 900, 1600) for query in range(12)]
"""Nothing like a Poisson stream."""


@pytest.mark.parametrize("workers", [1, 3])
def test_queries_come_at_their_recorded_times(tmp_path: Path, workers: int) -> None:
    with recording_server() as replica:
        arguments = replay(tmp_path, workers)

        ended = inferometer("run", *arguments, "--endpoint", replica.url, "-o", str(tmp_path))

    assert ended.code in {0, 3}, ended.stderr
    report = report_in(tmp_path)
    due_ns = unpack_times(report.plan.stream.replay)
    assert due_ns.tolist() == [at * 1_000_000 for at in DUE_MS]
    assert report.result.queries == report.result.answered == len(replica.received) == len(DUE_MS)
    assert (report.plan.judge.min_queries, report.plan.judge.min_duration_ns) == (len(DUE_MS), due_ns[-1])
    assert {reason.type for reason in report.reasons}.isdisjoint({"MinDurationNotMet", "MinQueriesNotMet"})
    planned = make_stream(report.plan.stream).sample.tolist()
    assert Counter(received.sample for received in replica.received) == Counter(planned)
    came_ns = np.sort([received.at_ns for received in replica.received])
    # All by the same amount, time 0 on the server's clock, but for what a busy machine delays.
    differences_ns = came_ns - due_ns
    assert np.median(differences_ns) - np.min(differences_ns) < 10_000_000


def replay(folder: Path, workers: int) -> tuple[str, ...]:
    times, samples = folder / "recorded.csv", folder / "samples.npz"
    times.write_text("".join(f"{BEGAN_S + at // 1000}.{at % 1000:03}\n" for at in DUE_MS))
    write_numbered_samples(samples, SAMPLES)
    spec = write_spec(
        folder,
        model=MODEL,
        scenario="Replay",
        workers=workers,
        warmup="0s",
        data={"configMap": {"name": "samples"}},
        replay={"configMap": {"name": "times"}},
        targetQPS=None,
        minDuration=None,
    )
    return str(spec), "--times", str(times), "--data", str(samples)
