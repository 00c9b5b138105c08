"""Breaks in series: what a declaration may say, and which series may not stand beside it."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from pipeline.registry.breaks import Break
from pipeline.registry.load import load
from tests.registry.test_load import home, spoil, told

__all__ = ["home"]  # the fixture
BREAKS = "breaks.toml"
WORDS = {"nb": "ny lov", "nn": "ny lov", "en": "new act"}
SERVICE = '\n[[break.services]]\nservice = "orsta_1520"\nday = 2020-01-01\nsource = "drawn"\n'


def made(**changes: Any) -> Break:
    fields = {
        "id": "law", "day": date(2014, 2, 1), "kind": "legal", "effect": "not_comparable", "indicators": ["caseload"],
        "word": WORDS, "reason": WORDS, "source": "drawn", "sure": "inferred",
    }  # fmt: skip
    return Break.model_validate(fields | changes)


def add(home: Path, **changes: Any) -> None:
    """A further break in a copy of Norway's."""
    row = made(**changes)
    text = "{ nb = 'x', nn = 'x', en = 'x' }"
    with (home / "norway" / BREAKS).open("a", encoding="utf-8") as file:
        file.write(
            f"\n[[break]]\nid = '{row.id}'\nday = {row.day}\nkind = '{row.kind}'\neffect = '{row.effect}'\n"
            f"indicators = {list(row.indicators) if row.indicators != 'all' else repr('all')}\n"
            f"word = {text}\nreason = {text}\nsource = 'drawn'\nsure = 'inferred'\n"
        )


def test_a_country_needs_no_breaks() -> None:
    assert load("england").breaks == ()


def test_norway_knows_the_breaks_of_the_dossier() -> None:
    days = {each.id: (each.day, each.kind, each.effect) for each in load("norway").breaks}
    assert days["law_2023"] == (date(2023, 1, 1), "legal", "with_care")
    assert days["register_2021"] == (date(2021, 1, 1), "method", "not_comparable")
    assert days["supervision_2014"] == (date(2014, 2, 1), "legal", "not_comparable")
    assert days["peer_groups_2020"] == (date(2020, 1, 1), "technical", "not_comparable")
    assert days["age_band_2021"] == (date(2021, 1, 1), "technical", "not_comparable")


def test_the_law_of_2023_touches_every_indicator_with_a_duty_that_moved() -> None:
    registry = load("norway")
    [law] = [each for each in registry.breaks if each.id == "law_2023"]
    moved = [each.id for each in registry.indicators.values() if law.day in {duty.valid_from for duty in each.duties}]
    assert sorted(moved) == [each.id for each in registry.touched_by(law)]


def test_all_touches_every_indicator_and_a_list_those_it_names() -> None:
    assert made(indicators="all").touches("anything")
    assert made().touches("caseload") and not made().touches("anything")


@pytest.mark.parametrize(
    ("start", "end", "is_parted"),
    [
        (date(2013, 7, 1), date(2014, 2, 1), False),
        (date(2014, 1, 1), date(2014, 7, 1), True),
        (date(2014, 2, 1), date(2014, 7, 1), False),
    ],
)
def test_a_span_that_ends_or_starts_on_the_day_lies_on_one_side(start: date, end: date, is_parted: bool) -> None:
    assert made().parts(start, end) == is_parted


@pytest.mark.parametrize("changes", [{"indicators": []}, {"concerns": WORDS}])
def test_a_break_says_what_it_concerns_exactly_when_it_touches_nothing(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=r"concerns is given exactly when indicators = \[\]"):
        made(**changes)
    assert made(indicators=[], concerns=WORDS).concerns


def test_a_word_is_short() -> None:
    with pytest.raises(ValidationError, match="word has at most 22 letters in each language"):
        made(word=WORDS | {"nn": "x" * 23})


@pytest.mark.parametrize(
    ("day", "given"),
    [
        ("2018-01-01", "series.khr: given 2015 to 2020"),
        ("2020-06-01", "series.khr: given 2015 to 2020"),
        ("2035-01-01", "series.register: given 2021 to now"),
    ],
    ids=["between two periods", "within the last one", "in a series without an end"],
)
def test_a_series_does_not_go_on_across_a_break(home: Path, day: str, given: str) -> None:
    add(home, id="new", day=day)
    allowed = "allowed: a series that ends before the break or starts after it"
    assert told(home) == [f"norway/indicators/caseload.toml: {given}, across new of {day}; {allowed}"]


@pytest.mark.parametrize("day", ["2015-01-01", "2021-01-01"], ids=["before the first period", "between two eras"])
def test_a_break_where_a_series_begins_is_none_in_it(home: Path, day: str) -> None:
    add(home, id="new", day=day)
    assert "new" in [each.id for each in load("norway", home).breaks_of("caseload")]


def test_a_series_goes_on_across_a_break_to_be_read_with_care(home: Path) -> None:
    add(home, id="new", day="2018-01-01", effect="with_care")
    found = load("norway", home).breaks_of("caseload")
    assert [each.id for each in found] == ["positions_2013", "new", "register_2021", "code_lists_2026"]


def test_a_half_year_that_holds_the_day_lies_on_neither_side(home: Path) -> None:
    spoil(home, "indicators/foster_supervision_missed.toml", '"2014H2"', '"2014H1"')
    assert told(home) == [
        "norway/indicators/foster_supervision_missed.toml: series.khr: given 2014H1 to 2020H2, across supervision_2014 of "
        "2014-02-01; allowed: a series that ends before the break or starts after it"
    ]


def test_rounds_and_cohorts_stay_on_one_side_because_their_series_do() -> None:
    registry, place = load("norway"), load("norway").jurisdiction
    read = [(each.era, each.first_period, each.last_period) for each in registry.index.rounds]
    # Of the phases after guidance nothing is said where the series has ended (tests/analysis/test_service_change.py).
    during = [(each, each.phase("during")) for each in registry.cohorts]
    read += [(each.era, each.phases[0].first_period, phase.last_period) for each, phase in during if phase]
    for era, first, last in read:
        for indicator in registry.ranked:
            series = indicator.in_era(era)
            if series:
                start = max(place.start_of(series.first_period), place.start_of(first))
                crossed = [each for each in registry.breaks_of(indicator.id) if each.parts(start, place.end_of(last))]
                assert [each.id for each in crossed if each.effect == "not_comparable"] == [], indicator.id


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            '"caseload", "caseworker_turnover"', '"case_load", "caseworker_turnover"',
            "breaks.toml: positions_2013.indicators: given 'case_load'; allowed: one of action_plan_evaluated, action_plan_in_place, case",
        ),
        (
            'id = "law_2023"', 'id = "reform_2022"',
            "breaks.toml: id: given reform_2022, 2 times; allowed: each once",
        ),
        (
            '\n[[break]]\nid = "law_2023"', SERVICE + SERVICE + '\n[[break]]\nid = "law_2023"',
            "breaks.toml: reform_2022.services: given orsta_1520, 2 times; allowed: each once",
        ),
        (
            'effect = "with_care"', 'effect = "careful"',
            "breaks.toml: break no. 4 (measures_2016): effect: given 'careful'; allowed: Input should be 'not_comparable' or 'with_care'",
        ),
    ],
)  # fmt: skip
def test_mistakes_are_told(home: Path, old: str, new: str, problem: str) -> None:
    spoil(home, BREAKS, old, new)
    assert any(each.startswith(f"norway/{problem}") for each in told(home)), told(home)
