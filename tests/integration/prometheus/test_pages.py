"""The pages that Prometheus scrapes, read by its own tool."""

import subprocess

from prometheus_client import generate_latest

from inferometer_dev.gotools import binary
from inferometer_loadgen.coordinator.live_metrics import Families, LoadMetrics
from inferometer_loadgen.protocol.api import RunState
from inferometer_loadgen.stream import make_stream
from inferometer_operator.looking import Outcome
from inferometer_operator.metrics.instruments import Instruments
from inferometer_operator.metrics.page import Page
from unit.operator_tests.builders import a_run
from unit.operator_tests.metrics.test_runs import a_finished_status
from unit.operator_tests.metrics.test_schedule_families import a_full_status, a_schedule
from unit.verdict.runs import a_plan


def lint(page: bytes) -> str:
    ended = subprocess.run([str(binary("promtool")), "check", "metrics"], input=page, capture_output=True, check=False)
    return f"{ended.returncode} {(ended.stdout + ended.stderr).decode()}"


def test_promtool_has_nothing_to_say_of_the_operators_page():
    instruments = Instruments("0.1.0")
    instruments.looks("benchmark", lambda: 1, lambda: 0)(Outcome.DONE, 0.1)
    page = Page(instruments.registry, [a_run(status=a_finished_status())], [a_schedule(a_full_status())])

    assert lint(page.text()) == "0 "


def test_promtool_has_nothing_to_say_of_a_coordinators_page():
    plan = a_plan()
    metrics = LoadMetrics(plan, make_stream(plan.stream))

    assert lint(generate_latest(Families(lambda: metrics.families(RunState.READY, 2, None)))) == "0 "
