"""One cluster with the operator installed by its chart, for all of these tests; and a namespace for each."""

from collections.abc import Iterator

import pytest

from e2e.cluster import Bench, bench_namespace, installed_operator


@pytest.fixture(scope="session")
def operator() -> Iterator[None]:
    with installed_operator():
        yield


@pytest.fixture
def bench(operator: None) -> Iterator[Bench]:
    with bench_namespace() as namespace:
        yield namespace
