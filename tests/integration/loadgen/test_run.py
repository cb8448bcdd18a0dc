"""`inferometer run` against a real Triton: one engine, the same counts, one readable ending."""

import http.client
import json
import os
import select
import signal
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest

from inferometer_dev.triton import TritonProcess
from inferometer_loadgen.datasets.bodies import http_batch
from inferometer_loadgen.datasets.metadata import parse_metadata
from integration.loadgen.shell import children_of, inferometer, report_in, run_arguments, running, wait_for
from integration.loadgen.specs import write_spec


def ask_triton(triton: TritonProcess, times: int) -> None:
    """Requests of somebody else's."""
    connection = http.client.HTTPConnection(urlsplit(triton.url).netloc, timeout=10)
    connection.request("GET", "/v2/models/magika")
    metadata = parse_metadata(connection.getresponse().read())
    body = http_batch([{"bytes": np.zeros(2048, dtype=np.int32)}], metadata)
    for _ in range(times):
        headers = {"Inference-Header-Content-Length": str(body.json_length)}
        connection.request("POST", "/v2/models/magika/infer", body.data, headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200
    connection.close()


@pytest.mark.parametrize("workers", [1, 3])
def test_answers_equal_the_servers_own_counts(triton: TritonProcess, tmp_path: Path, workers: int) -> None:
    spec = write_spec(tmp_path, workers=workers)

    ended = inferometer(*run_arguments(spec, triton.url, triton.metrics_url, tmp_path))

    report = report_in(tmp_path)
    assert ended.code == {"Valid": 0}.get(report.verdict, 3), ended.stderr
    assert report.result.errors == 0
    assert report.result.queries == report.result.answered == report.replicas[0].server_successes
    assert report.versions.server == "Triton 2.51.0"
    assert report.verdict.upper() in ended.stderr
    assert f"{report.result.queries} queries, 0 errors" in ended.stderr


def test_foreign_requests_in_mid_run_are_counted_and_make_it_inconclusive(
    triton: TritonProcess, tmp_path: Path
) -> None:
    spec = write_spec(tmp_path)

    with running(*run_arguments(spec, triton.url, triton.metrics_url, tmp_path)) as run:
        wait_for("measuring", run)
        ask_triton(triton, 5)
        stderr = run.communicate()[1]

    report = report_in(tmp_path)
    assert run.returncode == 3
    assert report.verdict == "Inconclusive"
    assert [reason.type for reason in report.reasons] == ["ForeignRequests"]
    assert report.replicas[0].server_successes == report.result.answered + 5
    assert "5" in report.reasons[0].message
    assert "ForeignRequests" in stderr


def test_ctrl_c_ends_a_run_with_what_was_measured(triton: TritonProcess, tmp_path: Path) -> None:
    spec = write_spec(tmp_path, minDuration="60s")

    with running(*run_arguments(spec, triton.url, triton.metrics_url, tmp_path)) as run:
        wait_for("measuring", run)
        ask_triton(triton, 60)  # as long as it takes for some queries to be answered
        run.send_signal(signal.SIGINT)
        stderr = run.communicate()[1]

    report = report_in(tmp_path)
    assert run.returncode == 130
    assert report.verdict == "Inconclusive"
    assert report.reasons[0].type == "CalledOff"
    assert 0 < report.result.queries < 3600
    assert "INCONCLUSIVE" in stderr


def test_a_lost_worker_ends_the_run_typed_with_what_was_measured(triton: TritonProcess, tmp_path: Path) -> None:
    spec = write_spec(tmp_path, minDuration="60s", workers=2)

    with running(*run_arguments(spec, triton.url, triton.metrics_url, tmp_path)) as run:
        wait_for("measuring", run)
        ask_triton(triton, 60)  # as long as it takes for some records to be handed over
        os.kill(children_of(run.pid, "worker")[0], signal.SIGKILL)
        stderr = run.communicate()[1]

    assert run.returncode == 1
    assert "FAILED  WorkerLost: worker" in stderr
    report = report_in(tmp_path)
    assert report.verdict == "Inconclusive"
    assert report.reasons[0].type == "CalledOff"
    assert "WorkerLost" in report.reasons[0].message
    assert 0 < report.result.queries == report.result.answered < 3600
    assert [worker.cpu_ns is None for worker in report.client.workers].count(True) == 1


def test_nothing_is_left_behind_when_the_command_itself_is_killed(triton: TritonProcess, tmp_path: Path) -> None:
    spec = write_spec(tmp_path, minDuration="60s", workers=2)

    with running(*run_arguments(spec, triton.url, triton.metrics_url, tmp_path)) as run:
        wait_for("measuring", run)
        children = [os.pidfd_open(pid) for verb in ("worker", "coordinator") for pid in children_of(run.pid, verb)]
        assert len(children) == 3
        os.kill(run.pid, signal.SIGKILL)
        run.communicate()
        for child in children:
            await_end(child)


def await_end(pidfd: int) -> None:
    """A pidfd is readable once its process has ended."""
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    assert poll.poll(10_000), "a child is still there"
    os.close(pidfd)


def test_the_report_is_printed_as_json_and_shown_again(triton: TritonProcess, tmp_path: Path) -> None:
    spec = write_spec(tmp_path)

    ended = inferometer(*run_arguments(spec, triton.url, triton.metrics_url, tmp_path), "--json")
    shown = inferometer("report", str(tmp_path))

    assert json.loads(ended.stdout)["schema"] == "inferometer.dev/report/v1"
    assert shown.code == ended.code
    assert shown.stderr.splitlines()[0] in ended.stderr


def test_a_model_that_is_not_there_ends_the_run_with_the_servers_words(triton: TritonProcess, tmp_path: Path) -> None:
    spec = write_spec(tmp_path, model="no-such-model")

    ended = inferometer(*run_arguments(spec, triton.url, triton.metrics_url, tmp_path))

    assert ended.code == 1
    assert "FAILED  ModelNotFound: worker 0:" in ended.stderr
    assert "Request for unknown model: 'no-such-model' is not found" in ended.stderr


def test_metrics_that_cannot_be_read_are_absent_with_the_reason_and_not_zero(
    triton: TritonProcess, tmp_path: Path
) -> None:
    spec = write_spec(tmp_path)

    ended = inferometer(*run_arguments(spec, triton.url, triton.url + "/nothing-here", tmp_path))

    report = report_in(tmp_path)
    assert ended.code in {0, 3}
    assert report.replicas[0].server_successes is None
    assert report.replicas[0].queue_ns is None
    assert "answered 4" in report.replicas[0].absent_reason
    assert "CountsNotRead" in [warning.type for warning in report.warnings]
    assert "no data" in ended.stderr
