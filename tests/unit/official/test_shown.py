"""The official LoadGen's word in the shell, and its log files where they are asked for."""

import pytest
from msgspec.structs import replace

from inferometer_loadgen import cli
from inferometer_loadgen.report import schema
from inferometer_loadgen.report.schema import OfficialReport
from inferometer_loadgen.report.text import report_text
from unit.report.reports import a_report

LOGS = {
    "mlperf_log_summary.txt": "Result is : VALID\n",
    "mlperf_log_detail.txt": ":::MLLOG {}\n",
    "mlperf_log_accuracy.json": "[\n]\n",
}


def an_official_report(**changes):
    ordinary = OfficialReport(
        version="6.0.17", verdict="VALID", advice="", metric="result_completed_samples_per_sec", value=40.12,
        latency_ns={"99.00": 15_300_000}, own_verdict="Valid", agrees=True,
        issue_delay_p50_ns=70_000, issue_delay_p99_ns=130_000, hand_over_p50_ns=40_000, hand_over_p99_ns=90_000,
        logs=LOGS,
    )  # fmt: skip
    report = a_report(official=replace(ordinary, **changes))
    return replace(report, plan=replace(report.plan, engine="mlperf-loadgen"))


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        (
            {},
            [
                (
                    "engine: LoadGen 6.0.17 says VALID, and so do the worker's records; "
                    "result_completed_samples_per_sec 40.1"
                ),
                "  issue delay p99 0.13 ms, hand-over to the worker p99 90 us",
            ],
        ),
        (
            {"verdict": "INVALID", "agrees": False, "issue_delay_p99_ns": None},
            [
                (
                    "engine: LoadGen 6.0.17 says INVALID, but the worker's records say Valid; "
                    "result_completed_samples_per_sec 40.1"
                ),
                "  hand-over to the worker p99 90 us",
            ],
        ),
        (
            {
                "agrees": None,
                "metric": "early_stopping_latency_ss",
                "value": 4_200_000.0,
                "issue_delay_p99_ns": None,
                "hand_over_p99_ns": None,
            },
            [
                (
                    "engine: LoadGen 6.0.17 says VALID, and does not know of the queries that failed; "
                    "early_stopping_latency_ss 4.2 ms"
                )
            ],
        ),
    ],
    ids=["agreed", "disagreed", "of no account"],
)
def test_its_word_stands_beside_the_records(changes, lines):
    shown = [line.removeprefix(" " * 8) for line in report_text(an_official_report(**changes), "").splitlines()]

    start = next(number for number, line in enumerate(shown) if line.startswith("engine:"))
    assert shown[start : start + len(lines)] == lines
    assert shown[start + len(lines)].startswith("server:")


def stored(folder, report):
    path = folder / "report.json"
    path.write_bytes(schema.encode(report))
    return path


def test_its_own_files_are_written_unchanged(tmp_path):
    path = stored(tmp_path, an_official_report())

    assert cli.main(["report", str(path), "--mlperf-logs", str(tmp_path / "logs")]) == 0
    assert {file.name: file.read_text() for file in (tmp_path / "logs").iterdir()} == LOGS


@pytest.mark.parametrize(
    ("report", "why"),
    [
        (an_official_report(logs={}, logs_absent="queries failed"), "engine mlperf-loadgen: queries failed"),
        (replace(an_official_report(), official=None), "the official LoadGen did not come to its end"),
    ],
    ids=["withheld", "no end"],
)
def test_ours_are_never_written_in_their_place(report, why, tmp_path, capsys):
    assert cli.main(["report", str(stored(tmp_path, report)), "--mlperf-logs", str(tmp_path / "logs")]) == 2
    assert why in capsys.readouterr().err
    assert not (tmp_path / "logs").exists()
