"""How far a sitting is, and when its time is up."""

import pytest
from benchmarks.clients.contender import BenchmarkError
from benchmarks.progress import Progress, clock


class HandClock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_what_is_left_is_what_the_steps_begun_have_not_used(capsys: pytest.CaptureFixture[str]) -> None:
    now = HandClock()
    progress = Progress(expected_s=100, limit_s=600, now_s=now)
    progress.begin("one", steps=2, seconds=40)
    progress.step("first")
    now.now_s = 20
    progress.step("second")
    progress.begin("two", steps=1, seconds=60)
    now.now_s = 45
    progress.step("only")

    assert capsys.readouterr().err.splitlines() == [
        "0:00  one 1/2  first, about 1:40 left",
        "0:45  two 1/1  only, about 1:00 left",
    ]


def test_no_step_begins_once_the_time_is_up() -> None:
    now = HandClock()
    progress = Progress(expected_s=10, limit_s=600, now_s=now)
    progress.begin("one", steps=2, seconds=10)
    progress.step("first")
    now.now_s = 601

    with pytest.raises(BenchmarkError, match="10 minutes"):
        progress.step("second")


def test_a_duration_is_minutes_and_seconds() -> None:
    assert [clock(seconds) for seconds in (0, 61.9, 600)] == ["0:00", "1:01", "10:00"]
