"""A child's three ways to start, and its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from inferometer_dev.errors import StepFailed
from inferometer_dev.process import Exited, Healthy, Process, TimedOut

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def a_process(folder: Path, script: str, healthy: Callable[[], bool], **bounds: float) -> Process:
    return Process("child", ["sh", "-c", script], healthy, folder / "log", **bounds)  # type: ignore[arg-type]


def test_a_child_is_healthy_when_it_answers_and_gone_after_stop(tmp_path: Path) -> None:
    child = a_process(tmp_path, f"touch {tmp_path}/up; exec sleep 60", (tmp_path / "up").exists)
    started = child.start()
    child.stop()
    child.stop()

    assert isinstance(started, Healthy)
    assert not child.running


def test_a_child_that_ends_shows_its_last_words(tmp_path: Path) -> None:
    child = a_process(tmp_path, "echo port is taken >&2; exit 3", lambda: False)

    assert child.start() == Exited(3, "port is taken")


def test_a_child_that_never_answers_is_stopped(tmp_path: Path) -> None:
    child = a_process(tmp_path, "echo waiting; exec sleep 60", lambda: False, start_within_s=0.2)
    started = child.start()

    assert isinstance(started, TimedOut)
    assert started.log_tail == "waiting"
    assert not child.running


def test_a_child_that_ignores_the_signal_is_killed_within_the_bound(tmp_path: Path) -> None:
    script = f"trap '' TERM; touch {tmp_path}/up; while :; do sleep 0.1; done"
    child = a_process(tmp_path, script, (tmp_path / "up").exists, stop_within_s=0.2)
    child.start()
    child.stop()

    assert not child.running


def test_those_who_need_it_healthy_get_an_error_with_the_hint(tmp_path: Path) -> None:
    child = a_process(tmp_path, "exit 3", lambda: False)
    with pytest.raises(StepFailed, match="exit code 3") as raised:
        child.start_or_raise("free the port")

    assert raised.value.hint == "free the port"
