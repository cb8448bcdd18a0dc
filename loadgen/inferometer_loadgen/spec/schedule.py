"""What a user may ask of a schedule: when benchmarks are run, and what becomes of those that collide or are old."""

from typing import Annotated, Literal

from msgspec import Meta

from inferometer_loadgen.spec.base import SpecStruct
from inferometer_loadgen.spec.benchmark import BenchmarkSpec
from inferometer_loadgen.spec.units import Duration

CronExpression = Annotated[
    str,
    Meta(
        max_length=100,
        pattern=r"^[0-9A-Za-z*,/#-]+( [0-9A-Za-z*,/#-]+){4}$",
        extra={"form": "a cron expression of five fields, one space apart, such as `0 3 * * *` for 03:00 each day"},
    ),
]
ZoneName = Annotated[
    str,
    Meta(
        max_length=64,
        pattern=r"^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$",
        extra={"form": "a time zone's name, such as Europe/Berlin"},
    ),
]
Kept = Annotated[int, Meta(ge=0, le=100)]


class HistoryLimits(SpecStruct, frozen=True, kw_only=True):
    """How many finished runs stay, the newest; older ones are deleted with their reports."""

    complete: Annotated[Kept, Meta(description="Runs that have a verdict, whatever it is.")] = 10
    failed: Annotated[Kept, Meta(description="Runs that failed.")] = 5


class Template(SpecStruct, frozen=True, kw_only=True):
    """The benchmark that is created for each slot."""

    spec: Annotated[
        BenchmarkSpec,
        Meta(
            description="The spec of each run. Changing it changes the runs to come, and begins a new trend. It can't "
            "set `cancel`, nor `runPolicy.ttlAfterFinished`: `historyLimits` say what stays."
        ),
    ]


class ScheduleSpec(SpecStruct, frozen=True, kw_only=True):
    """When benchmarks are run, and what becomes of those that collide or are old."""

    schedule: Annotated[
        CronExpression,
        Meta(
            description="Minute, hour, day of month, month, day of week, as Debian's cron reads them, also L for the "
            "last day and 1#2 for the second Monday. With fixed hours a time that the clocks skip fires at the first "
            "instant after it, and one that comes twice fires at the first; with a star for minute or hour the slots "
            "follow the elapsed time."
        ),
    ]
    template: Annotated[Template, Meta(description="The benchmark that is created for each slot.")]
    time_zone: Annotated[ZoneName, Meta(description="The zone of the schedule, by its IANA name.")] = "UTC"
    concurrency_policy: Annotated[
        Literal["Allow", "Forbid", "Replace", "Queue"],
        Meta(
            description="What becomes of a slot while a run of this schedule has not finished. Forbid: it is missed. "
            "Queue: it waits, until startingDeadline. Replace: the run is cancelled, and the slot starts once that has "
            "finished. Allow: it starts beside it."
        ),
    ] = "Forbid"
    starting_deadline: Annotated[
        Duration,
        Meta(
            description="How long after its time a slot may still start, at least 10s; later it is missed, since a "
            "nightly benchmark that starts at noon measures another load. Of several slots only the newest starts."
        ),
    ] = "10m"
    suspend: Annotated[
        bool,
        Meta(
            description="While true no slot is due, and none is caught up afterwards. A run that goes on is left "
            "alone; use its own `cancel`."
        ),
    ] = False
    history_limits: Annotated[HistoryLimits, Meta(description="How many finished runs stay.")] = HistoryLimits()
