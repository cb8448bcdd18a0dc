"""A contender that fails costs its own lines of the table, in the JSON too, and nothing else."""

import os
from pathlib import Path

import msgspec
import pytest
from benchmarks import __main__ as sitting
from benchmarks.bench import Findings, Section
from benchmarks.clients.contender import Measurement
from benchmarks.goals import Goal, Row, Word
from benchmarks.goals import measured as row_of
from benchmarks.machine import Machine
from benchmarks.rounds import Rounds
from benchmarks.sections.closed import cpu_us, failures, must_send_the_same, raw_rounds

WHY = "perf_analyzer did not end within 30 s"
GOOD = Measurement(requests=1_000, cpu_ns=10_000_000, rate=1_000.0, bytes_a_request=300)
MEASURED = {
    "ours": Rounds([GOOD] * 5),
    "wrk": Rounds([GOOD] * 5),
    "perf_analyzer": Rounds([GOOD], WHY),
}


def findings() -> Findings:
    """Of a closed loop in which one of three hung."""
    ours = cpu_us(MEASURED["ours"])
    rows = [
        row_of(Row(what=f"by {name}", conditions="", unit="us", goal=Goal(1.1)), ours, cpu_us(MEASURED[name]))
        for name in ("wrk", "perf_analyzer")
    ]
    return Findings(rows, {"rounds": raw_rounds(MEASURED)}, failures(MEASURED))


def test_the_others_lines_stay() -> None:
    assert [(row.word, row.why_not) for row in findings().rows] == [(Word.MET, ""), (Word.NOT_MEASURED, WHY)]


def test_the_json_says_who_failed_and_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitting, "FOLDER", tmp_path)
    machine = Machine(processor="p", cores=os.cpu_count() or 1, kernel="k", python="3", load_before=0.0)
    sitting.write(Section("closed loop, small", 1, 1, lambda _: findings()), findings(), machine)

    (file,) = tmp_path.iterdir()
    written = msgspec.json.decode(file.read_bytes())
    assert written["failures"] == {"perf_analyzer": WHY}
    assert [(row["word"], row["why_not"]) for row in written["rows"]] == [("met", ""), ("not measured", WHY)]
    assert [len(rounds) for rounds in written["raw"]["rounds"].values()] == [5, 5, 1]


def test_clients_of_the_same_bytes_are_compared_where_both_sent_any() -> None:
    assert must_send_the_same(MEASURED | {"wrk": Rounds([], "there is no wrk")}, "ours", "wrk") == 300
