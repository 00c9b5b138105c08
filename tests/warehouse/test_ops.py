"""What a release says about its own making: every check, what it looked at, and what was new."""

from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from pipeline.alerts.faults import faults
from pipeline.api import open_release
from pipeline.jobs import ANALYSES
from pipeline.progress import running
from pipeline.settings import Settings
from pipeline.sources.landing import archive
from pipeline.warehouse import ops
from pipeline.warehouse.build import build
from pipeline.warehouse.release import connect
from tests.warehouse.test_drawn_countries import HEADER, country, plain

JUNE, LATER = datetime(2021, 6, 1, tzinfo=UTC), datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize("jurisdiction", ["england", "norway"])
def test_every_check_says_what_it_looked_at(releases: dict[str, Path], jurisdiction: str) -> None:
    with connect(releases[jurisdiction]) as con:
        checks = con.execute("SELECT * FROM ops.check").df()
        counted = {
            table: con.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0]
            for table in ("core.indicator_value", "result.need_rank", "staging.part_cell")
        }
        datasets = con.execute("SELECT count(DISTINCT dataset_id), count(*) FROM raw.observation").fetchall()[0]
    assert not checks.duplicated(["table_name", "check_name"]).any()
    assert checks.loc[checks["severity"] == "error", "passed"].all(), "an error stops the build"
    assert ((checks["rows_failing"] == 0) == checks["passed"]).all() and (
        ~checks["passed"] == (checks["fell_short"] != "")
    ).all()
    for table, rows in counted.items():
        assert set(checks.loc[checks["table_name"] == table, "rows_checked"]) == {rows} and rows > 0
    sent = checks[checks["table_name"] == "raw.observation"]
    assert (len(sent), sent["rows_checked"].sum()) == datasets


def test_a_municipality_that_did_not_report_is_a_warning_with_its_name(releases: dict[str, Path]) -> None:
    """The simulation leaves out whole municipalities; read again from the raw cells of the newest file."""
    short = open_release("norway", releases["norway"]).checks().query("not passed")
    row = short.set_index("check_name").loc["every municipality has reported: ssb_12275 2025"]
    with connect(releases["norway"]) as con:
        silent = con.execute(
            """SELECT unit_code FROM raw.observation
               WHERE file_id = (SELECT max(file_id) FROM raw.file WHERE dataset_id = 'ssb_12275') AND period = '2025'
                   AND length(unit_code) = 4
                   AND (dataset_id, measure, dimensions) IN (SELECT (dataset_id, measure, dimensions) FROM registry.part)
               GROUP BY unit_code HAVING count(value) = 0 AND NOT bool_or(status = 'suppressed_source') ORDER BY 1"""
        ).fetchall()  # fmt: skip
        in_use = con.execute("SELECT municipality_code FROM core.municipality WHERE valid_to IS NULL").fetchall()
    assert [name.split()[0] for name in row["fell_short"].split(", ")] == [
        code for (code,) in silent if (code,) in in_use
    ]
    assert (row["severity"], row["rows_checked"]) == ("warning", 357)


def test_what_fell_short_is_what_alerts_tell(
    home: Path, releases: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VEIVISER_HOME", str(home))
    found = {each.about: each.words for each in faults("norway", LATER) if each.kind == "fell_short"}
    assert (
        found["mart.reporting every municipality has reported: ssb_12286 2025"] == "2/357: 1816 Vevelstad, 4627 Askøy"
    )


def test_warnings_of_a_drawn_release() -> None:
    con = duckdb.connect()
    con.execute("""CREATE SCHEMA mart;
        CREATE TABLE mart.reporting AS
            SELECT 'a' AS dataset_id, '2025' AS period, code AS municipality_code, 'x' AS name, how AS reported
            FROM (VALUES ('0001', 'all'), ('0002', 'none'), ('0003', 'some')) AS t(code, how);
        CREATE TABLE mart.whole AS
            SELECT 'a' AS dataset_id, '2025' AS period, 'm' AS measure, '' AS dimensions, code AS whole_code, 9.0 AS whole,
            8.0 AS parts_sum, verdict FROM (VALUES ('EAK', 'whole_above_parts'), ('18', 'parts_missing')) AS t(code, verdict);
        CREATE TABLE mart.revision AS
            SELECT 'a' AS dataset_id, day AS published_at, 'a/' || day AS file_after, 10 AS cells_compared, 0 AS cells_removed,
            gone AS cells_emptied FROM (VALUES (1, 7), (2, 0)) AS t(day, gone)""").fetchall()
    told = {each.table_name: each[3:] for each in ops.warnings(con)}
    assert told == {
        "mart.reporting": (3, 1, False, "0002 x"),
        "mart.whole": (2, 1, False, "EAK 2025 m: 9.0, its parts 8.0"),
        "mart.revision": (10, 0, True, ""),  # the newest file alone: what it brought back is not missing
    }


def test_a_release_names_its_run_and_the_files_that_were_new(tmp_path: Path) -> None:
    settings, registry, day = Settings(home=tmp_path), plain(), date(2021, 12, 31)
    with running("20261122T100000_abcdef"):
        first = country(tmp_path, "1101;2019;1;1;5;")
    body = "\n".join([HEADER, "1101;2019;1;2;5;", ""]).encode("iso-8859-1")
    later = archive(
        settings.raw / "norway", registry.datasets["khr_supervision"], body, "csv", JUNE, JUNE, synthetic=True
    )
    second = build(registry, settings, ANALYSES, day).path

    def run(path: Path) -> pd.Series:
        return open_release("norway", path).table("ops.run").iloc[0]

    one, two = run(first), run(second)
    assert (one["run_id"], one["previous_release"], len(one["new_files"])) == (
        "20261122T100000_abcdef",
        None,
        one["files"],
    )
    assert (two["previous_release"], list(two["new_files"])) == (first.stem, [f"khr_supervision/{later.name}"])
    assert two["run_id"] != one["run_id"] and one["started_at"] < one["ended_at"] <= two["started_at"]
    again = run(build(registry, settings, ANALYSES, day, again=True).path)
    assert (again["previous_release"], list(again["new_files"])) == (second.stem, [])
    second.write_bytes(b"damaged" * 1000)
    mended = run(build(registry, settings, ANALYSES, day, again=True).path)
    assert (mended["previous_release"], len(mended["new_files"])) == (None, mended["files"]), "nothing can be compared"
