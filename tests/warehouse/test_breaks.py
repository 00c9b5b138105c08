"""A drawn country in which one service goes over to the new register a year before the others, and one half a year later."""

from datetime import date
from pathlib import Path

import pytest

from pipeline.problems import BadInput
from pipeline.registry.breaks import ServiceDay
from pipeline.registry.load import Registry, load
from pipeline.registry.programme import Cohort, CohortMember, Phase
from pipeline.warehouse.release import connect
from tests.warehouse.test_drawn_countries import country, plain

WORDS = {"nb": "x", "nn": "x", "en": "x"}
EARLY, LATE = "municipality_1101", "municipality_1103"
# Each half-year and each service has a step of its own, so that a wrong sum shows which were taken. 1430 became 4647 in 2020.
PERIODS = {"2019;1": 1, "2019;2": 2, "2020;1": 4, "2020;2": 8}
SERVICES_2019 = {"1101": 1, "1103": 20, "1430": 300}
SERVICES_2020 = {"1101": 1, "1103": 20, "4647": 300}
ROWS = [
    f"{code};{period};{step * each};{10 * step * each};"
    for period, step in PERIODS.items()
    for code, each in (SERVICES_2020 if period.startswith("2020") else SERVICES_2019).items()
]


def switched(**days: date) -> Registry:
    """Norway with one cohort, where services cross the break to the register on days of their own."""
    services = tuple(ServiceDay(service=service, day=day, source="drawn") for service, day in days.items())
    breaks = tuple(
        each.model_copy(update={"services": services}) if each.id == "register_2021" else each
        for each in load("norway").breaks
    )
    phases = (
        Phase(id="baseline", first_period="2019H1", last_period="2019H2"),
        Phase(id="during", first_period="2020H1", last_period="2020H2"),
    )
    cohort = Cohort(
        id="drawn", label=WORDS, start=date(2020, 1, 1), end=date(2021, 1, 1), code_date=date(2020, 1, 1), era="khr",
        phases=phases, members=(CohortMember(name="Sted 1101", municipality_code="1101"),), source="drawn",
    )  # fmt: skip
    return plain(breaks=breaks, cohorts=(cohort,))


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    registry = switched(**{EARLY: date(2020, 1, 1), LATE: date(2021, 7, 1)})
    return country(tmp_path_factory.mktemp("switched"), *ROWS, registry=registry)


def test_a_break_has_a_row_for_each_indicator_and_each_service_with_a_day_of_its_own(release: Path) -> None:
    with connect(release) as con:
        rows = con.execute(
            """SELECT service_id, day, country_day, kind, effect, source FROM core.series_break
               WHERE break_id = 'register_2021' AND indicator_id = 'caseload' ORDER BY service_id NULLS FIRST"""
        ).fetchall()
        [(untouched,)] = con.execute(
            "SELECT count(*) FROM core.series_break WHERE indicator_id IS NULL AND break_id = 'age_band_2021'"
        ).fetchall()
    country_day = date(2021, 1, 1)
    assert [row[:5] for row in rows] == [
        (None, country_day, country_day, "method", "not_comparable"),
        (EARLY, date(2020, 1, 1), country_day, "method", "not_comparable"),
        (LATE, date(2021, 7, 1), country_day, "method", "not_comparable"),
    ]
    assert [row[5] for row in rows[1:]] == ["drawn", "drawn"] and untouched == 1


def test_the_periods_between_the_days_of_a_service_and_of_the_country_are_apart(release: Path) -> None:
    with connect(release) as con:
        apart = con.execute(
            "SELECT service_id, list(period ORDER BY period) FROM core.period_apart WHERE indicator_id = 'caseload' GROUP BY ALL"
        ).fetchall()
    assert dict(apart) == {EARLY: ["2020", "2020H1", "2020H2"], LATE: ["2021", "2021H1"]}


def test_a_half_year_that_holds_the_day_is_apart_too(tmp_path: Path) -> None:
    release = country(tmp_path, *ROWS, registry=switched(**{EARLY: date(2019, 9, 1)}))
    with connect(release) as con:
        apart = con.execute("SELECT period FROM core.period_apart WHERE indicator_id = 'caseload'").fetchall()
    assert [period for (period,) in apart] == ["2019", "2019H2", "2020", "2020H1", "2020H2"]


def test_the_ranking_does_not_pool_a_service_across_its_own_day(release: Path) -> None:
    with connect(release) as con:
        pooled = con.execute(
            """SELECT service_id, numerator, denominator, cells FROM result.indicator_estimate
               WHERE round_id = 'round_2020h2' AND indicator_id = 'foster_supervision_missed'"""
        ).fetchall()
    assert {service: sums for service, *sums in pooled} == {
        EARLY: [3, 30, 2],
        LATE: [300, 3000, 4],
        "municipality_4647": [4500, 45000, 4],
    }


def test_the_follow_up_does_not_compare_a_service_across_its_own_day(release: Path) -> None:
    with connect(release) as con:
        path = con.execute("SELECT group_name, period, numerator FROM mart.path ORDER BY ALL").fetchall()
        phases = con.execute("SELECT DISTINCT phase FROM result.change WHERE group_name = 'guided'").fetchall()
    assert path == [
        ("guided", "2019H1", 1), ("guided", "2019H2", 2),
        ("rest", "2019H1", 320), ("rest", "2019H2", 640), ("rest", "2020H1", 1280), ("rest", "2020H2", 2560),
    ]  # fmt: skip
    assert phases == [("baseline",)]


def test_a_number_that_is_left_out_gives_its_reason_and_is_still_published(release: Path) -> None:
    with connect(release) as con:
        shown = con.execute(
            """SELECT period, numerator, denominator, value, status FROM mart.cell
               WHERE service_id = ? AND indicator_id = 'foster_supervision_missed' ORDER BY period""",
            [EARLY],
        ).fetchall()
        [(gaps,)] = con.execute(
            "SELECT gaps FROM mart.estimate WHERE service_id = ? AND indicator_id = 'foster_supervision_missed'",
            [EARLY],
        ).fetchall()
        [published] = con.execute(
            """SELECT numerator, denominator, status FROM core.indicator_value WHERE unit_kind = 'service'
               AND unit_code = ? AND indicator_id = 'foster_supervision_missed' AND period = '2020H2'""",
            [EARLY],
        ).fetchall()
    assert shown[1] == ("2019H2", 2, 20, 10.0, "ok")
    assert shown[2:] == [(period, None, None, None, "series_break") for period in ("2020H1", "2020H2")]
    assert gaps == "2020H1 series_break;2020H2 series_break"
    assert published == (8, 80, "ok")


def test_a_service_nobody_knows_is_told(tmp_path: Path) -> None:
    with pytest.raises(
        BadInput, match=r"breaks.toml: register_2021: services: given 'oslo'; allowed: a service of today"
    ):
        country(tmp_path, *ROWS, registry=switched(oslo=date(2020, 1, 1)))
