"""The dashboards' queries, read by Prometheus' own tool. That each has series is the end-to-end test's part."""

import subprocess

import pytest
import yaml

from inferometer_dev.dashboards.generate import FOLDER
from inferometer_dev.dashboards.queries import queries, substituted
from inferometer_dev.gotools import binary


@pytest.mark.parametrize("dashboard", sorted({one.dashboard for one in queries(FOLDER)}))
def test_promtool_can_read_every_query(dashboard, tmp_path):
    rules = [
        {"record": f"query_{number}", "expr": substituted(one.expr), "labels": {"panel": one.panel}}
        for number, one in enumerate(queries(FOLDER))
        if one.dashboard == dashboard
    ]
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": dashboard, "rules": rules}]}))

    ended = subprocess.run(
        [str(binary("promtool")), "check", "rules", "--lint-fatal", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert f"SUCCESS: {len(rules)} rules found" in ended.stdout + ended.stderr
