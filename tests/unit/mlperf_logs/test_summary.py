"""What a summary says where our runs are other than LoadGen's."""

import pytest
from msgspec.structs import replace

from inferometer_loadgen.mlperf_logs import detail_text, summary_text
from inferometer_loadgen.plan import FindPeakPlan
from inferometer_loadgen.report.schema import Reason, Report, RoundReport
from unit.mlperf_logs.official_logs import read_detail
from unit.report.reports import a_report


def lines(report: Report) -> list[str]:
    return summary_text(report).splitlines()


def in_mode(mode: str) -> Report:
    report = a_report()
    return replace(report, plan=replace(report.plan, stream=replace(report.plan.stream, mode=mode)))


@pytest.mark.parametrize("word", ["Invalid", "Inconclusive"])
def test_what_is_not_valid_says_why(word: str) -> None:
    report = a_report(verdict=word, reasons=(Reason(type="MinDurationNotMet", message="it was called off"),))
    found = lines(report)
    assert found[7:12] == [
        "Result is : INVALID",
        "  Performance constraints satisfied : Yes",
        "  Min duration satisfied : NO",
        "  Min queries satisfied : Yes",
        "  Early stopping satisfied: NO",  # the plan asked for none
    ]
    assert found[12:14] == ["Recommendations:", " * it was called off"]


def test_by_the_rules_of_2019_the_scheduled_rate_is_the_result() -> None:
    report = a_report(result={"metric": "scheduled_samples_per_second", "value": 40.0, "completed_qps": 39.5})
    found = lines(report)
    assert found[6] == "Scheduled samples per second : 40.00"
    assert "Completed samples per second    : 39.50" in found
    detail = read_detail(detail_text(report))
    assert detail["result_scheduled_samples_per_sec"] == 40
    assert detail["result_completed_samples_per_sec"] == 39.5


def test_failed_queries_are_an_error_by_which_the_checker_finds_them() -> None:
    report = a_report(result={"errors": 3}, warnings=(Reason(type="LateClient", message="it sent late"),))
    assert lines(report)[-3:] == [
        "1 warning encountered. See detailed log.",
        "",
        "1 ERROR encountered. See detailed log.",
    ]
    detail = read_detail(detail_text(report))
    assert (detail["num_errors"], detail["error_runtime"]) == (1, "3 of 800 queries got no good answer")
    assert detail["warning_runtime"] == "it sent late"
    errors = [line for line in detail_text(report).splitlines() if '"is_error": true' in line]
    assert len(errors) == 1


def test_an_accuracy_run_has_no_result() -> None:
    assert summary_text(in_mode("Accuracy")) == (
        "\nNo warnings encountered during test.\n\nNo errors encountered during test.\n"
    )
    detail = read_detail(detail_text(in_mode("Accuracy")))
    assert detail["effective_test_mode"] == "AccuracyOnly"
    assert not [key for key in detail if key.startswith(("result_", "early_"))]


def test_a_figure_that_is_not_known_is_called_so() -> None:
    assert "99.90 percentile latency (ns)   : unknown" in lines(a_report(latency={"p999_ns": None}))


def test_at_a_peak_the_rate_is_that_which_was_measured() -> None:
    report = a_report()
    search = FindPeakPlan(min_qps=10.0, max_qps=90.0, tolerance=0.05, trial_duration_ns=10**9, max_trials=9)
    rates = ((20.0, replace(report.result, value=19.9)), (32.5, report.result))
    rounds = tuple(
        RoundReport(
            number=number, purpose="Trial" if number == 1 else "Measured", target_qps=rate, verdict="Valid",
            start_time=report.start_time, stream_digest=report.stream_digest, reasons=(), warnings=(), result=result,
        )
        for number, (rate, result) in enumerate(rates, 1)
    )  # fmt: skip
    found = replace(report, plan=replace(report.plan, find_peak=search), rounds=rounds)
    assert "target_qps : 32.5" in lines(found)
