"""What becomes of a slot that is due, or of a run that was asked for: it starts, waits, or is missed.

A pure function of the policy, the runs that have not finished, and how late it is. That a run of the slot's name is
there already is looked at first: whoever created it, the slot has run.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from msgspec import UNSET, UnsetType

from inferometer_loadgen.spec.schedule import ScheduleSpec
from inferometer_loadgen.spec.units import parse_duration_ns
from inferometer_operator.api.schedule_conditions import MissReason, ScheduleConditionType
from inferometer_operator.api.schedule_status import (
    MOST_ACTIVE,
    ActiveRun,
    Counted,
    Missed,
    RunNow,
    ScheduleStatus,
    Waiting,
)
from inferometer_operator.reconcile.status_change import shortened
from inferometer_operator.run import format_time, parse_time
from inferometer_operator.schedules.recording import TRUE, changed, miss, say, times_of
from inferometer_operator.schedules.schedule import Child, requested_run_name, run_manifest, slot_run_name
from inferometer_operator.schedules.step import ListChildren, ObservedSchedule, ScheduleStep

REMEDY = "annotate the schedule with inferometer.dev/run-now if the run is wanted still"


@dataclass(frozen=True, slots=True)
class Turn:
    """A slot that is due, or a run that was asked for."""

    name: str
    time: datetime
    slot: datetime | None
    """None for a run that was asked for."""
    until: datetime


def take_turn(observed: ObservedSchedule, status: ScheduleStatus) -> ScheduleStep | ListChildren | None:
    """The next step towards what is due, on a status without it; None where nothing is due."""
    turns = _turns(observed, status)
    if not turns:
        return None
    if not observed.children_are_live:
        return ListChildren()
    overtaken = _overtaken(observed, status)
    if overtaken is not None:
        return ScheduleStep(status=overtaken)
    waiting: list[Waiting] = []
    cancel: tuple[Child, ...] = ()
    for turn in turns:
        answer = _decide(turn, observed, status)
        if isinstance(answer, ScheduleStep):
            return answer
        waiting.append(answer)
        if _spec(observed).concurrency_policy == "Replace":
            cancel = tuple(child for child in _unfinished(observed) if not child.cancelled)
    return ScheduleStep(cancel=cancel, status=changed(status, waiting=tuple(waiting)))


def _turns(observed: ObservedSchedule, status: ScheduleStatus) -> list[Turn]:
    schedule, times, counted = observed.schedule, times_of(observed.schedule), status.timetable
    if times is None:
        return []
    grace, found = _grace(observed), []
    if isinstance(counted, Counted) and (due := times.due(_after(status, counted), observed.now)) is not None:
        name = slot_run_name(schedule.key.name, due.newest)
        found.append(Turn(name, due.newest, due.newest, due.newest + grace))
    asked = status.run_now
    accepted = status.condition(ScheduleConditionType.ACCEPTED)
    is_followed = accepted is not None and accepted.status == TRUE
    if isinstance(asked, RunNow) and not asked.decided and asked.id == schedule.run_now and is_followed:
        seen = parse_time(asked.seen)
        found.append(Turn(requested_run_name(schedule), seen, None, seen + grace))
    return sorted(found, key=lambda turn: turn.time)


def _after(status: ScheduleStatus, counted: Counted) -> datetime:
    since = parse_time(counted.since)
    return since if isinstance(status.last_slot, UnsetType) else max(since, parse_time(status.last_slot))


def _overtaken(observed: ObservedSchedule, status: ScheduleStatus) -> ScheduleStatus | None:
    """The status with all but the newest slot that is due behind it."""
    times, counted = times_of(observed.schedule), status.timetable
    if times is None or not isinstance(counted, Counted):
        return None
    after = _after(status, counted)
    due = times.due(after, observed.now)
    if due is None or due.before is None:
        return None
    ran = [child for child in observed.children if child.slot is not None and after < child.slot <= due.before]
    for child in ran:
        status = _active(status, child)
    status = changed(status, last_slot=format_time(due.before))
    slots = due.earlier - len(ran)
    if slots <= 0:
        return status
    words = f"{slots:,} slots up to {times.local(due.before)} had not started when a later one was due; {REMEDY}"
    missed = Missed(
        time=format_time(due.before),
        slots=slots,
        reason=MissReason.OVERTAKEN,
        message=words,
        noticed=format_time(observed.now),
    )
    return miss(status, observed, missed, also_on_time=True)


def _decide(turn: Turn, observed: ObservedSchedule, status: ScheduleStatus) -> ScheduleStep | Waiting:
    own = next((child for child in observed.children if child.name == turn.name), None)
    if own is not None:
        return ScheduleStep(status=_started(turn, own, observed, status))
    if observed.taken:
        words = f"a benchmark that is not this schedule's is named {turn.name}; delete it, or rename the schedule"
        return _missed(turn, MissReason.NAME_TAKEN, words, observed, status)
    if observed.refused:
        return _missed(turn, MissReason.RUN_REFUSED, f"{observed.refused}; {REMEDY}", observed, status)
    running, policy = _unfinished(observed), _spec(observed).concurrency_policy
    names = ", ".join(child.name for child in running)
    if observed.now > turn.until:
        return _missed(turn, _lateness(policy, bool(running)), _late(turn, observed, names), observed, status)
    if not running or policy == "Allow":
        return ScheduleStep(create=run_manifest(observed.schedule, turn.name, turn.slot))
    if policy == "Forbid":
        words = f"{names} had not finished, and concurrencyPolicy is Forbid; space the slots, or write Queue"
        return _missed(turn, MissReason.STILL_RUNNING, words, observed, status)
    since = next((one.since for one in status.waiting if _is_of(one, turn, status)), format_time(observed.now))
    return Waiting(
        slot=UNSET if turn.slot is None else format_time(turn.slot),
        run_now=observed.schedule.run_now if turn.slot is None else UNSET,
        since=since,
        until=format_time(turn.until),
        message=shortened(f"until {names} {'is cancelled' if policy == 'Replace' else 'has finished'}"),
    )


def _is_of(waiting: Waiting, turn: Turn, status: ScheduleStatus) -> bool:
    if turn.slot is not None:
        return waiting.slot == format_time(turn.slot)
    return isinstance(status.run_now, RunNow) and waiting.run_now == status.run_now.id


def _lateness(policy: str, is_held: bool) -> MissReason:
    held = {"Queue": MissReason.QUEUE_TIMEOUT, "Replace": MissReason.REPLACE_TIMEOUT}
    return held.get(policy, MissReason.DEADLINE_EXCEEDED) if is_held else MissReason.DEADLINE_EXCEEDED


def _late(turn: Turn, observed: ObservedSchedule, names: str) -> str:
    late_s = (observed.now - turn.time).total_seconds()
    held = f", while {names} had not finished" if names else ""
    deadline = _spec(observed).starting_deadline
    return f"it could start only {late_s:,.0f} s after its time{held}, later than startingDeadline {deadline}; {REMEDY}"


def _started(turn: Turn, child: Child, observed: ObservedSchedule, status: ScheduleStatus) -> ScheduleStatus:
    streaks = msgspec.structs.replace(status.streaks, missed=0)
    status = changed(_active(_behind(turn, status), child), streaks=streaks)
    words = f"{child.name} was started"
    return say(status, observed.schedule, observed.now, ScheduleConditionType.ON_TIME, TRUE, "Started", words)


def _missed(
    turn: Turn, reason: MissReason, words: str, observed: ObservedSchedule, status: ScheduleStatus
) -> ScheduleStep:
    missed = Missed(
        time=format_time(turn.time),
        run_now=observed.schedule.run_now if turn.slot is None else UNSET,
        reason=reason,
        message=shortened(words),
        noticed=format_time(observed.now),
    )
    return ScheduleStep(status=miss(_behind(turn, status), observed, missed))


def _behind(turn: Turn, status: ScheduleStatus) -> ScheduleStatus:
    """The status in which this turn is decided."""
    rest = tuple(one for one in status.waiting if not _is_of(one, turn, status))
    if turn.slot is not None:
        return changed(status, last_slot=format_time(turn.slot), waiting=rest)
    assert isinstance(status.run_now, RunNow)
    return changed(status, run_now=msgspec.structs.replace(status.run_now, decided=True), waiting=rest)


def _active(status: ScheduleStatus, child: Child) -> ScheduleStatus:
    if any(one.uid == child.uid for one in status.active):
        return status
    new = ActiveRun(
        name=child.name,
        uid=child.uid,
        slot=UNSET if child.slot is None else format_time(child.slot),
        run_now=child.run_now or UNSET,
        started=format_time(child.created),
    )
    return changed(status, active=(*status.active, new)[-MOST_ACTIVE:])


def _unfinished(observed: ObservedSchedule) -> tuple[Child, ...]:
    return tuple(child for child in observed.children if not child.is_finished)


def _spec(observed: ObservedSchedule) -> ScheduleSpec:
    spec = observed.schedule.spec
    if spec is None:
        raise ValueError(f"{observed.schedule.key} has no turn: {observed.schedule.spec_problem}")
    return spec


def _grace(observed: ObservedSchedule) -> timedelta:
    # As long as a datetime can bear; a deadline of years is for ever.
    nanoseconds = parse_duration_ns(_spec(observed).starting_deadline)
    return timedelta(microseconds=min(nanoseconds // 1000, 10**15))
