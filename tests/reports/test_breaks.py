"""Breaks in what is drawn: a line ends at one, a stroke and a word mark it, and the words say what may be compared."""

from dataclasses import replace
from datetime import date
from html import escape
from typing import Any

import pandas as pd
import pytest

from pipeline.registry.breaks import Break, ServiceDay
from pipeline.registry.load import Registry, load
from pipeline.registry.model import LANGUAGES
from pipeline.reports import breaks, charts, courses, guidance, overview, overview_tables, pages
from pipeline.reports.facts import gather
from pipeline.reports.voice import Voice

SAY = Voice("nb")
PLACE = load("norway").jurisdiction
HALVES = ["2019H1", "2019H2", "2020H1", "2020H2"]
HARD, CARE = "not_comparable", "with_care"


def made(day: date, effect: str = HARD, word: str = "ny lov", **changes: Any) -> Break:
    words = {"nb": word, "nn": word, "en": word}
    reason = {"nb": "Fordi.", "nn": "Fordi.", "en": "Because."}
    fields = {
        "id": f"new_{day:%Y_%m}", "day": day, "kind": "legal", "effect": effect, "indicators": "all", "word": words,
        "reason": reason, "source": "drawn", "sure": "inferred",
    }  # fmt: skip
    return Break.model_validate(fields | changes)


def with_breaks(registry: Registry, *found: Break) -> Registry:
    return replace(registry, breaks=found)


@pytest.mark.parametrize(
    ("day", "effect", "ends"),
    [
        (date(2020, 1, 1), HARD, [1, 2, None, 3, 4]),
        (date(2020, 2, 1), HARD, [1, 2, None, 3, None, 4]),
        (date(2020, 1, 1), CARE, [1, 2, 3, 4]),
        (date(2019, 1, 1), HARD, [1, 2, 3, 4]),
        (date(2021, 1, 1), HARD, [1, 2, 3, 4]),
    ],
    ids=["between", "within a half-year, which stands alone", "with care", "at the start", "at the end"],
)
def test_a_line_ends_at_a_break_that_is_not_comparable(day: date, effect: str, ends: list[float | None]) -> None:
    line = pd.DataFrame({"value": [1.0, 2, 3, 4]}, index=HALVES)
    drawn = breaks.cut(PLACE, [made(day, effect)], line)
    assert [None if pd.isna(each) else each for each in drawn["value"]] == ends
    assert list(dict.fromkeys(drawn.index)) == HALVES


@pytest.mark.parametrize(
    ("day", "x", "anchor"),
    [
        (date(2018, 9, 1), -0.5, "left"),
        (date(2019, 7, 1), 0.5, "left"),
        (date(2020, 2, 1), 2, "right"),
        (date(2020, 7, 1), 2.5, "right"),
        (date(2021, 1, 1), 3.5, "right"),
    ],
    ids=["before the first", "between", "within", "before the last", "after the last"],
)
def test_a_stroke_stands_on_the_day_and_its_word_leans_inwards(day: date, x: float, anchor: str) -> None:
    marks = breaks.marks(SAY, PLACE, [made(day)], HALVES)
    [stroke], [word] = marks.shapes, marks.words
    assert (stroke["x0"], stroke["x1"], stroke["line"]["width"]) == (x, x, 1)
    assert (word["x"], word["text"], word["xanchor"]) == (x, "ny lov", anchor)


def test_the_reason_and_the_verdict_stand_behind_the_word_and_below_the_figure() -> None:
    hard, care = made(date(2020, 1, 1)), made(date(2020, 7, 1), CARE)
    marks = breaks.marks(SAY, PLACE, [hard, care], HALVES)
    assert [each["line"]["dash"] for each in marks.shapes] == ["solid", "dot"]
    assert [each["hovertext"].replace("<br>", " ") for each in marks.words] == [
        "1. januar 2020, ny lov. Fordi. Tall før og etter kan ikke sammenlignes.",
        "1. juli 2020, ny lov. Fordi. Tall før og etter kan sammenlignes med forsiktighet.",
    ]
    assert marks.summary == (
        "Brudd 1. januar 2020 (ny lov): tall før og etter kan ikke sammenlignes. "
        "Brudd 1. juli 2020 (ny lov): tall før og etter kan sammenlignes med forsiktighet."
    )


def test_words_that_would_cover_each_other_get_a_row_each() -> None:
    near = [made(date(2019, 7, 1), word="x" * 20), made(date(2020, 1, 1), word="x" * 20)]
    apart = [made(date(2019, 1, 1)), made(date(2021, 1, 1))]
    assert [each["yshift"] for each in breaks.marks(SAY, PLACE, near, HALVES).words] == [0, 14]
    assert [each["yshift"] for each in breaks.marks(SAY, PLACE, apart, HALVES).words] == [0, 0]
    assert breaks.marks(SAY, PLACE, near, HALVES).room == 28
    assert breaks.marks(SAY, PLACE, apart, HALVES).room == 14


@pytest.mark.parametrize(
    ("day", "effect", "is_drawn"),
    [
        (date(2018, 12, 31), HARD, False),
        (date(2019, 2, 1), HARD, True),
        (date(2019, 2, 1), CARE, False),
        (date(2020, 2, 1), CARE, True),
        (date(2021, 1, 1), HARD, True),
        (date(2021, 1, 1), CARE, False),
        (date(2021, 1, 2), HARD, False),
    ],
)
def test_a_break_that_is_why_a_series_starts_or_ends_is_drawn_too(
    registry: Registry, day: date, effect: str, is_drawn: bool
) -> None:
    changed, indicator = with_breaks(registry, made(day, effect)), registry.indicators["caseload"]
    assert bool(breaks.drawn(changed, indicator, HALVES[1:])) == is_drawn


def follow_up(tables: dict[str, pd.DataFrame], registry: Registry) -> Any:
    facts = gather(tables, registry)
    cohort, path = registry.cohorts[0], facts.tables["mart.path"]
    table = courses.path_table(SAY, facts, cohort, False)
    return courses.follow_up(SAY, facts, cohort, path, table, False).panels[0]


def test_the_follow_up_is_cut_and_marked(tables: dict, registry: Registry) -> None:
    panel = follow_up(tables, with_breaks(registry, made(date(2018, 1, 1)), made(date(2019, 1, 1), CARE)))
    for trace in panel.data:
        assert trace["x"] == ["2015H1", "2018H1", "2018H1", "2020H1"]
        assert trace["y"] == [12.0, None, 12.0, 12.0] and trace["connectgaps"] is False
        assert trace["error_y"]["array"] == [5.0, None, 5.0, 5.0] and trace["text"][1] == ""
    assert [each["text"] for each in panel.layout["annotations"]][-2:] == ["ny lov", "ny lov"]
    assert [each["x0"] for each in panel.layout["shapes"] if each["type"] == "line"] == [0.5, 1.5]
    assert panel.summary.endswith("Brudd 1. januar 2019 (ny lov): tall før og etter kan sammenlignes med forsiktighet.")
    assert panel.layout["height"] == follow_up(tables, with_breaks(registry)).layout["height"] + 14


def test_the_coverage_is_marked(tables: dict, registry: Registry) -> None:
    later = tables["mart.coverage"]
    both = tables | {"mart.coverage": pd.concat([later.assign(period="2024"), later], ignore_index=True)}
    facts = gather(both, with_breaks(registry, made(date(2025, 1, 1), CARE)))
    for panel in charts.coverage(SAY, facts, overview_tables.coverage(SAY, facts)).panels:
        assert [each["x0"] for each in panel.layout["shapes"]] == [0.5]
        assert "Brudd 1. januar 2025 (ny lov)" in panel.summary


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_lists_every_break_with_its_reason(tables: dict, registry: Registry, language: str) -> None:
    say = Voice(language)
    table = breaks.table(say, registry)
    assert len(table.rows) == len(registry.breaks)
    days = [str(row.cells[1]) for row in table.rows]
    assert days[0] == say.date(date(2026, 1, 1)) and days[-1] == say.date(date(2013, 1, 1))
    name = pages.address(language, registry.jurisdiction.languages)
    page = overview.render(tables, registry)[name].decode()
    assert all(escape(say.of(each.reason)) in page for each in registry.breaks)


def test_a_service_with_a_day_of_its_own_is_told(registry: Registry) -> None:
    own = ServiceDay(service="orsta_1520", day=date(2019, 7, 1), source="drawn")
    [row] = breaks.table(SAY, with_breaks(registry, made(date(2020, 1, 1), services=(own,)))).rows
    assert "Tjenester med en egen dag: 1." in str(row.cells[3]) and row.cells[2] == "Alle indikatorene"


def test_a_round_that_pools_across_a_break_with_care_says_so(tables: dict, registry: Registry) -> None:
    told = "Brudd i serien: 1. juli 2024, ny lov. Fordi. Tall før og etter kan sammenlignes med forsiktighet."
    inside = overview.render(tables, with_breaks(registry, made(date(2024, 7, 1), CARE)))["index.html"].decode()
    outside = overview.render(tables, with_breaks(registry, made(date(2023, 1, 1), CARE)))["index.html"].decode()
    assert told in inside.partition('<section id="ranking"')[0] and told not in outside


def test_the_follow_up_says_what_its_strokes_mean(tables: dict, registry: Registry) -> None:
    page = guidance.render(tables, with_breaks(registry, made(date(2018, 1, 1))))["guidance.html"].decode()
    section = page.partition('<section id="course-cohort_2018"')[2].partition("</section>")[0]
    assert "Brudd i serien: 1. januar 2018, ny lov. Fordi. Tall før og etter kan ikke sammenlignes." in section


def test_a_country_without_breaks_has_no_section(tables: dict, registry: Registry) -> None:
    assert 'id="breaks"' in overview.render(tables, registry)["index.html"].decode()
    assert 'id="breaks"' not in overview.render(tables, with_breaks(registry))["index.html"].decode()
