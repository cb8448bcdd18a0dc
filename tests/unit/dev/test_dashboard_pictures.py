"""How pictures write values and make tables: as Grafana does."""

import pytest

from inferometer_dev.dashboards.pictures.asking import Asker, Series
from inferometer_dev.dashboards.pictures.looks import by_threshold, written
from inferometer_dev.dashboards.pictures.tables import merged, organized


@pytest.mark.parametrize(
    ("value", "unit", "decimals", "text"),
    [
        (0.000310, "s", 1, "310.0 µs"),
        (0.1407, "s", None, "141 ms"),
        (7260, "s", 0, "2 hour"),
        (0, "s", 0, "0 µs"),
        (96_000, "short", None, "96 K"),
        (0, "short", 0, "0"),
        (9_562_000_000, "bytes", None, "8.91 GiB"),
        (0.5642, "percentunit", 0, "56%"),
        (200.0, "suffix: samples/s", None, "200 samples/s"),
        (41.3, "reqps", None, "41.3 req/s"),
        (float("nan"), "s", 1, "NaN"),
    ],
)
def test_a_value_is_written_in_its_unit(value, unit, decimals, text):
    assert written(value, unit, decimals) == text


def test_the_colour_is_that_of_the_last_step_reached():
    thresholds = {"steps": [{"value": None, "color": "green"}, {"value": 1, "color": "#111111"}]}

    assert [by_threshold(value, thresholds) for value in (0, 1, 5)] == ["#73bf69", "#111111", "#111111"]


def series(value: float, **labels: str) -> Series:
    return Series("", labels, [(0.0, value)])


def test_rows_are_one_where_they_agree_on_the_labels_that_all_queries_have():
    verdicts = [series(1, run="a", verdict="Valid"), series(1, run="b", verdict="Invalid")]
    latencies = [series(0.1, run="a"), series(0.3, run="b"), series(0.2, run="c")]

    assert merged([verdicts, latencies, []]) == [
        {"run": "a", "verdict": "Valid", "Value #A": 1, "Value #B": 0.1},
        {"run": "b", "verdict": "Invalid", "Value #A": 1, "Value #B": 0.3},
        {"run": "c", "Value #B": 0.2},
    ]


def test_rows_that_contradict_each_other_stay_apart():
    reasons = [series(1, run="a", reason="x"), series(1, run="a", reason="y")]

    assert merged([reasons, [series(2, run="a")]]) == [
        {"run": "a", "reason": "x", "Value #A": 1, "Value #B": 2},
        {"run": "a", "reason": "y", "Value #A": 1},
    ]


def test_columns_are_named_ordered_and_left_out_and_what_has_no_value_comes_last():
    options = {
        "indexByName": {"run": 0, "Value": 1},
        "renameByName": {"run": "Run", "Value": "Age"},
        "excludeByName": {"Time": True},
    }
    panel = {
        "transformations": [{"id": "merge", "options": {}}, {"id": "organize", "options": options}],
        "options": {"sortBy": [{"displayName": "Age", "desc": False}]},
    }

    titles, rows = organized([{"run": "c"}, {"run": "a", "Value": 2}, {"run": "b", "Value": 1}], panel)

    assert titles == ["Run", "Age"]
    assert rows == [{"Run": "b", "Age": 1}, {"Run": "a", "Age": 2}, {"Run": "c", "Age": None}]


def test_the_intervals_are_those_of_grafanas_documentation():
    asker = Asker("http://x", 0, 24 * 3600, 15, {"benchmark": "nightly"})

    # A step of 24 h in 240 points is 6 min; a rate looks over a step and a scrape more, or over four scrapes.
    assert asker.filled_in('x{b="$benchmark"}[$__rate_interval] < $__range_s') == 'x{b="nightly"}[375s] < 86400'
    assert Asker("http://x", 0, 60, 15, {}).filled_in("[$__rate_interval]") == "[60s]"
