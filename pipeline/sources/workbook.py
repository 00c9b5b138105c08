"""Reads a sheet of an .xlsx workbook; the reader, written in Rust, is handed what was checked and nothing else.

It takes the sizes in a ZIP as they come and makes room for a sheet from its farthest cell; so every part is unpacked,
verified and searched here first, and packed anew without compression.
"""

import io
import re
import zipfile

from python_calamine import CalamineError, CalamineWorkbook

from pipeline.problems import BadInput, Problem, bad_input
from pipeline.sources import limits, zipped
from pipeline.sources.table import PROBLEMS_SHOWN

NEEDED = ("[Content_Types].xml", "xl/workbook.xml")
MACROS = re.compile(r"vbaproject|vbadata|macrosheets|activex|\.bin$", re.IGNORECASE)
NESTED = re.compile(r"\.(zip|xls[xmb]?|xl[ta][xm]?|docx?|docm|jar|7z|gz|rar|exe|dll)$", re.IGNORECASE)
LINKS = re.compile(r"^xl/externallinks/|^xl/(connections|querytables)", re.IGNORECASE)
DECLARES = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
CELL = re.compile(rb"""\br\s*=\s*["']\s*([A-Za-z]*)([0-9]+)\s*["']""")
PLAIN = (
    (
        re.compile(rb"""<(?:\w+:)?c\b[^>]*\br="([^"]+)"[^>]*>\s*<(?:\w+:)?f\b"""),
        "cell", "a formula", "the value itself: copy the cells, and paste them as values",
    ),
    (
        re.compile(rb"""<(?:\w+:)?mergeCell\b[^>]*\bref="([^"]+)\""""),
        "cells", "merged cells", "one cell a row and column: unmerge them, and fill in each",
    ),
)  # fmt: skip  # what is found, its field, what is given and what could have been
PANIC = "PanicException"  # what pyo3 raises when Rust gives up; not an Exception, so that nobody swallows it unseen


def sheet(body: bytes, file: str, name: str, title: str | None = None) -> list[list[object]]:
    """The first sheet, or the one of that title, from its first row and column.

    name: of the workbook, for the place of a mistake. Raises BadInput for macros, links to other files, XML that
    declares entities, a sheet too large or not there, or a broken file.
    """
    harmless = _checked(body, file, name)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(harmless))
        if title is not None and title not in workbook.sheet_names:
            raise bad_input(file, name, "sheet", ", ".join(workbook.sheet_names)[:200], f"one named {title!r}")
        found = workbook.get_sheet_by_index(0) if title is None else workbook.get_sheet_by_name(title)
        rows = found.to_python(skip_empty_area=False)
    except (CalamineError, OSError, ValueError, LookupError, TypeError, ArithmeticError) as error:
        raise _unreadable(error, file, name) from None
    except BaseException as error:
        if type(error).__name__ != PANIC:
            raise
        raise _unreadable(error, file, name) from None
    return rows  # type: ignore[return-value]


def plain_sheet(body: bytes, file: str, name: str) -> list[list[object]]:
    """The first sheet of a workbook that people filled in. Raises BadInput as `sheet`, and at formulas or merged cells.

    A formula's number is what some program computed last, and of merged cells only the first holds what is seen.
    """
    rows = sheet(body, file, name)
    with zipped.opened(body, file, name) as book:
        parts = zipped.contents(book, file, name)
    problems = [
        Problem(file, cell.decode("ascii", "replace")[:20], field, given, allowed)
        for part, content in parts.items()
        if part.startswith("xl/worksheets/")
        for pattern, field, given, allowed in PLAIN
        for cell in pattern.findall(content)[:PROBLEMS_SHOWN]
    ]
    if problems:
        raise BadInput(problems)
    return rows


def _unreadable(error: BaseException, file: str, name: str) -> BadInput:
    return bad_input(file, name, "workbook", str(error)[:200], "a readable .xlsx workbook")


def _checked(body: bytes, file: str, name: str) -> bytes:
    """The workbook packed anew from its verified parts."""
    try:
        with zipped.opened(body, file, name) as book:
            names = [entry.filename for entry in book.infolist() if not entry.is_dir()]
            _check_names(names, file, name)
            parts = zipped.contents(book, file, name)
    except BadInput as error:
        if [problem.field for problem in error.problems] == ["ZIP"]:
            raise _unreadable(ValueError(error.problems[0].given), file, name) from None
        raise
    for part, content in parts.items():
        _check_part(part, content, file, name)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as clean:
        for part, content in parts.items():
            clean.writestr(zipfile.ZipInfo(part), content)
    return buffer.getvalue()


def _check_names(names: list[str], file: str, name: str) -> None:
    for needed in NEEDED:
        if needed not in names:
            raise bad_input(file, name, "workbook", f"no {needed}", "a readable .xlsx workbook")
    for pattern, allowed in (
        (MACROS, "a workbook without macros: save it as .xlsx"),
        (NESTED, "a workbook without other files inside"),
        (LINKS, "a workbook without links to other files"),
    ):
        for part in names:
            if pattern.search(part):
                raise bad_input(file, name, "workbook", part, allowed)


def _check_part(part: str, content: bytes, file: str, name: str) -> None:
    """XML in UTF-8, with neither document type nor entities, and no cell outside the largest sheet."""
    if not part.endswith((".xml", ".rels")):
        return
    if b"\x00" in content or content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise bad_input(file, name, part, content[:8], "XML in UTF-8")
    declared = DECLARES.search(content)
    if declared:
        raise bad_input(file, name, part, declared.group(), "XML without document type or entities")
    if part == NEEDED[0] and b"macroEnabled" in content:
        raise bad_input(file, name, part, "macroEnabled", "a workbook without macros: save it as .xlsx")
    for letters, digits in set(CELL.findall(content)):
        row, column = int(digits[:10]), _column(letters)
        if row > limits.MAX_SHEET_ROWS or column > limits.MAX_SHEET_COLUMNS:
            most = f"at most {limits.MAX_SHEET_ROWS} rows and {limits.MAX_SHEET_COLUMNS} columns"
            raise bad_input(file, name, part, f"a cell in {(letters + digits)[:40].decode()}", most)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters[:4].upper():
        number = number * 26 + letter - 64
    return number
