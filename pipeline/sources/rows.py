"""Rows with a header, from separated text or the first sheet of a workbook: every cell as text."""

from collections.abc import Sequence
from datetime import datetime

import pandas as pd

from pipeline.problems import BadInput, Problem, bad_input
from pipeline.sources import limits, text, workbook
from pipeline.sources.table import PROBLEMS_SHOWN

WORKBOOK = b"PK\x03\x04"  # how every .xlsx begins, and no text does


def rows(
    body: bytes,
    encodings: Sequence[str],
    separators: Sequence[str],
    needed: Sequence[str],
    file: str,
    decimal: str = ".",
) -> pd.DataFrame:
    """The file as text columns, with `line` the row; every row as long as the header. Raises BadInput.

    encodings, separators: of text; the first encoding that fits, and the separator that finds most of `needed`.
    decimal: the sign that a workbook's numbers are written with. needed: columns that must be there, each once.
    """
    if body.startswith(WORKBOOK):
        header, content, lines, problems = _of_workbook(body, file, decimal)
        separator = " | "
    else:
        written = _decoded(body, encodings, file)
        separator = _separator(written, separators, needed)
        header, content, lines, problems = text.split(written, separator, file)
    for column in dict.fromkeys(needed):
        if header.count(column) != 1:
            allowed = f"one column named {column!r}"
            problems.append(Problem(file, "row 1", "header", repr(separator.join(header)), allowed))
    if "line" in header:
        problems.append(Problem(file, "row 1", "header", "'line'", "another name: so we call the number of the row"))
    if not content and not problems:
        problems.append(Problem(file, "row 2", "row", "no rows", "at least one row below the header"))
    if problems:
        raise BadInput(problems[:PROBLEMS_SHOWN])
    return pd.DataFrame(content, columns=header, dtype="str").assign(line=lines)


def _decoded(body: bytes, encodings: Sequence[str], file: str) -> str:
    for encoding in encodings[:-1]:
        try:
            return text.decoded(body, encoding, file)
        except BadInput as error:
            if [problem.field for problem in error.problems] != ["encoding"]:
                raise
    return text.decoded(body, encodings[-1], file)


def _separator(written: str, separators: Sequence[str], needed: Sequence[str]) -> str:
    """The separator that finds most of the columns; the first of those alike."""
    header = written.partition("\n")[0].rstrip("\r")
    found = [len({each.strip('"') for each in header.split(separator)} & set(needed)) for separator in separators]
    return separators[found.index(max(found))]


def _of_workbook(body: bytes, file: str, decimal: str) -> tuple[list[str], list[list[str]], list[int], list[Problem]]:
    """Header, rows that are not blank, their numbers, and what is too long. Raises BadInput."""
    limits.check_size(len(body), file)
    cells = [[_text(cell, decimal) for cell in row] for row in workbook.plain_sheet(body, file, "workbook")]
    if not cells:
        raise bad_input(file, "workbook", "sheet", "an empty first sheet", "a header and at least one row")
    problems = [problem for number, row in enumerate(cells, 1) for problem in text.long_fields(row, number, file)]
    for number, row in enumerate(cells, 1):
        text.check_visible("".join(row), file, number, "the workbook")
    width = max((column for row in cells for column, cell in enumerate(row, 1) if cell), default=0)
    header = cells[0][:width]
    filled = [(number, row[:width]) for number, row in enumerate(cells[1:], 2) if any(row)]
    return header, [row for _, row in filled], [number for number, _ in filled], problems


def _text(cell: object, decimal: str) -> str:
    """A cell as it would stand in a text file: numbers without thousands, days as 2026-05-01."""
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float):
        return f"{cell:.15g}".replace(".", decimal)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == datetime.min.time() else cell.isoformat(" ")
    return str(cell).strip()
