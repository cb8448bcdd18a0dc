"""Durations as users write them and as people read them."""

import re
from typing import Annotated

from msgspec import Meta

NS_PER_UNIT = {
    "ns": 1,
    "us": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}

DURATION_PATTERN = r"^[0-9]{1,15}(ns|us|ms|s|m|h)$"

Duration = Annotated[
    str,
    Meta(
        pattern=DURATION_PATTERN,
        max_length=17,
        extra={"form": "a whole number and a unit (ns us ms s m h), such as 250ms"},
    ),
]
"""A whole number and its unit, for example 250ms."""


def parse_duration_ns(text: str) -> int:
    """The nanoseconds of a duration such as `250ms`. Raises ValueError, which says what a duration looks like."""
    match = re.fullmatch(r"([0-9]{1,15})(ns|us|ms|s|m|h)", text)
    if match is None:
        raise ValueError(f"`{text}` is no duration; write a whole number and a unit (ns us ms s m h), such as 250ms")
    return int(match[1]) * NS_PER_UNIT[match[2]]


def format_duration_ns(duration_ns: float) -> str:
    """A duration for people, in the unit that suits it: 850 ns, 38 us, 0.12 ms, 13.8 ms, 20.0 s."""
    if duration_ns < 1_000:
        return f"{duration_ns:.0f} ns"
    if duration_ns < 100_000:
        return f"{duration_ns / 1e3:.0f} us"
    if duration_ns < 1_000_000:
        return f"{duration_ns / 1e6:.2f} ms"
    if duration_ns < 100_000_000:
        return f"{duration_ns / 1e6:.1f} ms"
    if duration_ns < 1_000_000_000:
        return f"{duration_ns / 1e6:.0f} ms"
    return f"{duration_ns / 1e9:.1f} s"
