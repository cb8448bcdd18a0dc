"""Slots on the odd days of the year, and that they are the same from wherever one looks."""

from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inferometer_loadgen.spec.cron import (
    MOST_COUNTED,
    CronInvalidError,
    CronNeverFiresError,
    Due,
    TimetableError,
    TimeZoneUnknownError,
    timetable,
)

BERLIN, NEW_YORK, LORD_HOWE, UTC_ZONE = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


SLOTS = {
    "an hour that the clocks skip fires at the first instant after the gap": (
        ("30 2 * * *", BERLIN),
        "2026-03-28T12:00",
        ["2026-03-29T01:00", "2026-03-30T00:30"],
    ),
    "two times in one gap fire once": (
        ("0,30 2 * * *", BERLIN),
        "2026-03-28T12:00",
        ["2026-03-29T01:00", "2026-03-30T00:00", "2026-03-30T00:30"],
    ),
    "an hour that comes twice fires the first time": (
        ("30 2 * * *", BERLIN),
        "2026-10-24T12:00",
        ["2026-10-25T00:30", "2026-10-26T01:30"],
    ),
    "an hour that comes twice does not fire again for one who looks between the two": (
        ("30 2 * * *", BERLIN),
        "2026-10-25T01:10",
        ["2026-10-26T01:30"],
    ),
    "a star for the hour skips what does not exist": (
        ("30 * * * *", BERLIN),
        "2026-03-28T23:45",
        ["2026-03-29T00:30", "2026-03-29T01:30", "2026-03-29T02:30"],
    ),
    "a star for the hour fires in both hours of the fold": (
        ("30 * * * *", BERLIN),
        "2026-10-24T23:45",
        ["2026-10-25T00:30", "2026-10-25T01:30", "2026-10-25T02:30"],
    ),
    "a nightly slot keeps its hour across the change in America": (
        ("0 3 * * *", NEW_YORK),
        "2026-03-07T12:00",
        ["2026-03-08T07:00", "2026-03-09T07:00"],
    ),
    "a zone that moves by half an hour": (
        ("15 2 * * *", LORD_HOWE),
        "2026-10-03T00:00",
        ["2026-10-03T15:30", "2026-10-04T15:15"],
    ),
    "the 31st is in the long months only": (
        ("0 0 31 * *", UTC_ZONE),
        "2026-01-31T00:00",
        ["2026-03-31T00:00", "2026-05-31T00:00"],
    ),
    "L is each month's last day": (
        ("0 0 L * *", UTC_ZONE),
        "2028-01-15T00:00",
        ["2028-01-31T00:00", "2028-02-29T00:00", "2028-03-31T00:00"],
    ),
    "the 29th of February is in leap years only": (
        ("0 0 29 2 *", UTC_ZONE),
        "2026-01-01T00:00",
        ["2028-02-29T00:00", "2032-02-29T00:00"],
    ),
    "2100 is no leap year": (("0 0 29 2 *", UTC_ZONE), "2096-03-01T00:00", ["2104-02-29T00:00"]),
    "a day of the month and one of the week: either": (
        ("0 0 13 * FRI", UTC_ZONE),
        "2026-11-12T12:00",
        ["2026-11-13T00:00", "2026-11-20T00:00"],
    ),
}


@pytest.mark.parametrize(("what", "after", "slots"), SLOTS.values(), ids=SLOTS.keys())
def test_slots(what: tuple[str, str], after: str, slots: list[str]) -> None:
    found = islice(timetable(*what).after(at(after)), len(slots))

    assert [slot.strftime("%Y-%m-%dT%H:%M") for slot in found] == slots


EXPRESSIONS = ("30 2 * * *", "0,30 2 * * *", "*/20 * * * *", "*/30 2 * * *", "15 0-4 * * *", "0 */2 * * *", "0 0 L * *")
ZONES = (BERLIN, NEW_YORK, LORD_HOWE, UTC_ZONE, "America/Havana", "Africa/Casablanca", "Asia/Beirut")
moments = st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31))  # noqa: DTZ001 - of UTC, said below


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(EXPRESSIONS),
    st.sampled_from(ZONES),
    moments,
    st.integers(0, 72 * 60),
    st.integers(0, 72 * 60),
)
def test_the_slots_are_the_same_from_wherever_one_looks(
    expression: str, zone: str, naive: datetime, first: int, second: int
) -> None:
    times, start = timetable(expression, zone), naive.replace(tzinfo=UTC)
    middle = start + timedelta(minutes=first)
    end = middle + timedelta(minutes=second)

    def between(after: datetime, until: datetime) -> list[datetime]:
        return list(takewhile(lambda slot: slot <= until, times.after(after)))

    whole = between(start, end)
    assert whole == between(start, middle) + between(middle, end)
    assert whole == sorted(set(whole))
    due = times.due(start, end)
    if not whole:
        assert due is None
    else:
        before = whole[-2] if len(whole) > 1 else None
        assert due == Due(whole[-1], before, len(whole) - 1)


def test_a_year_without_an_operator_is_counted_up_to_a_limit() -> None:
    due = timetable("* * * * *", "UTC").due(at("2025-11-25T00:00"), at("2026-11-25T03:00"))

    assert due == Due(at("2026-11-25T03:00"), at("2026-11-25T02:59"), MOST_COUNTED)


def test_what_is_rare_is_found_however_long_ago_it_was() -> None:
    times = timetable("0 0 29 2 *", "UTC")

    assert times.due(at("2019-01-01T00:00"), at("2026-11-25T00:00")) == Due(
        at("2024-02-29T00:00"), at("2020-02-29T00:00"), 1
    )
    assert times.due(at("2024-02-29T00:00"), at("2026-11-25T00:00")) is None


def test_a_clock_that_went_back_finds_nothing_due() -> None:
    assert timetable("* * * * *", "UTC").due(at("2026-11-25T03:00"), at("2026-11-24T03:00")) is None


WRONG: dict[str, tuple[tuple[str, str], type[TimetableError], str]] = {
    "an hour that is none": (("0 25 * * *", UTC_ZONE), CronInvalidError, "its hour is none"),
    "a minute that is none": (("60 * * * *", UTC_ZONE), CronInvalidError, "its minute is none"),
    "a field of seconds": (("0 0 3 * * *", UTC_ZONE), CronInvalidError, "has 6 fields, not five"),
    "a nickname": (("@daily", UTC_ZONE), CronInvalidError, "has 1 fields, not five"),
    "what cronsim itself trips over": (("0 0 * * 5L/2", UTC_ZONE), CronInvalidError, "day-of-week"),
    "a day that no month has": (("0 0 32 * *", UTC_ZONE), CronInvalidError, "its day-of-month is none"),
    "a day that February has not": (("0 0 30 2 *", UTC_ZONE), CronNeverFiresError, "never fires"),
    "a day that short months have not": (("0 0 31 4,6,9,11 *", UTC_ZONE), CronNeverFiresError, "never fires"),
    "a day that is no second Monday": (("0 0 */30 2 MON#2", UTC_ZONE), CronNeverFiresError, "never fires"),
    "a zone with a slip": (("0 3 * * *", "Europe/Berln"), TimeZoneUnknownError, "write Europe/Berlin"),
    "a zone in small letters": (("0 3 * * *", "europe/berlin"), TimeZoneUnknownError, "write Europe/Berlin"),
    "a folder of zones": (("0 3 * * *", "Europe"), TimeZoneUnknownError, "there is no time zone `Europe`"),
    "a zone that is nothing": (("0 3 * * *", "no/such-zone"), TimeZoneUnknownError, "such as Europe/Berlin"),
}


@pytest.mark.parametrize(("what", "kind", "words"), WRONG.values(), ids=WRONG.keys())
def test_what_has_no_slots(what: tuple[str, str], kind: type[TimetableError], words: str) -> None:
    with pytest.raises(TimetableError, match=words) as error:
        timetable(*what)
    assert type(error.value) is kind
