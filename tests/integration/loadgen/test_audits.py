"""Mode Audit: an honest server passes each test, on a real Triton too, and one that cheats does not."""

import asyncio
import json
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
import yaml
from msgspec import structs

from inferometer_dev.triton import TritonProcess
from inferometer_loadgen.commands.inputs import read_spec
from inferometer_loadgen.coordinator.spool import LOGGED, OutputsSpool
from inferometer_loadgen.datasets.files import library_facts
from inferometer_loadgen.datasets.outputs import outputs_of
from inferometer_loadgen.local.engine import LocalRun, run_locally
from inferometer_loadgen.plan import AccuracyLog, ReplicaAddress
from inferometer_loadgen.report.schema import Report
from inferometer_loadgen.spec import resolve
from inferometer_loadgen.stream import LoggedSamples, make_stream
from integration.loadgen.cheats import Server, caching, honest, lying_for, serving, slow, tuned_to
from integration.loadgen.recorder import MODEL, write_numbered_samples
from integration.loadgen.shell import Ended, inferometer, report_in, run_arguments
from integration.loadgen.specs import write_spec

MANY, FEW = 3_000, 60
OTHER_SCHEDULE = 15816800565822761601 % 2**32
"""TEST05's own seed of the schedule: with it in the spec too, both rounds ask for other samples at the same times."""


def write_audit_spec(folder: Path, test: str, accuracy: dict[str, object] | None = None, **load: Any) -> Path:
    path = write_spec(folder, **load)
    document = yaml.safe_load(path.read_text())
    document["spec"] |= {"mode": "Audit", "audit": test} | ({} if accuracy is None else {"accuracy": accuracy})
    path.write_text(yaml.safe_dump(document))
    return path


def at_a_rate(folder: Path, test: str, **changes: Any) -> Path:
    """Server, whose result is the rate that it was asked for: what a busy machine does is hardly in it."""
    load: dict[str, Any] = {"model": MODEL, "targetQPS": 40, "warmup": "0s", "data": {"configMap": {"name": "samples"}}}
    return write_audit_spec(folder, test, **load | changes)


def overloaded(folder: Path, test: str) -> Path:
    """Twice as fast as a server without a cache can answer, whose rate is then its own; of samples that hardly repeat.

    The schedule's seed is TEST05's own, so that all rounds ask at the same times.
    """
    load = {"targetQPS": 20, "minDuration": "1500ms", "minQueries": 30, "latencyBound": "5s"}
    return at_a_rate(folder, test, **load, seeds={"schedule": OTHER_SCHEDULE})


def audited(spec: Path, server: Server, folder: Path, samples: int = FEW) -> tuple[Ended, Report]:
    write_numbered_samples(folder / "samples.npz", samples)
    with serving(server):
        data = ("--data", str(folder / "samples.npz"))
        ended = inferometer("run", str(spec), "--endpoint", server.url, *data, "-o", str(folder))
    return ended, report_in(folder)


@pytest.mark.parametrize(
    ("test", "protocol", "workers"),
    [("TEST01", "http", 1), ("TEST01", "grpc", 2), ("TEST04", "http", 1), ("TEST05", "grpc", 1)],
)
def test_a_real_triton_passes(triton: TritonProcess, tmp_path: Path, test: str, protocol: str, workers: int) -> None:
    spec = write_audit_spec(
        tmp_path,
        test,
        protocol=protocol,
        workers=workers,
        targetQPS=8,
        minQueries=20,
        minDuration="6s",
        seeds={"schedule": OTHER_SCHEDULE},
    )
    url = triton.url if protocol == "http" else f"grpc://{urlsplit(triton.url).hostname}:{triton.grpc_port}"

    ended = inferometer(*run_arguments(spec, url, triton.metrics_url, tmp_path))

    report = report_in(tmp_path)
    assert report.verdict == "Valid", ended.stderr
    assert report.audit is not None
    assert (report.audit.test, report.audit.passed) == (test, True)
    assert [one.purpose for one in report.rounds][:2] == ["Reference", "Audited"]
    assert f"audit {test} passed" in ended.stderr
    # Each round's successes are those that the server counted in its own window.
    assert report.result.answered == report.result.queries


def test_test04_fails_where_a_server_answers_from_a_cache(tmp_path: Path) -> None:
    ended, report = audited(overloaded(tmp_path, "TEST04"), caching(), tmp_path, MANY)

    assert ended.code == 3
    assert report.verdict == "Invalid", ended.stderr
    assert [reason.type for reason in report.reasons] == ["AuditFailedSameSampleFaster"]
    assert report.audit is not None
    assert (report.audit.audited or 0) > 1.3 * (report.audit.reference or 0)


def test_test04_passes_where_it_does_not_and_sends_one_sample_in_its_second_round(tmp_path: Path) -> None:
    server = honest()

    ended, report = audited(at_a_rate(tmp_path, "TEST04"), server, tmp_path, MANY)

    assert report.verdict == "Valid", ended.stderr
    first, second = (one.result.queries for one in report.rounds)
    assert len(set(server.asked[:first])) > 30
    assert len(set(server.asked[first:])) == 1
    assert len(server.asked) == first + second
    detail = (tmp_path / "TEST04" / "performance" / "run_1" / "mlperf_log_detail.txt").read_text()
    assert '"key": "effective_performance_issue_same", "value": true' in detail
    assert '"value": true' not in next(
        line
        for line in (tmp_path / "performance" / "run_1" / "mlperf_log_detail.txt").read_text().splitlines()
        if "effective_performance_issue_same" in line
    )


def test_test05_fails_where_a_server_is_tuned_to_the_usual_seeds(tmp_path: Path) -> None:
    spec = overloaded(tmp_path, "TEST05")
    usual = frozenset(known_samples(spec, tmp_path))

    ended, report = audited(spec, tuned_to(usual), tmp_path, MANY)

    assert report.verdict == "Invalid", ended.stderr
    assert [reason.type for reason in report.reasons] == ["AuditFailedOtherSeedsSlower"]


def known_samples(spec: Path, folder: Path) -> list[int]:
    """What the usual seeds ask for."""
    _, report = audited(spec, honest(), folder, MANY)
    return make_stream(report.plan.stream).sample.tolist()


def test_test01_passes_where_answers_are_equal_and_logs_the_official_selection(tmp_path: Path) -> None:
    ended, report = audited(at_a_rate(tmp_path, "TEST01"), honest(), tmp_path)

    assert report.verdict == "Valid", ended.stderr
    assert [one.purpose for one in report.rounds] == ["Reference", "Audited", "Accuracy"]
    assert report.audit is not None
    assert report.audit.outputs is not None
    stream = report.rounds[1].stream
    assert stream is not None
    assert stream.accuracy_log is not None
    asked = make_stream(stream, report.rounds[1].result.queries).sample
    places = np.flatnonzero(LoggedSamples(stream.accuracy_log).take(asked.size))
    logged = json.loads((tmp_path / "TEST01" / "accuracy" / "mlperf_log_accuracy.json").read_text())
    assert [(entry["seq_id"], entry["qsl_idx"]) for entry in logged] == [(p, asked[p]) for p in places.tolist()]
    assert [int.from_bytes(bytes.fromhex(entry["data"]), "little") for entry in logged] == asked[places].tolist()
    assert report.audit.outputs.logged == len(places) > 0
    scored = json.loads((tmp_path / "accuracy" / "mlperf_log_accuracy.json").read_text())
    assert sorted(entry["qsl_idx"] for entry in scored) == list(range(FEW))


def test_a_loop_whose_length_nobody_knew_logs_the_official_selection_too(tmp_path: Path) -> None:
    """Whatever its verdict: on a machine that others use a closed loop is Inconclusive, and a test ends with that."""
    closed: dict[str, Any] = {"scenario": "SingleStream", "targetQPS": None, "latencyBound": None}
    spec = write_spec(
        tmp_path, model=MODEL, minDuration="1s", minQueries=5, data={"configMap": {"name": "samples"}}, **closed
    )
    write_numbered_samples(tmp_path / "samples.npz", FEW)
    data = (tmp_path / "samples.npz").read_bytes()
    plan = resolve("closed", read_spec(spec).spec, library_facts(data, "npz"))
    log = AccuracyLog(seed=720381539243781796, probability=0.5)
    logging = structs.replace(plan, stream=structs.replace(plan.stream, accuracy_log=log))

    with serving(honest()) as server:
        replica = ReplicaAddress(name="cheat", url=server.url, metrics_url=f"{server.url}/metrics")
        run = LocalRun(plan=logging, replicas=(replica,), data=data, outputs=tmp_path)
        outcome = asyncio.run(run_locally(run, lambda _status: None))

    assert outcome.report is not None, outcome.failure
    stream = make_stream(logging.stream, outcome.report.result.queries)
    places = np.flatnonzero(LoggedSamples(log).take(stream.sample.size))
    with closing(OutputsSpool.stored(tmp_path / LOGGED)) as spool:
        kept = list(spool.logged(stream, log))
    assert [(one.row, one.sample) for one in kept] == [(place, stream.sample[place]) for place in places.tolist()]
    assert len(places) > 5
    for one in kept:
        (output,) = outputs_of("http", one.data, one.json_length).values()
        assert output.tolist() == [[one.sample]]


@pytest.mark.parametrize("workers", [1, 3])
def test_test01_fails_where_a_server_answers_otherwise_while_it_is_timed(tmp_path: Path, workers: int) -> None:
    spec = at_a_rate(tmp_path, "TEST01", workers=workers)
    _, whole = audited(spec, honest(), tmp_path)
    assert whole.verdict == "Valid", whole.reasons
    timed = sum(one.result.queries for one in whole.rounds[:2])

    ended, report = audited(spec, lying_for(timed), tmp_path)

    assert report.verdict == "Invalid", ended.stderr
    assert [reason.type for reason in report.reasons] == ["AuditFailedOutputsDiffer"]
    assert report.audit is not None
    assert report.audit.outputs is not None
    assert report.audit.outputs.different == report.audit.outputs.logged > 0


def test_a_server_that_is_too_slow_makes_a_test_say_nothing(tmp_path: Path) -> None:
    spec = at_a_rate(tmp_path, "TEST04", latencyBound="5ms")

    _, report = audited(spec, slow(), tmp_path)

    assert report.verdict == "Inconclusive"
    assert report.reasons[0].type == "AuditInconclusive"
    assert [one.purpose for one in report.rounds] == ["Reference"]
