"""docs/which-verdict-and-why.md says of each reason what it does, and its numbers are those of the code."""

import re
from pathlib import Path

import pytest

from inferometer_loadgen.verdict.early_stopping import most_over, queries_needed
from inferometer_loadgen.verdict.reasons import ReasonType

PAGE = (Path(__file__).parents[3] / "docs" / "which-verdict-and-why.md").read_text()
NUMBERS = re.findall(
    r"^\| p([\d.]+) \| ([\d,]+) \| ([\d,]+) \| ([\d,]+)[ \w]* \| ([\d,]+)[ \w]* \|$", PAGE, re.MULTILINE
)


def test_each_reason_has_a_row() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)

    assert sorted(rows) == sorted(ReasonType)


@pytest.mark.parametrize("row", NUMBERS, ids=lambda row: f"p{row[0]}")
def test_the_numbers_of_early_stopping_are_the_code_s(row: tuple[str, ...]) -> None:
    fraction, *numbers = float(row[0]) / 100, *(int(number.replace(",", "")) for number in row[1:])

    assert numbers == [
        queries_needed(0, fraction),
        queries_needed(1, fraction),
        most_over(24_576, fraction),
        most_over(270_336, fraction),
    ]


def test_all_five_percentiles_are_there() -> None:
    assert [row[0] for row in NUMBERS] == ["90", "95", "97", "99", "99.9"]
