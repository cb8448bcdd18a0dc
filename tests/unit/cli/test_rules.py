"""`inferometer rules`: packs, what they fix and how they differ, as text and as JSON."""

import json

import pytest

from inferometer_loadgen.cli import main


def test_list_names_each_task_with_its_scenarios(capsys):
    assert main(["rules", "list"]) == 0

    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["mlperf-v0.5", "gnmt", "SingleStream", "MultiStream", "Server", "Offline"] in lines
    assert ["mlperf-v6.1", "bert", "SingleStream", "Offline"] in lines


def test_show_gives_each_value_its_source(capsys):
    assert main(["rules", "show", "mlperf-v0.5", "gnmt", "--json"]) == 0

    assert {
        "task": "gnmt",
        "scenario": "Server",
        "field": "latencyBound",
        "takes": "250ms",
        "source": "MLPerf Inference rules of October 2019: table of tasks, gnmt, Server bound",
    } in json.loads(capsys.readouterr().out)


def test_show_names_what_official_sources_contradict(capsys):
    assert main(["rules", "show", "mlperf-v6.1", "dlrm-v3"]) == 0

    assert "not 60s" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("pack", "task", "expected"),
    [
        ("mlperf-v0.5", "gnmt", {"accuracy.scorer": "bleu", "accuracy.target (0.99)": 0.99 * 23.9}),
        (
            "mlperf-v6.1",
            "yolo11l",
            {
                "accuracy.scorer": "coco-map",
                "accuracy.target (0.95)": 0.95 * 0.534,
                "accuracy.target (0.99)": 0.99 * 0.534,
            },
        ),
        ("mlperf-v6.1", "sdxl", {}),
    ],
)
def test_show_says_what_an_accuracy_run_is_held_against(capsys, pack, task, expected):
    assert main(["rules", "show", pack, task, "--json"]) == 0

    rows = json.loads(capsys.readouterr().out)
    shown = {row["field"]: row["takes"] for row in rows if row["field"].startswith("accuracy")}
    assert shown == pytest.approx(expected)


def test_show_names_the_compliance_tests_of_a_task_and_what_they_fix(capsys):
    assert main(["rules", "show", "mlperf-v6.1", "sdxl", "--json"]) == 0

    shown = {row["field"]: row["takes"] for row in json.loads(capsys.readouterr().out)}
    assert shown["audits"] == ["TEST01", "TEST04"]
    assert (shown["TEST01.logSamples"], shown["TEST01.tolerance"], shown["TEST04.sameIndex"]) == (128, 0.1, 3)
    assert "TEST05.tolerance" not in shown

    assert main(["rules", "show", "mlperf-v0.5", "gnmt"]) == 0
    text = capsys.readouterr().out
    assert "TEST05.seeds.qsl" in text
    assert "SingleStream 789" in text


def test_diff_says_what_two_editions_fix_differently(capsys):
    assert main(["rules", "diff", "mlperf-v0.5", "mlperf-v6.1", "--json"]) == 0

    rows = json.loads(capsys.readouterr().out)
    assert {
        "task": "resnet50",
        "scenario": "SingleStream",
        "field": "minDuration",
        "values": ["60s", "600s"],
    } in rows
    assert {
        "task": "gnmt",
        "scenario": "",
        "field": "scenarios",
        "values": ["SingleStream MultiStream Server Offline", None],
    } in rows


def test_a_pack_does_not_differ_from_itself(capsys):
    assert main(["rules", "diff", "mlperf-v6.1", "mlperf-v6.1", "--json"]) == 0

    assert json.loads(capsys.readouterr().out) == []


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["show", "mlperf-v6.0"], "`mlperf-v6.0` is no pack. hint: write mlperf-v6.1"),
        (["show", "nightly"], "`nightly` is no pack. hint: write one of mlperf-v0.5, mlperf-v6.1"),
        (["show", "mlperf-v0.5", "resnet"], "`resnet` is no task of mlperf-v0.5. hint: write resnet50"),
        (["diff", "mlperf-v0.5", "mlperf-v9"], "`mlperf-v9` is no pack. hint: write mlperf-v0.5"),
    ],
)
def test_an_unknown_name_is_bad_input_with_the_nearest_one(capsys, arguments, line):
    assert main(["rules", *arguments]) == 2

    assert line.split(" hint")[0] in capsys.readouterr().err
