"""Cron expressions say what the calendar says, where they can."""

from datetime import datetime, timedelta

import pytest

from pipeline.orchestration.crons import crons, expressible
from pipeline.registry.calendar import Calendar, Rule
from pipeline.schedule.due import due_times, opens
from tests.schedule.drawn import NORWAY, calendar, rule, utc

QUIET = {"start": "05:00", "end": "08:15"}


def ticks(calendar: Calendar, expressions: list[str], after: datetime, until: datetime) -> list[datetime]:
    """A slow twin of cron: every minute is held against every expression, by the clock on the wall."""
    found, moment = [], after
    while (moment := moment + timedelta(minutes=1)) <= until:
        clock = moment.astimezone(calendar.zone)
        now = (clock.minute, clock.hour, clock.day, clock.month, clock.isoweekday() % 7)
        for expression in expressions:
            if all(field in ("*", str(part)) for field, part in zip(expression.split(), now, strict=True)):
                found.append(moment)
    return found


@pytest.mark.parametrize(
    "each",
    [
        rule(every="hour", at="00:20"),
        rule(),
        rule(at="08:00", quiet=QUIET),
        rule(every="week", weekday="sunday", at="23:45"),
        rule(every="week", weekday="monday"),
        rule(every="month", day=28),
        rule(every="year", dates=["03-15", "06-15"]),
    ],
    ids=lambda each: f"{each.every} {each.at}",
)
def test_a_tick_comes_when_the_rule_is_due_and_open(each: Rule) -> None:
    cal = calendar()
    for after in (utc("2026-03-10 00:30"), utc("2026-06-10 00:30")):
        until = after + timedelta(days=20)
        expected = sorted(opens(cal, each, due) for due in due_times(cal, each, after - timedelta(days=1), until))
        assert ticks(cal, crons(each), after, until) == [due for due in expected if after < due <= until]


def test_what_cron_cannot_say_is_left_to_the_sensor() -> None:
    assert crons(rule(when_closed="next_working_day")) == []
    assert crons(rule(every="hour", quiet=QUIET)) == []
    assert crons(rule(at="09:00:30")) == []
    assert NORWAY is not None
    assert expressible(NORWAY) == {"ssb_corrections": ["0 9 * * *"], "files": ["0 * * * *"]}
