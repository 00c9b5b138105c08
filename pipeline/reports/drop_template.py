"""Empty deliveries for those who send files: the right header, and a sheet that explains each column."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO

import xlsxwriter

from pipeline.registry.dataset import DatasetBase, DelimitedDataset, RecordDataset, ReferenceDataset
from pipeline.registry.drop import Column
from pipeline.registry.load import Registry
from pipeline.registry.model import Text
from pipeline.sources.record_words import allowed

HEADS = (
    "Kolonne",
    "Må fylles ut",
    "Kan stå",
    "Forklaring",
    "Forklaring (nynorsk)",
    "May hold",
    "Explanation",
    "Eksempel",
)
ROWS = 5_000  # that the formats and lists reach


@dataclass(frozen=True)
class Slot:
    """A column of a template. may_hold: in bokmål and English. choices: offered as a list where there are some."""

    name: str
    required: bool
    may_hold: tuple[str, str]
    explanation: Text
    example: str
    choices: tuple[str, ...] = ()
    is_date: bool = False


def template(dataset: DatasetBase, registry: Registry, suffix: str, today: date) -> bytes:
    """The bytes of an empty delivery, `.xlsx` or `.csv`; a `.csv` has the header alone."""
    slots = list(_slots(dataset, registry, today))
    if suffix == ".csv":
        encoding = dataset.encoding if isinstance(dataset, DelimitedDataset | ReferenceDataset) else "utf-8"
        separator = dataset.separators[0] if isinstance(dataset, RecordDataset) else getattr(dataset, "separator", ";")
        header = separator.join(slot.name for slot in slots) + "\r\n"
        return header.encode("utf-8-sig" if encoding == "utf-8" else encoding)
    return _workbook(dataset, slots, today)


def _slots(dataset: DatasetBase, registry: Registry, today: date) -> Iterator[Slot]:
    if isinstance(dataset, RecordDataset):
        yield from (_slot(column, registry, today) for column in dataset.columns)
    if isinstance(dataset, DelimitedDataset):
        yield from _figures(dataset, registry)
    if isinstance(dataset, ReferenceDataset):
        for role, name in dataset.columns.items():
            yield Slot(name, True, ("tekst", "text"), Text(nb=role, nn=role, en=role), "")


def _slot(column: Column, registry: Registry, today: date) -> Slot:
    check = "choices" if column.choices else "pattern" if column.pattern else column.type
    offices = tuple(each.name.nb for each in registry.offices if each.holds(today)) if column.type == "office" else ()
    return Slot(
        column.name,
        column.required,
        allowed("length" if check == "text" else check, column, "", today, ()),
        column.explanation,
        column.example,
        tuple(column.choices) or offices,
        column.type == "date",
    )


def _figures(dataset: DelimitedDataset, registry: Registry) -> Iterator[Slot]:
    """The columns of a text file of numbers, from its declaration."""
    place = registry.jurisdiction
    for name in dataset.unit_columns:
        yield Slot(name, True, (place.unit_code_hint, place.unit_code_hint), place.unit_word, "0301")
    year = Text(nb="Årstall", nn="Årstal", en="Year")
    yield Slot(dataset.year_column, True, ("fire siffer", "four digits"), year, str(2020))
    if dataset.half_year_column:
        half = Text(nb="Halvår", nn="Halvår", en="Half-year")
        yield Slot(dataset.half_year_column, True, ("1 eller 2", "1 or 2"), half, "1", ("1", "2"))
    signs = ", ".join(repr(symbol) for symbol in dataset.symbols)
    sign = {",": ("desimalkomma", "decimal comma"), ".": ("desimalpunkt", "decimal point")}[dataset.decimal]
    figure = f"tall med {sign[0]}, eller {signs}", f"a number with {sign[1]}, or {signs}"
    for name in dict.fromkeys([*dataset.measures, *(share.share for share in dataset.shares)]):
        yield Slot(name, False, figure, Text(nb=name, nn=name, en=name), "12")


def _workbook(dataset: DatasetBase, slots: list[Slot], today: date) -> bytes:
    buffer = BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_urls": False}) as book:
        book.set_properties({"title": dataset.title, "created": datetime(today.year, today.month, today.day)})
        bold, wrapped = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
        text, day = book.add_format({"num_format": "@"}), book.add_format({"num_format": "yyyy-mm-dd"})
        sheet, explained, lists = (book.add_worksheet(name) for name in ("Data", "Forklaring", "Lister"))
        for column, slot in enumerate(slots):
            sheet.set_column(column, column, max(14, len(slot.name) + 2), day if slot.is_date else text)
            sheet.write_string(0, column, slot.name, bold)
            if slot.choices:
                lists.write_column(0, column, slot.choices)
                letter = xlsxwriter.utility.xl_col_to_name(column)
                source = f"=Lister!${letter}$1:${letter}${len(slot.choices)}"
                sheet.data_validation(1, column, ROWS, column, {"validate": "list", "source": source})
        sheet.freeze_panes(1, 0)
        explained.write_row(0, 0, HEADS, bold)
        explained.set_column(0, len(HEADS) - 1, 36, wrapped)
        for row, slot in enumerate(slots, 1):
            words, must = slot.explanation, "ja" if slot.required else "nei"
            cells = (slot.name, must, slot.may_hold[0], words.nb, words.nn, slot.may_hold[1], words.en, slot.example)
            for column, cell in enumerate(cells):
                explained.write_string(row, column, cell, wrapped)
    return buffer.getvalue()
