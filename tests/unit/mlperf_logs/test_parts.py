"""A run that was measured and scored has LoadGen's logs of both modes, in the folders of a submission."""

from msgspec.structs import replace

from inferometer_loadgen.mlperf_logs import detail_text, parts_of, summary_text
from inferometer_loadgen.plan import FindPeakPlan
from inferometer_loadgen.report.schema import AccuracyReport, Reason, Report
from inferometer_loadgen.rounds import programme_of
from unit.mlperf_logs.official_logs import read_detail
from unit.rounds.test_audits import EQUAL, OUTPUTS, a_plan, a_round
from unit.rounds.test_both import BOTH, WRONG, measured, scored


def test_a_run_in_one_mode_has_its_logs_in_the_folder_itself() -> None:
    report = replace(measured(), plan=replace(BOTH, mode="Performance"))

    assert parts_of(report) == (("", report),)


def test_each_mode_has_its_own_verdict() -> None:
    report = programme_of(BOTH).report((measured(), scored("Invalid", WRONG)), "")

    parts = dict(parts_of(report))

    assert list(parts) == ["performance/run_1", "accuracy"]
    detail = {name: read_detail(detail_text(part)) for name, part in parts.items()}
    assert report.verdict == "Invalid"
    assert detail["performance/run_1"]["effective_test_mode"] == "PerformanceOnly"
    assert detail["performance/run_1"]["result_validity"] == "VALID"
    assert "\nResult is : VALID\n" in summary_text(parts["performance/run_1"])
    assert detail["accuracy"]["effective_test_mode"] == "AccuracyOnly"
    assert parts["accuracy"].reasons == (Reason(type=WRONG.type, message=WRONG.message),)
    assert isinstance(parts["accuracy"].accuracy, AccuracyReport)


def test_after_a_search_the_scored_rounds_log_is_of_the_load_that_was_found() -> None:
    plan = replace(
        BOTH,
        stream=replace(BOTH.stream, scenario="MultiStream", dialect="loadgen-r0.5", samples_per_query=64),
        find_peak=FindPeakPlan(
            min_samples_per_query=1, max_samples_per_query=64, tolerance=0.02, trial_duration_ns=1, max_trials=1
        ),
    )
    rounds: list[Report] = []
    while (following := programme_of(plan).after(rounds)) is not None:
        rounds.append(replace(measured(), plan=following.plan(plan)))

    parts = dict(parts_of(programme_of(plan).report(rounds, "")))

    assert rounds[-1].plan.stream.samples_per_query == 1
    assert parts["accuracy"].plan.stream == rounds[-1].plan.stream


def test_a_run_that_was_never_scored_has_logs_of_the_measured_part_alone() -> None:
    report: Report = programme_of(BOTH).report((measured(),), "cancelled")

    assert [name for name, _ in parts_of(report)] == ["performance/run_1"]


def test_an_audit_has_its_reference_as_a_submission_has_it_and_its_own_rounds_in_a_folder_of_its_name() -> None:
    plan = a_plan(OUTPUTS)
    report = programme_of(plan).report([a_round(), a_round(41.0), a_round(outputs=EQUAL)], "")

    parts = dict(parts_of(report))

    assert list(parts) == ["performance/run_1", "TEST01/performance/run_1", "accuracy"]
    detail = {name: read_detail(detail_text(part)) for name, part in parts.items()}
    assert detail["performance/run_1"]["effective_accuracy_log_sampling_target"] == 0
    assert detail["TEST01/performance/run_1"]["effective_accuracy_log_sampling_target"] == 80
    assert detail["TEST01/performance/run_1"]["effective_accuracy_log_rng_seed"] == 7
    assert detail["TEST01/performance/run_1"]["result_completed_samples_per_sec"] == 41
    assert detail["accuracy"]["effective_test_mode"] == "AccuracyOnly"
