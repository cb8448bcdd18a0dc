"""Words that several messages share."""

from collections.abc import Sequence

from inferometer_loadgen.spec.units import format_duration_ns


def percentile_name(fraction: float) -> str:
    """`p99` for 0.99, `p99.9` for 0.999."""
    return f"p{fraction * 100:g}"


def apart(left_ns: int, right_ns: int) -> tuple[str, str]:
    """Two durations in words that differ when the durations do: in nanoseconds where rounding would hide it."""
    left, right = format_duration_ns(left_ns), format_duration_ns(right_ns)
    if left == right and left_ns != right_ns:
        return f"{left_ns:,} ns", f"{right_ns:,} ns"
    return left, right


def enumerated(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def counted(count: int, singular: str, plural: str) -> str:
    """`1 query`, `4,117 queries`."""
    return f"{count:,} {singular if count == 1 else plural}"
