"""Triton's counters: read for one model, differenced per process, absent where they are not."""

from collections.abc import Sequence

import pytest

from inferometer_loadgen.coordinator.counters import Absent, Growth, ModelCounters, Window
from inferometer_loadgen.coordinator.metrics_page import parse_counters

PAGE = """\
# HELP nv_inference_request_success Number of successful inference requests, all batch sizes
# TYPE nv_inference_request_success counter
nv_inference_request_success{model="magika",version="1"} 40
nv_inference_request_success{model="magika",version="2"} 2
nv_inference_request_success{model="other",version="1"} 1000
# HELP nv_inference_request_failure Number of failed inference requests, all batch sizes
# TYPE nv_inference_request_failure counter
nv_inference_request_failure{model="magika",reason="OTHER",version="1"} 3
nv_inference_request_failure{model="magika",reason="BACKEND",version="1"} 1
# TYPE nv_inference_count counter
nv_inference_count{model="magika",version="1"} 80
# TYPE nv_inference_exec_count counter
nv_inference_exec_count{model="magika",version="1"} 20
# TYPE nv_inference_queue_duration_us counter
nv_inference_queue_duration_us{model="magika",version="1"} 500
# TYPE nv_inference_compute_input_duration_us counter
nv_inference_compute_input_duration_us{model="magika",version="1"} 10
# TYPE nv_inference_compute_infer_duration_us counter
nv_inference_compute_infer_duration_us{model="magika",version="1"} 200
# TYPE nv_inference_compute_output_duration_us counter
nv_inference_compute_output_duration_us{model="magika",version="1"} 5
"""


def growth(readings: Sequence[ModelCounters | Absent]) -> Growth:
    window = Window()
    for reading in readings:
        window.take(reading)
    return window.growth()


def some_counters(successes: int = 0, queue_us: int = 0) -> ModelCounters:
    return ModelCounters(successes, 0, successes, successes, queue_us, 0)


@pytest.mark.parametrize(("version", "successes"), [("1", 40), ("2", 2), ("", 42)])
def test_counts_are_of_the_model_and_its_version_or_of_all_versions(version: str, successes: int) -> None:
    counters = parse_counters(PAGE, "magika", version)

    assert isinstance(counters, ModelCounters)
    assert counters.successes == successes


def test_failures_of_all_kinds_and_the_three_parts_of_computing_are_summed() -> None:
    assert parse_counters(PAGE, "magika", "1") == ModelCounters(
        successes=40, failures=4, inferences=80, executions=20, queue_us=500, compute_us=215
    )


def test_a_page_without_the_model_is_no_zero() -> None:
    assert parse_counters(PAGE, "resnet50", "") == Absent("the metrics page has no counters of model resnet50")


def test_a_page_that_is_none_is_absent_with_the_parsers_words() -> None:
    reading = parse_counters("<html>no metrics</html>\n", "magika", "")

    assert isinstance(reading, Absent)


def test_growth_is_last_less_first() -> None:
    readings = [some_counters(10, 100), some_counters(25, 180), some_counters(40, 300)]

    assert growth(readings) == Growth(some_counters(30, 200), restarted=False)


def test_a_restart_between_two_readings_is_seen_even_when_the_ends_would_hide_it() -> None:
    readings = [some_counters(10), some_counters(40), some_counters(3), some_counters(50)]

    assert growth(readings) == Growth(Absent("the server restarted within the run"), restarted=True)


def test_one_failed_scrape_in_between_costs_nothing() -> None:
    assert growth([some_counters(1), Absent("timed out"), some_counters(4)]).counters == some_counters(3)


@pytest.mark.parametrize(
    ("readings", "reason"),
    [
        ([Absent("refused"), some_counters(4)], "before the run: refused"),
        ([some_counters(4), Absent("refused")], "after the run: refused"),
        ([], "the metrics were never read"),
    ],
)
def test_a_missing_end_makes_the_growth_absent_and_says_which(
    readings: list[ModelCounters | Absent], reason: str
) -> None:
    assert growth(readings) == Growth(Absent(reason), restarted=False)


@pytest.mark.parametrize("value", ["NaN", "+Inf"])
def test_a_counter_that_is_no_number_is_absent(value: str) -> None:
    page = f'# TYPE nv_inference_count counter\nnv_inference_count{{model="magika",version="1"}} {value}\n'

    assert isinstance(parse_counters(page, "magika", ""), Absent)
