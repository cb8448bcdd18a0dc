"""docs/metrics.md says of every metric what it is."""

from pathlib import Path

import msgspec
import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from inferometer_loadgen.coordinator.live_metrics import Families, LoadMetrics
from inferometer_loadgen.protocol.api import RunState
from inferometer_loadgen.stream import make_stream
from inferometer_operator.api.status import AccuracyStatus, AuditStatus, Result, StepStatus
from inferometer_operator.looking import Outcome
from inferometer_operator.metrics.instruments import Instruments
from inferometer_operator.metrics.page import Page
from unit.operator_tests.builders import a_run
from unit.operator_tests.metrics.test_runs import a_finished_status
from unit.operator_tests.metrics.test_schedule_families import a_full_status, a_schedule
from unit.verdict.runs import a_plan

DOCUMENT = (Path(__file__).parents[4] / "docs" / "metrics.md").read_text().splitlines()
OURS = "inferometer_"


def a_page_with_everything() -> str:
    """Each family with a sample, so that its labels show."""
    instruments = Instruments("0.1.0")
    instruments.looks("benchmark", lambda: 1, lambda: 0)(Outcome.DONE, 0.1)
    status = a_finished_status()
    assert isinstance(status.result, Result)
    latency = msgspec.convert(dict.fromkeys(("meanNs", "p50Ns", "p99Ns", "maxNs"), 1), type(status.result.latency))
    results = [
        msgspec.structs.replace(status.result, unit=unit, latency=latency)
        for unit in ("samples/s", "ns", "samples/query")
    ]
    score = AccuracyStatus(metric="top1", value=0.7, samples=44)
    results.append(msgspec.structs.replace(status.result, accuracy=score))
    audit = AuditStatus(test="TEST04", passed=True)
    runs = [a_run(status=msgspec.structs.replace(status, result=one, audit=audit)) for one in results]
    step = StepStatus(concurrency=1, errors=0, verdict="Valid", samples_per_second=1.0, p50_ns=1, p99_ns=1)
    runs.append(a_run(status=msgspec.structs.replace(status, steps=(step,))))
    full = a_full_status()
    schedules = [
        a_schedule(
            msgspec.structs.replace(
                full,
                conditions=tuple(msgspec.structs.replace(one, status="True") for one in full.conditions),
                results=(msgspec.structs.replace(full.results[0], unit=unit),),
            )
        )
        for unit in ("samples/s", "ns", "samples/query")
    ]
    plan = a_plan()
    load = LoadMetrics(plan, make_stream(plan.stream))
    of_the_load = generate_latest(Families(lambda: load.families(RunState.READY, 2, None)))
    return Page(instruments.registry, runs, schedules).text().decode() + of_the_load.decode()


def rows() -> list[str]:
    """Each family as a row of the page."""
    found = []
    for family in text_string_to_metric_families(a_page_with_everything()):
        labels = {label: None for sample in family.samples for label in sample.labels if label != "le"}
        name = f"{family.name}_total" if family.type == "counter" else family.name
        if name.startswith(OURS):
            found.append(f"| `{name}` | {family.type} | {', '.join(labels)} | {family.documentation} |")
    return found


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.split("`")[1])
def test_a_metric_is_documented_as_it_is(row: str) -> None:
    assert row in DOCUMENT


def test_nothing_is_documented_that_is_not_there() -> None:
    assert {line for line in DOCUMENT if line.startswith(f"| `{OURS}")} == set(rows())
