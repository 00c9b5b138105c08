"""Records: what is right is read, and every wrong cell is named once, in text and in workbooks."""

import io
from collections.abc import Callable
from datetime import date

import pytest
import xlsxwriter
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipeline.problems import BadInput
from pipeline.registry.dataset import RecordDataset
from pipeline.sources import records
from tests.sources.delivered import (
    CODES,
    GOOD,
    HEADER,
    INSPECTION,
    NORWAY,
    OFFICE_LIST,
    as_text,
    as_workbook,
)  # fmt: skip

# For each column what may stand there and what may not, written down by hand and not read from the declaration.
RIGHT = {
    "Tilsynsmyndighet": ["Statsforvalteren i Nordland", "nordland", "STATSFORVALTAREN I NORDLAND", "trondelag"],
    "Saksnummer": [f"2026/{number}" for number in range(1, 400)],
    "Kommunenummer": ["0301", "1804"],
    "Tilsynsdato": ["2026-03-17", "17.03.2026", "1.5.2026"],
    "Tema": ["undersøkelse", "Ettervern", "annet"],
    "Funn": ["lovbrudd", "ingen lovbrudd", "TRUKKET"],
    "Lukket": ["", "2026-04-01"],
    "Rapport": ["", "https://www.statsforvalteren.no/1"],
}
WRONG = {
    "Tilsynsmyndighet": ["", "Fylkesmannen i Sverige"],
    "Saksnummer": ["", "12", "2026-12"],
    "Kommunenummer": ["", "301", "9999", "1850", "Oslo"],
    "Tilsynsdato": ["", "31.02.2026", "46098", "2026-13-01", "2026-05-02", "i går", "١٧.٠٣.2026"],
    "Tema": ["", "unders", "x" * 400],
    "Funn": ["", "brudd"],
    "Lukket": ["snart", "2027-01-01"],
    "Rapport": ["www.x.no", "javascript:alert(1)"],
}
OFFICE_RIGHT = {
    "Organisasjonsnummer": ["974764687", "974764350"],
    "Embete": ["nordland", "Statsforvalteren i Trøndelag"],
    "Fylkesnummer": ["03", "18", "50"],
    "Målform": ["bokmål", "Nynorsk"],
}
OFFICE_WRONG = {
    "Organisasjonsnummer": ["", "974 764 687", "97476468"],
    "Embete": ["", "Fylkesmannen i Østfold", "nord"],
    "Fylkesnummer": ["", "3", "Nordland"],
    "Målform": ["", "norsk"],
}
KINDS = [(INSPECTION, RIGHT, WRONG), (OFFICE_LIST, OFFICE_RIGHT, OFFICE_WRONG)]


@st.composite
def drawn(draw: st.DrawFn) -> tuple[RecordDataset, list[list[str]], set[tuple[int, str]]]:
    """A kind, rows of it, and (row of the file, column) of each cell that is wrong; the key is right in all of them."""
    dataset, right, wrong = draw(st.sampled_from(KINDS))
    assert isinstance(dataset, RecordDataset)
    key = [each.name for each in dataset.columns if each.field in dataset.unique]
    rows: list[list[str]] = []
    bad: set[tuple[int, str]] = set()
    seen: set[tuple[str, ...]] = set()
    for line in range(2, 2 + draw(st.integers(1, 6))):
        is_wrong = {name: draw(st.integers(0, 5)) == 0 for name in right}
        row = {name: draw(st.sampled_from((wrong if is_wrong[name] else right)[name])) for name in right}
        rows.append(list(row.values()))
        if not any(row.values()):
            continue  # a blank row is none
        bad |= {(line, name) for name in right if is_wrong[name]}
        called = {"statsforvalteren i nordland": "nordland", "statsforvaltaren i nordland": "nordland"}
        called["statsforvalteren i trøndelag"] = "trondelag"
        cells = tuple(called.get(row[name].casefold(), row[name].casefold()) for name in key)
        if all(cells) and cells in seen:
            bad.add((line, key[-1]))
        seen.add(cells)
    assume(any(map(any, rows)))
    return dataset, rows, bad


def named(body: bytes, dataset: RecordDataset) -> list[tuple[int, str]]:
    table = records.raw(body, dataset, "f")
    return [(int(each.place.removeprefix("row ")), each.field) for each in records.faults(table, dataset, CODES)]


@given(drawn())
@settings(max_examples=20)
def test_each_wrong_cell_is_named_once_and_nothing_else_is(
    delivery: tuple[RecordDataset, list[list[str]], set[tuple[int, str]]],
) -> None:
    dataset, rows, bad = delivery
    found = named(as_text(rows, [each.name for each in dataset.columns]), dataset)
    assert len(found) == len(set(found)) and set(found) == bad


@given(drawn(), st.sampled_from([";", ","]))
@settings(max_examples=5)
def test_a_workbook_says_what_text_says(
    delivery: tuple[RecordDataset, list[list[str]], set[tuple[int, str]]], separator: str
) -> None:
    dataset, rows, bad = delivery
    header = [each.name for each in dataset.columns]
    assert (
        set(named(as_workbook(rows, header), dataset)) == bad == set(named(as_text(rows, header, separator), dataset))
    )


def test_what_is_right_is_read_as_tables_have_it() -> None:
    row = ["Nordland", *GOOD[1:3], "17.03.2026", "Undersøkelse", "TRUKKET", "", ""]
    for nothing in ([], [[""] * 8]):
        with pytest.raises(BadInput, match="no rows"):
            records.read(as_text(nothing), INSPECTION, "f")
    table = records.office_ids(records.read(as_text([GOOD, row]), INSPECTION, "f"), INSPECTION, NORWAY.offices)
    assert table.loc[1].to_dict() == {
        "office_id": "nordland",
        "case_number": "2026/12",
        "municipality_code": "1804",
        "inspected_on": "2026-03-17",
        "topic": "investigation",
        "finding": "withdrawn",
        "closed_on": "",
        "report_address": "",
        "line": "3",
    }


def test_days_and_numbers_of_a_spreadsheet() -> None:
    good = [*GOOD[:3], date(2026, 3, 17), *GOOD[4:]]
    assert records.read(as_workbook([good, *[[""] * 8] * 5]), INSPECTION, "f")["inspected_on"].tolist() == [
        "2026-03-17"
    ]
    odd = [GOOD[0], "2026/13", 301, 46098, *GOOD[4:]]
    table = records.raw(as_workbook([odd]), INSPECTION, "f")
    code, day = records.faults(table, INSPECTION, CODES)
    assert (code.given, code.allowed[1][:14]) == ("'301'", "probably 0301:")
    assert "nullen foran" in code.allowed[0] and "leading zero" in code.allowed[1]
    assert (day.given, day.allowed[1][:20]) == ("'46098'", "probably 2026-03-17:")
    whole = [GOOD[0], "2026/14", 1804, *GOOD[3:]]
    assert named(as_workbook([whole]), INSPECTION) == []


def drawn_book(write: Callable[[xlsxwriter.Workbook, xlsxwriter.workbook.Worksheet], object]) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADER)
        sheet.write_row(1, 0, GOOD)
        write(book, sheet)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (drawn_book(lambda book, sheet: sheet.write_formula("C3", "=C2", value="1804")), "f: C3: cell: given a formula"),
        (drawn_book(lambda book, sheet: sheet.merge_range("A2:A4", GOOD[0])), "f: A2:A4: cells: given merged cells"),
        (drawn_book(lambda book, sheet: sheet.write("I1", "Barnets navn")), "header: given 'Barnets navn'; allowed: only"),
        (drawn_book(lambda book, sheet: sheet.write("J2", "x")), "header: given ''; allowed: only the columns"),
        (drawn_book(lambda book, sheet: sheet.write("A1", "Embete")), "one column named 'Tilsynsmyndighet'"),
        (drawn_book(lambda book, sheet: sheet.write("A2", "Nord\u200bland")), "row 2: text: given '\\u200b'"),
        (drawn_book(lambda book, sheet: sheet.write("H2", "x" * 6000)), "row 2: field: given 6000 characters"),
        (b"PK\x03\x04 and no more", "no end of the ZIP"),
        (as_text([GOOD]) + b"half a r", "allowed: a last line that ends"),
        (as_text([[*GOOD, "x"]], [*HEADER, "line"]), "header: given 'line'; allowed: another name"),
        (as_text([GOOD[:5]]), "row 2: row: given 5 fields; allowed: 8 fields"),
        (b"\xff\xfe\x00", "signs that can be seen"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_at_all(body: bytes, told: str) -> None:
    with pytest.raises(BadInput) as caught:
        records.raw(body, INSPECTION, "f")
    assert told in " ".join(map(str, caught.value.problems))


def test_text_as_excel_saves_it() -> None:
    body = as_text([GOOD, [""] * 8]).decode("utf-8-sig").encode("cp1252")
    assert records.read(body, INSPECTION, "f")["topic"].tolist() == ["investigation"]


def test_a_code_holds_on_the_day_of_its_row_and_else_on_that_of_the_file() -> None:
    before = [GOOD[0], "2019/1", "1850", "2019-06-01", *GOOD[4:]]
    assert named(as_text([before]), INSPECTION) == []
    assert named(as_text([[*before[:3], "2021-06-01", *before[4:]]]), INSPECTION) == [(2, "Kommunenummer")]
