"""Who has not reported in the newest period, and whether the parts come to the whole."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.registry.load import Registry
from pipeline.warehouse.release import connect
from tests.warehouse.test_drawn_countries import DENOMINATOR, NUMERATOR, country, plain


def rows(release: Path, query: str) -> list[tuple[Any, ...]]:
    with connect(release) as con:
        return con.execute(query).fetchall()


def unasked() -> Registry:
    """A country whose wholes are not asked at the door, as those of most publishers cannot be."""
    registry = plain()
    supervision = registry.datasets["khr_supervision"].model_copy(update={"totals": ()})
    return replace(registry, datasets=registry.datasets | {"khr_supervision": supervision})


def test_each_municipality_of_the_newest_period_reported_all_some_or_nothing(tmp_path: Path) -> None:
    release = country(tmp_path, "1101;2019;2;1;5;", "4647;2020;1;:;9;", "1101;2020;1;2;;", "1103;2020;1;;;")
    found = rows(release, "SELECT municipality_code, period, cells_known, cells_hidden, reported FROM mart.reporting")
    assert found == [
        ("1101", "2020H1", 1, 0, "some"),
        ("1103", "2020H1", 0, 0, "none"),
        ("4647", "2020H1", 1, 1, "all"),
    ]


def test_one_without_a_row_has_not_reported(tmp_path: Path) -> None:
    release = country(tmp_path, "1101;2020;1;1;5;", "1103;2020;1;1;5;")
    assert rows(release, "SELECT municipality_code FROM mart.reporting WHERE reported = 'none'") == [("4647",)]


@pytest.mark.parametrize(
    ("whole", "verdict", "beyond"),
    [
        (7, "agrees", 0),  # 1 + 5 and the hidden one at 1
        (9, "agrees", 0),  # at 3
        (6, "parts_above_whole", -1),
        (11, "whole_above_parts", 2),
    ],
)
def test_the_whole_is_its_parts_with_what_is_hidden_within_bounds(
    tmp_path: Path, whole: int, verdict: str, beyond: int
) -> None:
    release = country(
        tmp_path,
        f"0;2020;1;{whole};30;",
        "1101;2020;1;1;10;",
        "1103;2020;1;5;10;",
        "4647;2020;1;:;10;",
        registry=unasked(),
    )
    query = "SELECT measure, whole_code, low, high, beyond, verdict FROM mart.whole ORDER BY measure"
    assert rows(release, query) == sorted(
        [(NUMERATOR, "0", 7, 9, beyond, verdict), (DENOMINATOR, "0", 30, 30, 0, "agrees")]
    )


def test_of_a_whole_whose_parts_did_not_all_report_nothing_is_said_unless_it_is_too_small(tmp_path: Path) -> None:
    release = country(
        tmp_path, "0;2020;1;9;12;", "1101;2020;1;1;10;", "1103;2020;1;;;", "4647;2020;1;2;10;", registry=unasked()
    )
    assert rows(release, "SELECT measure, parts_missing, beyond, verdict FROM mart.whole ORDER BY measure") == sorted(
        [(NUMERATOR, 1, 6, "parts_missing"), (DENOMINATOR, 1, -8, "parts_above_whole")]
    )


def test_the_khr_wholes_are_the_sums_of_their_parts(releases: dict[str, Path]) -> None:
    found = rows(releases["norway"], "SELECT verdict, count(*) FROM mart.whole WHERE dataset_id LIKE 'khr%' GROUP BY 1")
    assert found == [("agrees", 160)]


def test_england_publishes_its_totals_in_tens(releases: dict[str, Path]) -> None:
    found = dict(rows(releases["england"], "SELECT verdict, count(*) FROM mart.whole GROUP BY 1"))
    assert set(found) == {"agrees", "parts_missing"}
