"""One real API server with its controllers for the whole matrix: without them nothing would collect the tokens."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from inferometer_dev.bare_apiserver import BareApiServer
from integration.operator_tests.conftest import Cluster
from integration.operator_tests.rig import install_rights, operator_kubeconfig

from .outcomes import tables


@pytest.fixture(scope="session")
def server() -> Iterator[BareApiServer]:
    with BareApiServer(controller_manager=True) as server:
        yield server


@pytest.fixture(scope="session")
def kubeconfig(server: BareApiServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    cluster = Cluster(server)
    cluster.install_crd()
    install_rights(cluster)
    return operator_kubeconfig(cluster, tmp_path_factory.mktemp("access"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for table in tables():
        terminalreporter.section("kill matrix")
        terminalreporter.write_line(table)
