"""Codes through time: nothing is lost on the way from the codes of one day to those of another."""

import csv
import itertools
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from pipeline.warehouse.release import connect

ROOT = Path(__file__).parent.parent.parent
YEARS = range(2013, 2026)
# SSB, table 07459, whole country on 1 January, as published.
POPULATION = {
    2017: 5258317, 2018: 5295619, 2019: 5328212, 2020: 5367580, 2021: 5391369, 2022: 5425270, 2023: 5488984, 2024: 5550203,
}  # fmt: skip
IN_USE = "valid_from <= make_date({0}, 1, 1) AND coalesce(valid_to, DATE '9999-12-31') > make_date({0}, 1, 1)"


@pytest.fixture(scope="module")
def con(releases: dict[str, Path]) -> Any:
    with connect(releases["norway"]) as opened:
        yield opened


def rows(con: duckdb.DuckDBPyConnection, query: str, *values: object) -> list[tuple[Any, ...]]:
    return con.execute(query, list(values)).fetchall()


def test_the_number_of_municipalities_of_each_year(con: duckdb.DuckDBPyConnection) -> None:
    query = f"SELECT count(*) FROM core.municipality WHERE is_listed AND {IN_USE.format('$1')}"
    assert [rows(con, query, year)[0][0] for year in YEARS] == [428] * 4 + [426, 422, 422] + [356] * 4 + [357, 357]


def test_every_change_of_the_code_list_is_a_link_and_every_link_a_change(con: duckdb.DuckDBPyConnection) -> None:
    [path] = (ROOT / "data" / "raw" / "norway" / "klass_changes").glob("*.csv")
    with path.open(encoding="utf-8") as file:
        sent = [(row["oldCode"], row["newCode"], row["changeOccurred"]) for row in csv.DictReader(file)]
    links = rows(con, "SELECT old_code, new_code, changed_on::VARCHAR FROM core.municipality_link")
    assert sorted(links) == sorted(sent)
    assert len(sent) == 529


def test_what_kinds_of_changes_there_were(con: duckdb.DuckDBPyConnection) -> None:
    """By year: SSB's and Bufdir's own counts (domain §5.2): 46 + 2 renumbered alone or merged in 2018, 5 split rows in 2020."""
    counted = rows(
        con, "SELECT year(changed_on), kind, count(*) FROM core.municipality_link WHERE kind <> 'kept' GROUP BY ALL"
    )
    assert {(year, kind): count for year, kind, count in counted} == {
        (2013, "merged"): 2,
        (2017, "merged"): 2, (2017, "split"): 2,
        (2018, "renumbered"): 46, (2018, "merged"): 8,
        (2019, "renumbered"): 1,
        (2020, "renumbered"): 202, (2020, "merged"): 105, (2020, "split"): 5,
        (2024, "renumbered"): 113, (2024, "split"): 2,
    }  # fmt: skip


def test_who_moved_to_another_county_and_who_only_got_a_new_county_number(con: duckdb.DuckDBPyConnection) -> None:
    """The seven of the dossier (§5.3) and no other of 480: a county that is merged or split moves nobody."""
    moved = rows(
        con, "SELECT old_code, new_code FROM core.municipality_link WHERE moved_county ORDER BY changed_on, old_code"
    )
    assert moved == [
        ("1567", "5061"), ("0532", "3053"), ("0533", "3054"), ("0711", "3005"), ("1444", "1577"), ("1571", "5055"),
        ("1852", "5412"),
    ]  # fmt: skip


def test_a_split_is_weighed_by_the_children_who_went(con: duckdb.DuckDBPyConnection) -> None:
    """By hand from SSB 07459, ages 0-17, 1 January: e.g. Hamarøy 2020 (479) less Hamarøy 2019 (292) = 187."""
    weights = rows(
        con, "SELECT old_code, new_code, weight FROM core.municipality_link WHERE kind = 'split' AND old_code <> '0720'"
    )
    narvik, hamaroy = 4180 - 3599 - 467, 479 - 292
    heim, hitra, orkland = 1143 - 846 - 281, 924 - 890, 3751 - 311 - 765 - 2625
    assert {(old, new): weight for old, new, weight in weights} == {
        ("1850", "1806"): pytest.approx(narvik / (narvik + hamaroy)),
        ("1850", "1875"): pytest.approx(hamaroy / (narvik + hamaroy)),
        ("5012", "5055"): pytest.approx(heim / (heim + hitra + orkland)),
        ("5012", "5056"): pytest.approx(hitra / (heim + hitra + orkland)),
        ("5012", "5059"): pytest.approx(orkland / (heim + hitra + orkland)),
        ("1507", "1508"): pytest.approx(11890 / (11890 + 1929)),
        ("1507", "1580"): pytest.approx(1929 / (11890 + 1929)),
    }
    bases = rows(con, "SELECT basis FROM core.municipality_link WHERE kind = 'split'")
    assert all(basis for (basis,) in bases)


@pytest.fixture(scope="module")
def population(con: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Everybody by municipality of the day and year; the bundled copy lacks three municipalities before 2017."""
    return con.execute(
        """SELECT unit_code AS code, CAST(period AS INTEGER) AS year, value AS people FROM raw.observation
           WHERE dataset_id = 'population_07459' AND measure = 'total' AND value > 0"""
    ).df()


def test_the_population_of_the_municipalities_is_that_of_the_country(population: pd.DataFrame) -> None:
    summed = population.groupby("year")["people"].sum()
    assert {year: int(summed[year]) for year in POPULATION} == POPULATION


def path_between(con: duckdb.DuckDBPyConnection, old_year: int, new_year: int) -> pd.DataFrame:
    """old_code, new_code, weight, is_split, is_same between the 1 Januaries of two years."""
    return con.execute(
        """SELECT old_code, new_code, weight, is_split, is_same FROM core.municipality_successor
           WHERE old_valid_from <= $1 AND coalesce(old_valid_to, DATE '9999-12-31') > $1
               AND new_valid_from <= $2 AND coalesce(new_valid_to, DATE '9999-12-31') > $2 AND since <= $2""",
        [date(old_year, 1, 1), date(new_year, 1, 1)],
    ).df()


@pytest.fixture(scope="module")
def paths(con: duckdb.DuckDBPyConnection) -> dict[tuple[int, int], pd.DataFrame]:
    return {pair: path_between(con, *pair) for pair in itertools.combinations(YEARS, 2)}


def test_the_population_of_a_year_is_kept_on_the_codes_of_any_later_year(
    paths: dict[tuple[int, int], pd.DataFrame], population: pd.DataFrame
) -> None:
    """All 78 pairs of years: nobody is lost or counted twice, and who was not split goes whole."""
    for (old_year, new_year), path in paths.items():
        people = population[population["year"] == min(old_year, 2024)].set_index("code")["people"]
        path = path[path["old_code"].isin(people.index)]
        assert set(path["old_code"]) == set(people.index), (old_year, new_year)
        moved = path["old_code"].map(people) * path["weight"]
        assert moved.sum() == pytest.approx(people.sum(), rel=1e-12), (old_year, new_year)
        assert (path.loc[~path["is_split"], "weight"] == 1).all()


def test_the_way_over_a_third_year_is_the_way(paths: dict[tuple[int, int], pd.DataFrame]) -> None:
    """All 286 triples of years: from a to b and from b to c is from a to c, with the same weights.

    But for Ålesund's parts of before 2020, of which it is known where each went in 2024 (split_parts.toml).
    """
    known = ["1504", "1523", "1529", "1534", "1546"]
    for first, second, third in itertools.combinations(YEARS, 3):
        before = paths[first, second][~paths[first, second]["old_code"].isin(known)]
        over = before.merge(paths[second, third], left_on="new_code", right_on="old_code")
        over["weight"] = over["weight_x"] * over["weight_y"]
        over = over.groupby(["old_code_x", "new_code_y"])["weight"].sum()
        straight = paths[first, third].set_index(["old_code", "new_code"])["weight"].drop(known, errors="ignore")
        pd.testing.assert_series_equal(over.sort_index(), straight.sort_index(), check_names=False, rtol=1e-12)


def test_who_only_changed_the_number_comes_back_as_it_went(paths: dict[tuple[int, int], pd.DataFrame]) -> None:
    """One old code for one new one, both ways; on most pairs that is most municipalities."""
    for path in paths.values():
        same = path[path["is_same"]]
        assert same["old_code"].is_unique and same["new_code"].is_unique
        alone = path[~path["new_code"].duplicated(keep=False) & ~path["is_split"]]
        # Of those that were joined, at most one went on; Haram came back, and is not the same by the code list.
        assert set(alone["old_code"]) - {"1534"} <= set(same["old_code"])
    # With Longyearbyen: all but Ålesund; all but those merged in 2017 (three) and 2018 (eight).
    assert paths[2020, 2025]["is_same"].sum() == 356 - 1 + 1
    assert paths[2013, 2019]["is_same"].sum() == 428 - 3 - 8 + 1


def test_published_rates_are_counts_over_the_population_we_hold(con: duckdb.DuckDBPyConnection) -> None:
    """SSB, children with measures per 1,000 aged 0-22 on 31 December, over the population of the day after.

    Rounded half away from zero, as SSB does. A municipality that merged that night has no population of its own. Two do not
    agree: Ås and Nes, whose borders were adjusted on 1 January 2020 without a change of code. (The table of 2010 has
    another rule: its rates are of children aged 0-17, its counts of all ages.)
    """
    population = con.execute(
        """SELECT unit_code AS code, CAST(period AS INTEGER) AS year, value FROM raw.observation
           WHERE dataset_id = 'population_07459' AND measure = 'age_0_22'"""
    ).df()
    known = {(row.code, row.year): row.value for row in population.itertuples()}
    tested: dict[int, int] = {}
    wrong = []
    with (ROOT / "tests/recorded/ssb/children_with_measures_sample.csv").open(encoding="utf-8") as file:
        sample = [row for row in csv.DictReader(file) if len(row["code"]) == 4 and row["per1000_base"] == "0-22"]
    for row in sample:
        year = int(row["year"])
        path = path_between(con, year, year + 1)
        same = path[(path["old_code"] == row["code"]) & path["is_same"]]["new_code"].tolist()
        people = known.get((same[0], year + 1)) if same else None
        if people and row["tiltak_3112"]:
            tested[year] = tested.get(year, 0) + 1
            rate = int(float(row["tiltak_3112"]) / people * 10000 + 0.5 + 1e-9) / 10
            wrong += [row["code"]] if rate != float(row["per1000_3112"]) else []
    assert wrong == ["0214", "0236"]
    assert tested == {2015: 68, 2018: 58, 2019: 16}


@pytest.mark.parametrize("part", ["numerator", "denominator"])
def test_counts_mapped_to_today_are_the_counts_as_sent(con: duckdb.DuckDBPyConnection, part: str) -> None:
    """Per indicator and period: the sum over the codes as sent is that over the municipalities of today, and of the day."""
    for borders in ("as_of", "period"):
        gaps = rows(
            con,
            """
            WITH sent AS (
                SELECT cell.indicator_id, cell.era, cell.vintage, cell.period, sum(cell.value) AS total
                FROM staging.part_cell AS cell
                WHERE cell.part = $1 AND cell.unit_code IN (SELECT municipality_code FROM core.municipality)
                    AND cell.dataset_borders = 'year_of_data'
                GROUP BY ALL
            ),
            placed AS (
                SELECT indicator_id, era, vintage, period, sum(value) AS total FROM staging.part_placed
                WHERE part = $1 AND borders = $2 AND dataset_borders = 'year_of_data' GROUP BY ALL
            )
            SELECT * FROM sent FULL JOIN placed USING (indicator_id, era, vintage, period)
            WHERE sent.total IS DISTINCT FROM placed.total
                AND abs(coalesce(sent.total, 0) - coalesce(placed.total, 0)) > 1e-6 * coalesce(sent.total, 0)
            """,
            part,
            borders,
        )
        assert gaps == [], borders


SERVICE_NOW = "core.service AS service ON service.service_id = value.unit_code AND service.valid_to IS NULL"
SERVICE_THEN = """core.service AS service ON service.service_id = value.unit_code
    AND service.valid_from <= value.period_start AND coalesce(service.valid_to, DATE '9999-12-31') > value.period_start"""


@pytest.mark.parametrize(
    ("table", "service"), [("indicator_value", SERVICE_NOW), ("indicator_value_then", SERVICE_THEN)]
)
@pytest.mark.parametrize("kind", ["office", "county", "country"])
def test_every_total_is_the_sum_of_its_services(
    con: duckdb.DuckDBPyConnection, table: str, service: str, kind: str
) -> None:
    """Counts, all vintages, every period, with the services, counties and offices of today and with those of the day."""
    found = rows(
        con,
        f"""
        WITH total AS (
            SELECT * FROM core.{table} WHERE unit_kind = $1
        ),
        parts AS (
            SELECT CASE $1 WHEN 'office' THEN service.office_id WHEN 'county' THEN service.county ELSE '0' END AS unit_code,
                value.indicator_id, value.era, value.period, value.vintage,
                sum(value.numerator) AS numerator,
                sum(value.denominator) FILTER (value.numerator IS NOT NULL OR value.denominator = 0) AS denominator
            FROM core.{table} AS value JOIN {service}
            WHERE value.unit_kind = 'service' AND service.county <> '21' AND value.status <> 'unit_absent' GROUP BY ALL
        )
        SELECT total.unit_code, total.period, total.numerator, parts.numerator, total.denominator, parts.denominator
        FROM total FULL JOIN parts USING (unit_code, indicator_id, era, period, vintage)
        WHERE abs(coalesce(total.numerator, 0) - coalesce(parts.numerator, 0)) > 1e-6
            OR (total.numerator_low IS NULL
                AND abs(coalesce(total.denominator, 0) - coalesce(parts.denominator, 0)) > 1e-6)
        """,
        kind,
    )
    assert found == []
    periods = rows(con, f"SELECT count(DISTINCT period) FROM core.{table} WHERE unit_kind = $1", kind)
    assert periods[0][0] > 20


def test_a_county_area_is_the_sum_of_its_municipalities_and_a_county_that_of_its_services(
    con: duckdb.DuckDBPyConnection,
) -> None:
    """They differ where a service reaches over the border: Gulen is served from Masfjorden in Hordaland."""
    query = """SELECT sum(denominator) FROM core.indicator_value_then
               WHERE indicator_id = 'children_with_measures' AND period = '2018' AND is_newest AND unit_kind = ? AND unit_code {}"""
    [(area,)] = con.execute(query.format("= '14'"), ["county_area"]).fetchall()
    [(municipalities,)] = con.execute(query.format("LIKE '14%'"), ["municipality"]).fetchall()
    [(county,)] = con.execute(query.format("= '14'"), ["county"]).fetchall()
    assert area == municipalities > county
    [(areas,)] = con.execute(query.format("<> ''"), ["county_area"]).fetchall()
    [(counties,)] = con.execute(query.format("<> ''"), ["county"]).fetchall()
    assert areas == counties


def test_counties_and_offices_are_those_of_the_day(con: duckdb.DuckDBPyConnection) -> None:
    """2018: 18 counties and 16 offices; 2019: 18 and 10; 2020: 11 and 10; 2024: 15 and 10 (domain §3.8, §5.1)."""
    counted = rows(
        con,
        """SELECT period, count(DISTINCT unit_code) FILTER (unit_kind = 'county'), count(DISTINCT unit_code) FILTER (unit_kind = 'office')
           FROM core.indicator_value_then WHERE indicator_id = 'caseload' AND is_newest GROUP BY period""",
    )
    by_year = {period: numbers for period, *numbers in counted}
    assert by_year["2017"] == [19, 17]
    assert by_year["2018"] == [18, 16]
    assert by_year["2019"] == [18, 10]
    assert by_year["2020"] == [11, 10]
    assert by_year["2024"] == [15, 10]


def test_nothing_is_carried_across_a_split_on_the_borders_of_the_day(con: duckdb.DuckDBPyConnection) -> None:
    assert rows(con, "SELECT count(*) FROM core.indicator_value_then WHERE is_split") == [(0,)]
    assert rows(con, "SELECT count(*) > 0 FROM core.indicator_value WHERE is_split") == [(True,)]


def test_what_ålesund_was_made_of_goes_whole_where_it_went(con: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        con,
        "SELECT old_code, municipality_code, weight, is_split FROM staging.successor WHERE old_code LIKE '15%' AND municipality_code IN ('1508', '1580') ORDER BY 1, 2",
    )
    assert found == [
        ("1504", "1508", 1, False), ("1507", "1508", pytest.approx(11890 / 13819), True),
        ("1507", "1580", pytest.approx(1929 / 13819), True), ("1508", "1508", 1, False), ("1523", "1508", 1, False),
        ("1529", "1508", 1, False), ("1534", "1580", 1, False), ("1546", "1508", 1, False), ("1580", "1580", 1, False),
    ]  # fmt: skip


def test_an_estimate_across_a_split_decides_no_ranking(con: duckdb.DuckDBPyConnection) -> None:
    """Haram and Ålesund have 2024 and 2025 of three years; what was shared out in 2023 is shown, and not ranked on."""
    found = rows(
        con,
        """SELECT service.name, estimate.indicator_id, estimate.cells FROM result.indicator_estimate AS estimate
           JOIN core.service AS service ON service.service_id = estimate.service_id AND service.valid_to IS NULL
           JOIN registry.round AS round ON round.round_id = estimate.round_id AND round.is_current
           WHERE service.host = '1580'""",
    )
    assert found
    assert all(cells <= 2 for _, _, cells in found)
    shown = rows(
        con,
        """SELECT period, is_estimated FROM mart.cell JOIN registry.round AS round USING (round_id)
           WHERE service_id = 'municipality_1580' AND indicator_id = 'caseload' AND round.is_current""",
    )
    assert sorted(set(shown)) == [("2023", True), ("2024", False), ("2025", False)]


def test_what_is_shown_as_an_estimate_is_what_the_ranking_leaves_out(con: duckdb.DuckDBPyConnection) -> None:
    """No period of a service is in the pool and called estimated_split, and none is missing that should be there."""
    both = rows(
        con,
        """SELECT DISTINCT cell.service_id, cell.period FROM mart.cell AS cell JOIN registry.round AS round USING (round_id)
           JOIN staging.pooled_cell AS pooled
               ON pooled.service_id = cell.service_id AND pooled.indicator_id = cell.indicator_id
               AND pooled.era = round.era AND pooled.period = cell.period
           WHERE cell.status = 'estimated_split'""",
    )
    assert both == []
    neither = rows(
        con,
        """SELECT DISTINCT cell.service_id, cell.period FROM mart.cell AS cell JOIN registry.round AS round USING (round_id)
           ANTI JOIN staging.pooled_cell AS pooled
               ON pooled.service_id = cell.service_id AND pooled.indicator_id = cell.indicator_id
               AND pooled.era = round.era AND pooled.period = cell.period
           WHERE cell.status = 'ok'""",
    )
    assert neither == []


def test_longyearbyen_is_carried_and_not_ranked(con: duckdb.DuckDBPyConnection) -> None:
    assert rows(con, "SELECT name, county, is_listed FROM core.municipality WHERE municipality_code = '2111'") == [
        ("Longyearbyen", "21", False)
    ]
    [(ranked, reason)] = rows(
        con,
        """SELECT is_ranked, not_ranked_reason FROM mart.ranking JOIN registry.round USING (round_id)
           WHERE service_id = 'municipality_2111' AND round.is_current""",
    )
    assert (ranked, reason) == (False, "declared")
    statuses = rows(con, "SELECT DISTINCT status FROM core.indicator_value WHERE unit_code = '2111'")
    assert statuses == [("not_applicable",)]
    assert rows(con, "SELECT count(*) FROM core.indicator_value WHERE unit_kind = 'county' AND unit_code = '21'") == [
        (0,)
    ]


def test_the_thirteen_of_2018_with_code_service_host_and_office_then_and_now(con: duckdb.DuckDBPyConnection) -> None:
    golden = pd.read_csv(ROOT / "tests/golden/norway/thirteen.csv", dtype=str)
    found = con.execute(f"SELECT {', '.join(golden.columns)} FROM mart.cohort_member ORDER BY member_name, day").df()
    pd.testing.assert_frame_equal(found, golden, check_dtype=False)
    # The dossier's own table (§6), codes of 2018, 2020 and 2024.
    codes = golden.groupby("member_name")["municipality_code"].agg(" ".join).to_dict()
    assert codes == {
        "Alta": "2012 5403 5601", "Kautokeino": "2011 5430 5612", "Karasjok": "2021 5437 5610", "Porsanger": "2020 5436 5622",
        "Evenes": "1853 1853 1853", "Hemnes": "1832 1832 1832", "Meløy": "1837 1837 1837", "Vestvågøy": "1860 1860 1860",
        "Førde (Førde/Gaular)": "1432 4647 4647", "Kongsvinger": "0402 3401 3401", "Åsnes (Solør)": "0425 3418 3418",
        "Hurdal": "0239 3037 3242", "Ullensaker": "0235 3033 3209",
    }  # fmt: skip


def test_a_municipality_has_the_name_of_the_day(con: duckdb.DuckDBPyConnection) -> None:
    names = rows(
        con, "SELECT name, valid_to FROM core.municipality_name WHERE municipality_code = '1853' ORDER BY valid_from"
    )
    assert names == [("Evenes", date(2022, 1, 1)), ("Evenes - Evenášši", None)]


def test_a_region_is_followed_through_new_numbers_and_a_split(con: duckdb.DuckDBPyConnection) -> None:
    """Tysfjord was in the Sámi area; of its parts Hamarøy is, Narvik is not; Karasjok has had three numbers."""
    found = rows(con, "SELECT municipality_code, max(valid_to) FROM core.region_member GROUP BY 1")
    assert {code for code, _ in found} >= {"2021", "5437", "5610", "1850", "1875"}
    assert not {"1806", "1849"} & {code for code, _ in found}
    today = rows(con, "SELECT count(*) FROM core.region_member WHERE valid_to IS NULL")
    assert today == [(12,)]


def test_namesakes_are_told_apart(con: duckdb.DuckDBPyConnection) -> None:
    """Våler, Herøy, Os and Bø: never one municipality, never one service."""
    for names in (("0137", "0426"), ("1515", "1818"), ("0441", "1243"), ("0821", "1867")):
        found = rows(con, "SELECT DISTINCT new_code FROM core.municipality_successor WHERE old_code = $1", names[0])
        other = rows(con, "SELECT DISTINCT new_code FROM core.municipality_successor WHERE old_code = $1", names[1])
        assert not set(found) & set(other)


def test_kostra_groups_are_of_their_scheme_and_year(con: duckdb.DuckDBPyConnection) -> None:
    """Oslo was alone in group 15 before 2020 (with 14 for Bergen, Trondheim and Stavanger), and is in group 13 since."""
    oslo = rows(
        con,
        "SELECT scheme, peer_group, valid_from, valid_to FROM core.peer_group WHERE municipality_code = '0301' ORDER BY 3",
    )
    assert oslo == [("2013", "15", date(2013, 1, 1), date(2020, 1, 1)), ("2020", "EKG13", date(2020, 1, 1), None)]
    overlapping = rows(
        con,
        """SELECT one.municipality_code FROM core.peer_group AS one JOIN core.peer_group AS other
           ON other.municipality_code = one.municipality_code AND other.valid_from > one.valid_from
           AND other.valid_from < coalesce(one.valid_to, DATE '9999-12-31')""",
    )
    assert overlapping == []
    listed = rows(con, f"SELECT count(*) FROM core.peer_group WHERE scheme = '2020' AND {IN_USE.format(2024)}")
    assert listed == [(357,)]
    assert (
        rows(con, "SELECT municipality_code FROM core.peer_group WHERE municipality_code = '1507'") == []
    )  # split since
