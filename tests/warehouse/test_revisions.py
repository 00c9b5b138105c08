"""What a newer file changed: exactly the changed cells, told apart from rounding, news and partial deliveries."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipeline.jobs import ANALYSES
from pipeline.registry.load import load
from pipeline.settings import Settings
from pipeline.sources.landing import scan
from pipeline.warehouse.build import build
from pipeline.warehouse.load import READERS
from pipeline.warehouse.release import connect
from tests.warehouse.test_drawn_countries import DENOMINATOR, HEADER, NUMERATOR, country, plain

JUNE, SEPTEMBER, DECEMBER = (datetime(2021, month, 1, tzinfo=UTC) for month in (6, 9, 12))
FIRST = ("1430;2019;1;4;10;", "1431;2019;1;:;12;", "1101;2019;1;1;5;", "1103;2019;1;5;9;")


def file(*rows: str) -> str:
    return "\n".join([HEADER, *rows, ""])


def later(*rows: str, day: datetime = JUNE) -> dict[tuple[str, datetime], str]:
    return {("khr_supervision", day): file(*rows)}


def told(release: Path, columns: str = "unit_code, measure, kind, text_before, text_after") -> list[tuple[Any, ...]]:
    with connect(release) as con:
        return con.execute(f"SELECT {columns} FROM mart.revised_cell ORDER BY ALL").fetchall()


def summary(release: Path, columns: str) -> list[tuple[Any, ...]]:
    with connect(release) as con:
        return con.execute(f"SELECT {columns} FROM mart.revision ORDER BY published_at").fetchall()


def test_the_same_file_again_revises_nothing(tmp_path: Path) -> None:
    release = country(tmp_path, *FIRST, more=later(*reversed(FIRST)))
    assert told(release) == []
    assert summary(release, "cells_compared, cells_changed, units_added, periods_added, periods_left") == [
        (8, 0, 0, "", "")
    ]


def test_exactly_the_changed_cells_are_listed(tmp_path: Path) -> None:
    release = country(
        tmp_path,
        *FIRST,
        more=later("1430;2019;1;4;11;", "1431;2019;1;3;12;", "1101;2019;1;:;5;", "1103;2019;1;;9;", "1432;2019;1;0;8;"),
    )
    assert told(release) == [
        ("1101", NUMERATOR, "hidden", None, ":"),
        ("1103", NUMERATOR, "emptied", "5", ""),
        ("1430", DENOMINATOR, "changed", "10", "11"),
        ("1431", NUMERATOR, "shown", ":", "3"),
        ("1432", NUMERATOR, "added", None, "0"),
        ("1432", DENOMINATOR, "added", None, "8"),
    ]
    counts = "cells_added, cells_removed, cells_changed, cells_shown, cells_hidden, cells_filled, cells_emptied"
    assert summary(release, f"{counts}, units_added, units_removed") == [(2, 0, 1, 1, 1, 0, 1, 1, 0)]


def test_what_a_later_file_hides_is_not_told_again(tmp_path: Path) -> None:
    """1 → 2 → hidden → 4: neither 1 nor 2, nor the step between them; nor what the service was that it is a part of."""
    files = later("1101;2019;1;2;5;", "1103;2019;1;6;9;", day=JUNE)
    files |= later("1101;2019;1;:;5;", "1103;2019;1;6;9;", day=SEPTEMBER)
    files |= later("1101;2019;1;4;5;", "1103;2019;1;6;9;", day=DECEMBER)
    release = country(tmp_path, "1101;2019;1;1;5;", "1103;2019;1;5;9;", more=files)
    columns = "unit_code, kind, text_before, text_after, value_before, value_after, change, status_before, status_after"
    since, hidden = "hidden_since", "suppressed_source"
    assert told(release, columns) == [
        ("1101", "changed", None, None, None, None, None, since, since),
        ("1101", "hidden", None, ":", None, None, None, since, hidden),
        ("1101", "shown", ":", "4", None, 4, None, hidden, "ok"),
        ("1103", "changed", "5", "6", 5, 6, 1, "ok", "ok"),
    ]
    with connect(release) as con:
        found = con.execute(
            """SELECT numerator_before, value_before, numerator, value, change, status_before, status
            FROM mart.revised_value WHERE service_id = 'municipality_1101' ORDER BY vintage"""
        ).fetchall()
    assert found == [
        (None, None, None, None, None, "ok", "ok"),
        (None, None, None, None, None, "ok", hidden),
        (None, None, 4, 80, None, hidden, "ok"),
    ]


def test_what_a_service_was_gives_no_part_away_that_is_hidden_since(tmp_path: Path) -> None:
    """Two municipalities became one: with 3 hidden, 7 before and the other's 4 would tell it."""
    release = country(
        tmp_path, "1430;2019;1;3;10;", "1431;2019;1;4;12;", more=later("1430;2019;1;:;10;", "1431;2019;1;4;12;")
    )
    with connect(release) as con:
        found = con.execute(
            "SELECT numerator_before, denominator_before, value_before, numerator, change FROM mart.revised_value"
        ).fetchall()
    assert found == [(None, None, None, None, None)]


def test_a_unit_that_is_gone_is_removed_and_a_blank_that_is_filled_is_told(tmp_path: Path) -> None:
    release = country(tmp_path, "1101;2019;1;;5;", "1103;2019;1;5;9;", more=later("1101;2019;1;2;5;"))
    assert [row[:3] for row in told(release)] == [
        ("1101", NUMERATOR, "filled"),
        ("1103", NUMERATOR, "removed"),
        ("1103", DENOMINATOR, "removed"),
    ]
    assert summary(release, "units_removed, cells_removed, cells_filled") == [(1, 2, 1)]


@pytest.mark.parametrize(
    ("before", "after", "is_changed"),
    [
        ("12,3", "12,34", False),
        ("12,3", "12,35", False),
        ("12,3", "12,36", True),
        ("12,3", "12,4", True),
        ("12", "12,0", False),
        ("12,34", "12,3", False),
        ("0,1", "0", False),
        ("12", "13", True),
    ],
)
def test_rounding_is_no_change(tmp_path: Path, before: str, after: str, is_changed: bool) -> None:
    release = country(tmp_path, f"1101;2019;1;{before};50;", more=later(f"1101;2019;1;{after};50;"))
    assert bool(told(release)) == is_changed


def test_a_file_knows_its_decimals_by_the_most_it_writes(tmp_path: Path) -> None:
    """12 beside 7,5 is 12,0, whose rounding is not 12,4's."""
    release = country(
        tmp_path,
        "1101;2019;1;12;50;",
        "1103;2019;1;7,5;50;",
        more=later("1101;2019;1;12,4;50;", "1103;2019;1;7,5;50;"),
    )
    assert [row[0] for row in told(release)] == ["1101"]


def test_a_partial_delivery_removes_nothing_and_is_compared_with_what_stood(tmp_path: Path) -> None:
    """Three files: both years, 2020 alone, both again. 2019 of the third is held against the first."""
    second = later("1101;2020;1;5;25;")
    third = later("1101;2019;1;4;21;", "1101;2020;1;5;25;", "1101;2020;2;5;25;", day=SEPTEMBER)
    release = country(tmp_path, "1101;2019;1;4;20;", "1101;2020;1;4;25;", more=second | third)
    with connect(release) as con:
        first_file, second_file, third_file = (
            row[0]
            for row in con.execute(
                "SELECT file_id FROM raw.file WHERE dataset_id = 'khr_supervision' ORDER BY published_at"
            ).fetchall()
        )
    assert told(release, "period, measure, kind, text_before, text_after, file_before, file_after") == [
        ("2019H1", DENOMINATOR, "changed", "20", "21", first_file, third_file),
        ("2020H1", NUMERATOR, "changed", "4", "5", first_file, second_file),
    ]
    assert summary(release, "file_before, file_after, periods_added, cells_of_periods_added, periods_left") == [
        (first_file, second_file, "", 0, "2019H1"),
        (second_file, third_file, "2020H2", 2, ""),
    ]


def test_a_revised_value_is_told_with_both_of_its_numbers(tmp_path: Path) -> None:
    release = country(tmp_path, *FIRST[2:], more=later("1101;2019;1;2;5;", FIRST[3]))
    with connect(release) as con:
        found = con.execute(
            "SELECT indicator_id, service_id, numerator_before, numerator, round(change, 6) FROM mart.revised_value"
        ).fetchall()
    assert found == [("foster_supervision_missed", "municipality_1101", 1, 2, 20)]


def test_an_old_release_is_built_again_to_the_byte_after_the_revision_came(tmp_path: Path) -> None:
    """A day between two vintages picks the first: table for table what stood before the second was there."""
    before, after = tmp_path / "before", tmp_path / "after"
    country(before, *FIRST)
    path = country(after, *FIRST, more=later("1101;2019;1;2;5;"))
    assert len(told(path)) == 7

    def made(home: Path) -> tuple[str, dict[str, str]]:
        built = build(plain(), Settings(home=home), ANALYSES, date(2021, 4, 1), again=True).path
        with connect(built) as con:
            return built.name, contents(con)

    old, again, once_more = made(before), made(after), made(after)
    assert old == again == once_more
    assert old[1]["mart.revised_cell"].count("\n") == 1  # its header alone
    with connect(path) as con:
        numbers = "SELECT vintage, numerator FROM core.indicator_value WHERE unit_code = '1101' AND period = '2019H1'"
        newest, oldest = (con.execute(f"{numbers} ORDER BY 1 {way}").fetchall()[0][1] for way in ("DESC", "ASC"))
    assert (newest, oldest) == (2, 1)


def contents(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Every table but the run's clock, as text in its own order."""
    names = con.execute("SELECT schema_name || '.' || table_name FROM duckdb_tables() ORDER BY ALL").fetchall()
    return {
        name: con.execute(f"SELECT * FROM {name}").df().to_csv(index=False) for (name,) in names if name != "ops.run"
    }


def test_the_bundled_vintages_are_told_apart_as_the_slow_way_does(releases: dict[str, Path]) -> None:
    """Every listed cell differs in the files, and every cell that differs is listed; read again, cell by cell."""
    registry = load("norway")
    root = Path(__file__).parent.parent.parent / "data" / "raw" / "norway"
    slow = set()
    deliveries: dict[str, list[Any]] = {}
    for each in sorted(scan(root, registry.datasets), key=lambda found: found.sidecar.published):
        deliveries.setdefault(each.sidecar.dataset, []).append(each)
    for dataset, files in deliveries.items():
        if len(files) < 2:
            continue
        declared = registry.datasets[dataset]
        older, newer = (
            {
                (row.unit_code, row.period, row.measure, row.dimensions): row.text
                for row in READERS[declared.kind](each.body(), declared, each.file_id).itertuples()  # type: ignore[attr-defined]
            }
            for each in files
        )
        slow |= {(dataset, *key, older.get(key), newer.get(key)) for key in older | newer if older[key] != newer[key]}
    listed = told(releases["norway"], "dataset_id, unit_code, period, measure, dimensions, text_before, text_after")
    assert len(slow) == len(listed) == 333
    assert set(listed) == {(*row[:-2], None if row[-1] == ":" else row[-2], row[-1]) for row in slow}
    assert {row[0] for row in listed} == {f"ssb_{table}" for table in (12275, 12286, 12305, 12615, 12870)}
    assert summary(releases["norway"], "revision_before, revision") == [("unrevised", "revised")] * 5


def test_england_has_one_vintage_and_so_no_revision(releases: dict[str, Path]) -> None:
    assert summary(releases["england"], "*") == told(releases["england"]) == []
