"""The quality that the rules ask of answers: the target that is filled, and what falls short of it.

The shares and references are written by hand from the rules, not from the packs.
"""

from decimal import Decimal

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from inferometer_loadgen.rules import installed_pack
from inferometer_loadgen.rules.pack import least_score
from inferometer_loadgen.spec import LibraryFacts, resolve
from inferometer_loadgen.spec.benchmark import Accuracy
from inferometer_loadgen.spec.decode import decode_object
from inferometer_loadgen.spec.quality import accuracy_filled, quality_deviations
from inferometer_loadgen.verdict.checks.accuracy_below_target import accuracy_below_target
from unit.spec.specs import an_object
from unit.verdict.runs import a_scored_run

MUCH = LibraryFacts(samples=5_000_000, sha256="")

# Task: its scorer, and the least score in that scorer's unit.
V0_5 = {
    "resnet50": ("top1", 0.99 * 0.7646),
    "mobilenet": ("top1", 0.98 * 0.7168),
    "ssd-resnet34": ("coco-map", 0.99 * 0.20),
    "ssd-mobilenet": ("coco-map", 0.99 * 0.22),
    "gnmt": ("bleu", 0.99 * 23.9),
}
V6_1 = {
    "resnet50": ("top1", 0.99 * 0.7646),
    "yolo11l": ("coco-map", 0.95 * 0.534),
    "bert": ("command", 0.99 * 90.874),
    "3d-unet": ("command", 0.99 * 0.8617),
}
EDITIONS = {"mlperf-v0.5": V0_5, "mlperf-v6.1": V6_1}
TASKS = [(rules, task, *row) for rules, tasks in EDITIONS.items() for task, row in tasks.items()]


def rules_of(rules, task):
    pack = installed_pack(rules)
    assert pack is not None
    return pack.tasks[task]


def scored_by(scorer, target=UNSET):
    """Also by one that this version cannot run: a pack may name what is still to come."""
    return replace(Accuracy(scorer="top1"), scorer=scorer, target=target)


def a_plan(**accuracy):
    benchmark = an_object()
    benchmark["spec"] |= {"rules": "mlperf-v0.5", "task": "resnet50", "mode": "Accuracy"}
    benchmark["spec"]["accuracy"] = {"scorer": "top1"} | accuracy
    benchmark["spec"]["load"] = {"targetQPS": 10, "data": {"configMap": {"name": "files"}}}
    spec, errors = decode_object(benchmark)
    assert errors == ()
    assert spec is not None
    return resolve("one", spec, MUCH)


@pytest.mark.parametrize(("rules", "task", "scorer", "target"), TASKS)
def test_the_laxest_share_of_the_reference_is_the_target(rules, task, scorer, target):
    filled = accuracy_filled(scored_by(scorer), rules_of(rules, task))

    assert filled is not UNSET
    assert filled.target == pytest.approx(target, rel=1e-12)
    assert list(quality_deviations(filled, rules_of(rules, task))) == []


@pytest.mark.parametrize("rules", EDITIONS)
def test_a_target_is_the_number_that_one_reckons_by_hand(rules):
    """The product of floats is at times above it, and who wrote 0.702464 for mobilenet deviated."""
    pack = installed_pack(rules)
    assert pack is not None
    for task in pack.tasks.values():
        for one in task.quality:
            for ratio in one.ratios:
                by_hand = Decimal(str(one.reference)) * Decimal(str(ratio)) / Decimal(str(one.per_score))

                assert least_score(one, ratio) == float(by_hand)


def test_the_plan_says_what_is_asked_and_where():
    judge = a_plan().judge

    assert judge.accuracy_target == pytest.approx(0.756954)
    assert judge.accuracy_target_source == (
        "0.99 x 76.46 top-1 % (MLPerf Inference rules of October 2019: table of tasks, resnet50, quality)"
    )


def test_a_lower_target_is_a_deviation_with_its_source():
    plan = a_plan(target=0.75)

    (deviation,) = plan.deviations
    assert (deviation.field, deviation.value, deviation.fixed) == ("spec.accuracy.target", "0.75", "0.756954")
    assert deviation.source.endswith("resnet50, quality")
    assert (plan.judge.accuracy_target, plan.judge.accuracy_target_source) == (0.75, "")


def test_a_higher_target_is_the_users_own_and_no_deviation():
    plan = a_plan(target=0.8)

    assert (plan.deviations, plan.judge.accuracy_target, plan.judge.accuracy_target_source) == ((), 0.8, "")


def test_a_stricter_share_of_the_rules_is_named_as_such():
    task = rules_of("mlperf-v6.1", "yolo11l")
    own = scored_by("coco-map", 0.99 * 53.4 / 100)

    assert list(quality_deviations(own, task)) == []


@pytest.mark.parametrize(
    ("rules", "task", "scorer", "asked"),
    [
        ("mlperf-v0.5", "gnmt", "top1", "0.99 x 23.9 BLEU"),
        ("mlperf-v0.5", "resnet50", "command", "0.99 x 76.46 top-1 %"),
        ("mlperf-v6.1", "sdxl", "command", "1 x 31.6863 CLIP_SCORE; 1 x 23.0109 FID_SCORE"),
    ],
    ids=["another metric", "a command in place of the scorer", "two metrics, of which one score is a part"],
)
def test_a_scorer_that_does_not_measure_what_the_rules_ask_is_a_deviation(rules, task, scorer, asked):
    accuracy, fixed = scored_by(scorer), rules_of(rules, task)

    assert accuracy_filled(accuracy, fixed) == accuracy
    assert [(one.field, one.value, one.fixed) for one in quality_deviations(accuracy, fixed)] == [
        ("spec.accuracy.scorer", scorer, asked)
    ]


def test_a_score_below_the_rules_target_names_what_they_ask():
    finding = accuracy_below_target(a_scored_run(0.7), a_plan())

    assert finding is not None
    assert "the target is 0.757, 0.99 x 76.46 top-1 % (MLPerf Inference rules of October 2019" in finding.message
