"""A real Triton with the quickstart's model, once for all of these tests."""

from collections.abc import Iterator

import pytest

from inferometer_dev.images.models import magika_repository
from inferometer_dev.triton import TritonProcess


@pytest.fixture(scope="session")
def triton() -> Iterator[TritonProcess]:
    with TritonProcess(magika_repository()) as process:
        yield process
