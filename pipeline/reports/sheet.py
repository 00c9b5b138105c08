"""Writes workbooks: columns of values with a heading, a head of a few lines, and columns to answer in.

The same input gives the same bytes. Text is written as text: a name that begins with "=" is a name, not a formula.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from typing import Any, Literal

import pandas as pd
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from pipeline.reports import palette

Form = Literal["text", "share", "part", "count", "about"] | str
NUMBER = {
    "share": '[<0.01]"<1 %";[>0.99]">99 %";0 %',
    "part": "0 %",
    "count": "#,##0",
    "about": "General",
    "decimals_0": "#,##0",
    "decimals_1": "#,##0.0",
    "decimals_2": "#,##0.00",
    "decimals_3": "#,##0.000",
}
ANSWER_PAPER = "#fff7cc"
HEAD_HEIGHT, WRAP_HEIGHT = 18, 15  # points


@dataclass(frozen=True)
class Field:
    """A column: its heading, the group it stands under, and one value a row; nothing is a blank cell."""

    heading: str
    values: Sequence[Any] | pd.Series
    group: str = ""
    width: int = 12
    form: Form = "text"
    choices: Sequence[str] = ()
    hint: str = ""
    is_answer: bool = False


@dataclass(frozen=True)
class Sheet:
    """A sheet: lines on top, then a table. The first `printed_columns` are printed, one page wide."""

    name: str
    head: Sequence[str]
    fields: Sequence[Field]
    printed_columns: int
    has_filter: bool = False


def workbook(sheets: Sequence[Sheet], title: str, created: date) -> bytes:
    """The workbook as bytes; `created` is what it says of itself, whenever it is made."""
    buffer = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties(
            {"title": title, "author": "Veiviser", "created": datetime(created.year, created.month, created.day)}
        )
        forms = _Forms(book)
        for sheet in sheets:
            _write(book.add_worksheet(sheet.name[:31]), sheet, forms)
    return buffer.getvalue()


class _Forms:
    """The formats of a workbook, each made once."""

    def __init__(self, book: Workbook) -> None:
        self.book = book
        self.made: dict[tuple[tuple[str, Any], ...], Format] = {}

    def __call__(self, **look: Any) -> Format:
        key = tuple(sorted(look.items()))
        if key not in self.made:
            self.made[key] = self.book.add_format({"font_name": "Arial", "font_size": 10, "valign": "top", **look})
        return self.made[key]

    def body(self, field: Field) -> Format:
        look: dict[str, Any] = {"bottom": 1, "bottom_color": palette.RULE}
        if field.is_answer:
            look |= {"bg_color": ANSWER_PAPER, "border": 1, "border_color": palette.RULE, "locked": False}
        if field.form == "text":
            return self(text_wrap=True, **look)
        return self(num_format=NUMBER[field.form], **look)


def _write(page: Worksheet, sheet: Sheet, forms: _Forms) -> None:
    for row, line in enumerate(sheet.head):
        page.write_string(row, 0, line, forms(bold=True, font_size=14) if row == 0 else forms())
        page.set_row(row, 24 if row == 0 else HEAD_HEIGHT)
    groups, headings = len(sheet.head), len(sheet.head) + 1
    size = max((len(field.values) for field in sheet.fields), default=0)
    for column, field in enumerate(sheet.fields):
        look = {"bold": True, "text_wrap": True, "bg_color": palette.TINT, "bottom": 2, "bottom_color": palette.ACCENT}
        page.set_column(column, column, field.width)
        page.write_string(headings, column, field.heading, forms(**look))
        if field.group and field.group != (sheet.fields[column - 1].group if column else ""):
            page.write_string(groups, column, field.group, forms(bold=True, font_color=palette.ACCENT))
        _fill(page, field, headings + 1, column, forms.body(field))
    page.set_row(headings, max(45, WRAP_HEIGHT * max(_lines(each.heading, each.width) for each in sheet.fields)))
    _set_heights(page, sheet, headings + 1, size)
    _set_up(page, sheet, headings, size)


def _fill(page: Worksheet, field: Field, top: int, column: int, form: Format) -> None:
    for row, value in enumerate(field.values, top):
        if value is None or value == "" or pd.isna(value):
            page.write_blank(row, column, None, form)
        elif field.form == "text":
            page.write_string(row, column, str(value), form)
        else:
            page.write_number(row, column, round(float(value), 4), form)
    if field.choices and len(field.values):
        rule = {"validate": "list", "source": list(field.choices), "input_message": field.hint}
        page.data_validation(top, column, top + len(field.values) - 1, column, rule)


def _set_heights(page: Worksheet, sheet: Sheet, top: int, size: int) -> None:
    """Rows high enough for their longest text: no program but Excel itself finds the height when it opens the file."""
    for row in range(size):
        lines = 1
        for field in sheet.fields:
            if field.form == "text":
                value = field.values.iloc[row] if isinstance(field.values, pd.Series) else field.values[row]
                lines = max(lines, _lines(value, field.width) if isinstance(value, str) else 1)
        page.set_row(top + row, WRAP_HEIGHT * min(lines, 24))


def _lines(text: str, width: int) -> int:
    """How many lines a text takes in a column of this width."""
    return math.ceil(len(text) * 0.95 / width)


def _set_up(page: Worksheet, sheet: Sheet, headings: int, size: int) -> None:
    last = len(sheet.fields) - 1
    page.freeze_panes(headings + 1, 1)
    if sheet.has_filter and size:
        page.autofilter(headings, 0, headings + size, last)
    page.hide_gridlines(2)
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    page.repeat_rows(headings)
    page.print_area(0, 0, headings + max(size, 1), sheet.printed_columns - 1)
    page.set_footer("&L&A&R&P / &N")
