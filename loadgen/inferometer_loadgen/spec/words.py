"""What is wrong with one value, in words: the message and the remedy for each kind of misfit.

Pure text from a type's own bounds (`msgspec.inspect`), so that a bound is written once, where the field is. Says
nothing about fields that are unknown or missing: `spec.walk` does.
"""

import math
import re
from decimal import Decimal

from msgspec import inspect

from inferometer_loadgen.spec.units import DURATION_PATTERN, NS_PER_UNIT

type Words = tuple[str, str]
"""A message and a hint."""

type Number = inspect.IntType | inspect.FloatType

SHOWN_LENGTH = 60
"""Longer values are cut in messages: a line is read whole or not at all."""

_UNIT_NAMES = {
    "": "",
    "sec": "s",
    "secs": "s",
    "second": "s",
    "seconds": "s",
    "min": "m",
    "mins": "m",
    "minute": "m",
    "minutes": "m",
    "hr": "h",
    "hour": "h",
    "hours": "h",
    "msec": "ms",
    "millis": "ms",
    "µs": "us",
    "μs": "us",
    "usec": "us",
    "nsec": "ns",
}


def shown(value: object) -> str:
    """A value as the user wrote it, short and on one line."""
    match value:
        case bool():
            return "`true`" if value else "`false`"
        case dict():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case str():
            text = value.encode("unicode_escape").decode() if not value.isprintable() else value
            return f"`{text if len(text) <= SHOWN_LENGTH else text[:SHOWN_LENGTH] + '…'}`"
        case _:
            return f"`{value}`"


def wrong_type(expected: str, value: object, hint: str) -> Words:
    """For a value of another type than the field's."""
    if value is None:
        return "is empty", "write a value, or leave the field out"
    kinds = {bool: "a truth value", int: "a number", float: "a number", str: "text"}
    kind = kinds.get(type(value))
    found = f"{shown(value)} is {kind}" if kind else f"is {shown(value)}"
    return f"{found}, and {expected} is expected", hint


def no_text(value: object, pattern: str | None, unit: str) -> Words:
    """For something else where text is expected; `unit` is the likely one where a duration lacks its own."""
    plain = isinstance(value, (int, float, bool))
    if pattern == DURATION_PATTERN and plain and not isinstance(value, bool):
        return bad_duration(str(value), unit)
    return wrong_type("text", value, f'write it in quotes: "{shown(value)[1:-1]}"' if plain else "write one value")


def no_number(value: object, whole: bool) -> Words:
    """For something else where a number is expected."""
    expected = "a whole number" if whole else "a number"
    if isinstance(value, float) and not whole:
        return f"{shown(value)} is no number", "write a number of digits"
    if isinstance(value, float):
        return f"{shown(value)} is no whole number", f"write {max(1, math.floor(value)) if math.isfinite(value) else 1}"
    hint = f"write {expected}"
    if isinstance(value, str) and re.fullmatch(r"[0-9]+" if whole else r"[0-9]+(\.[0-9]+)?", value):
        hint = f"write {value} without quotes"
    return wrong_type(expected, value, hint)


def out_of_bounds(number: Number, value: float) -> Words | None:
    """For a number beyond its field's bounds; None where it is within."""
    low, high = _first(number.ge, number.gt), _first(number.le, number.lt)
    small = low is not None and not (value >= low if number.ge is not None else value > low)
    large = high is not None and not (value <= high if number.le is not None else value < high)
    if not small and not large:
        return None
    if high == 1 and 1 < value < 100:
        return f"{shown(value)} is too large", f"write {value / 100:g}: it is a fraction of 1"
    return f"{shown(value)} is too {'small' if small else 'large'}", _range(number, low, high)


def bad_text(text: inspect.StrType, form: str, value: str, unit: str) -> Words | None:
    """For text that is too short, too long or of another form than its field's; None where it fits."""
    matches = text.pattern is None or (re.search(text.pattern, value) and not value.endswith("\n"))
    if not matches and text.pattern == DURATION_PATTERN:
        return bad_duration(value, unit)
    if text.min_length is not None and len(value) < text.min_length:
        return "is empty", f"write {form}" if form else "write a value"
    if not matches:
        return f"{shown(value)} is not {form or 'of the form ' + str(text.pattern)}", "correct it"
    if text.max_length is not None and len(value) > text.max_length:
        return f"{shown(value)} has {len(value)} characters", f"use at most {text.max_length}"
    return None


def bad_count(minimum: int | None, maximum: int | None, count: int) -> Words | None:
    """For a list or mapping with too few or too many entries; None where their number fits."""
    if minimum is not None and count < minimum:
        return f"has {count} entries", f"give at least {minimum}"
    if maximum is not None and count > maximum:
        return f"has {count} entries", f"give at most {maximum}"
    return None


def no_choice(choices: tuple[object, ...], value: object) -> Words:
    """For a value that is none of the few that a field takes."""
    names = ", ".join(str(choice) for choice in choices)
    if len(choices) == 1:
        return f"{shown(value)} is not supported", f"write {names}"
    return f"{shown(value)} is none of {names}", "write one of them"


def bad_duration(value: str, unit: str) -> Words:
    """For text that should be a duration: what it lacks, and the duration that was likely meant."""
    match = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([A-Za-zµμ]*)\s*", value)
    name = match[2] if match else "?"
    known = name if name in NS_PER_UNIT else _UNIT_NAMES.get(name.lower())
    if match is None or known is None or len(match[1]) > 15:
        return f"{shown(value)} is no duration", "write a whole number and a unit (ns us ms s m h), such as 250ms"
    meant = _whole(Decimal(match[1]), known or unit)
    if not known:
        return f"{shown(value)} has no unit", f"write {meant}"
    return f"{shown(value)} is no duration", f"write {meant}"


def _whole(amount: Decimal, unit: str) -> str:
    """The duration in `unit`, or in the next smaller one in which it is whole."""
    ns = amount * NS_PER_UNIT[unit]
    smaller = sorted((size, name) for name, size in NS_PER_UNIT.items() if size <= NS_PER_UNIT[unit])
    size, name = next(((s, n) for s, n in reversed(smaller) if ns % s == 0), (1, "ns"))
    return f"{int(ns // size)}{name}"


def _range(number: Number, low: float | None, high: float | None) -> str:
    noun = "a whole number" if isinstance(number, inspect.IntType) else "a number"
    above = "" if low is None else f" {'from' if number.ge is not None else 'above'} {low:,}"
    below = "" if high is None else f" {'up to' if number.le is not None else 'below'} {high:,}"
    return f"write {noun}{above}{below}"


def _first(one: float | None, other: float | None) -> float | None:
    return other if one is None else one
