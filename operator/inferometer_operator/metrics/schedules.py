"""Schedules as metric families: slots, streaks, and how the last runs ended. Pure.

The label `benchmark` is the name of a run, which history may have deleted: the last ten of a schedule.
"""

from collections.abc import Iterable

from msgspec import UnsetType
from prometheus_client.core import Metric

from inferometer_operator.api.conditions import ConditionStatus
from inferometer_operator.api.schedule_conditions import ScheduleConditionType
from inferometer_operator.api.schedule_status import RunResult, ScheduleStatus, Trend
from inferometer_operator.metrics.families import Families, Value
from inferometer_operator.run import parse_time
from inferometer_operator.schedules.schedule import Schedule

PREFIX = "inferometer_schedule_"


def schedule_families(schedules: Iterable[Schedule]) -> list[Metric]:
    """The families of all schedules that exist."""
    families = Families(PREFIX, ("namespace", "schedule"))
    for schedule in sorted(schedules, key=lambda one: str(one.key)):
        labels = (schedule.key.namespace, schedule.key.name)
        _timetable(families, labels, schedule)
        _slots(families, labels, schedule.status)
        for result in schedule.status.results:
            _run(families, labels, result)
        if not isinstance(schedule.status.trend, UnsetType):
            _trend(families, labels, schedule.status.trend)
    return list(families)


def _timetable(families: Families, labels: tuple[str, ...], schedule: Schedule) -> None:
    info = families.gauge(
        "info", "By what the schedule goes.", "cron", "time_zone", "concurrency_policy", "model", "scenario"
    )
    suspended = families.gauge("suspended", "Whether the schedule is suspended.")
    if schedule.spec is not None:
        spec, template = schedule.spec, schedule.spec.template.spec
        info.add(
            (*labels, spec.schedule, spec.time_zone, spec.concurrency_policy, template.model.name, template.scenario), 1
        )
        suspended.add(labels, spec.suspend)
    for name, text, kind in (
        ("accepted", "Whether the schedule can have slots.", ScheduleConditionType.ACCEPTED),
        ("on_time", "Whether the newest slot has started its run.", ScheduleConditionType.ON_TIME),
        ("last_run_valid", "Whether the last run was valid.", ScheduleConditionType.LAST_RUN_VALID),
    ):
        families.gauge(name, text).add(labels, _truth(schedule.status, kind))


def _slots(families: Families, labels: tuple[str, ...], status: ScheduleStatus) -> None:
    for name, text, value in (
        ("last_slot_timestamp_seconds", "The newest slot that was started or missed.", _timestamp(status.last_slot)),
        ("next_slot_timestamp_seconds", "The next slot.", _timestamp(status.next_slot)),
        ("active_runs", "Runs whose end was not recorded yet.", len(status.active)),
        ("waiting_slots", "Slots and requests that wait for runs to finish.", len(status.waiting)),
        ("valid_streak", "Runs in a row up to the newest that were Valid.", status.streaks.valid),
        ("invalid_streak", "Runs in a row up to the newest that were not Valid.", status.streaks.not_valid),
        ("missed_streak", "Slots in a row up to the newest that were missed.", status.streaks.missed),
    ):
        families.gauge(name, text).add(labels, value)
    families.counter("missed_slots", "Slots that were missed in all.").add(labels, status.missed_slots)


def _run(families: Families, labels: tuple[str, ...], result: RunResult) -> None:
    of_run = (*labels, result.name)
    outcome = families.gauge("run_outcome", "How one of the last runs ended.", "benchmark", "outcome", "reason")
    outcome.add((*of_run, result.outcome, result.reason), 1)
    time = families.gauge("run_timestamp_seconds", "The slot of one of the last runs, or its request.", "benchmark")
    time.add(of_run, _timestamp(result.time))
    by_unit = {
        "samples/s": families.gauge(
            "run_result_samples_per_second", "The result of one of the last runs.", "benchmark"
        ),
        "ns": families.gauge("run_result_latency_seconds", "The result of one of the last runs.", "benchmark"),
        "samples/query": families.gauge(
            "run_result_samples_per_query", "The result of one of the last runs.", "benchmark"
        ),
    }
    if (family := by_unit.get(result.unit)) is not None:
        (family.add_ns if result.unit == "ns" else family.add)(of_run, result.value)
    latency = families.gauge("run_latency_seconds", "Latency of one of the last runs.", "benchmark", "percentile")
    latency.add_ns((*of_run, "0.5"), result.p50_ns)
    latency.add_ns((*of_run, "0.99"), result.p99_ns)


def _trend(families: Families, labels: tuple[str, ...], trend: Trend) -> None:
    change = families.gauge(
        "change_ratio", "Of the newest run against the valid run before it: 0.1 is a tenth more.", "figure"
    )
    if not isinstance(trend.change, UnsetType):
        change.add((*labels, "value"), trend.change.value)
        change.add((*labels, "p50"), trend.change.p50)
        change.add((*labels, "p99"), trend.change.p99)
    median = families.gauge("median_latency_seconds", "Medians over the valid runs before the newest.", "percentile")
    if not isinstance(trend.median, UnsetType):
        median.add_ns((*labels, "0.5"), trend.median.p50)
        median.add_ns((*labels, "0.99"), trend.median.p99)


def _truth(status: ScheduleStatus, kind: ScheduleConditionType) -> Value:
    found = status.condition(kind)
    if found is None or found.status == ConditionStatus.UNKNOWN:
        return None
    return found.status == ConditionStatus.TRUE


def _timestamp(time: str | UnsetType) -> Value:
    return None if isinstance(time, UnsetType) else parse_time(time).timestamp()
