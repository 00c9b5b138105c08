"""Deliveries as people make them: the same rows as text or as a workbook."""

import io
from collections.abc import Sequence
from datetime import date

import xlsxwriter

from pipeline.registry.load import load
from pipeline.sources.records import Codes

NORWAY = load("norway")
INSPECTION = NORWAY.datasets["inspection"]
OFFICE_LIST = NORWAY.datasets["office_list"]
DAY = date(2026, 5, 1)
CODES = Codes(
    {
        "0301": [(date(1990, 1, 1), None)],
        "1804": [(date(1990, 1, 1), None)],
        "1850": [(date(1990, 1, 1), date(2020, 1, 1))],
    },
    NORWAY.offices,
    DAY,
)
HEADER = [column.name for column in INSPECTION.columns]
GOOD = ["Statsforvalteren i Nordland", "2026/12", "1804", "2026-03-17", "undersøkelse", "lovbrudd", "", ""]


def as_text(rows: Sequence[Sequence[str]], header: Sequence[str] = HEADER, separator: str = ";") -> bytes:
    return "".join(separator.join(row) + "\r\n" for row in [header, *rows]).encode("utf-8-sig")


def as_workbook(rows: Sequence[Sequence[object]], header: Sequence[str] = HEADER) -> bytes:
    """Texts as texts, numbers as numbers, days as days."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": "dd.mm.yyyy"})
        for number, row in enumerate([header, *rows]):
            for column, cell in enumerate(row):
                if isinstance(cell, date):
                    sheet.write_datetime(number, column, cell, day)
                elif isinstance(cell, int | float):
                    sheet.write_number(number, column, cell)
                elif cell:
                    sheet.write_string(number, column, str(cell))
    return buffer.getvalue()
