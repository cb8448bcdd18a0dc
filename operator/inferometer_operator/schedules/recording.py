"""The status as it follows from the one before and what is observed, before any slot is decided: the same for the same.

Results are recorded once: when a run that was `active` has ended. What was never active was recorded before, or is
adopted when its slot is decided.
"""

from datetime import datetime

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from inferometer_loadgen.spec.cron import (
    CronNeverFiresError,
    Timetable,
    TimetableError,
    TimeZoneUnknownError,
    timetable,
)
from inferometer_loadgen.spec.schedule_checks import TEMPLATE, check_schedule
from inferometer_operator.api.conditions import ConditionStatus, ConditionType
from inferometer_operator.api.schedule_conditions import MissReason, ScheduleConditionType, ScheduleRefusal
from inferometer_operator.api.schedule_status import (
    MISSED_KEPT,
    RESULTS_KEPT,
    ActiveRun,
    Counted,
    Missed,
    RunNow,
    RunResult,
    ScheduleStatus,
    ScheduleSummary,
    Streaks,
)
from inferometer_operator.api.status import Condition
from inferometer_operator.reconcile.status_change import reason_name, shortened
from inferometer_operator.run import format_time, parse_time
from inferometer_operator.schedules.schedule import Child, Schedule
from inferometer_operator.schedules.step import ObservedSchedule
from inferometer_operator.schedules.trend import change_of, p99_text, result_text, trend

TRUE, FALSE, UNKNOWN = ConditionStatus.TRUE, ConditionStatus.FALSE, ConditionStatus.UNKNOWN
ACCEPTED, ON_TIME, LAST_RUN = (
    ScheduleConditionType.ACCEPTED,
    ScheduleConditionType.ON_TIME,
    ScheduleConditionType.LAST_RUN_VALID,
)


def times_of(schedule: Schedule) -> Timetable | None:
    """Its timetable; None where it has none."""
    if schedule.spec is None:
        return None
    try:
        return timetable(schedule.spec.schedule, schedule.spec.time_zone)
    except TimetableError:
        return None


def recorded(observed: ObservedSchedule) -> ScheduleStatus:
    """All but the slots."""
    schedule, status = observed.schedule, observed.schedule.status
    refusal = refusal_of(schedule)
    reason, words = refusal or ("Accepted", "it has slots, and its template can be run")
    status = say(status, schedule, observed.now, ACCEPTED, FALSE if refusal else TRUE, reason, words)
    status = _with_timetable(status, observed, is_followed=refusal is None)
    status = _with_results(status, observed)
    if schedule.run_now and (isinstance(status.run_now, UnsetType) or status.run_now.id != schedule.run_now):
        asked = RunNow(id=schedule.run_now, seen=format_time(observed.now))
        status = changed(status, run_now=asked)
    return changed(status, observed_generation=schedule.generation)


def finished(status: ScheduleStatus, observed: ObservedSchedule) -> ScheduleStatus:
    """The same with what follows from all the rest: the next slot, the columns and the trend."""
    times, now = times_of(observed.schedule), observed.now
    local = times.local if times is not None else format_time
    counted, last = status.timetable, status.last_slot
    upcoming: str | UnsetType = UNSET
    if times is not None and isinstance(counted, Counted):
        known = max(now, *([] if isinstance(last, UnsetType) else [parse_time(last)]), parse_time(counted.since))
        upcoming = format_time(times.next_after(known))
    newest = status.results[0] if status.results else None
    off_time, streaks = status.condition(ON_TIME), status.streaks
    refused = status.condition(ACCEPTED)
    wrong = next((one for one in (refused, off_time) if one is not None and one.status == FALSE), None)
    summary = ScheduleSummary(
        active=str(len(status.active)),
        last="" if isinstance(last, UnsetType) else local(parse_time(last)),
        next="" if isinstance(upcoming, UnsetType) else local(parse_time(upcoming)),
        verdict=newest.outcome if newest else "",
        result=result_text(newest) if newest else "",
        p99=p99_text(newest) if newest else "",
        change=change_of(newest, status.results) if newest else "",
        missed=str(status.missed_slots),
        streak=f"{streaks.valid} valid" if streaks.valid else f"{streaks.not_valid} not valid" if newest else "",
        reason=shortened(f"{wrong.reason}: {wrong.message}") if wrong else "",
    )
    compared = trend(status.results, lambda time: local(parse_time(time)))
    return changed(status, next_slot=upcoming, summary=summary, trend=compared)


def refusal_of(schedule: Schedule) -> tuple[str, str] | None:
    """Why it is not followed, if it is not."""
    if schedule.spec is None:
        return ScheduleRefusal.SCHEDULE_INVALID, schedule.spec_problem
    errors = check_schedule(schedule.key.name, schedule.spec)
    if not errors:
        return None
    words = "; ".join(map(str, errors))
    try:
        timetable(schedule.spec.schedule, schedule.spec.time_zone)
    except TimeZoneUnknownError:
        return ScheduleRefusal.TIME_ZONE_UNKNOWN, words
    except CronNeverFiresError:
        return ScheduleRefusal.CRON_NEVER_FIRES, words
    except TimetableError:
        return ScheduleRefusal.CRON_INVALID, words
    is_template = errors[0].path.startswith(TEMPLATE)
    return ScheduleRefusal.TEMPLATE_INVALID if is_template else ScheduleRefusal.SCHEDULE_INVALID, words


def miss(
    status: ScheduleStatus, observed: ObservedSchedule, missed: Missed, *, also_on_time: bool = False
) -> ScheduleStatus:
    """The status with slots, or a request, that did not start; `also_on_time`: a newer one still may."""
    streaks = msgspec.structs.replace(status.streaks, missed=status.streaks.missed + missed.slots)
    status = changed(
        status,
        missed=(missed, *status.missed)[:MISSED_KEPT],
        missed_slots=status.missed_slots + missed.slots,
        streaks=streaks,
    )
    if also_on_time:
        return status
    return say(status, observed.schedule, observed.now, ON_TIME, FALSE, missed.reason, missed.message)


def say(
    status: ScheduleStatus,
    schedule: Schedule,
    now: datetime,
    kind: ScheduleConditionType,
    value: ConditionStatus,
    reason: str,
    message: str,
) -> ScheduleStatus:
    """The status with a condition."""
    old = status.condition(kind)
    since = old.last_transition_time if old is not None and old.status == value else format_time(now)
    new = Condition(
        type=kind.value,
        status=value.value,
        reason=reason_name(reason),
        message=shortened(message),
        last_transition_time=since,
        observed_generation=schedule.generation if kind is ACCEPTED else (old.observed_generation if old else 1),
    )
    by_type = {one.type: one for one in status.conditions} | {kind.value: new}
    order = [one.value for one in ScheduleConditionType]
    return changed(status, conditions=tuple(sorted(by_type.values(), key=lambda one: order.index(one.type))))


def changed(status: ScheduleStatus, **changes: object) -> ScheduleStatus:
    """The status with some fields replaced."""
    return msgspec.structs.replace(status, **changes)


def _with_timetable(status: ScheduleStatus, observed: ObservedSchedule, *, is_followed: bool) -> ScheduleStatus:
    schedule, old = observed.schedule, status.timetable
    spec = schedule.spec
    if spec is None or not is_followed or spec.suspend:
        wanted: Counted | UnsetType = UNSET
    elif isinstance(old, Counted) and (old.schedule, old.time_zone) == (spec.schedule, spec.time_zone):
        return status
    else:
        # A new schedule counts from its creation, whenever its operator comes; an edit counts from when it is seen.
        since = schedule.created if status.observed_generation == 0 else observed.now
        wanted = Counted(schedule=spec.schedule, time_zone=spec.time_zone, since=format_time(since))
    if wanted == old:
        return status
    for waiting in (one for one in status.waiting if isinstance(one.slot, str)):
        words = "the schedule was edited, suspended or refused while the slot waited; annotate it to run now"
        withdrawn = Missed(
            time=str(waiting.slot), reason=MissReason.WITHDRAWN, message=words, noticed=format_time(observed.now)
        )
        status = miss(status, observed, withdrawn)
    kept = tuple(one for one in status.waiting if not isinstance(one.slot, str))
    return changed(status, timetable=wanted, waiting=kept)


def _with_results(status: ScheduleStatus, observed: ObservedSchedule) -> ScheduleStatus:
    by_uid = {child.uid: child for child in observed.children}
    for active in status.active:
        child = by_uid.get(active.uid)
        if child is not None and not child.is_finished:
            continue
        result = _result(active, child, observed.now)
        rest = tuple(one for one in status.active if one.uid != active.uid)
        # By their time: runs that overlap may end in another order.
        results = sorted((result, *status.results), key=lambda one: one.time, reverse=True)[:RESULTS_KEPT]
        valid = result.outcome == "Valid"
        old = status.streaks
        streaks = Streaks(
            valid=old.valid + 1 if valid else 0, not_valid=0 if valid else old.not_valid + 1, missed=old.missed
        )
        status = changed(status, active=rest, results=tuple(results), streaks=streaks)
        value = {"Valid": TRUE, "Invalid": FALSE}.get(result.outcome, UNKNOWN)
        words = f"{result.name}: {result.outcome}"
        status = say(status, observed.schedule, observed.now, LAST_RUN, value, result.reason or result.outcome, words)
    return status


def _result(active: ActiveRun, child: Child | None, now: datetime) -> RunResult:
    time = active.slot if isinstance(active.slot, str) else active.started
    if child is None:
        words = "Deleted"
        return RunResult(name=active.name, time=time, finished=format_time(now), outcome=words, reason=words)
    status = child.status
    figures, failed = status.result, status.condition(ConditionType.FAILED)
    has_failed = failed is not None and failed.status == TRUE
    outcome = "Failed" if has_failed else status.verdict
    reason = failed.reason if failed is not None and has_failed else ""
    if not reason and outcome != "Valid" and status.reasons:
        reason = status.reasons[0].type
    found = RunResult(
        name=active.name,
        time=time,
        finished=format_time(now),
        outcome=outcome,
        reason=reason,
        template=child.template,
    )
    # What a failed run measured until its end is no figure of the service.
    if isinstance(figures, UnsetType) or has_failed:
        return found
    if child.mode == "Accuracy":
        # Its load is not paced to be judged: what a schedule of such runs follows is the score.
        score = figures.accuracy
        return found if isinstance(score, UnsetType) else replace(found, metric=score.metric, value=score.value)
    return replace(
        found,
        metric=figures.metric,
        unit=figures.unit,
        value=figures.value,
        p50_ns=figures.latency.p50_ns,
        p99_ns=figures.latency.p99_ns,
    )
