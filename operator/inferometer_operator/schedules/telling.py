"""What is told of a schedule in its events, read from its status: once each, whoever dies between status and event."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Literal

from inferometer_operator.api.schedule_conditions import ScheduleConditionType
from inferometer_operator.run import parse_time
from inferometer_operator.schedules.recording import FALSE
from inferometer_operator.schedules.step import ObservedSchedule, ToldOfSchedule
from inferometer_operator.schedules.trend import p99_text, result_text

TOLD_WITHIN = timedelta(minutes=30)
"""An API server keeps events for an hour by default; an operator that comes later than this tells no old tales."""


def owed(observed: ObservedSchedule) -> tuple[ToldOfSchedule, ...]:
    """What was not told yet, and is news still."""
    return tuple(
        told for told in _story(observed) if told.subject not in observed.told and observed.now - told.at < TOLD_WITHIN
    )


def _story(observed: ObservedSchedule) -> Iterator[ToldOfSchedule]:
    status = observed.schedule.status
    refused = status.condition(ScheduleConditionType.ACCEPTED)
    if refused is not None and refused.status == FALSE:
        at = parse_time(refused.last_transition_time)
        subject = f"{refused.reason} {refused.message}"
        yield ToldOfSchedule("Warning", refused.reason, refused.message, subject, at)
    for missed in reversed(status.missed):
        note = f"{missed.reason}: {missed.message}"
        yield ToldOfSchedule("Warning", "Missed", note, f"Missed {missed.time}", parse_time(missed.noticed))
    for result in reversed(status.results):
        kind: Literal["Normal", "Warning"] = "Normal" if result.outcome == "Valid" else "Warning"
        figures = ", ".join(filter(None, (result_text(result), p99_text(result) and f"p99 {p99_text(result)}")))
        note = ": ".join(filter(None, (result.name, figures or result.reason)))
        at = parse_time(result.finished)
        yield ToldOfSchedule(kind, result.outcome or "Ended", note, f"Ended {result.name}", at)
    for active in status.active:
        note = f"{active.name} was created"
        yield ToldOfSchedule("Normal", "Started", note, f"Started {active.name}", parse_time(active.started))
    for waiting in status.waiting:
        subject = f"Waiting {waiting.slot or waiting.run_now}"
        yield ToldOfSchedule("Normal", "Waiting", f"waits {waiting.message}", subject, parse_time(waiting.since))
