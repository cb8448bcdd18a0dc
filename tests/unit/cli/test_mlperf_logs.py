"""MLPerf's logs, of `inferometer run` and of `inferometer report --mlperf-logs DIR`."""

import argparse
import json
from array import array
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from tritonclient.utils import serialize_byte_tensor

from inferometer_loadgen import cli
from inferometer_loadgen.commands.mlperf_logs import output_bytes
from inferometer_loadgen.commands.run import write_report
from inferometer_loadgen.coordinator.spool import OutputsSpool
from inferometer_loadgen.protocol.frames import Outputs
from inferometer_loadgen.report import schema
from inferometer_loadgen.report.schema import Report
from inferometer_loadgen.stream import make_stream
from unit.report.reports import a_report

FILES = ["mlperf_log_accuracy.json", "mlperf_log_detail.txt", "mlperf_log_summary.txt"]
SAMPLES = 5


def stored(folder: Path, report: Report) -> Path:
    path = folder / "report.json"
    path.write_bytes(schema.encode(report))
    return path


def an_accuracy_run(**stream: object) -> Report:
    report = a_report()
    settings = {"mode": "Accuracy", "total_samples": SAMPLES, "performance_samples": SAMPLES} | stream
    return replace(report, plan=replace(report.plan, stream=replace(report.plan.stream, **settings)))


def leave_answers(folder: Path, report: Report, *, rows: int | None = None) -> None:
    """Answers in JSON: sample i's outputs are `class`, i, and `score`, i + 0.5; only of so many rows."""
    stream = make_stream(report.plan.stream)
    answers = [answer_to(stream.sample[row * 2 : row * 2 + 2]) for row in range(len(stream))][:rows]
    with closing(OutputsSpool(len(stream), 1, folder)) as spool:
        spool.add(
            0,
            Outputs(
                rows=array("q", range(len(answers))).tobytes(),
                sizes=array("q", map(len, answers)).tobytes(),
                json_lengths=array("q", [-1] * len(answers)).tobytes(),
                data=b"".join(answers),
            ),
        )
        spool.store()


def answer_to(samples: np.ndarray) -> bytes:
    shape, numbers = [len(samples), 1], samples.tolist()
    outputs = [
        {"name": "class", "datatype": "INT32", "shape": shape, "data": numbers},
        {"name": "score", "datatype": "FP32", "shape": shape, "data": [number + 0.5 for number in numbers]},
    ]
    return json.dumps({"model_name": "magika", "outputs": outputs}).encode()


def test_the_three_files_are_written_and_the_report_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "new" / "logs"
    assert cli.main(["report", str(stored(tmp_path, a_report())), "--mlperf-logs", str(folder)]) == 0
    assert sorted(path.name for path in folder.iterdir()) == FILES
    assert (folder / FILES[0]).read_text() == "[\n]\n"
    assert (folder / FILES[1]).read_text().startswith(":::MLLOG")
    assert "\nResult is : VALID\n" in (folder / FILES[2]).read_text()
    assert capsys.readouterr().err.startswith("VALID   40.1 samples/s")


@pytest.mark.parametrize("scenario", ["Replay", "Concurrency"])
def test_a_scenario_without_logs_is_refused(scenario: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = a_report()
    other = replace(report, plan=replace(report.plan, stream=replace(report.plan.stream, scenario=scenario)))
    assert cli.main(["report", str(stored(tmp_path, other)), "--mlperf-logs", str(tmp_path / "logs")]) == 2
    assert capsys.readouterr().err == (
        f"--mlperf-logs: scenario {scenario}: MLPerf has no logs of it, only of SingleStream, MultiStream, Server, "
        "Offline. hint: leave it out\n"
    )
    assert not (tmp_path / "logs").exists()


def test_the_answers_beside_the_report_are_logged(tmp_path: Path) -> None:
    """Two samples a query, the last of which is filled up: a sample is found by its place in the stream."""
    report = an_accuracy_run(scenario="MultiStream", samples_per_query=2)
    leave_answers(tmp_path, report)
    assert cli.main(["report", str(stored(tmp_path, report)), "--mlperf-logs", str(tmp_path)]) == 0
    asked = make_stream(report.plan.stream).sample.tolist()
    logged = json.loads((tmp_path / FILES[0]).read_text())
    assert sorted(answer["qsl_idx"] for answer in logged) == list(range(SAMPLES))
    for answer in logged:
        sample = answer["qsl_idx"]
        assert asked[answer["seq_id"]] == sample
        data = bytes.fromhex(answer["data"])
        assert data == np.int32(sample).tobytes() + np.float32(sample + 0.5).tobytes()


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param(None, "holds no answers (outputs.bin, outputs.npz); they are kept in the folder", id="none left"),
        pytest.param(2, "of 3 answers were not handed over", id="one missing"),
    ],
)
def test_an_accuracy_run_whose_answers_are_not_there_is_refused(
    rows: int | None, expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = an_accuracy_run(scenario="MultiStream", samples_per_query=2)
    if rows is not None:
        leave_answers(tmp_path, report, rows=rows)
    assert cli.main(["report", str(stored(tmp_path, report)), "--mlperf-logs", str(tmp_path / "logs")]) == 2
    error = capsys.readouterr().err
    assert error.startswith("--mlperf-logs: no mlperf_log_accuracy.json: ")
    assert expected in error
    assert not (tmp_path / "logs" / FILES[0]).exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = stored(tmp_path, a_report())
    assert cli.main(["report", str(path), "--mlperf-logs", str(path)]) == 2
    assert capsys.readouterr().err == f"--mlperf-logs {path}: File exists. hint: give another folder\n"


def ran(report: Report, folder: Path) -> list[str]:
    """What a run with this report leaves."""
    write_report(report, argparse.Namespace(output=folder, json=False))
    return sorted(path.name for path in folder.iterdir())


def test_a_run_leaves_the_logs_beside_its_report(tmp_path: Path) -> None:
    assert ran(a_report(), tmp_path) == [*FILES, "report.json"]


def test_a_run_of_a_scenario_without_logs_leaves_its_report_alone(tmp_path: Path) -> None:
    report = a_report()
    other = replace(report, plan=replace(report.plan, stream=replace(report.plan.stream, scenario="Concurrency")))
    assert ran(other, tmp_path) == ["report.json"]


def test_an_accuracy_run_without_its_answers_leaves_the_other_logs_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / FILES[0]).write_text("of an earlier run")
    assert ran(an_accuracy_run(), tmp_path) == [*FILES[1:], "report.json"]
    assert "\nno mlperf_log_accuracy.json: " in capsys.readouterr().err


def test_outputs_are_in_the_bytes_of_kserves_binary_form() -> None:
    texts = np.array([[b"one", b""], [b"three", b"\xff"]], dtype=np.object_)
    serialised = serialize_byte_tensor(texts)
    assert serialised is not None
    assert output_bytes(texts) == serialised.item()
    assert output_bytes(np.array([[1, 2], [3, 4]], dtype=">i2").T) == b"\1\0\3\0\2\0\4\0"
