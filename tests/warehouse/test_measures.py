"""The register of other measures, as a table and against the code lists."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipeline.problems import BadInput
from pipeline.registry.measures import Measure
from pipeline.warehouse.release import connect
from tests.warehouse.test_drawn_countries import country, plain

ROW = "1101;2019;1;1;10;"


def inspection(**changes: Any) -> Measure:
    words = {"nb": "tilsyn", "nn": "tilsyn", "en": "inspection"}
    fields = {"id": "seen", "kind": "inspection", "label": words, "first_day": date(2019, 3, 1), "municipalities": ["1101"], "finding": "breach", "source": "drawn", "sure": "sourced"}  # fmt: skip
    return Measure.model_validate(fields | changes)


def test_one_row_a_measure_and_place(tmp_path: Path) -> None:
    national = inspection(
        id="all", kind="further_education", municipalities=[], finding=None, last_day=date(2020, 1, 1)
    )
    both = inspection(municipalities=["1101", "1103"], offices=["rogaland"])
    release = country(tmp_path, ROW, registry=plain(measures=(both, national)))
    with connect(release) as con:
        rows = con.execute(
            """SELECT measure_id, office_id, municipality_code, finding, CAST(last_day AS DATE), label_en FROM registry.measure
               ORDER BY measure_id, office_id, municipality_code"""
        ).fetchall()
    assert [row[:4] for row in rows] == [
        ("all", None, None, None), ("seen", "rogaland", None, "breach"), ("seen", None, "1101", "breach"),
        ("seen", None, "1103", "breach"),
    ]  # fmt: skip
    assert rows[0][4:] == (date(2020, 1, 1), "inspection")


@pytest.mark.parametrize(("code", "day"), [("9998", date(2019, 3, 1)), ("4647", date(2019, 3, 1))])
def test_a_municipality_that_was_none_that_day_is_told(tmp_path: Path, code: str, day: date) -> None:
    with pytest.raises(
        BadInput,
        match=f"measures: seen: municipalities: given '{code}'; allowed: a municipality code in use on {day}",
    ):
        country(tmp_path, ROW, registry=plain(measures=(inspection(municipalities=[code], first_day=day),)))


def test_the_pots_of_innlandet_stand_in_a_table_of_their_own(releases: dict[str, Path]) -> None:
    with connect(releases["norway"]) as con:
        pots = con.execute(
            "SELECT measure_id, amount_kroner, year, CAST(deadline AS DATE) FROM registry.measure_pot ORDER BY amount_kroner"
        ).fetchall()
        both = con.execute("SELECT pot_id, offices FROM mart.measure_timeline WHERE pot_id IS NOT NULL").fetchall()
    innlandet, deadline = "innlandet_learning_networks_2022", date(2021, 8, 1)
    assert pots == [(innlandet, 1_100_000, 2022, deadline), (innlandet, 2_300_000, 2022, deadline)]
    assert both == [("first", ["innlandet"]), ("second", ["innlandet"])]
