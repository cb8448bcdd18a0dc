"""Each file in rules/ is a pack that fits its form; adding a pack is adding a file."""

from importlib import resources

import msgspec
import pytest

from inferometer_loadgen.rules import fixed_by, installed_pack, installed_packs, scenarios_of
from inferometer_loadgen.rules.pack import RulePack

FILES = [
    file for file in resources.files("inferometer_loadgen.rules").iterdir() if file.name.endswith((".yaml", ".yml"))
]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_each_file_is_a_pack_of_its_name(file):
    pack = msgspec.yaml.decode(file.read_bytes(), type=RulePack)

    assert file.name == f"{pack.name}.yaml"
    assert installed_pack(pack.name) == pack


@pytest.mark.parametrize("pack", installed_packs().values(), ids=lambda pack: pack.name)
def test_each_scenario_of_each_task_has_what_a_run_needs(pack):
    for task in pack.tasks:
        for scenario in scenarios_of(pack, task):
            fixed = fixed_by(pack, task, scenario)
            assert fixed is not None
            assert None not in (fixed.min_duration, fixed.min_queries, fixed.early_stopping, fixed.runs, fixed.metric)
            assert (fixed.latency_bound is not None) == (scenario == "Server"), (task, scenario)


def test_a_field_that_no_pack_has_is_refused():
    text = resources.files("inferometer_loadgen.rules").joinpath("mlperf-v0.5.yaml").read_text()

    with pytest.raises(msgspec.ValidationError, match="unknown field `minimumQueries`"):
        msgspec.yaml.decode(text.replace("minQueries", "minimumQueries", 1), type=RulePack)


def test_what_a_pack_lacks_is_none():
    pack = installed_packs()["mlperf-v6.1"]

    assert fixed_by(pack, "gnmt", "Server") is None
    assert fixed_by(pack, "resnet50", "Server") is None
    assert scenarios_of(pack, "gnmt") == ()
    assert installed_pack("custom") is None
