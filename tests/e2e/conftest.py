"""One cluster with the operator installed by its chart, for all of these tests; and a namespace for each."""

from collections.abc import Iterator

import pytest

from e2e.cluster import Bench, bench_namespace, installed_operator


@pytest.fixture(scope="session")
def operator() -> Iterator[int]:
    """Where the API server's audit log stood before the operator came."""
    with installed_operator() as audited:
        yield audited


@pytest.fixture
def bench(operator: int) -> Iterator[Bench]:
    with bench_namespace() as namespace:
        yield namespace


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """First the tests of the cluster's own life, which take it down; last the one that reads what all others did."""
    items.sort(key=lambda item: {"test_cluster_life.py": 0, "test_rights.py": 2}.get(item.path.name, 1))
