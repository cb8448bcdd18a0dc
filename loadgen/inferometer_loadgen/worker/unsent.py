"""What is left of buffers that the kernel has taken a part of."""

from collections.abc import Iterable


def rest_of(buffers: Iterable[memoryview], sent: int) -> list[memoryview]:
    """What is left of `buffers` after their first `sent` bytes."""
    left = list(buffers)
    for at, buffer in enumerate(left):
        if sent < len(buffer):
            return [buffer[sent:], *left[at + 1 :]]
        sent -= len(buffer)
    return []
