"""Reads records that people deliver, and says of every wrong cell what stood there and what could have."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd
import pandera.pandas as pa

from pipeline.problems import BadInput, Problem, bad_input
from pipeline.registry.dataset import RecordDataset
from pipeline.registry.drop import Column
from pipeline.registry.programme import Office
from pipeline.sources.complaint import Complaint
from pipeline.sources.record_words import allowed, each_once
from pipeline.sources.rows import rows as read_rows
from pipeline.sources.table import NUMBER

NORWEGIAN_DAY = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")
ROW = "key"  # what pandera calls a mistake of a whole row


@dataclass(frozen=True)
class Codes:
    """What codes must match. municipalities: code → the half-open spans of days in use. day: of the file."""

    municipalities: Mapping[str, Sequence[tuple[date, date | None]]]
    offices: Sequence[Office]
    day: date

    def in_use(self, code: str, day: date) -> bool:
        """Whether a municipality had the code on a day."""
        return any(first <= day and (end is None or day < end) for first, end in self.municipalities.get(code, ()))


def read(body: bytes, dataset: RecordDataset, file: str) -> pd.DataFrame:
    """One row a record: the fields as text (days as 2026-05-01, choices as tables call them), and `line`, its row.

    Codes are not looked up, and offices stand as written. Raises BadInput for every wrong cell at once.
    """
    table = raw(body, dataset, file)
    wrong = faults(table, dataset, None)
    if wrong:
        raise BadInput(fault.problem(file) for fault in wrong)
    return pd.DataFrame({each.field: _stored(table[each.name], each) for each in dataset.columns}).assign(
        line=table["line"].astype(str)
    )


def raw(body: bytes, dataset: RecordDataset, file: str) -> pd.DataFrame:
    """The file as text, with `line`. Raises BadInput for one that cannot be read, or has a column too few or too many.

    A column that nobody asked for is refused: it may hold what must not be kept, such as a child's name.
    """
    names = [each.name for each in dataset.columns]
    table = read_rows(body, dataset.encodings, dataset.separators, names, file)
    strange = [str(each) for each in table.columns if each not in (*names, "line")]
    if strange:
        raise BadInput(
            Problem(file, "row 1", "header", repr(each), "only the columns " + ", ".join(names)) for each in strange
        )
    table[names] = table[names].apply(lambda column: column.str.strip())
    table = table[(table[names] != "").any(axis=1)].reset_index(drop=True)
    if table.empty:
        raise bad_input(file, "", "row", "no rows", "at least one row that is not blank")
    return table


def faults(table: pd.DataFrame, dataset: RecordDataset, codes: Codes | None) -> list[Complaint]:
    """Every wrong cell of `raw`, once, by row; of two rows alike the second. Without codes none is looked up."""
    columns = {each.name: each for each in dataset.columns}
    of_field = {each.field: each.name for each in dataset.columns}
    key = [of_field[field] for field in dataset.unique]
    names = _office_ids(codes.offices) if codes else {}
    schema = pa.DataFrameSchema(
        {each.name: pa.Column(checks=list(_checks(each, table, of_field, codes))) for each in dataset.columns},
        checks=pa.Check(lambda rows: ~_again(rows[key], names), name=ROW, error=ROW),
    )
    try:
        schema.validate(table, lazy=True)
    except pa.errors.SchemaErrors as error:
        cases = error.failure_cases[["index", "column", "check"]].astype({"check": "str"})
    else:
        return []
    found: dict[tuple[int, str], Complaint] = {}
    for index, name, check in cases[cases["check"] != ROW].itertuples(index=False):
        row = table.loc[index]
        day, known = (codes.day, codes.municipalities) if codes else (None, {})
        told = allowed(check, columns[name], row[name], day, known)
        found.setdefault((index, name), Complaint(f"row {row['line']}", name, repr(row[name]), told))
    for index in cases.loc[cases["check"] == ROW, "index"].unique():
        row = table.loc[index]
        given = repr(", ".join(row[key]))
        found.setdefault((index, key[-1]), Complaint(f"row {row['line']}", key[-1], given, each_once(key)))
    order = {name: position for position, name in enumerate(columns)}
    return [found[cell] for cell in sorted(found, key=lambda cell: (cell[0], order[cell[1]]))]


def _again(key: pd.DataFrame, names: dict[str, str]) -> "pd.Series[bool]":
    """Whether a row has the key of one above it, whichever of its names an office has; half a key is none."""
    same = key.apply(lambda column: column.str.casefold()).replace(names)
    return same.duplicated() & (key != "").all(axis=1)


def office_ids(table: pd.DataFrame, dataset: RecordDataset, offices: Sequence[Office]) -> pd.DataFrame:
    """The table with each office by its id; a name that no office has is left as it stands."""
    ids = _office_ids(offices)
    names = [each.field for each in dataset.columns if each.type == "office"]
    return table.assign(**{name: table[name].map(lambda given: ids.get(given.casefold(), given)) for name in names})


def _office_ids(offices: Sequence[Office]) -> dict[str, str]:
    """Name in small letters → the office's id."""
    return {name: office.id for office in offices for name in _names(office)}


def day_of(given: str) -> date | None:
    """The day that is written as 2026-05-01 or 01.05.2026; nothing where it is none."""
    norwegian = NORWEGIAN_DAY.fullmatch(given)
    try:
        if norwegian:
            return date(int(norwegian[3]), int(norwegian[2]), int(norwegian[1]))
        return date.fromisoformat(given) if re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", given) else None
    except ValueError:
        return None


def _checks(column: Column, table: pd.DataFrame, of_field: dict[str, str], codes: Codes | None) -> Iterator[pa.Check]:
    """The checks of a column, each named by what it asks; all but the first are asked of cells that are filled in."""

    def cells(name: str, holds: Callable[[str], bool]) -> pa.Check:
        return pa.Check(lambda given: (given == "") | given.map(holds).astype(bool), name=name, error=name)

    if column.required:
        yield pa.Check(lambda given: given != "", name="required", error="required")
    yield cells("length", lambda given: len(given) <= column.max_characters)
    if column.choices:
        yield cells("choices", lambda given: given.casefold() in _choices(column))
    if column.pattern is not None:
        pattern = re.compile(column.pattern)
        yield cells("pattern", lambda given: pattern.fullmatch(given) is not None)
    if column.type == "number":
        yield cells("number", lambda given: _is_number(given, column))
    if column.type == "date":
        yield cells("date", lambda given: day_of(given) is not None)
    if codes is not None:
        yield from _code_checks(column, table, of_field, codes, cells)


def _code_checks(
    column: Column,
    table: pd.DataFrame,
    of_field: dict[str, str],
    codes: Codes,
    cells: Callable[[str, Callable[[str], bool]], pa.Check],
) -> Iterator[pa.Check]:
    """What is asked of the day of the file, or of the day in another column."""
    if column.not_future:
        yield cells("not_future", lambda given: (day_of(given) or codes.day) <= codes.day)
    if column.type not in ("municipality", "office"):
        return
    days = table[of_field[column.valid_on]].map(day_of) if column.valid_on else pd.Series(codes.day, index=table.index)

    def is_one(cell: str, day: date) -> bool:
        return codes.in_use(cell, day) if column.type == "municipality" else _is_office(cell, day, codes)

    def holds(given: "pd.Series[str]") -> "pd.Series[bool]":
        pairs = zip(given, days.loc[given.index], strict=True)
        found = [not cell or is_one(cell, day if isinstance(day, date) else codes.day) for cell, day in pairs]
        return pd.Series(found, index=given.index, dtype=bool)

    yield pa.Check(holds, name=column.type, error=column.type)


def _choices(column: Column) -> dict[str, str]:
    return {word.casefold(): stored for word, stored in column.choices.items()}


def _is_number(given: str, column: Column) -> bool:
    if not any(pattern.fullmatch(given) for pattern in NUMBER.values()):
        return False
    value = float(given.replace(",", "."))
    return (column.minimum is None or value >= column.minimum) and (column.maximum is None or value <= column.maximum)


def _is_office(given: str, day: date, codes: Codes) -> bool:
    return any(given.casefold() in _names(office) and office.holds(day) for office in codes.offices)


def _names(office: Office) -> Iterator[str]:
    """What an office may be called, in small letters: its id, and all it was ever called."""
    yield office.id
    for name in (office.name, *(former.name for former in office.former_names)):
        yield from (each.casefold() for each in (name.nb, name.nn, name.en))


def _stored(given: "pd.Series[str]", column: Column) -> "pd.Series[str]":
    """The cells as tables have them."""
    if column.choices:
        return given.str.casefold().map(_choices(column)).fillna("")
    if column.type == "date":
        return given.map(lambda each: (day_of(each) or "") and str(day_of(each)))
    return given.str.replace(",", ".", regex=False) if column.type == "number" else given
