"""The publishers' calendar: what a declaration may say."""

from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from pipeline.registry.calendar import Calendar, Quiet
from pipeline.registry.load import Registry, load
from tests.registry.test_load import home, told
from tests.schedule.drawn import rule

__all__ = ["home"]  # the fixture


def test_a_jurisdiction_needs_no_calendar(home: Path) -> None:
    (home / "norway" / "calendar.toml").unlink()
    assert load("norway", home).calendar is None


def test_a_calendar_touches_no_release(home: Path) -> None:
    """A release is named by what its numbers are made of; another hour to look is no other number."""
    before = repr(load("norway"))
    (home / "norway" / "calendar.toml").unlink()
    assert repr(load("norway", home)) == before


def test_every_norwegian_dataset_is_looked_for_by_a_rule() -> None:
    registry = load("norway")
    fetched = {name for each in rules(registry) if each.datasets != "all" for name in each.datasets}
    dropped = {name for name, each in registry.datasets.items() if each.drop or name.startswith("map_")}
    waiting = {name for name, each in registry.datasets.items() if each.confirmed == "unconfirmed" and not each.drop}
    assert registry.datasets.keys() - fetched - dropped - waiting == {"kostra_groups_2015", "population_07459"}
    assert not fetched & waiting
    assert any(each.datasets == "all" for each in rules(registry))


@pytest.mark.parametrize(
    ("moment", "dataset", "until"),
    [
        (datetime(2026, 3, 16, 3, 59, tzinfo=UTC), "ssb_12305", None),
        (datetime(2026, 3, 16, 4, 0, tzinfo=UTC), "ssb_12305", datetime(2026, 3, 16, 7, 15, tzinfo=UTC)),
        (datetime(2026, 6, 15, 6, 14, tzinfo=UTC), "ssb_12305", datetime(2026, 6, 15, 6, 15, tzinfo=UTC)),
        (datetime(2026, 6, 15, 6, 15, tzinfo=UTC), "ssb_12305", None),
        (datetime(2026, 6, 15, 6, 0, tzinfo=UTC), "bufdir_monitor", None),
        (datetime(2026, 6, 15, 6, 0, tzinfo=UTC), "khr_plans", None),
    ],
)
def test_quiet_hours_go_by_the_publishers_clock(moment: datetime, dataset: str, until: datetime | None) -> None:
    """08:15 in Norway is 07:15 UTC in winter and 06:15 in summer."""
    calendar = load("norway").calendar
    assert calendar is not None and calendar.quiet_until(dataset, moment) == until


def test_no_table_of_statistics_norway_is_fetched_around_its_release() -> None:
    registry = load("norway")
    for each in rules(registry):
        names = each.datasets if each.datasets != "all" else ()
        if any(registry.datasets[name].publisher == "Statistisk sentralbyrå" for name in names):
            assert each.quiet is not None and each.quiet.start <= time(7, 55) and each.quiet.end >= time(8, 15)


def rules(registry: Registry) -> tuple[Any, ...]:
    assert registry.calendar is not None
    return registry.calendar.rule


def test_mistakes_are_told_with_their_place(home: Path) -> None:
    path = home / "norway" / "calendar.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('["bufdir_monitor"]', '["bufdir_moniter"]').replace('id = "klass"', 'id = "kostra"'))
    mistakes = told(home)
    assert any("calendar.toml: bufdir.datasets: given 'bufdir_moniter'; allowed: one of" in each for each in mistakes)
    assert any("calendar.toml: id: given kostra, 2 times; allowed: each once" in each for each in mistakes)


def test_what_is_confirmed_is_fetched_by_a_rule_and_nothing_else_is(home: Path) -> None:
    """A table that is switched on and forgotten in the calendar would never be asked for."""
    path = home / "norway" / "calendar.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('["bufdir_monitor"]', '["khr_plans"]'), encoding="utf-8")
    assert told(home) == [
        "norway/calendar.toml: bufdir.datasets: given khr_plans; "
        "allowed: datasets that can be fetched; this one has no interface",
        "norway/calendar.toml: datasets: given no rule that fetches bufdir_monitor; "
        "allowed: one at least, because it is confirmed",
    ]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"every": "week"}, "weekday is given exactly when every = 'week'"),
        ({"every": "month"}, "day is given exactly when every = 'month'"),
        ({"every": "year"}, "dates is given exactly when every = 'year'"),
        ({"dates": ["03-15"]}, "dates is given exactly when every = 'year'"),
        ({"every": "year", "dates": ["02-29"]}, "02-29 is not a day of every year"),
        ({"every": "month", "day": 31}, "less than or equal to 28"),
        ({"grace_hours": 0}, "greater than or equal to 1"),
        ({"datasets": []}, "at least 1 item"),
        ({"datasets": "all"}, "name what is to be fetched"),
        ({"how": "drop", "expects_news": True}, "nobody knows when a file is dropped"),
        ({"wieght": 1}, "Extra inputs are not permitted"),
    ],
)
def test_a_rule_says_which_day(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        rule(**changes)


def test_a_calendar_names_a_zone_and_a_country() -> None:
    with pytest.raises(ValidationError, match="timezone 'Oslo' is not known"):
        Calendar(timezone="Oslo", holidays="NO", rule=(rule(),))
    with pytest.raises(ValidationError, match="holidays 'Norge' is no country"):
        Calendar(timezone="Europe/Oslo", holidays="Norge", rule=(rule(),))


def test_quiet_hours_lie_within_a_day() -> None:
    with pytest.raises(ValidationError, match="start must be before end"):
        Quiet(start=time(23), end=time(1))
    assert [Quiet(start=time(5), end=time(8, 15)).holds(time(*clock)) for clock in ((4, 59), (5, 0), (8, 15))] == [
        False, True, False,
    ]  # fmt: skip
