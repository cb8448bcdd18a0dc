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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests of the cluster's own life take it down: they come first, so that nobody else's cluster goes."""
    items.sort(key=lambda item: item.path.name != "test_cluster_life.py")
