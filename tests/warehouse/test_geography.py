"""Codes through time: nothing is lost on the way from the codes of the day to those of today."""

from pathlib import Path

import pytest

from pipeline.warehouse.release import connect


def test_the_number_of_municipalities_of_each_year(releases: dict[str, Path]) -> None:
    expected = [428] * 4 + [426, 422, 422] + [356] * 4 + [357, 357]
    with connect(releases["norway"]) as con:
        counted = [
            con.execute(
                """SELECT count(*) FROM core.municipality WHERE valid_from <= make_date($1, 1, 1)
                   AND (valid_to IS NULL OR valid_to > make_date($1, 1, 1))""",
                [year],
            ).fetchall()[0][0]
            for year in range(2013, 2026)
        ]
    assert counted == expected


def test_weights_of_successors_add_up_to_one(releases: dict[str, Path]) -> None:
    with connect(releases["norway"]) as con:
        lost = con.execute(
            "SELECT old_code FROM staging.successor GROUP BY old_code, old_valid_from HAVING abs(sum(weight) - 1) > 1e-9"
        ).fetchall()
    assert lost == []


@pytest.mark.parametrize("part", ["numerator", "denominator"])
def test_counts_mapped_to_today_are_the_counts_as_sent(releases: dict[str, Path], part: str) -> None:
    """Per indicator and half-year: the sum over the municipalities of the day is the sum over those of today."""
    with connect(releases["norway"]) as con:
        gaps = con.execute(
            """
            WITH sent AS (
                SELECT cell.indicator_id, cell.period, sum(cell.value) AS total FROM staging.part_cell AS cell
                WHERE cell.part = ? AND cell.era = 'khr' AND cell.unit_code IN (SELECT municipality_code FROM core.municipality)
                GROUP BY ALL
            ),
            today AS (
                SELECT indicator_id, period, sum(value) AS total FROM staging.part_placed
                WHERE part = ? AND era = 'khr' AND borders = 'as_of' GROUP BY ALL
            )
            SELECT indicator_id, period, sent.total, today.total FROM sent FULL JOIN today USING (indicator_id, period)
            WHERE sent.total IS DISTINCT FROM today.total
                AND abs(coalesce(sent.total, 0) - coalesce(today.total, 0)) > 1e-6 * sent.total
            """,
            [part, part],
        ).fetchall()
    assert gaps == []


def test_forde_is_followed_into_sunnfjord(releases: dict[str, Path]) -> None:
    with connect(releases["norway"]) as con:
        found = con.execute(
            "SELECT municipality_code, weight FROM staging.successor WHERE old_code = '1432'"
        ).fetchall()
    assert found == [("4647", 1.0)]


def test_every_office_and_county_total_is_the_sum_of_its_services(releases: dict[str, Path]) -> None:
    query = """
        WITH total AS (
            SELECT unit_code, indicator_id, era, period, denominator FROM core.indicator_value
            WHERE unit_kind = $1 AND is_newest
        ),
        parts AS (
            SELECT CASE $1 WHEN 'office' THEN service.office_id WHEN 'county' THEN service.county ELSE '0' END AS unit_code,
                indicator_id, era, period, sum(denominator) FILTER (numerator IS NOT NULL OR denominator = 0) AS denominator
            FROM core.indicator_value JOIN core.service AS service ON service.service_id = unit_code
            WHERE unit_kind = 'service' AND is_newest GROUP BY ALL
        )
        SELECT * FROM total JOIN parts USING (unit_code, indicator_id, era, period)
        WHERE abs(coalesce(total.denominator, 0) - coalesce(parts.denominator, 0)) > 1e-6
    """
    with connect(releases["norway"]) as con:
        for kind in ("office", "county", "country"):
            assert con.execute(query, [kind]).fetchall() == [], kind


def test_joint_services_partition_the_municipalities(releases: dict[str, Path]) -> None:
    with connect(releases["norway"]) as con:
        assert con.execute(
            "SELECT count(*), count(DISTINCT municipality_code) FROM core.service_member"
        ).fetchall() == [(357, 357)]
        assert con.execute(
            "SELECT count(*) FROM core.service_member WHERE is_host GROUP BY service_id HAVING count(*) <> 1"
        ).fetchall() in ([], [(357,)])
        [(services, offices)] = con.execute("SELECT count(*), count(DISTINCT office_id) FROM core.service").fetchall()
    assert (services, offices) == (230, 10)


def test_the_wrong_entries_of_the_published_list_are_mended(releases: dict[str, Path]) -> None:
    """Rindal (5061) belongs with Sunndal, Nærøysund (5060) does not; Meløy (1837) is not in Bodø's service."""
    with connect(releases["norway"]) as con:
        of = dict(con.execute("SELECT municipality_code, service_id FROM core.service_member").fetchall())
    assert of["5061"] == of["1563"] != of["5060"]
    assert of["1875"] == of["1804"] != of["1837"]
    assert of["4206"] == of["4207"] != of["4213"]
