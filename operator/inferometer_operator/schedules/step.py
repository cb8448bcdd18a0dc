"""What a decision on a schedule knows, and what it may answer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from inferometer_operator.api.schedule_status import ScheduleStatus
from inferometer_operator.schedules.schedule import Child, Schedule


@dataclass(frozen=True, slots=True)
class ObservedSchedule:
    """One schedule at one moment."""

    schedule: Schedule
    now: datetime
    children: tuple[Child, ...] = ()
    children_are_live: bool = False
    """Whether they were listed for this decision, and not told by the watch."""
    refused: str = ""
    """The API server's words, where it has just refused the run that is due."""
    taken: bool = False
    """Whether the name of the run that is due was just found to be somebody else's."""
    told: frozenset[str] = frozenset()
    """The events that this operator has told, by `ToldOfSchedule.subject`."""


@dataclass(frozen=True, slots=True)
class ToldOfSchedule:
    """One event; `subject` is what it is told about, so that it is told once."""

    type: Literal["Normal", "Warning"]
    reason: str
    note: str
    subject: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ListChildren:
    """List the schedule's runs first: the watch may be late, and a slot must not run twice for that."""


@dataclass(frozen=True, slots=True)
class ScheduleStep:
    """What is to be done now, in the order of the fields."""

    create: dict[str, Any] | None = None
    cancel: tuple[Child, ...] = ()
    status: ScheduleStatus | None = None
    delete: tuple[Child, ...] = ()
    tell: tuple[ToldOfSchedule, ...] = ()
    again_after_s: float | None = None
    """When to look again if nothing happens; at once if something was done."""

    @property
    def does_something(self) -> bool:
        """Whether it changes anything."""
        return bool(self.create or self.cancel or self.status or self.delete or self.tell)
