"""Reads files of separated values, or the same as a workbook: KHR extracts, English releases, and code lists."""

import re
from collections.abc import Iterator
from datetime import date

import pandas as pd

from pipeline.problems import BadInput, Problem, bad_input
from pipeline.registry.dataset import DelimitedDataset, ReferenceDataset
from pipeline.sources import agreement, klass
from pipeline.sources.rows import rows as read_rows
from pipeline.sources.table import COLUMNS, PROBLEMS_SHOWN, check_decimals, numbers, unreadable


def read(body: bytes, dataset: DelimitedDataset, file: str) -> pd.DataFrame:
    """The cells of the declared measures; columns as in `table`.

    Raises BadInput with the place of each mistake.
    """
    needed = [*dataset.unit_columns, dataset.year_column, *dataset.measures, *dataset.where]
    if dataset.half_year_column:
        needed.append(dataset.half_year_column)
    rows = read_rows(body, [dataset.encoding], [dataset.separator], needed, file, dataset.decimal)
    every = rows
    for column, wanted in dataset.where.items():
        rows = rows[rows[column] == wanted]
    if rows.empty:
        raise bad_input(file, "", "rows", f"none with {dataset.where}", "at least one row")
    rows = rows.assign(unit_code=_unit_code(rows, dataset), period=_period(rows, dataset))
    cells = rows.melt(
        id_vars=["unit_code", "period", "line"],
        value_vars=list(dataset.measures),
        var_name="measure",
        value_name="text",
    )
    cells["place"] = "row " + cells["line"].astype(str) + ", column " + cells["measure"]
    cells = numbers(cells.assign(dimensions=""), dataset, dataset.decimal, dataset.blank)
    problems = [*_no_periods(rows, dataset, file), *unreadable(cells, dataset, dataset.decimal, file)]
    if problems:
        raise BadInput(problems)
    check_decimals(cells, dataset, file)
    agreement.check_rows(every, dataset, file)
    agreement.check_totals(cells, dataset, file)
    return cells[COLUMNS]


def read_reference(body: bytes, dataset: ReferenceDataset, file: str) -> pd.DataFrame:
    """A code list: one row a row of the file, columns named as the role needs them, all text; JSON where it is KLASS's.

    Each row also has `line`, its line in the file.
    """
    if dataset.klass and body.lstrip().startswith(b"{"):
        rows = klass.rows(body, dataset.klass, file)
    else:
        rows = read_rows(body, [dataset.encoding], [dataset.separator], list(dataset.columns.values()), file)
    agreement.check_rows(rows, dataset, file)
    table = pd.DataFrame({wanted: rows[column].str.strip() for wanted, column in dataset.columns.items()})
    table = table.assign(line=rows["line"].astype(str))
    codes = table.filter(regex="code$")
    wrong = [
        Problem(
            file, f"row {line}", name, repr(given), "a year of four digits" if name == "year" else "a day, 2020-01-01"
        )
        for name, is_one in (("year", _is_year), ("changed_on", _is_day))
        if name in table
        for line, given in zip(rows["line"], table[name], strict=True)
        if not is_one(given)
    ]
    if wrong:
        raise BadInput(wrong[:PROBLEMS_SHOWN])
    table = table[~codes.isin(dataset.skip_codes).any(axis=1)]
    return table.assign(**dataset.constants)


def _is_year(given: str) -> bool:
    return re.fullmatch("[0-9]{4}", given) is not None


def _is_day(given: str) -> bool:
    """Whether it is a day of the calendar, written in full."""
    try:
        return date.fromisoformat(given).isoformat() == given
    except ValueError:
        return False


def _unit_code(rows: pd.DataFrame, dataset: DelimitedDataset) -> pd.Series:
    """The first unit column that is filled in; padded with zeros where the declaration says they were lost.

    A country row, `0`, is not padded: no municipality has that code.
    """
    code = rows[dataset.unit_columns[0]].str.strip()
    for column in dataset.unit_columns[1:]:
        code = code.where(code != "", rows[column].str.strip())
    if dataset.unit_code_width is None:
        return code
    return code.where(code == "0", code.str.zfill(dataset.unit_code_width))


def _period(rows: pd.DataFrame, dataset: DelimitedDataset) -> pd.Series:
    year = rows[dataset.year_column].str.strip()
    return year if dataset.half_year_column is None else year + "H" + rows[dataset.half_year_column].str.strip()


def _no_periods(rows: pd.DataFrame, dataset: DelimitedDataset, file: str) -> Iterator[Problem]:
    """A problem for each row whose year or half-year is none."""
    for column, pattern, allowed in (
        (dataset.year_column, r"[0-9]{4}", "a year of four digits"),
        (dataset.half_year_column, "[12]", "1 or 2"),
    ):
        if column is not None:
            bad = rows[~rows[column].str.strip().str.fullmatch(pattern)]
            for line, given in bad[["line", column]].head(PROBLEMS_SHOWN).itertuples(index=False):
                yield Problem(file, f"row {line}", column, repr(given), allowed)
