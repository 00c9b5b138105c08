"""Reads the workbooks of Bufdir's monitor whose columns are pairs of years: `Kommune | 2016-2017 | 2017-2018 …`.

Code and name share the first cell, `1101 Eigersund`; the numbers are texts with decimal comma.
"""

import re

import pandas as pd
from xlsxwriter.utility import xl_rowcol_to_cell

from pipeline.problems import BadInput, Problem, bad_input
from pipeline.registry.dataset import BufdirDataset, PairWorkbook
from pipeline.sources import workbook
from pipeline.sources.table import COLUMNS, PROBLEMS_SHOWN, numbers, unreadable

PAIR = re.compile(r"([0-9]{4})-([0-9]{4})")
UNIT = re.compile(r"([0-9]+) +\S.*")


def read(body: bytes, dataset: BufdirDataset, pair: PairWorkbook, file: str, name: str) -> pd.DataFrame:
    """The cells of one such workbook; columns as in `table`. Raises BadInput for a layout other than the declared."""
    rows = workbook.sheet(body, file, name, pair.sheet)
    header = [str(cell) for cell in rows[0]] if rows else []
    where = f"{name}, {pair.sheet}"
    if header[:1] != [pair.header]:
        raise bad_input(file, f"{where}, row 1", "header", " | ".join(header[:3]), f"{pair.header} | pairs of years")
    column_of = {_period(text, pair, file, where): column for column, text in enumerate(header[1:], 1) if text.strip()}
    filled = [(number, row) for number, row in enumerate(rows[1:], 1) if any(str(cell).strip() for cell in row)]
    if not filled or len(column_of) < sum(bool(text.strip()) for text in header[1:]) or not column_of:
        raise bad_input(file, where, "rows", "no rows, or not each pair once", "pairs of years, each once, with rows")
    problems = [
        Problem(file, f"{where}, row {number + 1}", pair.header, repr(row[0]), "a code and a name: '1101 Eigersund'")
        for number, row in filled
        if not UNIT.fullmatch(str(row[0]).strip())
    ]
    if problems:
        raise BadInput(problems[:PROBLEMS_SHOWN])
    cells = pd.DataFrame(
        {
            "unit_code": str(row[0]).split()[0],
            "period": period,
            "measure": pair.measure,
            "dimensions": "",
            "text": str(row[column]),
            "place": f"{name}!{xl_rowcol_to_cell(number, column)}",
        }
        for number, row in filled
        for period, column in column_of.items()
    )
    cells = numbers(cells, dataset, ",")
    problems = list(unreadable(cells, dataset, ",", file))
    if problems:
        raise BadInput(problems)
    return cells[COLUMNS]


def _period(text: str, pair: PairWorkbook, file: str, where: str) -> str:
    """The year that a pair is told of."""
    years = PAIR.fullmatch(text.strip())
    if years is None or int(years[2]) != int(years[1]) + 1:
        raise bad_input(file, f"{where}, row 1", "header", text, "two years that follow each other: 2016-2017")
    return years[1] if pair.period_of_pair == "first_year" else years[2]
