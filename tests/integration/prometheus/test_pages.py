"""The pages that Prometheus scrapes, read by its own tool."""

import subprocess

from inferometer_dev.gotools import binary
from inferometer_operator.looking import Outcome
from inferometer_operator.metrics.instruments import Instruments
from inferometer_operator.metrics.page import Page
from unit.operator_tests.builders import a_run
from unit.operator_tests.metrics.test_runs import a_finished_status
from unit.operator_tests.metrics.test_schedule_families import a_full_status, a_schedule


def lint(page: bytes) -> str:
    ended = subprocess.run([str(binary("promtool")), "check", "metrics"], input=page, capture_output=True, check=False)
    return f"{ended.returncode} {(ended.stdout + ended.stderr).decode()}"


def test_promtool_has_nothing_to_say_of_the_operators_page():
    instruments = Instruments("0.1.0")
    instruments.looks("benchmark", lambda: 1, lambda: 0)(Outcome.DONE, 0.1)
    page = Page(instruments.registry, [a_run(status=a_finished_status())], [a_schedule(a_full_status())])

    assert lint(page.text()) == "0 "
