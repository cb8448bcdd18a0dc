"""docs/accuracy.md names each scorer, and what it writes for MLPerf's tasks is accepted as it stands."""

import re
import typing
from pathlib import Path

import pytest
import yaml

from inferometer_loadgen.plan import ScorerPlan
from inferometer_loadgen.spec.decode import decode_object
from inferometer_loadgen.spec.scorer_checks import FIELDS_OF
from unit.spec.specs import an_object

PAGE = (Path(__file__).parents[3] / "docs" / "accuracy.md").read_text()
FOR_TASKS = re.findall(r"^\| ([^|]+) \| `(scorer: [^`]+)`", PAGE, re.MULTILINE)


def test_each_scorer_and_each_field_of_one_is_on_the_page():
    scorers = typing.get_args(typing.get_type_hints(ScorerPlan)["kind"])

    assert set(re.findall(r"^\| ([a-z0-9-]+) \|", PAGE, re.MULTILINE)) >= set(scorers)
    assert [name for name in FIELDS_OF if name not in PAGE and name != "output"] == []


@pytest.mark.parametrize(("task", "accuracy"), FOR_TASKS, ids=[task for task, _ in FOR_TASKS])
def test_what_it_writes_for_a_task_is_a_spec(task, accuracy):
    benchmark = an_object()
    benchmark["spec"] |= {"mode": "Accuracy", "accuracy": yaml.safe_load(f"{{{accuracy}}}")}
    benchmark["spec"]["load"]["data"] = {"configMap": {"name": "imported"}}

    assert decode_object(benchmark)[1] == ()


def test_all_five_tasks_of_2019_are_there():
    named = set(re.findall(r"[a-z0-9-]+", " ".join(task for task, _ in FOR_TASKS)))

    assert named >= {"resnet50", "mobilenet", "ssd-mobilenet", "ssd-resnet34", "gnmt"}
