"""What every integration test lives under."""

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="module")
def leaks_are_found_where_they_are_made() -> Iterator[None]:
    """Collects garbage after each file: a socket left open fails a test of that file, not some later, innocent one."""
    yield
    gc.collect()
