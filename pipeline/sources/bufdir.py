"""Reads Bufdir's monitor: a ZIP of workbooks, one an indicator, named by a letter code.

In each workbook the first sheet has its title in row 1 and the header in row 3,
`Region | Regionnavn | Tallformat | 2015 …`; the numbers are texts with decimal comma. Workbooks of pairs of years have
a layout of their own (`bufdir_pairs`).
"""

import re
import zipfile

import pandas as pd
from xlsxwriter.utility import xl_rowcol_to_cell

from pipeline.problems import BadInput, Problem, bad_input
from pipeline.registry.dataset import BufdirDataset
from pipeline.sources import bufdir_pairs, limits, workbook, zipped
from pipeline.sources.table import COLUMNS, PROBLEMS_SHOWN, numbers, unreadable

HEADER_ROW = 3
HEADER = ["Region", "Regionnavn", "Tallformat"]


def read(body: bytes, dataset: BufdirDataset, file: str) -> pd.DataFrame:
    """The cells of all declared workbooks; columns as in `table`; measure is `<letter> <Tallformat>`.

    dataset: as it holds on the day of the file, which decides what its letters mean.
    Raises BadInput for a broken ZIP, a workbook missing or unknown, a header elsewhere, or cells that are no numbers.
    """
    tables: list[pd.DataFrame] = []
    problems: list[Problem] = []
    limits.check_size(len(body), file)
    with zipped.opened(body, file) as monitor:
        named = sorted(_workbooks(monitor, dataset, file).items())
        bodies = zipped.contents(monitor, file)
        for letter, name in named:
            try:
                rows = workbook.sheet(bodies[name], file, name)
                tables.append(_cells(rows, dataset, letter, file, name))
            except BadInput as error:
                problems += error.problems
        for pair in dataset.pair_workbooks:
            for name in (name for name in bodies if _stem(name).startswith(pair.begins)):
                try:
                    tables.append(bufdir_pairs.read(bodies[name], dataset, pair, file, name))
                except BadInput as error:
                    problems += error.problems
    if problems:
        raise BadInput(problems)
    return pd.concat(tables, ignore_index=True)


def _workbooks(monitor: zipfile.ZipFile, dataset: BufdirDataset, file: str) -> dict[str, str]:
    """Letter → name of the workbook in the ZIP, one for each declared letter."""
    found: dict[str, str] = {}
    problems = []
    for name in monitor.namelist():
        stem = _stem(name)
        if not stem:
            continue
        letter = stem.partition("_")[0]
        if stem.startswith((*dataset.other_files, *(pair.begins for pair in dataset.pair_workbooks))):
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


def _stem(name: str) -> str:
    """The name without its folder; nothing for what a Mac adds of its own."""
    return "" if name.startswith("__MACOSX/") else name.rpartition("/")[2]


def _list(dataset: BufdirDataset) -> str:
    return ", ".join(dataset.workbooks)


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
    cells = cells.assign(unit_code=cells["Region"], dimensions="")
    cells["measure"] = f"{dataset.renamed.get(letter, letter)} " + cells["Tallformat"]
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
