"""Declarations: read once, refused with all mistakes together."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from pipeline.problems import BadInput
from pipeline.registry.load import HOME, jurisdictions, load
from pipeline.registry.model import Series, Validity
from pipeline.sources.pxweb_question import wanted


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A copy of the registry that a test may spoil."""
    return shutil.copytree(HOME, tmp_path / "registry", ignore=shutil.ignore_patterns("*.py", "__pycache__"))


def spoil(home: Path, file: str, old: str, new: str) -> None:
    path = home / "norway" / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def told(home: Path) -> list[str]:
    with pytest.raises(BadInput) as caught:
        load("norway", home)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("jurisdiction", jurisdictions())
def test_every_jurisdiction_is_sound(jurisdiction: str) -> None:
    assert load(jurisdiction).ranked


def test_norway_ranks_on_what_the_programme_is_about() -> None:
    registry = load("norway")
    codes = {alias.code for indicator in registry.ranked for alias in indicator.aliases}
    assert {"3A", "3B", "3D", "3E", "3F", "1F", "1E", "3C", "3M"} <= codes
    assert {each.id for each in registry.indicators.values() if each.use == "context"} >= {"lone_providers"}


def test_an_unknown_field_says_file_field_and_value(home: Path) -> None:
    spoil(home, "indicators/caseload.toml", 'use = "rank"', 'use = "rank"\nwieght = 1.0')
    assert told(home) == [
        "norway/indicators/caseload.toml: wieght: given 1.0; allowed: one of the fields "
        "id, use, dimension, direction, unit, decimals, minimum_denominator, review_date, label, short_label, direction_words, duties, "
        "counterbalance, aliases, series"
    ]


def test_all_mistakes_come_at_once(home: Path) -> None:
    spoil(home, "indicators/caseload.toml", '"high_is_need"', '"high"')
    spoil(home, "indicators/caseload.toml", "review_date = 2027-06-30\n", "")
    spoil(home, "index.toml", "power = 2.0", "power = 0.5")
    spoil(home, "offices.toml", 'language = "nb"', 'language = "no"')
    assert told(home) == [
        "norway/index.toml: power: given 0.5; allowed: Input should be greater than or equal to 1",
        "norway/indicators/caseload.toml: direction: given 'high'; allowed: Input should be 'high_is_need', "
        "'low_is_need' or 'neutral'",
        "norway/indicators/caseload.toml: review_date: given nothing; allowed: Field required",
        "norway/offices.toml: office no. 1 (ostfold_buskerud_oslo_og_akershus): language: given 'no'; allowed: Input should be 'nb', 'nn' or 'en'",
    ]


def test_a_name_that_points_at_nothing_says_what_there_is(home: Path) -> None:
    spoil(home, "indicators/caseload.toml", 'dimension = "capacity"', 'dimension = "capacities"')
    [problem] = told(home)
    assert problem.startswith(
        "norway/indicators/caseload.toml: dimension: given 'capacities'; allowed: one of capacity,"
    )


@pytest.mark.parametrize(
    ("file", "old", "new", "problem"),
    [
        (
            "index.toml", 'indicator = "caseload"\nera = "khr"', 'indicator = "caseload"\nera = "other"',
            "index.toml: goalposts: given nothing; allowed: one for caseload in khr",
        ),
        (
            "index.toml", 'indicator = "caseload"\nera = "khr"', 'indicator = "caseload"\nera = "register"',
            "index.toml: goalposts: given caseload in register, 2 times; allowed: each once",
        ),
        (
            "index.toml", "at_none = 9\nat_full = 16", "at_none = 16\nat_full = 9",
            "index.toml: goalposts: given caseload: at_none 16, at_full 9; allowed: at_full on the side of need (high_is_need)",
        ),
        (
            "index.toml", 'label = { nb = "pandemien", nn = "pandemien", en', 'label = { nb = "pandemien", en',
            "index.toml: alternatives.left_out.0.label.nn: given nothing; allowed: Field required",
        ),
        (
            "index.toml", 'last_period = "2025"', 'last_period = "2022"',
            "index.toml: rounds.round_2025: given 2023 to 2022; allowed: a first period that is not after the last",
        ),
        (
            "peers.toml", 'indicator = "lone_providers"', 'indicator = "deadline_breaches"',
            "peers.toml: features.deadline_breaches.indicator: given 'deadline_breaches'; allowed: an indicator without a legal duty",
        ),
        (
            "peers.toml", 'indicator = "lone_providers"', 'indicator = "low_income_families"',
            "peers.toml: features: given low_income_families, 2 times; allowed: each once",
        ),
        (
            "datasets/map_municipalities_2020.toml", "border_date = 2020-01-01", "border_date = 2024-07-01",
            "datasets: border_date: given a map of 2024, 2 times; allowed: each once",
        ),
    ],
)  # fmt: skip
def test_mistakes_across_declarations(home: Path, file: str, old: str, new: str, problem: str) -> None:
    spoil(home, file, old, new)
    assert f"norway/{problem}" in told(home)


def test_a_file_that_is_no_toml_is_told(home: Path) -> None:
    (home / "norway" / "index.toml").write_text("power = ", encoding="utf-8")
    assert any(problem.startswith("norway/index.toml: TOML: given") for problem in told(home))


def test_an_id_is_the_name_of_its_file(home: Path) -> None:
    spoil(home, "indicators/caseload.toml", 'id = "caseload"', 'id = "case_load"')
    assert (
        told(home)[0]
        == "norway/indicators/caseload.toml: id: given 'case_load'; allowed: 'caseload', the name of the file"
    )


def test_an_unknown_jurisdiction_says_which_there_are() -> None:
    with pytest.raises(BadInput, match="given 'denmark'; allowed: one of england, norway"):
        load("denmark")


def test_validity_is_half_open() -> None:
    span = Validity(valid_from=date(2020, 1, 1), valid_to=date(2024, 1, 1))
    assert [span.holds(date(*day)) for day in ((2019, 12, 31), (2020, 1, 1), (2023, 12, 31), (2024, 1, 1))] == [
        False, True, True, False,
    ]  # fmt: skip


def test_a_series_has_one_way_to_its_numerator() -> None:
    part = {"dataset": "a", "measures": ["x"]}
    base = {"era": "e", "frequency": "year", "first_period": "2020", "likelihood": "binomial", "denominator": part}
    with pytest.raises(ValueError, match="either numerator or share"):
        Series(**base)
    with pytest.raises(ValueError, match="either numerator or share"):
        Series(**base, numerator=part, share=part)


@pytest.mark.parametrize(
    ("jurisdiction", "period", "start", "end"),
    [
        ("norway", "2019", date(2019, 1, 1), date(2020, 1, 1)),
        ("norway", "2019H1", date(2019, 1, 1), date(2019, 7, 1)),
        ("norway", "2019H2", date(2019, 7, 1), date(2020, 1, 1)),
        ("england", "2025", date(2024, 4, 1), date(2025, 4, 1)),
    ],
)
def test_periods_are_half_open_spans_of_days(jurisdiction: str, period: str, start: date, end: date) -> None:
    place = load(jurisdiction).jurisdiction
    assert (place.start_of(period), place.end_of(period)) == (start, end)


def test_every_duty_is_in_force_on_both_sides_of_2023() -> None:
    for indicator in load("norway").ranked:
        if indicator.duties:
            for day in (date(2022, 12, 31), date(2023, 1, 1)):
                assert sum(duty.holds(day) for duty in indicator.duties) == 1, indicator.id


def test_an_indicator_on_an_unconfirmed_table_waits_until_it_is_confirmed(home: Path) -> None:
    """It is neither asked for nor built; `confirmed` in the table's declaration, and a rule, switch it on."""
    path = home / "norway" / "indicators" / "children_reported.toml"
    text = path.read_text(encoding="utf-8").replace("ssb_12615", "ssb_12189")
    (path.parent / "reports_on_time.toml").write_text(text.replace('"children_reported"', '"reports_on_time"'), "utf-8")
    before = load("norway", home)
    assert "reports_on_time" in before.waiting and "reports_on_time" not in before.indicators
    assert wanted(before, "ssb_12189") is None
    spoil(home, "datasets/ssb_12189.toml", 'confirmed = "unconfirmed"', 'confirmed = "live"')
    spoil(home, "calendar.toml", '"ssb_12275"', '"ssb_12189", "ssb_12275"')
    load.cache_clear()
    after = load("norway", home)
    assert "reports_on_time" in after.indicators and not after.waiting
    found = wanted(after, "ssb_12189")
    assert found is not None and found.measures == ("KOSbvbarnmelding0000",)


def test_a_mistake_in_an_indicator_that_waits_is_told(home: Path) -> None:
    path = home / "norway" / "indicators" / "children_reported.toml"
    text = path.read_text(encoding="utf-8").replace("ssb_12615", "ssb_12189").replace("ssb_07459", "ssb_7459")
    path.write_text(text, encoding="utf-8")
    assert any("ssb_7459" in problem for problem in told(home))


def test_letters_of_the_monitor_that_contradict_each_other(home: Path) -> None:
    spoil(home, "indicators/helped_at_home.toml", 'code = "1D"', 'code = "1F"')
    spoil(home, "indicators/lone_providers.toml", '"4B Andel"', '"4C Andel"')
    assert told(home) == [
        "norway/indicators/helped_at_home.toml: aliases.code: given 1E and 1F, which are 1D and 1F by bufdir_monitor.toml; "
        "allowed: letters that mean one workbook",
        "norway/indicators/lone_providers.toml: series.khr.measures: given 4C Andel; allowed: one of 4B, as its alias says",
    ]


def test_editions_of_the_monitor_overlap_or_mean_one_thing_twice(home: Path) -> None:
    spoil(home, "datasets/bufdir_monitor.toml", '"1G" = "1F" }', '"1G" = "1E" }')
    assert "two workbooks mean 1E" in told(home)[0]


def test_an_edition_that_lasts_beyond_the_next(home: Path) -> None:
    spoil(home, "datasets/bufdir_monitor.toml", "valid_to = 2026-01-01", "valid_to = 2026-02-01")
    assert "none beside another" in told(home)[0]


def test_two_kinds_of_file_with_one_name_and_columns_that_point_nowhere(home: Path) -> None:
    spoil(home, "datasets/khr_plans.toml", '["khr_tiltaksplan"]', '["tilsyn"]')
    assert told(home) == ["norway/datasets: drop.names: given tilsyn, 2 times; allowed: each once"]
    load.cache_clear()
    spoil(home, "datasets/inspection.toml", 'valid_on = "inspected_on"', 'valid_on = "inspected"')
    assert "each must be one of the fields inspected_on, closed_on" in told(home)[0]
    load.cache_clear()
    spoil(home, "datasets/inspection.toml", 'type = "municipality"', 'type = "municipality"\npattern = "x"')
    assert "pattern goes with type = text" in told(home)[0]
