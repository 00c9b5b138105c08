"""When the rules of a calendar are due. Pure: moments in, moments out, all of them in UTC.

Spans of time are half-open at their start: after < due ≤ until. So a span may follow another, and nothing counts twice.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache

import holidays

from pipeline.registry.calendar import Calendar, Rule

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
LONGEST_CLOSED = timedelta(days=14)  # no run of weekends and holidays is longer; Easter closes five days


@cache
def _holidays(country: str) -> holidays.HolidayBase:
    """The public holidays of a country (`NO`) or a part of one (`GB-ENG`); years are added as they are asked for."""
    name, _, part = country.partition("-")
    return holidays.country_holidays(name, subdiv=part or None)


def is_working_day(calendar: Calendar, day: date) -> bool:
    """Whether the publishers work: neither at weekends nor on public holidays."""
    return day.weekday() < 5 and day not in _holidays(calendar.holidays)


def due_day(calendar: Calendar, rule: Rule, day: date) -> date:
    """The day that counts for a day the rule names."""
    while rule.when_closed == "next_working_day" and not is_working_day(calendar, day):
        day += DAY
    return day


def due_times(calendar: Calendar, rule: Rule, after: datetime, until: datetime) -> list[datetime]:
    """The moments after < due ≤ until at which a rule is due, in order."""
    times = _hours(rule, after, until) if rule.every == "hour" else _days(calendar, rule, after, until)
    return sorted({each for each in times if after < each <= until})


def _hours(rule: Rule, after: datetime, until: datetime) -> Iterator[datetime]:
    """Counted in UTC, so that the nights of the clock change have 23 and 25 of them."""
    moment = after.astimezone(UTC).replace(minute=rule.at.minute, second=0, microsecond=0)
    while moment <= until:
        yield moment
        moment += HOUR


def _days(calendar: Calendar, rule: Rule, after: datetime, until: datetime) -> Iterator[datetime]:
    """At the rule's clock. Where the clock is turned, a skipped hour is the one after, a double one the first."""
    first = after.astimezone(calendar.zone).date() - LONGEST_CLOSED
    for day in rule.named(first, until.astimezone(calendar.zone).date()):
        yield datetime.combine(due_day(calendar, rule, day), rule.at, calendar.zone).astimezone(UTC)


def next_due(calendar: Calendar, rule: Rule, after: datetime) -> datetime:
    """The first due time after a moment."""
    step = timedelta(days=1)
    while True:
        if times := due_times(calendar, rule, after, after + step):
            return times[0]
        step *= 8


def last_due(calendar: Calendar, rule: Rule, until: datetime) -> datetime:
    """The last due time up to a moment, and at it."""
    step = timedelta(days=1)
    while True:
        if times := due_times(calendar, rule, until - step, until):
            return times[-1]
        step *= 8


def opens(calendar: Calendar, rule: Rule, moment: datetime) -> datetime:
    """The moment itself, or the end of the quiet hours it lies in."""
    local = moment.astimezone(calendar.zone)
    if rule.quiet is None or not rule.quiet.holds(local.time()):
        return moment.astimezone(UTC)
    return datetime.combine(local.date(), rule.quiet.end, calendar.zone).astimezone(UTC)


def unserved(calendar: Calendar, rule: Rule, served: Iterable[datetime], now: datetime) -> list[datetime]:
    """The due times up to now that no run has answered, in order; one run answers them all.

    served: the due times that runs answered; each answers those before it too. A rule without any history has its last
    due time open: whoever starts gets up to date once, and is not asked about years before. A time to come is left out:
    it was written while the clock was wrong.
    """
    answered = max((each for each in served if each <= now), default=None)
    if answered is None:
        return [last_due(calendar, rule, now)]
    return due_times(calendar, rule, answered, now)
