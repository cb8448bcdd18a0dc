"""The ConfigMaps of the dashboards, rendered by the real helm and made on a real API server."""

import json
from typing import Any

import pytest

from inferometer_dev.dashboards.board import UIDS

from .conftest import Cluster
from .test_chart import CHART, rendered

MOST_BYTES = 256 * 1024
"""A ConfigMap takes 1 MiB; an annotation, where `kubectl apply` keeps a copy of it, a quarter of that."""


def config_maps(*values: str) -> list[dict[str, Any]]:
    found = [one for one in rendered(*values) if one["kind"] == "ConfigMap"]
    return [one for one in found if one["metadata"]["name"].endswith("-dashboard")]


@pytest.mark.parametrize("name", UIDS)
def test_a_dashboard_comes_out_of_helm_as_it_went_in(name: str) -> None:
    (found,) = [one for one in config_maps() if one["metadata"]["name"] == f"inferometer-{name}-dashboard"]
    text = (CHART / "dashboards" / f"{name}.json").read_text()

    assert found["data"] == {f"inferometer-{name}.json": text.rstrip("\n")}
    assert json.loads(found["data"][f"inferometer-{name}.json"])["uid"] == UIDS[name]
    assert found["metadata"]["namespace"] == "system"
    assert found["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert "annotations" not in found["metadata"]
    assert len(json.dumps(found)) < MOST_BYTES


def test_folder_label_and_namespace_are_the_sidecars_to_choose() -> None:
    chosen = [
        "dashboards.annotations.grafana_folder=Inferometer",
        "dashboards.labels.team=ml",
        "dashboards.namespace=monitoring",
    ]
    found = config_maps("--set", ",".join(chosen))

    assert len(found) == len(UIDS)
    for one in found:
        assert one["metadata"]["annotations"] == {"grafana_folder": "Inferometer"}
        assert one["metadata"]["labels"]["team"] == "ml"
        assert one["metadata"]["namespace"] == "monitoring"


def test_there_are_none_where_they_are_not_wanted() -> None:
    assert config_maps("--set", "dashboards.enabled=false") == []
    assert config_maps("--set", "dashboards=null") == []


def test_an_api_server_takes_them(cluster: Cluster) -> None:
    for one in config_maps("--set", "dashboards.namespace=default"):
        cluster.core.create_namespaced_config_map("default", one, dry_run="All")
