"""The bar, the times, and one line a step."""

from __future__ import annotations

import re

import pytest

from inferometer_dev.errors import StepFailed
from inferometer_dev.progress import Step, bar, seconds


@pytest.mark.parametrize(("percent", "filled"), [(-5, 0), (0, 0), (50, 5), (100, 10), (180, 10)])
def test_a_bar_has_one_width_whatever_comes_in(percent: float, filled: int) -> None:
    drawn = bar(percent, cells=10)

    assert len(drawn) == 10
    assert drawn.count("━") == filled


@pytest.mark.parametrize(("elapsed_s", "text"), [(0.04, "0.0 s"), (59.9, "59.9 s"), (61, "1 min 01 s")])
def test_seconds_turn_into_minutes(elapsed_s: float, text: str) -> None:
    assert seconds(elapsed_s) == text


def test_without_a_terminal_a_step_is_one_plain_line_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    with Step("import images", "5 of them") as step:
        step.update(percent=50)
    out, err = capsys.readouterr()

    assert out == ""
    assert re.fullmatch(r"ok     import images +\d\.\d s  5 of them\n", err)


def test_a_step_inside_a_step_stands_indented_above_it(capsys: pytest.CaptureFixture[str]) -> None:
    with Step("cluster"), Step("nodes Ready"):
        pass
    inner, outer = capsys.readouterr().err.splitlines()

    assert inner.startswith("ok       nodes Ready")
    assert outer.startswith("ok     cluster")


def test_a_failed_step_says_so_and_the_error_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(StepFailed, match="hint: free some"), Step("build kubectl"):
        raise StepFailed("build kubectl", "no space left on device", "free some")

    assert capsys.readouterr().err.startswith("FAILED build kubectl")
