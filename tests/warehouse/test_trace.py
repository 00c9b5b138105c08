"""`why`: from a number to the raw cell, read again with other tools."""

import csv
import io
import json
import zipfile
from pathlib import Path

import openpyxl
import pytest

from pipeline.problems import BadInput
from pipeline.registry.load import load
from pipeline.settings import Settings
from pipeline.warehouse.release import connect
from pipeline.warehouse.trace import Trace, trace


def walk(releases: dict[str, Path], jurisdiction: str, *what: str) -> Trace:
    with connect(releases[jurisdiction]) as con:
        return trace(con, load(jurisdiction), *what)


def test_the_cell_is_where_the_trace_says(releases: dict[str, Path]) -> None:
    told = walk(releases, "england", "rereferrals", "301", "2025")
    cell = told.cells[told.cells["part"] == "numerator"].iloc[0]
    body = (Settings().raw / "england" / cell["file_id"]).read_text(encoding="utf-8-sig")
    line = int(cell["place"].split(",")[0].removeprefix("row "))
    row = list(csv.DictReader(io.StringIO(body)))[line - 2]
    assert (row["old_la_code"], row["time_period"], row[cell["measure"]]) == ("301", "2025", cell["as_sent"])
    assert told.value["numerator"] == float(cell["as_sent"])


def test_a_service_is_traced_to_all_its_municipalities_and_their_old_codes(releases: dict[str, Path]) -> None:
    """Sunnfjord in 2018 was four municipalities; Førde, 1432, is one of the thirteen."""
    told = walk(releases, "norway", "deadline_breaches", "4647", "2018H1")
    numerators = told.cells[told.cells["part"] == "numerator"]
    assert set(numerators["code_as_sent"]) == {"1432", "1430", "1431", "1433"}
    known = numerators["value"].sum()
    assert told.value["status"] != "ok" or told.value["numerator"] == known
    assert any("codes are followed" in rule for rule in told.rules)


def test_a_json_stat_cell_is_where_the_trace_says(releases: dict[str, Path]) -> None:
    told = walk(releases, "norway", "caseload", "0301", "2025")
    cell = told.cells[told.cells["part"] == "denominator"].iloc[0]
    body = json.loads((Settings().raw / "norway" / cell["file_id"]).read_bytes())
    assert body["value"][int(cell["place"].removeprefix("index "))] == cell["value"] == told.value["denominator"]


def test_a_correction_and_an_implied_count_are_said(releases: dict[str, Path]) -> None:
    assert "a declared correction was applied" in walk(releases, "norway", "deadline_breaches", "1103", "2016H1").rules
    rules = walk(releases, "norway", "deadline_breaches", "0301", "2025").rules
    assert any(rule.startswith("numerator = published share × denominator") for rule in rules)


def test_what_is_not_there_says_what_is(releases: dict[str, Path]) -> None:
    with pytest.raises(BadInput, match="given '0301 1999'; allowed: periods 2013H1, 2013H2,"):
        walk(releases, "norway", "deadline_breaches", "0301", "1999")
    with pytest.raises(BadInput, match="indicator: given 'breaches'; allowed: one of action_plan_evaluated"):
        walk(releases, "norway", "breaches", "0301", "2019H1")
    with pytest.raises(BadInput, match="veiviser list units"):
        walk(releases, "norway", "caseload", "Atlantis", "2025")


def test_a_cell_in_a_workbook_is_where_the_trace_says(releases: dict[str, Path]) -> None:
    told = walk(releases, "norway", "deadline_breaches", "0301", "2025")
    cell = told.cells[told.cells["part"] == "share"].iloc[0]
    name, _, where = cell["place"].partition("!")
    with zipfile.ZipFile(Settings().raw / "norway" / cell["file_id"]) as zipped:
        sheet = openpyxl.load_workbook(io.BytesIO(zipped.read(name))).worksheets[0]
    assert (sheet[where].value, sheet["A" + where.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")].value) == (
        cell["as_sent"],
        "0301",
    )
    assert told.value["value"] == pytest.approx(float(cell["as_sent"].replace(",", ".")))
