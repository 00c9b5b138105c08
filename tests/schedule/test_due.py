"""Due times: by the publishers' clock, off weekends and holidays, each once."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.registry.calendar import WEEKDAYS, Calendar, Quiet, Rule
from pipeline.registry.load import jurisdictions, load
from pipeline.schedule.due import due_times, is_working_day, last_due, next_due, opens, unserved
from tests.schedule.drawn import KOSTRA, NORWAY, calendar, rule, utc

OSLO = calendar().zone


def local(times: list[datetime]) -> list[str]:
    return [f"{each.astimezone(OSLO):%Y-%m-%d %H:%M}" for each in times]


def easter(year: int) -> date:
    """Easter Sunday, by Gauss: a witness from outside the library."""
    golden, century = year % 19, year // 100
    moon = (century - century // 4 - (8 * century + 13) // 25 + 19 * golden + 15) % 30
    moon -= moon // 28 * (1 - moon // 28 * (29 // (moon + 1)) * ((21 - golden) // 11))
    weekday = (year + year // 4 + moon + 2 - century + century // 4) % 7
    month = 3 + (moon - weekday + 40) // 44
    return date(year, month, moon - weekday + 28 - 31 * (month // 4))


@pytest.mark.parametrize(
    ("year", "expected"),
    [
        (2019, ["2019-03-15 08:00", "2019-06-17 08:00"]),
        (2020, ["2020-03-16 08:00", "2020-06-15 08:00"]),
        (2021, ["2021-03-15 08:00", "2021-06-15 08:00"]),
    ],
)
def test_kostra_comes_when_it_was_seen_to_come(year: int, expected: list[str]) -> None:
    assert NORWAY is not None
    assert local(due_times(NORWAY, KOSTRA, utc(f"{year}-01-01"), utc(f"{year + 1}-01-01"))) == expected


@pytest.mark.parametrize("year", range(2015, 2041))
def test_norwegian_holidays_by_another_reckoning(year: int) -> None:
    sunday = easter(year)
    movable = {sunday + timedelta(days=days) for days in (-3, -2, 0, 1, 39, 49, 50)}
    closed = movable | {date(year, *day) for day in ((1, 1), (5, 1), (5, 17), (12, 25), (12, 26))}
    days = [date(year, 1, 1) + timedelta(days=days) for days in range(365)]
    drawn = calendar()
    assert [is_working_day(drawn, day) for day in days] == [day.weekday() < 5 and day not in closed for day in days]


def test_easter_moves_a_monday_to_tuesday_and_maundy_thursday_to_tuesday() -> None:
    monday = rule(every="week", weekday="monday", when_closed="next_working_day")
    thursday = rule(every="week", weekday="thursday", when_closed="next_working_day")
    for each in (monday, thursday):
        assert "2026-04-07 09:00" in local(due_times(calendar(), each, utc("2026-03-30 12:00"), utc("2026-04-08")))


def test_an_hour_that_the_clock_skips_or_doubles_is_due_once() -> None:
    night = rule(at="02:30")
    spring = due_times(calendar(), night, utc("2026-03-28 12:00"), utc("2026-03-30 12:00"))
    autumn = due_times(calendar(), night, utc("2026-10-24 12:00"), utc("2026-10-26 12:00"))
    assert spring == [utc("2026-03-29 01:30"), utc("2026-03-30 00:30")]
    assert autumn == [utc("2026-10-25 00:30"), utc("2026-10-26 01:30")]


def test_a_day_of_the_clock_change_has_23_or_25_hours() -> None:
    hourly = rule(every="hour")
    for day, hours in (("2026-03-29", 23), ("2026-10-25", 25), ("2026-07-01", 24)):
        start = datetime.fromisoformat(day).replace(tzinfo=OSLO)
        end = start + timedelta(days=1)  # by the clock on the wall
        assert len(due_times(calendar(), hourly, start.astimezone(UTC), end.astimezone(UTC))) == hours


RULES = st.one_of(
    st.just({"every": "day"}),
    st.builds(lambda day: {"every": "week", "weekday": day}, st.sampled_from(WEEKDAYS)),
    st.builds(lambda day: {"every": "month", "day": day}, st.integers(1, 28)),
    st.builds(
        lambda days: {"every": "year", "dates": days},
        st.lists(st.sampled_from(["03-15", "06-15", "12-24", "12-31", "01-01", "05-17"]), min_size=1, unique=True),
    ),
)
CLOSED = st.sampled_from(["same_day", "next_working_day"])
QUARTERS = st.builds(lambda hour, quarter: f"{hour:02}:{quarter * 15:02}", st.integers(0, 23), st.integers(0, 3))
MOMENTS = st.datetimes(datetime(2015, 1, 1), datetime(2035, 1, 1)).map(lambda each: each.replace(tzinfo=UTC))


def drawn_rule(which: dict[str, Any], closed: str, at: str) -> Rule:
    return rule(**which, when_closed=closed, at=at)


def slowly(calendar: Calendar, each: Rule, after: datetime, until: datetime) -> Iterator[datetime]:
    """Every quarter of every hour is held against the clock on the wall, and every day against the days before it."""
    moment = after.replace(minute=after.minute // 15 * 15, second=0, microsecond=0)
    seen = set()
    while (moment := moment + timedelta(minutes=15)) <= until:
        clock = moment.astimezone(calendar.zone)
        skipped = (moment - timedelta(hours=1)).astimezone(calendar.zone).replace(tzinfo=None) + timedelta(hours=1)
        hits = clock.time() == each.at or (skipped < clock.replace(tzinfo=None) and skipped.time() == each.at)
        if hits and clock.date() not in seen and not clock.fold and counts(calendar, each, clock.date()):
            seen.add(clock.date())
            yield moment


def counts(calendar: Calendar, each: Rule, day: date) -> bool:
    if each.when_closed == "same_day":
        return each.names(day)
    if not is_working_day(calendar, day):
        return False
    if each.names(day):
        return True
    while not is_working_day(calendar, day := day - timedelta(days=1)):
        if each.names(day):
            return True
    return False


@given(RULES, CLOSED, QUARTERS, MOMENTS, st.integers(1, 60))
def test_due_times_agree_with_the_slow_way(
    which: dict[str, Any], closed: str, at: str, after: datetime, days: int
) -> None:
    each, until = drawn_rule(which, closed, at), after + timedelta(days=days)
    assert due_times(calendar(), each, after, until) == list(slowly(calendar(), each, after, until))


@given(RULES, CLOSED, QUARTERS, st.lists(MOMENTS, min_size=3, max_size=3))
def test_spans_that_follow_each_other_hold_each_due_time_once(
    which: dict[str, Any], closed: str, at: str, moments: list[datetime]
) -> None:
    each, (a, b, c) = drawn_rule(which, closed, at), sorted(moments)
    whole = due_times(calendar(), each, a, c)
    assert due_times(calendar(), each, a, b) + due_times(calendar(), each, b, c) == whole


@given(st.one_of(RULES, st.just({"every": "hour"})), CLOSED, MOMENTS)
def test_between_the_last_due_time_and_the_next_there_is_none(
    which: dict[str, Any], closed: str, now: datetime
) -> None:
    each = drawn_rule(which, closed, "09:00")
    last, coming = last_due(calendar(), each, now), next_due(calendar(), each, now)
    assert last <= now < coming
    assert due_times(calendar(), each, last, coming) == [coming]


def test_quiet_hours_put_off_what_falls_into_them_and_nothing_else() -> None:
    each = rule(quiet=Quiet.model_validate({"start": "05:00", "end": "08:15"}))
    said = [opens(calendar(), each, utc(f"2026-03-16 {clock}")) for clock in ("03:59", "04:00", "07:00", "07:15")]
    assert local(said) == ["2026-03-16 04:59", "2026-03-16 08:15", "2026-03-16 08:15", "2026-03-16 08:15"]
    assert opens(calendar(), rule(), utc("2026-03-16 07:00")) == utc("2026-03-16 07:00")


def test_without_a_history_the_last_due_time_is_open_and_no_year_before() -> None:
    assert NORWAY is not None
    assert local(unserved(NORWAY, KOSTRA, [], utc("2026-11-22 10:00"))) == ["2026-06-15 08:00"]


def test_a_due_time_that_was_answered_is_not_open_and_later_ones_are() -> None:
    each, now = rule(), utc("2026-11-22 10:00")
    answered = last_due(calendar(), each, now)
    assert unserved(calendar(), each, [answered], now) == []
    missed = unserved(calendar(), each, [answered - timedelta(days=4), answered - timedelta(days=3)], now)
    assert local(missed) == ["2026-11-20 09:00", "2026-11-21 09:00", "2026-11-22 09:00"]


def test_a_time_written_while_the_clock_was_wrong_answers_nothing() -> None:
    assert len(unserved(calendar(), rule(), [utc("2099-01-01"), utc("2026-11-20 08:00")], utc("2026-11-22 10:00"))) == 2


def test_every_declared_calendar_is_due_again() -> None:
    for jurisdiction in jurisdictions():
        declared = load(jurisdiction).calendar
        for each in declared.rule if declared else ():
            assert next_due(declared, each, utc("2026-11-22 10:00")) > utc("2026-11-22 10:00")
