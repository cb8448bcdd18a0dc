"""The status of a schedule: what must not be forgotten of its slots, and whether the service got slower.

Not to be forgotten: the newest slot that was decided (`lastSlot`), since when slots count (`timetable`), which request
was heard (`runNow`), and the results of runs that history no longer holds. All else is derived from these and from the
runs. `summary` and `trend` are for people; `trend` comes last in `kubectl describe`, just before the events.
"""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from inferometer_operator.api.schedule_conditions import ScheduleConditionType
from inferometer_operator.api.status import Condition, Message, Name, ReasonName, ShortText, StatusStruct, Time

RESULTS_KEPT = 10
MISSED_KEPT = 10
MOST_ACTIVE = 50
MOST_WAITING = 2
LINE_LIMIT = 160


class Counted(StatusStruct, frozen=True, kw_only=True):
    """By what the slots are counted, and from when: an edit, or the end of a suspension, owes nothing of the past."""

    schedule: Annotated[Annotated[str, Meta(max_length=100)], Meta(description="The cron expression.")]
    time_zone: Annotated[ShortText, Meta(description="Its time zone.")]
    since: Annotated[Time, Meta(description="Slots after this moment are due.")]


class RunNow(StatusStruct, frozen=True, kw_only=True):
    """The run that was asked for by the annotation inferometer.dev/run-now."""

    id: Annotated[ShortText, Meta(description="The annotation's value; the same one never runs twice.")]
    seen: Annotated[Time, Meta(description="When it was first seen: startingDeadline counts from here.")]
    decided: Annotated[bool, Meta(description="Whether it was started or missed.")] = False


class Waiting(StatusStruct, frozen=True, kw_only=True):
    """A slot or request that waits for runs to finish."""

    slot: Annotated[Time, Meta(description="The slot.")] | UnsetType = UNSET
    run_now: Annotated[ShortText, Meta(description="Or the request's id.")] | UnsetType = UNSET
    since: Annotated[Time, Meta(description="Since when it waits.")]
    until: Annotated[Time, Meta(description="When it is given up.")]
    message: Annotated[Message, Meta(description="What for.")]


class ActiveRun(StatusStruct, frozen=True, kw_only=True):
    """A run that was started and whose end was not recorded yet."""

    name: Annotated[Name, Meta(description="The benchmark.")]
    uid: Annotated[ShortText, Meta(description="The benchmark's.")]
    slot: Annotated[Time, Meta(description="Its slot.")] | UnsetType = UNSET
    run_now: Annotated[ShortText, Meta(description="Or the request that it answers.")] | UnsetType = UNSET
    started: Annotated[Time, Meta(description="When it was created.")]


class RunResult(StatusStruct, frozen=True, kw_only=True):
    """How a run ended; figures that it does not have are absent."""

    name: Annotated[Name, Meta(description="The benchmark; history may have deleted it.")]
    time: Annotated[Time, Meta(description="Its slot, or when it was asked for.")]
    finished: Annotated[Time, Meta(description="When its end was recorded.")]
    outcome: Annotated[ShortText, Meta(description="Valid, Invalid, Inconclusive, Failed or Deleted.")]
    reason: Annotated[ReasonName, Meta(description="Why, where it is not Valid.")] = ""
    template: Annotated[ShortText, Meta(description="Digest of its template: only equal ones are compared.")] = ""
    metric: Annotated[ShortText, Meta(description="What `value` is.")] = ""
    unit: Annotated[ShortText, Meta(description="The unit of `value`.")] = ""
    value: Annotated[float, Meta(description="The result.")] | UnsetType = UNSET
    p50_ns: Annotated[int, Meta(description="Median of the latency.")] | UnsetType = UNSET
    p99_ns: Annotated[int, Meta(description="99th percentile of the latency.")] | UnsetType = UNSET


class Missed(StatusStruct, frozen=True, kw_only=True):
    """Slots, or a request, that did not start."""

    time: Annotated[Time, Meta(description="The slot, the newest where there are several; or when it was asked for.")]
    run_now: Annotated[ShortText, Meta(description="The request's id.")] | UnsetType = UNSET
    slots: Annotated[int, Meta(ge=1, description="How many; counted up to 1,000.")] = 1
    reason: Annotated[ReasonName, Meta(description="Why, for programs.")]
    message: Annotated[Message, Meta(description="Why, for people.")]
    noticed: Annotated[Time, Meta(description="When it was decided.")]


class Streaks(StatusStruct, frozen=True, kw_only=True):
    """How many in a row, up to the newest."""

    valid: Annotated[int, Meta(ge=0, description="Runs that were Valid.")] = 0
    not_valid: Annotated[int, Meta(ge=0, description="Runs that were not.")] = 0
    missed: Annotated[int, Meta(ge=0, description="Slots that were missed.")] = 0


class Figures(StatusStruct, frozen=True, kw_only=True):
    """The figures that runs are compared by; changes are fractions."""

    value: Annotated[float, Meta(description="Of the result.")] | UnsetType = UNSET
    p50: Annotated[float, Meta(description="Of the latency's median (ns).")] | UnsetType = UNSET
    p99: Annotated[float, Meta(description="Of the latency's 99th percentile (ns).")] | UnsetType = UNSET


class Trend(StatusStruct, frozen=True, kw_only=True):
    """The newest run with figures beside the valid ones before it; a comparison, not a test."""

    glance: Annotated[Message, Meta(description="The comparison in a sentence.")]
    run: Annotated[Name, Meta(description="The run that is compared.")]
    compared_with: Annotated[Name, Meta(description="The valid run before it of the same template.")] = ""
    change: Annotated[Figures, Meta(description="Against that run, as fractions.")] | UnsetType = UNSET
    valid_runs: Annotated[int, Meta(ge=0, description="Over how many valid runs before it the medians are.")] = 0
    median: Annotated[Figures, Meta(description="Medians over these.")] | UnsetType = UNSET
    runs: Annotated[
        tuple[Annotated[str, Meta(max_length=LINE_LIMIT)], ...],
        Meta(max_length=RESULTS_KEPT, description="A line for each of the last runs, the newest first."),
    ] = ()


class ScheduleSummary(StatusStruct, frozen=True, kw_only=True):
    """The columns of `kubectl get`."""

    active: Annotated[ShortText, Meta(description="Runs that go on.")] = ""
    last: Annotated[ShortText, Meta(description="The newest slot that was decided, in the schedule's zone.")] = ""
    next: Annotated[ShortText, Meta(description="The next slot, in the schedule's zone.")] = ""
    verdict: Annotated[ShortText, Meta(description="How the last run ended.")] = ""
    result: Annotated[ShortText, Meta(description="Its result with its unit.")] = ""
    p99: Annotated[ShortText, Meta(description="Its 99th percentile.")] = ""
    change: Annotated[ShortText, Meta(description="Of the 99th percentile, against the valid run before it.")] = ""
    missed: Annotated[ShortText, Meta(description="Slots that were missed in all.")] = ""
    streak: Annotated[ShortText, Meta(description="How many runs in a row were valid, or were not.")] = ""
    reason: Annotated[Message, Meta(description="Why it is not followed, or missed its newest slot.")] = ""


class ScheduleStatus(StatusStruct, frozen=True, kw_only=True):
    """What is known of the schedule and its runs; written by the operator only."""

    observed_generation: Annotated[int, Meta(ge=0, description="The generation of the spec that was read.")] = 0
    summary: Annotated[ScheduleSummary, Meta(description="The columns of kubectl get.")] | UnsetType = UNSET
    conditions: Annotated[
        tuple[Condition, ...],
        Meta(
            max_length=8,
            description="Accepted, OnTime, LastRunValid.",
            extra_json_schema={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]},
        ),
    ] = ()
    timetable: (
        Annotated[Counted, Meta(description="By what slots are counted; absent while none is due.")] | UnsetType
    ) = UNSET
    last_slot: Annotated[Time, Meta(description="The newest slot that was started or missed.")] | UnsetType = UNSET
    next_slot: Annotated[Time, Meta(description="The next slot.")] | UnsetType = UNSET
    run_now: Annotated[RunNow, Meta(description="The last run that was asked for.")] | UnsetType = UNSET
    waiting: Annotated[
        tuple[Waiting, ...], Meta(max_length=MOST_WAITING, description="What waits for runs to finish.")
    ] = ()
    active: Annotated[
        tuple[ActiveRun, ...], Meta(max_length=MOST_ACTIVE, description="Runs whose end was not recorded yet.")
    ] = ()
    results: Annotated[
        tuple[RunResult, ...], Meta(max_length=RESULTS_KEPT, description="How the last runs ended, the newest first.")
    ] = ()
    missed: Annotated[
        tuple[Missed, ...], Meta(max_length=MISSED_KEPT, description="What did not start, the newest first.")
    ] = ()
    missed_slots: Annotated[int, Meta(ge=0, description="Slots that were missed in all.")] = 0
    streaks: Annotated[Streaks, Meta(description="How many in a row.")] = Streaks()
    trend: Annotated[Trend, Meta(description="Whether the service got slower, at a glance.")] | UnsetType = UNSET

    def condition(self, kind: ScheduleConditionType) -> Condition | None:
        """What is said of `kind`, or None."""
        return next((found for found in self.conditions if found.type == kind), None)
