"""What the demo shows of a status, and the exit code that it ends with."""

from __future__ import annotations

from typing import Any

import pytest

from inferometer_dev.demo_run import Ending, Progress, ending_of, failure_of, progress_of, status_block


def a_status(verdict: str | None = "Valid", **conditions: str) -> dict[str, Any]:
    listed = [{"type": name, "status": value} for name, value in {"Finished": "True", **conditions}.items()]
    return {"verdict": verdict, "conditions": listed}


@pytest.mark.parametrize(
    ("status", "ending"),
    [
        ({}, None),
        (a_status(Finished="False"), None),
        (a_status("Valid"), Ending.VALID),
        (a_status("Invalid"), Ending.NOT_VALID),
        (a_status("Inconclusive"), Ending.NOT_VALID),
        (a_status("Inconclusive", Failed="True"), Ending.FAILED),
    ],
)
def test_the_exit_code_is_that_of_inferometer_run(status: dict[str, Any], ending: Ending | None) -> None:
    assert ending_of(status) == ending


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        ({}, Progress(None, "waiting for the operator")),
        ({"phase": "Starting"}, Progress(None, "Starting")),
        ({"progress": {"percent": 63, "step": "measuring", "eta": "8s"}}, Progress(63.0, "measuring  eta 8s")),
        ({"progress": {"percent": 0, "step": "servers"}}, Progress(0.0, "servers")),
    ],
)
def test_the_bar_shows_progress_and_the_phase_where_there_is_none(status: dict[str, Any], shown: Progress) -> None:
    assert progress_of(status) == shown


def test_a_failure_is_worded_by_the_operator() -> None:
    failed = {"type": "Failed", "status": "True", "reason": "ModelLoadFailed", "message": "replica 0 exited"}

    assert failure_of({"conditions": [failed]}) == "ModelLoadFailed: replica 0 exited"


def test_without_a_report_the_status_gives_verdict_figures_and_reasons() -> None:
    status = {
        "verdict": "Invalid",
        "summary": {"result": "40.0 samples/s", "p99": "300 ms"},
        "reasons": [{"type": "LatencyBoundExceeded", "message": "p99 was 300 ms"}],
    }

    assert status_block(status).splitlines() == [
        "INVALID   result 40.0 samples/s   p99 300 ms",
        "        LatencyBoundExceeded: p99 was 300 ms",
    ]
