"""The figures in the table."""

from benchmarks.table import figure, short, spread


def test_numbers_have_about_three_digits() -> None:
    assert [short(value) for value in (0.123, 7.25, 72.46, 1234.5)] == ["0.12", "7.25", "72.5", "1,234"]


def test_rounds_are_shown_by_median_and_extremes() -> None:
    assert (figure([3, 1, 2]), spread([3, 1, 2]), spread([2]), figure([])) == ("2.00", "2.00 (1.00-3.00)", "2.00", "")
