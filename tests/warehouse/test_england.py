"""England is real: every authority of each year is there or its absence is explained, and the published shares come out."""

import csv
from pathlib import Path

import pytest

from pipeline.warehouse.release import connect

GOLDEN = Path(__file__).parent.parent / "golden" / "england"
ROUNDING_PERCENT = 0.05 + 1e-9
ROUNDING_COUNT = 5


def published() -> list[dict[str, str]]:
    with (GOLDEN / "published_national_shares.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("row", published(), ids=lambda row: f"{row['indicator_id']} {row['year']}")
def test_national_shares_from_counts_are_the_published_ones(releases: dict[str, Path], row: dict[str, str]) -> None:
    """Where every authority has counts, the share is the published one within rounding.

    Where some are hidden or missing, the published counts say how many cases they have: the published share lies
    between none and all of those being in the numerator.
    """
    with connect(releases["england"]) as con:
        [(numerator, denominator, value, present, total)] = con.execute(
            """SELECT numerator, denominator, value, parts_present, parts_total FROM core.indicator_value
               WHERE unit_kind = 'country' AND indicator_id = ? AND period = ? AND is_newest""",
            [row["indicator_id"], row["year"]],
        ).fetchall()
    share, cases = float(row["share_percent"]), float(row["denominator"] or denominator)
    absent = max(cases - denominator, 0)
    assert absent <= ROUNDING_COUNT or present < total
    if present == total:
        assert value == pytest.approx(share, abs=ROUNDING_PERCENT)
    lowest, highest = 100 * numerator / cases, 100 * (numerator + absent) / cases
    assert lowest - ROUNDING_PERCENT <= share <= highest + ROUNDING_PERCENT


@pytest.mark.parametrize("indicator", ["assessments_on_time", "conferences_on_time"])
def test_shares_without_counts_come_near_the_published_ones(releases: dict[str, Path], indicator: str) -> None:
    """Their denominators are stand-ins (referrals, plans started), so the sum is a weighted mean, not the published share."""
    measure = {
        "assessments_on_time": "pct_assessments_within_45_working_days",
        "conferences_on_time": "pct_icpc_within_15_working_days",
    }[indicator]
    with connect(releases["england"]) as con:
        gaps = con.execute(
            """SELECT abs(sent.value - ours.value) FROM raw.observation AS sent
               JOIN core.indicator_value AS ours ON ours.period = sent.period AND ours.unit_kind = 'country'
               WHERE sent.unit_code = '970' AND sent.measure = ? AND ours.indicator_id = ?""",
            [measure, indicator],
        ).fetchall()
    assert len(gaps) == 10 and max(gap for (gap,) in gaps) < 0.7


def test_every_authority_of_each_year_is_there_or_explained(releases: dict[str, Path]) -> None:
    """159 authorities over ten years: a value, or a status that says why not; none is silently absent."""
    with connect(releases["england"]) as con:
        rows = con.execute(
            """SELECT indicator_id, period, count(*), count(*) FILTER (status = 'unit_absent')
               FROM core.indicator_value WHERE unit_kind = 'municipality' GROUP BY ALL"""
        ).fetchall()
        bare = con.execute("SELECT count(*) FROM core.indicator_value WHERE value IS NULL AND status = 'ok'").fetchall()
    per_year = {"2016": 152, "2017": 152, "2018": 152, "2019": 152, "2020": 151, "2021": 151, "2022": 152, "2023": 152}
    assert {(period, total - absent) for _, period, total, absent in rows} == {
        *per_year.items(), ("2024", 153), ("2025", 153),
    }  # fmt: skip
    assert {total for _, _, total, _ in rows} == {158}
    assert bare == [(0,)]


def test_authorities_that_came_and_went(releases: dict[str, Path]) -> None:
    with connect(releases["england"]) as con:
        rows = con.execute(
            "SELECT municipality_code, valid_from::VARCHAR, valid_to::VARCHAR FROM mart.unit_absent"
        ).fetchall()
    assert rows == [
        ("835", "2015-04-01", "2019-04-01"), ("836", "2015-04-01", "2019-04-01"), ("837", "2015-04-01", "2019-04-01"),
        ("838", "2019-04-01", None), ("839", "2019-04-01", None), ("909", "2015-04-01", "2023-04-01"),
        ("928", "2015-04-01", "2021-04-01"), ("940", "2021-04-01", None), ("941", "2021-04-01", None),
        ("942", "2023-04-01", None), ("943", "2023-04-01", None),
    ]  # fmt: skip


def test_a_suppressed_count_a_blank_a_zero_denominator_and_a_true_zero_stay_apart(releases: dict[str, Path]) -> None:
    with connect(releases["england"]) as con:
        found = dict(
            con.execute(
                """SELECT status, count(*) FROM core.indicator_value
                   WHERE unit_kind = 'municipality' AND indicator_id = 'repeat_plans' GROUP BY status"""
            ).fetchall()
        )
        [(zeros,)] = con.execute(
            """SELECT count(*) FROM core.indicator_value WHERE unit_kind = 'municipality'
               AND indicator_id = 'repeat_plans' AND status = 'ok' AND numerator = 0"""
        ).fetchall()
    assert found == {"ok": 1484, "suppressed_source": 26, "not_reported": 4, "zero_denominator": 6, "unit_absent": 60}
    assert zeros > 0
