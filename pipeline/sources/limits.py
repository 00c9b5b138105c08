"""How large a delivery may be. Each limit is far above what publishers send and far below what hurts the machine.

The largest delivery seen is 1 MB, with 55,374 cells; the figures in the comments are of the bundled archive.
"""

from pipeline.problems import bad_input

MAX_FILE_BYTES = 50_000_000  # the largest seen is 1 MB; a reader needs some twenty times the file in memory
MAX_CELLS = 5_000_000  # PxWeb answers with at most 800,000; more than this does not fit beside a build
MAX_COLUMNS = 1_000  # the widest text seen has 21
MAX_FIELD_CHARACTERS = 5_000  # the longest field seen, a list of members, is under 300
MAX_LINE_CHARACTERS = 100_000  # the longest line seen is under 1,000
MAX_LINES_A_ROW = 100  # a quoted field may hold line breaks; a quote that never closes may not hold the file
MAX_JSON_DEPTH = 30  # GeoJSON needs 9, JSON-stat2 5; Python's own parser gives up at about 1,000
MAX_DIGITS = 15  # more digits than this are not held by the number that is computed with
MAX_ZIP_ENTRIES = 1_000  # the monitor has 24 files, a workbook 10
MAX_UNPACKED_BYTES = 50_000_000  # of one workbook, all parts together; the largest seen is under 1 MB
MAX_RATIO = 200  # unpacked to packed; a sheet of one repeated row reaches 100, a bomb 1,000
SMALL_BYTES = 1_000_000  # below this the ratio is not asked: an almost empty part may pack well, and harms nobody
MAX_SHEET_ROWS = 100_000  # the longest sheet seen has 1,000
MAX_SHEET_COLUMNS = 1_000  # the widest sheet seen has 14


def check_size(size: int, file: str) -> None:
    """Raises BadInput for a file too large to be opened; asked before it is read."""
    if size > MAX_FILE_BYTES:
        raise bad_input(file, "", "size", size, f"at most {MAX_FILE_BYTES} bytes")


def check_cells(cells: int, file: str, field: str = "cells") -> None:
    """Raises BadInput for more cells than fit; asked before they are made."""
    if cells > MAX_CELLS:
        raise bad_input(file, "", field, cells, f"at most {MAX_CELLS}")
