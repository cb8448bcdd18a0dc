"""Mode Audit: what it needs, what it refuses, what it deviates in, and the plan of each test by each edition."""

import pytest

from inferometer_loadgen.plan import CachingAuditPlan, OutputsAuditPlan, Plan, Seeds, SeedsAuditPlan
from inferometer_loadgen.spec import LibraryFacts, resolve
from inferometer_loadgen.spec.decode import decode_object
from unit.spec.specs import an_object

NPZ = {"configMap": {"name": "files"}}
MUCH = LibraryFacts(samples=5_000_000, sha256="")


def an_audit(test="TEST04", scenario="Server", **changes):
    benchmark = an_object()
    benchmark["spec"] |= {"scenario": scenario, "mode": "Audit", "audit": test, **changes}
    benchmark["spec"]["load"]["data"] = NPZ
    if scenario != "Server":
        del benchmark["spec"]["load"]["latencyBound"]
    if scenario in ("SingleStream", "MultiStream"):
        del benchmark["spec"]["load"]["targetQPS"]
    return benchmark


def a_plan(benchmark, library: LibraryFacts = MUCH) -> Plan:
    spec, errors = decode_object(benchmark)
    assert errors == ()
    assert spec is not None
    return resolve("one", spec, library)


def without(benchmark, field):
    del benchmark["spec"][field]
    return benchmark


@pytest.mark.parametrize(
    ("benchmark", "path", "remedy"),
    [
        (without(an_audit(), "audit"), "spec.audit: is missing", "write TEST01, TEST04 or TEST05"),
        (without(an_audit(), "mode"), "spec.audit: means nothing in mode Performance", "set spec.mode to Audit"),
        (an_audit(repeat={"count": 2}), "spec.repeat: means nothing in mode Audit", "leave it out"),
        (
            an_audit(runPolicy={"activeDeadline": "120s"}),
            "spec.runPolicy.activeDeadline: `120s` is over before warmup `2s` and minDuration `60s` are in both rounds",
            "allow that",
        ),
        (an_audit(accuracy={"scorer": "top1"}), "spec.accuracy: means nothing in mode Audit", "leave it out"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_remedy(benchmark, path, remedy):
    (error,) = decode_object(benchmark)[1]

    assert str(error).startswith(path)
    assert remedy in str(error).partition("hint: ")[2]


@pytest.mark.parametrize("scenario", ["Concurrency", "Replay"])
def test_scenarios_that_are_none_of_mlperfs_are_refused(scenario):
    errors = decode_object(an_audit(scenario=scenario))[1]

    assert f"`Audit` does not fit scenario {scenario}" in " ".join(map(str, errors))


def test_test01_may_have_a_scorer_for_answers_that_differ():
    plan = a_plan(an_audit("TEST01", accuracy={"scorer": "top1"}))

    assert plan.scorer is not None
    assert a_plan(an_audit("TEST01")).scorer is None


def test_with_custom_rules_all_tests_are_the_last_editions():
    assert a_plan(an_audit("TEST04")).audit == CachingAuditPlan(
        tolerance=0.1, short_tolerance=0.2, reference="Performance", same_index=3
    )
    assert a_plan(an_audit("TEST05")).audit == SeedsAuditPlan(
        tolerance=0.05,
        short_tolerance=0.2,
        seeds=Seeds(qsl=7975553102935885558, sample_index=11403566307062068064, schedule=15816800565822761601),
    )
    assert a_plan(an_audit("TEST01")).audit == OutputsAuditPlan(
        tolerance=0.1, short_tolerance=0.2, log_seed=720381539243781796, log_samples=4096, accuracy_delta=0.01
    )


def test_a_library_too_small_for_the_position_has_its_last_sample_repeated():
    audit = a_plan(an_audit("TEST04"), LibraryFacts(samples=2, sha256="")).audit

    assert isinstance(audit, CachingAuditPlan)
    assert audit.same_index == 1


def ruled(rules, task, test, scenario="Offline"):
    return a_plan(an_audit(test, scenario, rules=rules, task=task))


@pytest.mark.parametrize(
    ("task", "samples"), [("resnet50", 4096), ("bert", 4096), ("yolo11l", 64), ("3d-unet", 64), ("sdxl", 128)]
)
def test_each_task_of_v6_1_aims_at_its_own_number_of_logged_answers(task, samples):
    audit = ruled("mlperf-v6.1", task, "TEST01").audit

    assert isinstance(audit, OutputsAuditPlan)
    assert audit.log_samples == samples


@pytest.mark.parametrize(("scenario", "seed"), [("SingleStream", 789), ("Server", 147), ("Offline", 456)])
def test_v0_5_logs_one_answer_in_ten_by_a_seed_of_each_scenario(scenario, seed):
    audit = ruled("mlperf-v0.5", "resnet50", "TEST01", scenario).audit

    assert isinstance(audit, OutputsAuditPlan)
    assert (audit.log_seed, audit.log_samples, audit.log_probability) == (seed, 0, 0.1)


def test_v0_5_holds_the_same_sample_against_unique_ones_and_has_seeds_of_its_own():
    caching, other = (ruled("mlperf-v0.5", "resnet50", test).audit for test in ("TEST04", "TEST05"))

    assert isinstance(caching, CachingAuditPlan)
    assert caching.reference == "Unique"
    assert isinstance(other, SeedsAuditPlan)
    assert other.seeds == Seeds(qsl=195, sample_index=235, schedule=634)


@pytest.mark.parametrize(
    ("rules", "task", "asked"),
    [
        ("mlperf-v6.1", "resnet50", {"TEST01", "TEST04"}),
        ("mlperf-v6.1", "yolo11l", {"TEST01"}),
        ("mlperf-v6.1", "bert", {"TEST01"}),
        ("mlperf-v6.1", "3d-unet", {"TEST01"}),
        ("mlperf-v6.1", "sdxl", {"TEST01", "TEST04"}),
        ("mlperf-v6.1", "dlrm-v3", set()),
        ("mlperf-v0.5", "resnet50", {"TEST01", "TEST04", "TEST05"}),
        ("mlperf-v0.5", "gnmt", {"TEST01", "TEST05"}),
    ],
)
def test_a_test_that_the_edition_does_not_ask_for_is_a_deviation(rules, task, asked):
    deviating = {
        test
        for test in ("TEST01", "TEST04", "TEST05")
        if "spec.audit" in {one.field for one in ruled(rules, task, test).deviations}
    }

    assert deviating == {"TEST01", "TEST04", "TEST05"} - asked


def test_an_audit_is_measured_once_where_a_result_takes_five_runs():
    plan = ruled("mlperf-v0.5", "resnet50", "TEST05", "Server")

    assert plan.repeat is None
    assert "spec.repeat.count" not in {one.field for one in plan.deviations}
