"""What no schema can say of a schedule: that it has slots, and that its template can be run."""

from collections.abc import Iterator
from dataclasses import replace

from msgspec import UNSET

from inferometer_loadgen.spec.checks import SpecError, check
from inferometer_loadgen.spec.cron import TimetableError, timetable
from inferometer_loadgen.spec.schedule import ScheduleSpec
from inferometer_loadgen.spec.units import parse_duration_ns

MAX_SCHEDULE_NAME_LENGTH = 28
"""A run's name has up to 10 characters more (-29401265, -r0a1b2c3d), and its pods' names 12 on top of that."""

SHORTEST_DEADLINE = "10s"
"""An operator that restarts takes about that long; a shorter deadline would miss slots for no other reason."""

TEMPLATE = "spec.template.spec"


def check_schedule(name: str, spec: ScheduleSpec) -> tuple[SpecError, ...]:
    """Everything that is wrong with a schedule which already fits its schema; empty when it can be followed."""
    return tuple(error for rule in SCHEDULE_RULES for error in rule(name, spec))


def _name_leaves_room(name: str, _spec: ScheduleSpec) -> Iterator[SpecError]:
    """A schedule's name of more than 28 characters. Next: a shorter one; runs are named after it and their slot."""
    if len(name) > MAX_SCHEDULE_NAME_LENGTH:
        yield SpecError(
            "metadata.name",
            f"`{name}` has {len(name)} characters, and the names of its runs need room",
            f"use at most {MAX_SCHEDULE_NAME_LENGTH} characters",
        )


def _has_slots(_name: str, spec: ScheduleSpec) -> Iterator[SpecError]:
    """A schedule without slots. Next: a cron expression that fires, in a time zone that is known."""
    # Each half with one that is right, so that a user sees all in one go.
    for schedule, zone in ((spec.schedule, "UTC"), ("* * * * *", spec.time_zone)):
        try:
            timetable(schedule, zone)
        except TimetableError as error:
            yield SpecError(f"spec.{error.field}", error.message, error.hint)


def _deadline_can_be_kept(_name: str, spec: ScheduleSpec) -> Iterator[SpecError]:
    """A startingDeadline of less than 10 s. Next: a longer one; an operator that restarts takes that long."""
    if parse_duration_ns(spec.starting_deadline) < parse_duration_ns(SHORTEST_DEADLINE):
        yield SpecError(
            "spec.startingDeadline",
            f"`{spec.starting_deadline}` is less than an operator may need to restart",
            f"write {SHORTEST_DEADLINE} or more",
        )


def _template_can_be_run(_name: str, spec: ScheduleSpec) -> Iterator[SpecError]:
    """A template that no benchmark could have as its spec. Next: what is said of that benchmark's spec."""
    run = spec.template.spec
    if run.cancel:
        yield SpecError(f"{TEMPLATE}.cancel", "would end each run before it begins", "leave it out")
    if run.run_policy.ttl_after_finished is not UNSET:
        yield SpecError(
            f"{TEMPLATE}.runPolicy.ttlAfterFinished",
            "would delete runs that the schedule counts",
            "leave it out, and write how many runs are kept into spec.historyLimits",
        )
    for error in check("", run):
        yield replace(error, path=f"{TEMPLATE}{error.path.removeprefix('spec')}")


SCHEDULE_RULES = (_name_leaves_room, _has_slots, _deadline_can_be_kept, _template_can_be_run)
