"""Prometheus' manifests, and how a gateway to it is told from other processes."""

from __future__ import annotations

import pytest

from inferometer_dev.cluster.gateway import port_of
from inferometer_dev.cluster.state import GATEWAY
from inferometer_dev.monitoring.manifests import Manifest, manifests

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


def test_it_may_look_at_pods_and_nothing_else() -> None:
    role = of_kind("ClusterRole", {})

    assert role["rules"] == [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}]
