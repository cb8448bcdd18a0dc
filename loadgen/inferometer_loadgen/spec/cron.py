"""When a cron expression in a time zone is due: a set of moments in UTC, the same from wherever it is looked at.

The expression is read by cronsim, which does what Debian's cron does on the two odd days of the year. An expression
with fixed hours fires at the first instant after a gap, and the first of two times in a fold; one with a star for its
minute or hour follows the elapsed time: it skips the gap and fires twice in the fold. What is added here is that the
answer does not depend on where the walk begins, and that no call walks far: `due` looks for the newest slots in windows
that grow, and counts the others up to a limit.

Reads no clock; the zones are tables that come with the machine or the package tzdata.
"""

import difflib
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from cronsim import CronSim, CronSimError

FIELDS = 5
FORM = "minute hour day-of-month month day-of-week, for example `0 3 * * *` for 03:00 each day"

MOST_COUNTED = 1000
"""Slots that were passed over are counted up to here: a minute's schedule has half a million of them in a year."""

WALKED_BEFORE = timedelta(hours=26)
"""How far before the moment asked for the walk of a fixed time begins: cronsim walks those by the wall's clock, and a
moment in a fold says not on which side of it the walk is. No zone has ever been moved by more than a day."""

WINDOWS = (timedelta(hours=2), timedelta(days=3), timedelta(days=100), timedelta(days=366 * 50))
"""Where the newest slots are looked for, the nearest first."""


class TimetableError(ValueError):
    """A schedule that has no slots: `field` of its spec, what is wrong with it and what to write instead.

    CronInvalidError       the expression is none
    CronNeverFiresError    no day of any year fits it
    TimeZoneUnknownError   there is no such zone
    """

    def __init__(self, field: str, message: str, hint: str) -> None:
        super().__init__(f"{field}: {message}. hint: {hint}")
        self.field = field
        self.message = message
        self.hint = hint


class CronInvalidError(TimetableError):
    """The expression is none."""


class CronNeverFiresError(TimetableError):
    """No day of any year fits the expression."""


class TimeZoneUnknownError(TimetableError):
    """There is no such zone."""


@dataclass(frozen=True, slots=True)
class Due:
    """The slots of a stretch of time: the newest, and what came before it."""

    newest: datetime
    before: datetime | None
    """The newest but one, where there is one."""
    earlier: int
    """How many there are before the newest, counted up to MOST_COUNTED."""


@dataclass(frozen=True, slots=True)
class Timetable:
    """A cron expression in its zone."""

    expression: str
    zone: ZoneInfo

    def after(self, moment: datetime) -> Iterator[datetime]:
        """The slots after a moment, in UTC; without end."""
        begin = moment - WALKED_BEFORE if self._is_fixed else moment
        for slot in CronSim(self.expression, begin.astimezone(self.zone)):
            in_utc = slot.astimezone(UTC)
            if in_utc > moment:
                yield in_utc

    def next_after(self, moment: datetime) -> datetime:
        """The first slot after a moment."""
        return next(self.after(moment))

    def due(self, after: datetime, now: datetime) -> Due | None:
        """The slots after `after` up to `now`; None where there are none."""
        newest: list[datetime] = []
        for window in WINDOWS:
            begin = max(after, now - window)
            newest = list(takewhile(lambda slot: slot <= now, self.after(begin)))[-2:]
            if len(newest) == 2 or begin == after:
                break
        if not newest:
            return None
        if len(newest) == 1:
            return Due(newest[0], None, 0)
        counted = takewhile(lambda slot: slot < newest[1], self.after(after))
        return Due(newest[1], newest[0], sum(1 for _ in islice(counted, MOST_COUNTED)))

    def local(self, moment: datetime) -> str:
        """A moment as the people of the zone read it."""
        return moment.astimezone(self.zone).strftime("%Y-%m-%d %H:%M %Z")

    @property
    def _is_fixed(self) -> bool:
        minute, hour, *_ = self.expression.split()
        return not minute.startswith("*") and not hour.startswith("*")


@functools.lru_cache(maxsize=1024)
def timetable(expression: str, zone: str) -> Timetable:
    """The timetable of an expression in a zone, by their names. Raises TimetableError."""
    found = Timetable(expression, _zone(zone))
    try:
        _parse(expression)
    except CronInvalidError:
        if _fires_in_some_other_month(expression):
            raise _never(expression) from None
        raise
    try:
        found.next_after(datetime(2000, 1, 1, tzinfo=UTC))
    except (StopIteration, RuntimeError):
        raise _never(expression) from None
    return found


def _parse(expression: str) -> None:
    fields = len(expression.split())
    if fields != FIELDS:
        # cronsim takes six fields for seconds; a slot is a minute here.
        raise CronInvalidError("schedule", f"`{expression}` has {fields} fields, not five", f"write {FORM}")
    try:
        CronSim(expression, datetime(2000, 1, 1))  # noqa: DTZ001 - a wall's clock, of which only the form is looked at
    except (CronSimError, AssertionError) as error:
        # An assertion is how it refuses `5L/2`.
        what = str(error).removeprefix("Bad ") or "day-of-week"
        raise CronInvalidError("schedule", f"`{expression}`: its {what} is none", f"write {FORM}") from error


def _fires_in_some_other_month(expression: str) -> bool:
    fields = expression.split()
    if len(fields) != FIELDS:
        return False
    try:
        _parse(" ".join((*fields[:3], "*", *fields[4:])))
        _parse(" ".join((*fields[:2], "*", *fields[3:])))
    except CronInvalidError:
        return False
    return True


def _never(expression: str) -> CronNeverFiresError:
    hint = "write a day that these months have, or L for the last day of a month"
    return CronNeverFiresError("schedule", f"`{expression}` never fires: no month that it names has such a day", hint)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        # OSError: a folder of zones, such as Europe.
        by_lower = {zone.lower(): zone for zone in available_timezones()}
        near = difflib.get_close_matches(name.lower(), by_lower, n=1)
        hint = f"write {by_lower[near[0]]}" if near else "write a name of the IANA database, such as Europe/Berlin"
        raise TimeZoneUnknownError("timeZone", f"there is no time zone `{name}`", hint) from error
