"""The publishers' calendar: when something may be new, when looking is worthless, and when we are late."""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, StringConstraints, model_validator

from pipeline.registry.dataset import BufdirDataset, DatasetBase, PxwebDataset, ReferenceDataset
from pipeline.registry.model import Declaration, Identifier, Sure, Text

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MonthDay = Annotated[str, StringConstraints(pattern=r"^\d{2}-\d{2}$")]
ORDINARY_YEAR = 2019  # a date that this year has is there in every year


class Quiet(Declaration):
    """Hours of each day in which the publisher's tables are not to be trusted; nothing is fetched then."""

    start: time
    end: time

    @model_validator(mode="after")
    def _within_a_day(self) -> "Quiet":
        if self.start >= self.end:
            raise ValueError("start must be before end, within one day")
        return self

    def holds(self, clock: time) -> bool:
        """Whether the clock stands within the quiet hours; their end lies outside."""
        return self.start <= clock < self.end


class Rule(Declaration):
    """When some datasets are due: each hour, day, week or month, or on given dates of the year.

    `at` is the publisher's local clock; each hour, only its minutes count. `how` says whether we fetch, or wait for a
    file that somebody drops. `expects_news`: each due time brings a new vintage, and it is late when it does not.
    `sure` is about the publisher's dates.
    """

    id: Identifier
    title: Text
    datasets: Literal["all"] | Annotated[tuple[Identifier, ...], Field(min_length=1)]
    how: Literal["fetch", "drop"] = "fetch"
    every: Literal["hour", "day", "week", "month", "year"]
    at: time = time(0)
    weekday: Weekday | None = None
    day: Annotated[int, Field(ge=1, le=28)] | None = None
    dates: tuple[MonthDay, ...] = ()
    when_closed: Literal["same_day", "next_working_day"] = "same_day"
    quiet: Quiet | None = None
    grace_hours: Annotated[int, Field(ge=1)]
    expects_news: bool = False
    sure: Sure
    source: str

    @model_validator(mode="after")
    def _says_which_day(self) -> "Rule":
        if self.how == "fetch" and self.datasets == "all":
            raise ValueError("datasets = 'all' goes with how = 'drop': name what is to be fetched")
        if self.how == "drop" and self.expects_news:
            raise ValueError("expects_news goes with how = 'fetch': nobody knows when a file is dropped")
        given = {"week": self.weekday is not None, "month": self.day is not None, "year": bool(self.dates)}
        for every, field in (("week", "weekday"), ("month", "day"), ("year", "dates")):
            if given[every] != (self.every == every):
                raise ValueError(f"{field} is given exactly when every = '{every}'")
        for month_day in self.dates:
            try:
                date.fromisoformat(f"{ORDINARY_YEAR}-{month_day}")
            except ValueError:
                raise ValueError(f"dates: {month_day} is not a day of every year, as 03-15 is") from None
        return self

    @property
    def grace(self) -> timedelta:
        """How long after its due time something is not yet called late."""
        return timedelta(hours=self.grace_hours)

    def names(self, day: date) -> bool:
        """Whether the rule names a day, before closed days move it; an hourly one names them all."""
        match self.every:
            case "week":
                return WEEKDAYS[day.weekday()] == self.weekday
            case "month":
                return day.day == self.day
            case "year":
                return f"{day:%m-%d}" in self.dates
            case _:
                return True

    def named(self, first: date, last: date) -> Iterator[date]:
        """The days it names, from the first to the last, both included; dates of the year are not searched for."""
        if self.every == "year":
            years = range(first.year, last.year + 1)
            days = (date.fromisoformat(f"{year}-{each}") for year in years for each in self.dates)
        else:
            days = (first + timedelta(days=number) for number in range((last - first).days + 1))
        return (day for day in days if first <= day <= last and self.names(day))


class Calendar(Declaration):
    """The rules of a jurisdiction, the clock they go by, and the country whose public holidays close the publishers."""

    timezone: str
    holidays: str
    rule: Annotated[tuple[Rule, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _there_are_such(self) -> "Calendar":
        if self.timezone not in available_timezones():
            raise ValueError(f"timezone {self.timezone!r} is not known; write one as 'Europe/Oslo'")
        if not re.fullmatch(r"[A-Z]{2}(-[A-Z]{2,3})?", self.holidays):
            raise ValueError(f"holidays {self.holidays!r} is no country, as 'NO', and no part of one, as 'GB-ENG'")
        return self

    @cached_property
    def zone(self) -> ZoneInfo:
        """The publishers' time zone."""
        return ZoneInfo(self.timezone)

    def quiet_until(self, dataset: str, moment: datetime) -> datetime | None:
        """When the quiet hours end that a dataset is in, on the publishers' clock; nothing outside of them."""
        here = moment.astimezone(self.zone)
        ends = [
            datetime.combine(here, rule.quiet.end, self.zone)
            for rule in self.rule
            if rule.quiet and rule.datasets != "all" and dataset in rule.datasets and rule.quiet.holds(here.time())
        ]
        return max(ends, default=None)


def mistakes(calendar: Calendar, datasets: Mapping[str, DatasetBase]) -> Iterator[tuple[str, str, str]]:
    """(field, given, allowed) for each confirmed dataset that no rule fetches, and each that none can fetch."""
    can = {name for name, each in datasets.items() if has_interface(each)}
    left = {name for name in can if datasets[name].confirmed != "unconfirmed"}
    for rule in calendar.rule:
        if rule.how == "fetch" and rule.datasets != "all":
            left -= set(rule.datasets)
            for name in sorted(set(rule.datasets) & datasets.keys() - can):
                yield f"{rule.id}.datasets", name, "datasets that can be fetched; this one has no interface"
    for name in sorted(left):
        yield "datasets", f"no rule that fetches {name}", "one at least, because it is confirmed"


def has_interface(dataset: DatasetBase) -> bool:
    """Whether there is a publisher to ask for a dataset; otherwise its files are brought."""
    is_klass = isinstance(dataset, ReferenceDataset) and dataset.klass is not None
    return isinstance(dataset, PxwebDataset | BufdirDataset) or is_klass
