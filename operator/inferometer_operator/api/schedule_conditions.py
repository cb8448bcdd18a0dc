"""The conditions of a schedule and the reasons why it has no slots or misses one; each says what a user does next."""

from enum import StrEnum


class ScheduleConditionType(StrEnum):
    """What can be said of a schedule."""

    ACCEPTED = "Accepted"
    """True: it has slots. False: it can't have any; its reason is a `ScheduleRefusal`."""
    ON_TIME = "OnTime"
    """True: the newest slot or request that was decided has started its run. False: it was missed; its reason is a
    `MissReason`."""
    LAST_RUN_VALID = "LastRunValid"
    """Of the run that finished last: True or False as the rules say, Unknown where nothing can be said."""


class ScheduleRefusal(StrEnum):
    """Why a schedule is not followed; correct it in place, and its slots count from then on."""

    CRON_INVALID = "CronInvalid"
    """The cron expression is none. Next: five fields, as the message says; `inferometer validate` shows the slots."""
    CRON_NEVER_FIRES = "CronNeverFires"
    """No month that the cron expression names has such a day. Next: another day, or L for the last of a month."""
    TIME_ZONE_UNKNOWN = "TimeZoneUnknown"
    """There is no such time zone. Next: an IANA name such as Europe/Berlin; the message has the nearest."""
    TEMPLATE_INVALID = "TemplateInvalid"
    """No benchmark could have the template as its spec. Next: correct the field that the message names."""
    SCHEDULE_INVALID = "ScheduleInvalid"
    """Another field of the schedule does not fit. Next: correct the field that the message names."""


class MissReason(StrEnum):
    """Why a slot, or a run that was asked for by annotation, did not start. It is not caught up."""

    STILL_RUNNING = "StillRunning"
    """concurrencyPolicy Forbid, and a run of the schedule had not finished. Next: slots further apart, or Queue."""
    QUEUE_TIMEOUT = "QueueTimeout"
    """concurrencyPolicy Queue, and runs went on until startingDeadline was over. Next: slots further apart, or a longer
    startingDeadline."""
    REPLACE_TIMEOUT = "ReplaceTimeout"
    """concurrencyPolicy Replace, and the cancelled run did not finish until startingDeadline was over. Next: see what
    holds that run, or a longer startingDeadline."""
    DEADLINE_EXCEEDED = "DeadlineExceeded"
    """The slot was seen later than startingDeadline after its time: no operator was there, or the API server was not.
    Next: see why in the operator's log; `run now` if the run is wanted still."""
    OVERTAKEN = "Overtaken"
    """A later slot was due before this one had started; only the newest is caught up. Next: see what kept it
    waiting, or kept the operator from seeing it."""
    WITHDRAWN = "Withdrawn"
    """The schedule was edited, suspended or refused while the slot waited. Next: `run now` if the run is wanted
    still."""
    RUN_REFUSED = "RunRefused"
    """The API server refused the benchmark: a quota, a policy, a webhook. Next: its words say which and what they ask
    for."""
    NAME_TAKEN = "NameTaken"
    """A benchmark of somebody else's bears the name of the slot's run. Next: delete it, or rename the schedule."""
