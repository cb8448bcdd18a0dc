"""How much a Prometheus has to keep of a namespace."""

from inferometer_operator.metrics.selection import RUNS_SHOWN
from unit.operator_tests.metrics.builders import families, page_text
from unit.operator_tests.metrics.test_runs import a_finished_status, named


def test_a_thousand_runs_cost_no_more_than_the_newest():
    text = page_text([named(f"run-{number}", a_finished_status(), age_s=number) for number in range(1000)])

    assert sum(len(family.samples) for family in families(text)) < RUNS_SHOWN * (30 + 2 * 7)
