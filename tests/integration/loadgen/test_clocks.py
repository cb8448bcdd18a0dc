"""A worker whose monotonic clock is an hour ahead sends at the right time, and its offset is measured and bounded."""

import asyncio
from pathlib import Path

import pytest

from inferometer_loadgen.datasets.npz import npz_facts
from inferometer_loadgen.local import engine
from inferometer_loadgen.plan import ReplicaAddress
from inferometer_loadgen.spec import resolve
from inferometer_loadgen.spec.decode import decode_file
from integration.loadgen.recorder import MODEL, recording_server, write_numbered_samples
from integration.loadgen.specs import write_spec

HOUR_S = 3600


def test_a_clock_an_hour_ahead_is_followed_within_its_stated_uncertainty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ordinary = engine.command

    def in_another_time(verb: str, *arguments: str) -> tuple[str, ...]:
        # A time namespace: the same kernel, another monotonic clock, as on another machine.
        ahead = ("unshare", "--time", "--fork", f"--monotonic={HOUR_S}", "--boottime=0", "--kill-child")
        return (*(ahead if verb == "worker" else ()), *ordinary(verb, *arguments))

    monkeypatch.setattr(engine, "command", in_another_time)
    spec = write_spec(tmp_path, model=MODEL, targetQPS=100, data={"configMap": {"name": "samples"}})
    write_numbered_samples(tmp_path / "samples.npz", 10)
    samples = (tmp_path / "samples.npz").read_bytes()
    plan = resolve("ahead", decode_file(spec.read_text(), str(spec)).spec, npz_facts(samples))

    with recording_server() as replica:
        address = ReplicaAddress(name="r0", url=replica.url, metrics_url=replica.url + "/metrics")
        run = engine.LocalRun(plan=plan, replicas=(address,), data=samples)
        outcome = asyncio.run(engine.run_locally(run, lambda status: None))

    report = outcome.report
    assert report is not None, outcome.failure
    (worker,) = report.client.workers
    assert worker.clock is not None
    assert not worker.clock.same
    assert 0 < worker.clock.uncertainty_ns < 50_000_000
    assert abs(worker.clock.offset_ns - HOUR_S * 1_000_000_000) <= worker.clock.uncertainty_ns
    # Sent by a clock that was not followed, every query would be an hour late.
    assert report.result.errors == 0
    assert report.client.send_lag_p50_ns is not None
    assert report.client.send_lag_p50_ns < 50_000_000
