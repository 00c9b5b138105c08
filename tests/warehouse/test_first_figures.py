"""Which figures were preliminary, and what became of them: three vintages drawn by hand."""

import duckdb
import pandas as pd
import pytest

from pipeline.warehouse.models import models

SERIES = """
CREATE SCHEMA registry; CREATE SCHEMA staging; CREATE SCHEMA core;
CREATE TABLE registry.part AS FROM (VALUES ('late', 'now', 'a'), ('late', 'now', 'b')) t(indicator_id, era, dataset_id);
CREATE TABLE registry.series AS
    SELECT 'late' AS indicator_id, 'now' AS era, 'year' AS frequency, DATE '2020-01-01' AS series_start, DATE '9999-12-31' AS series_end;
CREATE TABLE registry.period AS SELECT CAST(y AS VARCHAR) AS period, 'year' AS frequency, make_date(y, 1, 1) AS period_start,
    make_date(y + 1, 1, 1) AS period_end FROM range(2015, 2030) t(y);
"""
# vintage, dataset, period, file: the first brings 2023 and 2024; the second 2025 and the others again; the third, of one
# dataset alone, mends 2025; it has 2026 too, which the other dataset does not.
FILES = [
    (1, "a", 2023, "a1"), (1, "a", 2024, "a1"), (1, "b", 2023, "b1"), (1, "b", 2024, "b1"),
    (2, "a", 2023, "a2"), (2, "a", 2024, "a2"), (2, "a", 2025, "a2"),
    (2, "b", 2023, "b2"), (2, "b", 2024, "b2"), (2, "b", 2025, "b2"),
    (3, "a", 2023, "a2"), (3, "a", 2024, "a2"), (3, "a", 2025, "a3"), (3, "a", 2026, "a3"),
    (3, "b", 2023, "b2"), (3, "b", 2024, "b2"), (3, "b", 2025, "b2"),
]  # fmt: skip


def archive(files: list[tuple[int, str, int, str]]) -> duckdb.DuckDBPyConnection:
    """The two models made from vintages; each service's numerator is the vintage, out of 10."""
    con = duckdb.connect()
    con.execute(SERIES).fetchall()
    given = pd.DataFrame(files, columns=["vintage", "dataset_id", "period", "file_id"])
    vintage = given.assign(period=given["period"].astype(str), indicator_id="late", era="now")
    value = (
        vintage[["indicator_id", "era", "vintage", "period"]].drop_duplicates().assign(unit_kind="service", status="ok")
    )
    units = [value.assign(unit_code=code, numerator=value["vintage"], denominator=10) for code in ("x", "y")]
    units[1].loc[units[1]["vintage"] == 1, "status"] = "suppressed_source"
    for name, table in (("staging.vintage", vintage), ("core.indicator_value", pd.concat(units))):
        con.register("given", table)
        con.execute(f"CREATE TABLE {name} AS FROM given").fetchall()
    for name in ("staging.first_figure", "staging.revised_pair"):
        con.execute(f"CREATE TABLE {name} AS {models()[name]}").fetchall()
    return con


def test_a_period_is_preliminary_where_it_was_the_newest_that_all_datasets_had() -> None:
    found = archive(FILES).execute("SELECT period, first_vintage, newest_vintage, is_settled FROM staging.first_figure")
    assert found.fetchall() == [("2024", 1, 3, True), ("2025", 2, 3, True)]


@pytest.mark.parametrize(("last", "settled"), [(1, [False]), (2, [True, False]), (3, [True, True])])
def test_it_is_settled_once_other_files_have_it(last: int, settled: list[bool]) -> None:
    con = archive([each for each in FILES if each[0] <= last])
    assert [row[0] for row in con.execute("SELECT is_settled FROM staging.first_figure").fetchall()] == settled


def test_pairs_are_whole_figures_of_the_first_vintage_and_of_the_newest() -> None:
    """What was hidden in the first has no pair; nor has what nobody sent again."""
    found = archive(FILES).execute("SELECT service_id, period, first_numerator, numerator FROM staging.revised_pair")
    assert found.fetchall() == [("x", "2024", 1, 3), ("x", "2025", 2, 3), ("y", "2025", 2, 3)]
    assert not archive(FILES[:4]).execute("FROM staging.revised_pair").fetchall()
