"""`inferometer run` with the official LoadGen as the engine: it says when, our wire asks, its logs are the run's."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from inferometer_dev.triton import TritonProcess
from inferometer_loadgen.report.schema import OfficialReport, Report
from integration.loadgen.recorder import MODEL, write_numbered_samples
from integration.loadgen.recorder_grpc import recording_grpc_server
from integration.loadgen.shell import children_of, inferometer, report_in, run_arguments, running, wait_for
from integration.loadgen.specs import write_spec
from integration.loadgen.test_bad_servers import Behaviour, a_server_that, answers_errors, stalls_on_queries
from integration.loadgen.test_run import await_end
from integration.loadgen.test_run_scenarios import write_scenario
from unit.mlperf_logs.official_logs import read_detail

FILES = ("mlperf_log_summary.txt", "mlperf_log_detail.txt", "mlperf_log_accuracy.json")
METRICS = {
    "SingleStream": "early_stopping_latency_ss",
    "MultiStream": "early_stopping_latency_ms",
    "Server": "result_completed_samples_per_sec",
    "Offline": "result_samples_per_second",
}
ENOUGH: dict[str, dict[str, Any]] = {
    "SingleStream": {"minQueries": 100},
    "MultiStream": {"minQueries": 20},
    "Server": {},
    "Offline": {"samplesPerRequest": 3},
}
"""MultiStream and Server have too few queries for early stopping's p99: the engine says so."""


def official(report: Report) -> OfficialReport:
    assert report.official is not None
    return report.official


@pytest.mark.parametrize(
    ("scenario", "protocol"), [*((scenario, "http") for scenario in METRICS), ("Server", "grpc"), ("Offline", "grpc")]
)
def test_each_scenario_is_measured_and_its_logs_are_loadgens_own(
    triton: TritonProcess, tmp_path: Path, scenario: str, protocol: str
) -> None:
    spec = write_scenario(tmp_path, scenario, protocol=protocol, engine="mlperf-loadgen", **ENOUGH[scenario])
    url = triton.url if protocol == "http" else f"http://{triton.grpc_address}"

    ended = inferometer(*run_arguments(spec, url, triton.metrics_url, tmp_path))

    assert ended.code in {0, 3}, ended.stderr
    report = report_in(tmp_path)
    assert report.result.errors == 0
    assert report.result.queries == report.result.answered == report.replicas[0].server_successes
    found = official(report)
    assert found.version == "6.0.17"
    assert found.agrees is True, (report.reasons, found)
    assert report.verdict in {"Inconclusive", {"VALID": "Valid", "INVALID": "Invalid"}[found.verdict]}
    assert found.metric == METRICS[scenario]
    # Two clocks, and the way between both: LoadGen's latencies are never shorter, and not much longer.
    if scenario in {"SingleStream", "Server"}:
        ours_ns = report.result.latency.p50_ns or 0
        assert ours_ns <= found.latency_ns["50.00"] < ours_ns + 250_000_000
    if scenario in {"Server", "Offline"}:
        # Offline is over in a moment, of which the way from LoadGen to the worker is a part.
        assert report.result.value == pytest.approx(found.value, rel=0.05 if scenario == "Server" else 0.25)
    for name in FILES:
        assert (tmp_path / name).read_text() == found.logs[name]
    detail = read_detail((tmp_path / FILES[1]).read_text())
    assert str(detail["loadgen_version"]).startswith("6.0.17")
    assert not [key for key in detail if "inferometer" in key]
    assert detail["effective_scenario"] == scenario
    assert detail["result_validity"] == found.verdict
    assert detail["sut_name"] == "magika on triton 2.51.0, 1 of them"
    assert f"engine: LoadGen 6.0.17 says {found.verdict}" in ended.stderr


def test_both_engines_ask_for_the_same_samples_in_the_same_order(tmp_path: Path) -> None:
    """Over gRPC: its one connection keeps their order, however busy the machine is."""
    write_numbered_samples(tmp_path / "samples.npz", 40)
    received: dict[str, list[int]] = {}
    reports: dict[str, Report] = {}
    for engine in ("Own", "mlperf-loadgen"):
        with recording_grpc_server() as server:
            folder = tmp_path / engine
            folder.mkdir()
            spec = write_spec(
                folder, model=MODEL, data={"configMap": {"name": "samples"}}, warmup="0s", engine=engine,
                targetQPS=25, minDuration="1s", minQueries=40, protocol="grpc",
            )  # fmt: skip
            data = ("--data", str(tmp_path / "samples.npz"))
            ended = inferometer("run", str(spec), "--endpoint", server.url, *data, "-o", str(folder))
        assert ended.code in {0, 3}, ended.stderr
        assert len({one.connection for one in server.received}) == 1
        received[engine] = [one.sample for one in server.received]
        reports[engine] = report_in(folder)

    assert len(received["Own"]) >= 40
    assert received["mlperf-loadgen"] == received["Own"]
    assert reports["mlperf-loadgen"].stream_digest == reports["Own"].stream_digest
    types = {engine: {one.type for one in report.obstacles} for engine, report in reports.items()}
    assert types["Own"] - types["mlperf-loadgen"] == {"OwnEngine"}


def test_each_round_is_a_test_of_its_own(triton: TritonProcess, tmp_path: Path) -> None:
    spec = write_spec(tmp_path, engine="mlperf-loadgen", minDuration="1s", repeat={"count": 2, "cooldown": "0s"})

    ended = inferometer(*run_arguments(spec, triton.url, triton.metrics_url, tmp_path))

    report = report_in(tmp_path)
    assert ended.code in {0, 3}, ended.stderr
    assert [one.number for one in report.rounds] == [1, 2]
    assert len({one.result.queries for one in report.rounds}) == 1
    assert official(report).agrees is True


def test_ctrl_c_ends_it_with_what_was_measured_and_without_logs(triton: TritonProcess, tmp_path: Path) -> None:
    spec = write_spec(tmp_path, engine="mlperf-loadgen", minDuration="60s")

    with running(*run_arguments(spec, triton.url, triton.metrics_url, tmp_path)) as run:
        wait_for("measuring", run)
        inferometer("report", str(tmp_path))  # as long as it takes for some queries to be answered
        run.send_signal(signal.SIGINT)
        stderr = run.communicate()[1]

    report = report_in(tmp_path)
    assert run.returncode == 130, stderr
    assert [reason.type for reason in report.reasons][:1] == ["CalledOff"]
    assert report.official is None
    assert not (tmp_path / FILES[0]).exists(), "a log of ours would pass for LoadGen's"


@pytest.mark.parametrize("behaves", [answers_errors, stalls_on_queries])
@pytest.mark.parametrize("scenario", ["Server", "SingleStream", "Offline"])
def test_failed_queries_make_it_invalid_whatever_loadgen_says(
    tmp_path: Path, scenario: str, behaves: Behaviour
) -> None:
    write_numbered_samples(tmp_path / "samples.npz", 4)
    rate = {"targetQPS": None} if scenario == "SingleStream" else {"targetQPS": 20}
    with a_server_that(behaves) as url:
        spec = write_spec(
            tmp_path, model=MODEL, scenario=scenario, data={"configMap": {"name": "samples"}}, warmup="0s",
            engine="mlperf-loadgen", minDuration="1s", queryTimeout="300ms",
            **rate, latencyBound="100ms" if scenario == "Server" else None, minQueries=5,
        )  # fmt: skip
        data = ("--data", str(tmp_path / "samples.npz"))
        ended = inferometer("run", str(spec), "--endpoint", url, *data, "-o", str(tmp_path))

    report = report_in(tmp_path)
    assert ended.code == 3, ended.stderr
    assert report.result.errors == report.result.queries > 0
    assert "QueriesFailed" in [reason.type for reason in report.reasons]
    found = official(report)
    assert found.agrees is None
    assert found.logs == {}
    assert not (tmp_path / FILES[0]).exists(), "it would say that the queries were answered"


def test_nothing_is_left_behind_when_the_worker_is_killed(triton: TritonProcess, tmp_path: Path) -> None:
    spec = write_spec(tmp_path, engine="mlperf-loadgen", minDuration="60s")

    with running(*run_arguments(spec, triton.url, triton.metrics_url, tmp_path)) as run:
        wait_for("measuring", run)
        (worker,) = children_of(run.pid, "worker")
        (loadgen,) = children_of(worker, "inferometer_loadgen.official.child")
        child = os.pidfd_open(loadgen)
        os.kill(worker, signal.SIGKILL)
        stderr = run.communicate()[1]
        await_end(child)

    assert run.returncode == 1
    assert "WorkerLost" in stderr


def test_a_loadgen_that_dies_is_told_with_its_last_words(
    triton: TritonProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, monkeypatch, DYING)
    spec = write_spec(tmp_path, engine="mlperf-loadgen")

    ended = inferometer(*run_arguments(spec, triton.url, triton.metrics_url, tmp_path))

    assert ended.code == 1
    assert "FAILED  OfficialEngineEnded: LoadGen's process ended with signal SIGABRT" in ended.stderr.replace(
        "worker 0: ", ""
    )
    assert "it said: the settings are bad" in ended.stderr


def test_a_loadgen_killed_in_mid_run_ends_it_typed(triton: TritonProcess, tmp_path: Path) -> None:
    spec = write_spec(tmp_path, engine="mlperf-loadgen", minDuration="60s")

    with running(*run_arguments(spec, triton.url, triton.metrics_url, tmp_path)) as run:
        wait_for("measuring", run)
        (worker,) = children_of(run.pid, "worker")
        (loadgen,) = children_of(worker, "inferometer_loadgen.official.child")
        os.kill(loadgen, signal.SIGKILL)
        stderr = run.communicate()[1]

    assert run.returncode == 1
    assert "FAILED  OfficialEngineEnded" in stderr
    assert "SIGKILL" in stderr


def test_a_loadgen_that_asks_for_other_samples_ends_the_run_typed(
    triton: TritonProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, monkeypatch, STRANGE)
    spec = write_spec(tmp_path, engine="mlperf-loadgen")

    ended = inferometer(*run_arguments(spec, triton.url, triton.metrics_url, tmp_path))

    assert ended.code == 1
    assert "FAILED  OfficialStreamDiffers" in ended.stderr


def test_without_the_package_the_run_says_what_to_install(
    triton: TritonProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['mlperf_loadgen'] = None\n")
    first_in_path(tmp_path, monkeypatch)
    spec = write_spec(tmp_path, engine="mlperf-loadgen")

    ended = inferometer(*run_arguments(spec, triton.url, triton.metrics_url, tmp_path))

    assert ended.code == 1
    assert "FAILED  OfficialEngineMissing" in ended.stderr
    assert "pip install 'inferometer[official]'" in ended.stderr


COMMON = """
import os, sys, time

class Any:
    def __getattr__(self, name):
        return name

class QuerySample:
    def __init__(self, id, index):
        self.id, self.index = id, index

TestSettings = LogSettings = LogOutputSettings = Any
TestScenario = TestMode = Any()

def ConstructQSL(*_):
    return 1

def ConstructQDL(issue, flush, name):
    global asking
    asking = issue
    return 2
"""
DYING = (
    COMMON
    + """
def StartTestWithLogSettings(*_):
    print("the settings are bad", file=sys.stderr, flush=True)
    os.abort()
"""
)
STRANGE = (
    COMMON
    + """
def QuerySamplesComplete(answers):
    pass

def QuerySampleResponse(*fields):
    return fields

def StartTestWithLogSettings(*_):
    asking([QuerySample(1, 1_000_000)])
    time.sleep(60)
"""
)


def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    """A LoadGen that does what the real one does only when all goes wrong."""
    (folder / "mlperf_loadgen.py").write_text(module)
    first_in_path(folder, monkeypatch)


def first_in_path(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH", "")))))
