"""The alerts, tried by Prometheus' own tool."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from inferometer_dev.gotools import binary

REPOSITORY = Path(__file__).parents[3]
RULES = REPOSITORY / "charts" / "inferometer" / "rules" / "alerts.yaml"
CASES = Path(__file__).with_name("alerts_test.yaml")
ALERTS: list[dict[str, Any]] = yaml.safe_load(RULES.read_text())["groups"][0]["rules"]


def promtool(*words: str) -> None:
    ended = subprocess.run([str(binary("promtool")), *words], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_the_rule_file_is_one():
    promtool("check", "rules", "--lint=all", "--lint-fatal", str(RULES))


def test_each_alert_fires_when_it_should_and_only_then():
    promtool("test", "rules", str(CASES))


@pytest.mark.parametrize("alert", [one["alert"] for one in ALERTS])
def test_each_alert_is_tried_firing_and_not_firing(alert):
    tried = [one for case in yaml.safe_load(CASES.read_text())["tests"] for one in case["alert_rule_test"]]
    fires = [bool(one.get("exp_alerts")) for one in tried if one["alertname"] == alert]

    assert set(fires) == {True, False}


@pytest.mark.parametrize("alert", ALERTS, ids=lambda one: one["alert"])
def test_each_alert_has_a_severity_and_a_page_in_the_runbook(alert):
    headings = [line.removeprefix("## ") for line in (REPOSITORY / "docs" / "alerts.md").read_text().splitlines()]

    assert alert["labels"]["severity"] in {"warning", "critical"}
    assert {"summary", "description", "runbook"} == set(alert["annotations"])
    assert alert["annotations"]["runbook"] == f"docs/alerts.md#{alert['alert'].lower()}"
    assert alert["alert"] in headings
