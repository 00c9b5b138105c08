"""What every reader of numbers returns, and how a cell becomes a value and a status.

One row a cell as sent: unit_code, period, measure, dimensions (`name=code;name=code`, or empty), value, status,
text (what stood there) and place (where in the file it stood).
"""

import re
from collections.abc import Iterator

import pandas as pd

from pipeline.problems import BadInput, Problem
from pipeline.registry.dataset import DatasetBase

COLUMNS = ["unit_code", "period", "measure", "dimensions", "value", "status", "text", "place"]
WHOLE = r"-?(?:0|[1-9][0-9]{0,14})"  # no zeros in front, no digits of other scripts, none that a number cannot hold
NUMBER = {".": re.compile(WHOLE + r"(?:\.[0-9]{1,15})?"), ",": re.compile(WHOLE + r"(?:,[0-9]{1,15})?")}
PROBLEMS_SHOWN = 20
TINY = 1e-6  # below every rounding, above what floating point loses


def numbers(cells: pd.DataFrame, dataset: DatasetBase, decimal: str, blank: str | None = None) -> pd.DataFrame:
    """Adds `value` and `status` to cells with `text`; a text that is neither number nor declared symbol gets no status.

    decimal: the declared sign. blank: the status of an empty cell, when it is not among the symbols.
    """
    text = cells["text"].str.strip()
    symbols: dict[str, str] = dict(dataset.symbols) | ({} if blank is None else {"": blank})
    value = number(text.mask(text.isin(symbols)), decimal)
    return cells.assign(value=value, status=text.map(symbols).mask(value.notna(), "ok"))


def number(text: "pd.Series[str]", decimal: str) -> "pd.Series[float]":
    """The numbers in a column of texts; what is no number is missing."""
    text = text.str.strip()
    is_number = text.str.fullmatch(NUMBER[decimal]).fillna(False).astype(bool)
    return pd.to_numeric(text.where(is_number).str.replace(decimal, ".", regex=False)).astype("float64")


def unreadable(cells: pd.DataFrame, dataset: DatasetBase, decimal: str, file: str) -> Iterator[Problem]:
    """A problem for each cell that could not be read as a number or a symbol."""
    sign = {",": "comma", ".": "point"}[decimal]
    symbols = ", ".join(repr(symbol) for symbol in dataset.symbols) or "none declared"
    bad = cells[cells["status"].isna()]
    for cell in bad.head(PROBLEMS_SHOWN).itertuples():
        yield Problem(
            file,
            str(cell.place),
            str(cell.measure),
            repr(cell.text),
            f"a number with decimal {sign}, or a symbol: {symbols}",
        )
    if len(bad) > PROBLEMS_SHOWN:
        yield Problem(file, "", "cells", f"{len(bad)} such cells", f"none; the first {PROBLEMS_SHOWN} are listed")


def check_decimals(cells: pd.DataFrame, dataset: DatasetBase, file: str) -> None:
    """Raises BadInput for figures with more decimals than their dataset has: a point that slipped, say."""
    if dataset.decimals is None:
        return
    more = cells[(cells["value"] - cells["value"].round(dataset.decimals)).abs() > TINY]
    if len(more):
        raise BadInput(
            Problem(file, str(cell.place), str(cell.measure), repr(cell.text), f"at most {dataset.decimals} decimals")
            for cell in more.head(PROBLEMS_SHOWN).itertuples()
        )
