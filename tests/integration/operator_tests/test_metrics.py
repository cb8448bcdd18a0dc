"""What Prometheus sees of a real operator.

Runs before test_operator.py, whose last test reads in the audit log which rights all of these have used.
"""

import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from inferometer_dev.gotools import binary
from integration.prometheus.server import Prometheus, prometheus
from unit.operator_tests.metrics.builders import samples

from .conftest import REPOSITORY, Cluster, await_true
from .rig import Kubelet, Operator, install_rights, operator_kubeconfig
from .test_ibs import Schedules, an_example
from .test_operator import Bench

RULES = REPOSITORY / "charts" / "inferometer" / "rules" / "alerts.yaml"
ALERTS: list[str] = [one["alert"] for one in yaml.safe_load(RULES.read_text())["groups"][0]["rules"]]


@pytest.fixture(scope="session")
def credentials(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Path:
    install_rights(cluster)
    return operator_kubeconfig(cluster, tmp_path_factory.mktemp("access"))


@pytest.fixture
def scraped(credentials: Path, tmp_path: Path) -> Iterator[Operator]:
    operator = Operator(credentials, tmp_path)
    operator.start()
    yield operator
    assert operator.stop() == 0, operator.log
    assert "should not happen" not in operator.log, operator.log


def scrape(operator: Operator) -> bytes:
    try:
        with urllib.request.urlopen(operator.metrics_url, timeout=5) as answer:
            assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
            page: bytes = answer.read()
            return page
    except OSError:
        return b""


def test_a_scrape_shows_what_exists_until_it_is_deleted(scraped: Operator, cluster: Cluster, namespace: str) -> None:
    bench, schedules = Bench(cluster, namespace), Schedules(cluster, namespace)
    bench.samples()
    bench.create()
    schedules.create(an_example(suspend=True))

    def shown() -> set[str]:
        return {line.rpartition(" ")[0] for line in scrape(scraped).decode().splitlines()}

    starting = f'inferometer_run_phase{{benchmark="quickstart",namespace="{namespace}",phase="Starting"}}'
    await_true(lambda: starting in shown(), "the run is shown")
    suspended = f'inferometer_schedule_suspended{{namespace="{namespace}",schedule="nightly"}}'
    await_true(lambda: suspended in shown(), "the schedule is shown")
    Kubelet(cluster, namespace).pod("quickstart-server-0")

    page = scrape(scraped)
    found = samples(page.decode())
    assert found["inferometer_operator_api_requests_total{code=201,resource=pods,verb=create}"] >= 1
    assert found["inferometer_operator_reconcile_duration_seconds_count{controller=benchmark}"] >= 1
    assert found["inferometer_operator_reconcile_errors_total{controller=benchmark,kind=Fault}"] == 0
    lint = subprocess.run([str(binary("promtool")), "check", "metrics"], input=page, capture_output=True, check=False)
    assert (lint.returncode, lint.stdout, lint.stderr) == (0, b"", b"")

    bench.delete()
    await_true(lambda: not any(namespace in line and "quickstart" in line for line in shown()), "its series are gone")
    assert suspended in shown()


def sound_rules(server: Prometheus, namespace: str) -> list[str]:
    """The alerts that were evaluated without an error and found nothing in a namespace.

    What other tests have left on this API server may well be worth an alert.
    """
    rules = [one for group in server.get("rules")["groups"] for one in group["rules"]]
    return [
        one["name"]
        for one in rules
        if one["health"] == "ok" and not any(alert["labels"].get("namespace") == namespace for alert in one["alerts"])
    ]


def test_a_real_prometheus_takes_the_page_and_the_alerts(
    scraped: Operator, cluster: Cluster, namespace: str, tmp_path: Path
) -> None:
    bench = Bench(cluster, namespace)
    bench.samples()
    bench.create()
    target = scraped.metrics_url.removeprefix("http://").removesuffix("/metrics")

    with prometheus(tmp_path, [target], RULES) as server:
        phase = f'inferometer_run_phase{{namespace="{namespace}",phase="Starting"}}'
        ((labels, value),) = await_true(lambda: server.query(phase), "the run is seen as starting")
        await_true(lambda: sound_rules(server, namespace) == ALERTS, "all alerts are evaluated, none is on here")
        targets = server.get("targets")["activeTargets"]
        kept = server.query(f'inferometer_run_info{{namespace="{namespace}"}}')

    assert (labels["benchmark"], value) == ("quickstart", 1.0)
    assert [(one["health"], one["lastError"]) for one in targets] == [("up", "")]
    assert [(one["model"], one["scenario"]) for one, _ in kept] == [("magika", "Server")]
