"""Numbers as LoadGen's logs have them."""


def plain(value: float) -> int | float:
    """Without a fraction where there is none: 40 for 40.0."""
    return int(value) if value.is_integer() else value


def six_digits(value: float) -> str:
    """As C++ streams print a double."""
    return f"{value:g}"


def ordinal_percentile(fraction: float) -> str:
    """For example 99.0th for 0.99."""
    return f"{fraction * 100:.1f}th"
