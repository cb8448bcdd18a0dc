"""The table for people."""

from collections.abc import Sequence
from statistics import median

from rich.table import Table

from benchmarks.goals import Row, Word

HEADINGS = ("what", "conditions", "unit", "ours", "theirs", "ratio (range)", "goal", "")
LEFT = {"what", "conditions", "unit", ""}


def table_of(title: str, rows: Sequence[Row]) -> Table:
    """One section's lines. A figure is the median of the rounds, a ratio that of the pairs with the extremes."""
    table = Table(title=title, title_justify="left", show_lines=False)
    for heading in HEADINGS:
        table.add_column(heading, justify="left" if heading in LEFT else "right")
    for row in rows:
        ratio = row.ratio
        table.add_row(
            row.what,
            row.conditions,
            row.unit,
            figure(row.ours) if ratio or not row.ours else spread(row.ours),
            figure(row.theirs),
            f"{ratio.median:.2f} ({ratio.low:.2f}-{ratio.high:.2f})" if ratio else "",
            str(row.goal or ""),
            row.word if row.word is not Word.NOT_MEASURED else f"{row.word}: {row.why_not}",
        )
    return table


def figure(values: Sequence[float]) -> str:
    """The median, in as many digits as say something."""
    return short(median(values)) if values else ""


def spread(values: Sequence[float]) -> str:
    """The median and the extremes."""
    return f"{figure(values)} ({short(min(values))}-{short(max(values))})" if len(values) > 1 else figure(values)


def short(value: float) -> str:
    """A number in about three digits."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
