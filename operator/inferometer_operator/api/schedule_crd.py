"""The CustomResourceDefinition of InferenceBenchmarkSchedule, as a value."""

from typing import Any

from inferometer_loadgen.spec.schedule import ScheduleSpec
from inferometer_operator.api.crd import Column, definition, object_schema
from inferometer_operator.api.schedule_rules import SCHEDULE_ROOT_RULES, SCHEDULE_SPEC_RULES
from inferometer_operator.api.schedule_status import ScheduleStatus
from inferometer_operator.api.schema import structural_schema

SCHEDULE_KIND = "InferenceBenchmarkSchedule"
SCHEDULE_PLURAL = "inferencebenchmarkschedules"

SCHEDULE_COLUMNS: tuple[Column, ...] = (
    ("Schedule", "string", ".spec.schedule", 0),
    ("Suspend", "boolean", ".spec.suspend", 0),
    ("Active", "string", ".status.summary.active", 0),
    ("Last", "string", ".status.summary.last", 0),
    ("Verdict", "string", ".status.summary.verdict", 0),
    ("Result", "string", ".status.summary.result", 0),
    ("P99", "string", ".status.summary.p99", 0),
    ("Change", "string", ".status.summary.change", 0),
    ("Next", "string", ".status.summary.next", 0),
    ("Age", "date", ".metadata.creationTimestamp", 0),
    ("Zone", "string", ".spec.timeZone", 1),
    ("Policy", "string", ".spec.concurrencyPolicy", 1),
    ("Streak", "string", ".status.summary.streak", 1),
    ("Missed", "string", ".status.summary.missed", 1),
    ("Reason", "string", ".status.summary.reason", 1),
)


def schedule_crd() -> dict[str, Any]:
    """The definition that `crds/` and the chart hold."""
    return definition(
        SCHEDULE_KIND,
        SCHEDULE_PLURAL,
        short="ibs",
        columns=SCHEDULE_COLUMNS,
        schema=object_schema(
            "Benchmarks that are run again and again, by cron: each slot creates one "
            "InferenceBenchmark, and the status says how the last ones ended and whether the service got slower.",
            spec=structural_schema(ScheduleSpec, rules=SCHEDULE_SPEC_RULES, defaults=True),
            status=structural_schema(ScheduleStatus, rules={}, defaults=False),
            rules=SCHEDULE_ROOT_RULES,
        ),
    )
