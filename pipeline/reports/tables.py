"""A table as words, ready for the page: a caption, columns, rows; and how its cells are written as HTML."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape


@dataclass(frozen=True)
class Column:
    """A heading; numbers stand to the right; wide ones get room, and whole ones do not break their lines."""

    heading: str
    is_number: bool = False
    is_wide: bool = False
    is_whole: bool = False


@dataclass(frozen=True)
class Cell:
    """A cell with a main line and smaller ones below it; `is_missing` when the main line is a reason, not a number.

    href: where the main line leads. bar: length of a bar under it, 0..1; the number itself must be in the text.
    """

    text: str
    notes: Sequence[str] = ()
    is_missing: bool = False
    href: str = ""
    bar: float | None = None


@dataclass(frozen=True)
class Row:
    """A row; its first cell is its heading. `marks` are data-attributes, for the filter."""

    cells: Sequence[Cell | str]
    marks: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """A table with a caption. One row is what the caption says."""

    id: str
    caption: str
    columns: Sequence[Column]
    rows: Sequence[Row]

    @property
    def html_rows(self) -> str:
        """The body's rows; written here because tables are large and a template engine is slow at cells."""
        tails = [_attributes(column) for column in self.columns]
        return "\n".join(_row(row, tails) for row in self.rows)


def rows(cells: Iterable[Sequence[Cell | str]]) -> list[Row]:
    """Rows without marks."""
    return [Row(each) for each in cells]


def _attributes(column: Column) -> str:
    kinds = [name for name, holds in (("n", column.is_number), ("w", column.is_wide), ("o", column.is_whole)) if holds]
    return f' class="{" ".join(kinds)}"' if kinds else ""


def _row(row: Row, tails: list[str]) -> str:
    marks = "".join(f' data-{name}="{escape(value)}"' for name, value in row.marks.items())
    head, *rest = (_content(each) for each in row.cells)
    body = "".join(f"<td{tail}>{each}</td>" for tail, each in zip(tails[1:], rest, strict=True))
    return f'<tr{marks}><th scope="row"{tails[0]}>{head}</th>{body}</tr>'


def _content(cell: Cell | str) -> str:
    if isinstance(cell, str):
        return escape(cell)
    main = f"<em>{escape(cell.text)}</em>" if cell.is_missing else escape(cell.text)
    if cell.href:
        main = f'<a href="{escape(cell.href)}">{main}</a>'
    if cell.bar is not None:
        main += f'<span class="bar-of" style="width:{100 * cell.bar:.0f}%"></span>'
    return main + "".join(f"<small>{escape(note)}</small>" for note in cell.notes)
