"""The sections of the sitting, in order. Each brings its lines of the table and the figures behind them."""

from benchmarks.bench import Section
from benchmarks.sections import closed_large, closed_small, memory, merge, pacing, workers

SECTIONS: tuple[Section, ...] = (
    closed_small.SECTION,
    closed_large.SECTION,
    pacing.SECTION,
    workers.SECTION,
    merge.SECTION,
    memory.SECTION,
)

__all__ = ["SECTIONS"]
