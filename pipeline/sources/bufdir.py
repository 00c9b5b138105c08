"""Reads Bufdir's monitor: a ZIP of workbooks, one an indicator, named by a letter code.

In each workbook the first sheet has its title in row 1 and the header in row 3,
`Region | Regionnavn | Tallformat | 2015 …`; the numbers are texts with decimal comma.
"""

import io
import re
import zipfile
from zlib import error as ZlibError

import pandas as pd
from python_calamine import CalamineError, CalamineWorkbook
from xlsxwriter.utility import xl_rowcol_to_cell

from pipeline.problems import BadInput, Problem, bad_input
from pipeline.registry.dataset import BufdirDataset
from pipeline.sources.table import COLUMNS, PROBLEMS_SHOWN, numbers, unreadable

HEADER_ROW = 3
HEADER = ["Region", "Regionnavn", "Tallformat"]
END_OF_ZIP = b"PK\x05\x06"  # its record is 22 bytes long, with the length of a comment at byte 20
REFUSED = (RuntimeError, NotImplementedError)  # zipfile: encrypted, or packed by a method it does not know
MAX_WORKBOOK_BYTES = 50_000_000  # the largest seen is under 1 MB; a bomb is stopped before it is unpacked


def read(body: bytes, dataset: BufdirDataset, file: str) -> pd.DataFrame:
    """The cells of all declared workbooks; columns as in `table`; measure is `<letter> <Tallformat>`.

    Raises BadInput for a broken ZIP, a workbook missing or unknown, a header elsewhere, or cells that are no numbers.
    """
    tables: list[pd.DataFrame] = []
    problems: list[Problem] = []
    with _opened(body, file) as zipped:
        for letter, name in sorted(_workbooks(zipped, dataset, file).items()):
            try:
                tables.append(_cells(_unpacked(zipped, name, file), dataset, letter, file, name))
            except BadInput as error:
                problems += error.problems
    if problems:
        raise BadInput(problems)
    return pd.concat(tables, ignore_index=True)


def _opened(body: bytes, file: str) -> zipfile.ZipFile:
    """The ZIP, if it is whole.

    A truncated one would often open all the same: as the first whole workbook inside it, which is a ZIP too.
    """
    end = body.rfind(END_OF_ZIP)
    comment_bytes = int.from_bytes(body[end + 20 : end + 22], "little")
    if end < 0 or end + 22 + comment_bytes != len(body):
        raise bad_input(file, f"{len(body)} bytes", "ZIP", "no end of the ZIP", "a complete ZIP file: fetch it again")
    try:
        return zipfile.ZipFile(io.BytesIO(body))
    except zipfile.BadZipFile as error:
        raise bad_input(file, f"{len(body)} bytes", "ZIP", str(error), "a complete ZIP file: fetch it again") from None


def _workbooks(zipped: zipfile.ZipFile, dataset: BufdirDataset, file: str) -> dict[str, str]:
    """Letter → name of the workbook in the ZIP, one for each declared letter."""
    found: dict[str, str] = {}
    problems = []
    for name in zipped.namelist():
        stem = name.rpartition("/")[2]
        if not stem or name.startswith("__MACOSX/"):
            continue
        letter = stem.partition("_")[0]
        if stem.startswith(dataset.other_files):
            continue
        if letter not in dataset.workbooks or letter in found:
            problems.append(Problem(file, name, "workbook", repr(stem), "one workbook for each of " + _list(dataset)))
        found[letter] = name
    for letter in sorted(set(dataset.workbooks) - set(found)):
        problems.append(
            Problem(file, "", "workbook", f"none for {letter}", "one workbook for each of " + _list(dataset))
        )
    if problems:
        raise BadInput(problems)
    return found


def _list(dataset: BufdirDataset) -> str:
    return ", ".join(dataset.workbooks)


def _unpacked(zipped: zipfile.ZipFile, name: str, file: str) -> list[list[object]]:
    """The first sheet, from its first row and column."""
    if zipped.getinfo(name).file_size > MAX_WORKBOOK_BYTES:
        raise bad_input(
            file, name, "size", zipped.getinfo(name).file_size, f"at most {MAX_WORKBOOK_BYTES} bytes unpacked"
        )
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(zipped.read(name)))
        return workbook.get_sheet_by_index(0).to_python(skip_empty_area=False)  # type: ignore[return-value]
    except (zipfile.BadZipFile, ZlibError, CalamineError, EOFError, ValueError, *REFUSED) as error:
        raise bad_input(file, name, "workbook", str(error), "a readable .xlsx workbook") from None


def _cells(rows: list[list[object]], dataset: BufdirDataset, letter: str, file: str, name: str) -> pd.DataFrame:
    header = [str(cell) for cell in rows[HEADER_ROW - 1]] if len(rows) >= HEADER_ROW else []
    if header[:3] != HEADER:
        raise bad_input(file, f"{name}, row {HEADER_ROW}", "header", " | ".join(header[:5]), _where_header_is(rows))
    wide = pd.DataFrame(rows[HEADER_ROW:], columns=header).astype(str)
    wide["row"] = range(HEADER_ROW, HEADER_ROW + len(wide))
    _check_formats(wide, dataset, file, name)
    years = [column for column in header[3:] if column.strip()]
    for year in years:
        if not re.fullmatch(r"\d{4}", year) or years.count(year) > 1:
            raise bad_input(
                file, f"{name}, row {HEADER_ROW}", "header", year, "years of four digits as text, each once"
            )
    if wide.empty or not years:
        raise bad_input(file, name, "rows", "no rows or no years", "at least one of each below and beside the header")
    cells = wide.melt(id_vars=["Region", "Tallformat", "row"], value_vars=years, var_name="period", value_name="text")
    column_of = {year: header.index(year) for year in years}
    cells["place"] = [
        f"{name}!{xl_rowcol_to_cell(row, column_of[year])}"
        for row, year in zip(cells["row"], cells["period"], strict=True)
    ]
    cells = cells.assign(unit_code=cells["Region"], measure=f"{letter} " + cells["Tallformat"], dimensions="")
    cells = numbers(cells, dataset, ",")
    problems = list(unreadable(cells, dataset, ",", file))
    if problems:
        raise BadInput(problems)
    return cells[COLUMNS]


def _where_header_is(rows: list[list[object]]) -> str:
    expected = f"{' | '.join(HEADER)} | years in row {HEADER_ROW}"
    found = [number for number, row in enumerate(rows, 1) if [str(cell) for cell in row[:3]] == HEADER]
    return f"{expected} (it stands in row {found[0]})" if found else expected


def _check_formats(wide: pd.DataFrame, dataset: BufdirDataset, file: str, name: str) -> None:
    bad = wide[~wide["Tallformat"].isin(dataset.number_formats)]
    allowed = " or ".join(dataset.number_formats)
    problems = [
        Problem(file, f"{name}, row {row + 1}", "Tallformat", repr(given), allowed)
        for row, given in bad[["row", "Tallformat"]].head(PROBLEMS_SHOWN).itertuples(index=False)
    ]
    if problems:
        raise BadInput(problems)
