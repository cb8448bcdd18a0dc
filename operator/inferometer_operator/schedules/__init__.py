"""Decides what a schedule needs next, from what was observed and from nothing else.

A slot's run is created before the status says so: whoever dies in between finds the run by its name, which is a
function of the slot. What this does not promise: two operators at once may each start a run of another slot, since
neither's list has the other's; each slot runs once all the same.
"""

from msgspec import UNSET

from inferometer_operator.api.conditions import ConditionType
from inferometer_operator.api.schedule_status import ScheduleStatus
from inferometer_operator.run import parse_time
from inferometer_operator.schedules.recording import finished, recorded
from inferometer_operator.schedules.schedule import Child
from inferometer_operator.schedules.step import ListChildren, ObservedSchedule, ScheduleStep
from inferometer_operator.schedules.telling import owed
from inferometer_operator.schedules.turns import take_turn

__all__ = ["ListChildren", "ObservedSchedule", "ScheduleStep", "decide"]

LONGEST_SLEEP_S = 300.0
"""A clock that was set, or a machine that slept, is noticed by then."""

SOONEST_S = 0.05


def decide(observed: ObservedSchedule) -> ScheduleStep | ListChildren:
    """What to do next, or to list its runs first."""
    schedule = observed.schedule
    if schedule.deleting:
        return ScheduleStep()
    if _some_vanished(observed) and not observed.children_are_live:
        return ListChildren()
    status = recorded(observed)
    step = take_turn(observed, status)
    if isinstance(step, ListChildren):
        return step
    if step is not None and step.create is not None:
        return step
    status = finished(step.status if step is not None and step.status is not None else status, observed)
    cancel = step.cancel if step is not None else ()
    news = status if status != schedule.status else None
    if cancel or news is not None:
        return ScheduleStep(cancel=cancel, status=news)
    if old := _beyond_history(observed):
        return ScheduleStep(delete=old)
    if tell := owed(observed):
        return ScheduleStep(tell=tell, again_after_s=1.0)
    return ScheduleStep(again_after_s=_sleep_s(status, observed))


def _some_vanished(observed: ObservedSchedule) -> bool:
    there = {child.uid for child in observed.children}
    return any(one.uid not in there for one in observed.schedule.status.active)


def _beyond_history(observed: ObservedSchedule) -> tuple[Child, ...]:
    """Finished and recorded runs beyond the limits, the oldest first; never one whose slot was not decided."""
    schedule, status = observed.schedule, observed.schedule.status
    if schedule.spec is None:
        return ()
    active = {one.uid for one in status.active}
    limits = schedule.spec.history_limits
    done = [child for child in observed.children if child.is_finished and child.uid not in active]
    known = sorted((child for child in done if _is_decided(child, status)), key=lambda child: child.created)
    complete = [child for child in known if child.status.is_true(ConditionType.COMPLETE)]
    failed = [child for child in known if not child.status.is_true(ConditionType.COMPLETE)]
    return (
        *complete[: max(0, len(complete) - limits.complete)],
        *failed[: max(0, len(failed) - limits.failed)],
    )


def _is_decided(child: Child, status: ScheduleStatus) -> bool:
    if child.slot is not None:
        return status.last_slot is not UNSET and child.slot <= parse_time(str(status.last_slot))
    asked = status.run_now
    return asked is UNSET or asked.id != child.run_now or asked.decided


def _sleep_s(status: ScheduleStatus, observed: ObservedSchedule) -> float | None:
    moments = [parse_time(one.until) for one in status.waiting]
    if isinstance(status.next_slot, str):
        moments.append(parse_time(status.next_slot))
    if not moments:
        return None
    # A moment late rather than early: a deadline is over only after it.
    left_s = (min(moments) - observed.now).total_seconds() + SOONEST_S
    return min(LONGEST_SLEEP_S, max(SOONEST_S, left_s))
