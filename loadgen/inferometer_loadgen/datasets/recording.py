"""A user's recording of arrivals: a time a line, in seconds, and what a plan must know of it."""

import re
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from inferometer_loadgen.spec.resolve import ReplayFacts
from inferometer_loadgen.spec.scenarios import MAX_REPLAY_NS
from inferometer_loadgen.spec.units import format_duration_ns
from inferometer_loadgen.spec.words import shown
from inferometer_loadgen.stream.replay import pack_times

MAX_TIMES = 1_000_000

MAX_PACKED_BYTES = 640 * 1024
"""In the plan's ConfigMap of 1 MiB they are base64, a third longer, and beside them stands the rest of the plan."""

MAX_SECONDS = Decimal(9_000_000_000)
"""Below 2^63 ns; Unix time reaches it in the year 2255."""

_DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,2})?")


class RecordingError(ValueError):
    """A recording that cannot be replayed: where and what, and what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}. hint: {self.hint}"


def recording_facts(data: bytes, window_ns: int) -> ReplayFacts:
    """What a plan must know of a recording; how many queries are due within `window_ns` is among it.

    Raises RecordingError with the first line that is wrong, or with what there is too much of.
    """
    times_ns = read_times_ns(data)
    lasts_ns = int(times_ns[-1] - times_ns[0])
    if lasts_ns > MAX_REPLAY_NS:
        raise RecordingError(
            f"lasts {format_duration_ns(lasts_ns)}, and a replay takes at most {format_duration_ns(MAX_REPLAY_NS)}",
            "replay a part of it; the times are seconds",
        )
    packed = pack_times(times_ns)
    if len(packed) > MAX_PACKED_BYTES:
        raise RecordingError(
            f"{times_ns.size:,} times are {len(packed):,} bytes even when compressed, and a plan holds at most "
            f"{MAX_PACKED_BYTES:,}",
            "replay a part of it, or round the times to microseconds",
        )
    within = np.searchsorted(times_ns, times_ns + window_ns, side="right") - np.arange(times_ns.size)
    return ReplayFacts(packed=packed, queries=times_ns.size, lasts_ns=lasts_ns, burst=int(within.max()))


def read_times_ns(data: bytes) -> NDArray[np.int64]:
    """The times of a recording as they are written, to the nanosecond. Raises RecordingError."""
    try:
        lines = data.decode("ascii").rstrip().splitlines()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise RecordingError(f"line {line} is no text of digits", "write a time a line, and nothing else") from error
    if not lines:
        raise RecordingError("holds no times", "write one a line, in seconds, such as 0.25")
    if len(lines) > MAX_TIMES:
        raise RecordingError(f"holds {len(lines):,} times, and at most {MAX_TIMES:,} are read", "replay a part of it")
    times_ns = np.fromiter((_time_ns(number, text.strip()) for number, text in enumerate(lines, 1)), np.int64)
    backward = np.flatnonzero(np.diff(times_ns) < 0)
    if backward.size:
        at = int(backward[0]) + 1
        raise RecordingError(
            f"line {at + 1}: {shown(lines[at].strip())} is before {shown(lines[at - 1].strip())} of the line above",
            "sort the times",
        )
    return times_ns


def _time_ns(number: int, text: str) -> int:
    if not text:
        raise RecordingError(f"line {number} is empty", "delete it")
    if not _DECIMAL.fullmatch(text):
        raise RecordingError(
            f"line {number}: {shown(text)} is no number", "write a time a line, in seconds, such as 0.25"
        )
    seconds = Decimal(text)
    if seconds < 0:
        raise RecordingError(f"line {number}: {shown(text)} is negative", "count the seconds from the first query")
    if seconds > MAX_SECONDS:
        raise RecordingError(f"line {number}: {shown(text)} is too large", "write seconds, not a smaller unit")
    return round(seconds * 1_000_000_000)
