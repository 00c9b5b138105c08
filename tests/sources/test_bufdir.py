"""Bufdir's monitor: a ZIP of workbooks with the header in row 3 and numbers as texts with decimal comma."""

import io
import zipfile
from collections.abc import Sequence
from datetime import date

import pytest
import xlsxwriter

from pipeline.problems import BadInput
from pipeline.registry.load import load
from pipeline.sources.bufdir import read

MONITOR = load("norway").datasets["bufdir_monitor"].model_copy(update={"workbooks": ("3A", "3C")})
HEADER = ["Region", "Regionnavn", "Tallformat", "2024", "2025"]
ROWS = [
    ["0301", "Oslo", "Antall", "12", ".."],
    ["0301", "Oslo", "Andel", "9,2", ""],
    ["1103", "Stavanger", "Andel", "0", "."],
]


def workbook(rows: Sequence[Sequence[str]] = ROWS, header_row: int = 3, header: Sequence[str] = HEADER) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Sheet1")
        sheet.write_string(0, 0, "3A_fristbrudd")
        for number, row in enumerate([header, *rows], header_row - 1):
            for column, cell in enumerate(row):
                sheet.write_string(number, column, cell)
    return buffer.getvalue()


def monitor(**workbooks: bytes) -> bytes:
    names = {"3A_fristbrudd": workbook(), "3C_arsverk": workbook()} | workbooks
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        for name, body in names.items():
            if body:
                zipped.writestr(f"{name}.xlsx", body)
    return buffer.getvalue()


def refused(body: bytes) -> list[str]:
    with pytest.raises(BadInput) as caught:
        read(body, MONITOR, "monitor.zip")
    return [str(problem) for problem in caught.value.problems]


def test_cells_come_with_letter_format_and_place() -> None:
    cells = read(monitor(), MONITOR, "monitor.zip")
    cells = cells[cells["place"].str.startswith("3A")].set_index("place")
    wanted = ["unit_code", "measure", "period", "value", "status"]
    assert cells.loc["3A_fristbrudd.xlsx!D5", wanted].tolist() == ["0301", "3A Andel", "2024", 9.2, "ok"]
    assert cells.loc["3A_fristbrudd.xlsx!E4", "status"] == "not_reported"
    assert cells.loc["3A_fristbrudd.xlsx!E5", "status"] == "not_reported"
    assert cells.loc["3A_fristbrudd.xlsx!E6", "status"] == "not_applicable"
    assert cells.loc["3A_fristbrudd.xlsx!D6", "value"] == 0.0


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9, 0.999])
def test_a_truncated_zip(kept: float) -> None:
    body = monitor()[: int(len(monitor()) * kept)]
    assert refused(body) == [
        f"monitor.zip: {len(body)} bytes: ZIP: given 'no end of the ZIP'; allowed: a complete ZIP file: fetch it again"
    ]


def test_a_workbook_broken_inside_the_zip() -> None:
    assert refused(monitor(**{"3C_arsverk": b"PK no workbook"}))[0].startswith(
        "monitor.zip: 3C_arsverk.xlsx: workbook: given"
    )


def test_a_header_that_moved_says_where_it_stands() -> None:
    assert refused(monitor(**{"3A_fristbrudd": workbook(header_row=4)})) == [
        "monitor.zip: 3A_fristbrudd.xlsx, row 3: header: given ' |  |  |  | '; allowed: Region | Regionnavn | Tallformat | "
        "years in row 3 (it stands in row 4)"
    ]


def test_a_decimal_point_where_a_comma_is_declared() -> None:
    rows = [["0301", "Oslo", "Andel", "9.2", "9,1"]]
    assert refused(monitor(**{"3A_fristbrudd": workbook(rows)})) == [
        "monitor.zip: 3A_fristbrudd.xlsx!D4: 3A Andel: given '9.2'; allowed: a number with decimal comma, or a symbol: "
        "'..', '.', ''"
    ]


def test_a_workbook_too_many_and_one_too_few() -> None:
    assert refused(monitor(**{"3C_arsverk": b"", "9Z_nytt": workbook()})) == [
        "monitor.zip: 9Z_nytt.xlsx: workbook: given '9Z_nytt.xlsx'; allowed: one workbook for each of 3A, 3C",
        "monitor.zip: workbook: given none for 3C; allowed: one workbook for each of 3A, 3C",
    ]


def test_a_workbook_that_is_declared_as_another_kind_is_left_alone() -> None:
    alone = MONITOR.model_copy(update={"pair_workbooks": (), "other_files": ("Turnover_",)})
    body = monitor(**{"Turnover_kommunalt barnevern_2016-2024": b"another layout"})
    assert len(read(body, alone, "monitor.zip")) == 12


TURNOVER = "Turnover_kommunalt barnevern_2016-2018"
PAIRS = [["Kommune", "2016-2017", "2017-2018"], ["0301 Oslo", "9,2", ".."], ["1101 Eigersund", "", "0"]]


def turnover(rows: Sequence[Sequence[str]] = PAIRS, title: str = "Turnover saksbehandlere") -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        book.add_worksheet("Info").write_string(0, 0, "Turnover")
        sheet = book.add_worksheet(title)
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                sheet.write_string(number, column, cell)
    return buffer.getvalue()


def test_turnover_is_read_from_pairs_of_years_and_told_of_the_second() -> None:
    cells = read(monitor(**{TURNOVER: turnover()}), MONITOR, "monitor.zip")
    cells = cells[cells["measure"] == "Turnover saksbehandlere Andel"].set_index("place")
    wanted = ["unit_code", "period", "value", "status"]
    assert cells.loc[f"{TURNOVER}.xlsx!B2", wanted].tolist() == ["0301", "2017", 9.2, "ok"]
    assert cells.loc[f"{TURNOVER}.xlsx!C3", wanted].tolist() == ["1101", "2018", 0.0, "ok"]
    assert set(cells["status"]) == {"ok", "not_reported"} and len(cells) == 4
    first = MONITOR.pair_workbooks[0].model_copy(update={"period_of_pair": "first_year"})
    cells = read(monitor(**{TURNOVER: turnover()}), MONITOR.model_copy(update={"pair_workbooks": (first,)}), "m.zip")
    assert set(cells.loc[cells["measure"] == first.measure, "period"]) == {"2016", "2017"}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (turnover(title="Annet"), "sheet: given 'Info, Annet'; allowed: one named 'Turnover saksbehandlere'"),
        (turnover([["Sted", "2016-2017"], PAIRS[1]]), "row 1: header: given 'Sted | 2016-2017 | '"),
        (turnover([["Kommune", "2016-2018"], PAIRS[1]]), "header: given '2016-2018'; allowed: two years that follow"),
        (turnover([["Kommune", "2016-2017", "2016-2017"], PAIRS[1]]), "not each pair once"),
        (turnover(PAIRS[:1]), "rows: given 'no rows"),
        (turnover([*PAIRS, ["Hele landet", "1", "2"]]), "row 4: Kommune: given 'Hele landet'; allowed: a code and"),
        (turnover([PAIRS[0], ["0301 Oslo", "9.2", ".."]]), "xlsx!B2: Turnover saksbehandlere Andel: given '9.2'"),
    ],
)
def test_turnover_of_another_layout_is_told(body: bytes, told: str) -> None:
    assert told in refused(monitor(**{TURNOVER: body}))[0]


def test_letters_mean_what_they_meant_in_their_edition() -> None:
    declared = load("norway").datasets["bufdir_monitor"]
    books = {f"{letter}_x": workbook() for letter in declared.on(date(2021, 3, 5)).workbooks}
    body = monitor(**{"3A_fristbrudd": b"", "3C_arsverk": b""} | books)
    cells = read(body, declared.on(date(2021, 3, 5)), "monitor.zip")
    place = cells["place"].str[:2]
    moved = dict(zip(place, cells["measure"].str[:2], strict=True))
    assert {old: new for old, new in moved.items() if old != new} == {"1E": "1D", "1F": "1E", "1G": "1F"}
    assert declared.on(date(2026, 9, 4)) is declared
    with pytest.raises(BadInput, match="earlier_editions: given 'an edition of 2016-05-01'"):
        declared.on(date(2016, 5, 1))


def test_a_number_format_nobody_declared() -> None:
    [problem] = refused(monitor(**{"3A_fristbrudd": workbook([["0301", "Oslo", "Prosent", "9,2", "9,1"]])}))
    assert problem == ("monitor.zip: 3A_fristbrudd.xlsx, row 4: Tallformat: given 'Prosent'; allowed: Antall or Andel")


def test_a_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.sources.limits.MAX_UNPACKED_BYTES", 100)
    assert "allowed: at most 100 bytes unpacked" in refused(monitor())[0]
