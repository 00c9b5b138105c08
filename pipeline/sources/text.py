"""Text of separated values, decoded and split strictly: nothing invisible, nothing cut off, nothing too wide."""

import csv
import re
from collections.abc import Iterator

from pipeline.problems import Problem, bad_input
from pipeline.sources import limits
from pipeline.sources.table import PROBLEMS_SHOWN

# Control characters but tab and line ends, a mark of byte order that is not first, marks of direction, and signs no
# script uses: none belongs in a figure or name, and each is what a damaged byte often turns into. The sign for a lost
# letter, U+FFFD, does come: a copy of SSB's population has one in a name that nobody reads.
INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\ufffb\ufffe\uffff]"
)


class _TooLong(Exception):
    """A line, or a row of many lines, beyond the limits."""


def decoded(body: bytes, encoding: str, file: str) -> str:
    """The text of the file. Raises BadInput for bytes outside the encoding, invisible signs, or a last line cut off."""
    limits.check_size(len(body), file)
    if not body.strip():
        raise bad_input(file, "", "file", "an empty file", "a header and at least one row")
    try:
        text = body.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError as error:
        given = body[error.start : error.start + 4]
        raise bad_input(file, f"byte {error.start}", "encoding", given, encoding) from None
    check_visible(text, file, 1, encoding)
    if not text.endswith("\n"):
        last = text.rpartition("\n")[2][-40:]
        raise bad_input(file, f"row {text.count(chr(10)) + 1}", "end", last, "a last line that ends: it may be cut off")
    return text


def check_visible(text: str, file: str, line: int, where: str) -> None:
    """Raises BadInput for a sign that cannot be seen. line: of the text's first. where: what it stands in."""
    found = INVISIBLE.search(text)
    if found:
        line += text.count("\n", 0, found.start())
        raise bad_input(file, f"row {line}", "text", found.group(), f"signs that can be seen, in {where}")


def split(text: str, separator: str, file: str) -> tuple[list[str], list[list[str]], list[int], list[Problem]]:
    """Header, rows as long as it, their line numbers, and the rows that are shorter or longer."""
    reached = [0]
    reader = csv.reader(_lines(text, reached), delimiter=separator, strict=True)
    content: list[list[str]] = []
    lines: list[int] = []
    problems: list[Problem] = []
    try:
        header = next(reader)
        _check_header(header, file)
        for row in reader:
            reached[0] = 0
            if len(row) == len(header):
                content.append(row)
                lines.append(reader.line_num)
            elif row and len(problems) < PROBLEMS_SHOWN:
                given = f"{len(row)} fields"
                problems.append(Problem(file, f"row {reader.line_num}", "row", given, f"{len(header)} fields"))
            problems += long_fields(row, reader.line_num, file)
            limits.check_cells(len(content) * len(header), file)
    except csv.Error as error:
        raise bad_input(file, f"row {reader.line_num}", "row", str(error), "fields whose quotes are closed") from None
    except _TooLong as error:
        most = f"at most {limits.MAX_LINE_CHARACTERS} characters a line and {limits.MAX_LINES_A_ROW} lines a row"
        raise bad_input(file, f"row {reader.line_num + 1}", "row", str(error), most) from None
    return header, content, lines, problems


def _lines(text: str, reached: list[int]) -> Iterator[str]:
    """The lines with their ends; `reached` counts those since a row was whole."""
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        reached[0] += 1
        if end - start > limits.MAX_LINE_CHARACTERS:
            raise _TooLong(f"a line of {end - start} characters")
        if reached[0] > limits.MAX_LINES_A_ROW:
            raise _TooLong("a quoted field that does not close")
        yield text[start:end]
        start = end


def _check_header(header: list[str], file: str) -> None:
    if len(header) > limits.MAX_COLUMNS:
        raise bad_input(file, "row 1", "header", f"{len(header)} columns", f"at most {limits.MAX_COLUMNS} columns")


def long_fields(row: list[str], line: int, file: str) -> list[Problem]:
    """The problem of a field longer than any that means something, if there is one in the row."""
    longest = max(map(len, row), default=0)
    if longest <= limits.MAX_FIELD_CHARACTERS:
        return []
    most = f"at most {limits.MAX_FIELD_CHARACTERS}"
    return [Problem(file, f"row {line}", "field", f"{longest} characters", most)]
