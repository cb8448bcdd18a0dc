"""What is left of buffers that the kernel has taken a part of."""

from collections.abc import Iterable


def rest_of(buffers: Iterable[memoryview], sent: int) -> list[memoryview]:
    """What is left of `buffers` after their first `sent` bytes."""
    rest = []
    for buffer in buffers:
        if sent >= len(buffer):
            sent -= len(buffer)
        else:
            rest.append(buffer[sent:])
            sent = 0
    return rest
