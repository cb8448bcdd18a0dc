"""Prometheus' manifests, and how a gateway to it is told from other processes."""

from __future__ import annotations

import re

import pytest
import yaml

from inferometer_dev.cluster.gateway import port_of
from inferometer_dev.cluster.state import GATEWAY
from inferometer_dev.monitoring.install import CONFIG
from inferometer_dev.monitoring.manifests import Manifest, manifests
from inferometer_dev.paths import REPO

DASHBOARDS = REPO / "docs" / "dashboards.md"
TARGET = ("198.19.1.2", 30090)
ENTER = ["nsenter", "--net=/run/netns/infm0", "--"]
SERVE = ["/usr/bin/python3", "-I", str(GATEWAY), "3", "198.19.1.2", "30090", "9090"]


def of_kind(kind: str, files: dict[str, str]) -> Manifest:
    (found,) = [one for one in manifests(files) if one["kind"] == kind]
    return found


@pytest.mark.parametrize(
    ("words", "port"),
    [
        (SERVE, 9090),
        ([*ENTER, *SERVE], 9090),
        (["setsid", "--fork", *ENTER, *SERVE], None),
        ([*SERVE[:5], "30091", "9090"], None),
        (["vi", str(GATEWAY)], None),
        (["python3", "-m", "http.server", "9090"], None),
    ],
    ids=["itself", "while it enters", "while it is started", "to another port", "its source in an editor", "another"],
)
def test_a_gateway_is_known_by_its_target(words: list[str], port: int | None) -> None:
    assert port_of(words, TARGET) == port


def test_another_configuration_makes_another_pod_and_the_same_one_does_not() -> None:
    def template(text: str) -> Manifest:
        found: Manifest = of_kind("Deployment", {"prometheus.yml": text})["spec"]["template"]
        return found

    assert template("a") == template("a")
    assert template("a") != template("b")


def test_it_scrapes_as_the_documentation_tells_a_user_to() -> None:
    (documented,) = re.findall(r"```yaml\n(scrape_configs:.*?)```", DASHBOARDS.read_text(), re.DOTALL)
    (job,) = yaml.safe_load(documented)["scrape_configs"]
    ours = yaml.safe_load(CONFIG.read_text())

    assert ours["scrape_configs"] == [{name: value for name, value in job.items() if name != "scrape_interval"}]


def test_it_may_look_at_pods_and_nothing_else() -> None:
    role = of_kind("ClusterRole", {})

    assert role["rules"] == [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}]
