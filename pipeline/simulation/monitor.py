"""Bufdir's monitor as downloaded: one ZIP of workbooks, every cell a string, the header on row 3."""

import hashlib
import io
import zipfile
from datetime import datetime

import pandas as pd
import xlsxwriter

from pipeline.simulation.monitor_cells import COUNTRY, monitor_cells
from pipeline.simulation.world import World

SIGNS = {"not_applicable": "."}  # every other reason ends as two dots, as in the real monitor
UNIT_ABSENT = (("21", "Svalbard"), ("2111", "Longyearbyen"))
TURNOVER = "Turnover_kommunalt barnevern_{first}-{last}"
NOTICE = "SYNTETISK: tallene er trukket av Veiviser og beskriver ingen virkelig kommune."


def monitor_body(world: World, published: datetime) -> bytes:
    """The ZIP; every timestamp in it is that of the publication, so that the bytes repeat."""
    cells = monitor_cells(world)
    names = _names(world)
    files = {}
    for letter, stem in world.parameters.monitor.stems.items():
        files[f"{stem}.xlsx"] = _workbook(stem, _table(cells[cells["letter"] == letter], names), published)
    monitor = world.parameters.monitor
    stem = TURNOVER.format(first=monitor.turnover_first_year, last=monitor.turnover_last_year)
    files[f"{stem}.xlsx"] = _turnover(cells[cells["letter"] == "3M"], names, published)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, body in files.items():
            entry = zipfile.ZipInfo(name, date_time=published.timetuple()[:6])
            entry.create_system = 3  # the same bytes on every system
            archive.writestr(entry, body)
    return buffer.getvalue()


def monitor_name(body: bytes, published: datetime) -> str:
    """The name the publisher would give the file, with eight characters of its hash."""
    return f"Kommunemonitor_barnevern_{published:%Y_%m_%d}_{hashlib.sha256(body).hexdigest()[:8]}.zip"


def _names(world: World) -> dict[str, str]:
    """Region code → name, in the order of the rows: country, counties, municipalities."""
    current = world.places.current
    municipalities = dict(zip(current["code"], current["name"], strict=True))
    return {COUNTRY: "Hele landet"} | dict(sorted(world.parameters.monitor.counties.items())) | municipalities


def _texts(cells: pd.DataFrame) -> pd.Series:
    """Each value as the monitor writes it: decimal comma; two dots or a dot if missing."""
    texts = [
        f"{value:.{digits}f}".replace(".", ",") for value, digits in zip(cells["value"], cells["decimals"], strict=True)
    ]
    signs = cells["status"].map(SIGNS).fillna("..")
    return pd.Series(texts, index=cells.index).where(cells["status"] == "ok", signs)


def _table(cells: pd.DataFrame, names: dict[str, str]) -> list[list[str | None]]:
    """Header and rows of a workbook; Svalbard and Longyearbyen stand last, without numbers."""
    wide = cells.assign(text=_texts(cells)).pivot(index=["region", "number_format"], columns="year", values="text")
    formats = sorted(cells["number_format"].unique(), reverse=True)
    years = [str(year) for year in wide.columns]
    rows: list[list[str | None]] = [["Region", "Regionnavn", "Tallformat", *years]]
    written = dict(zip(wide.index, wide.to_numpy().tolist(), strict=True))
    for region, name in names.items():
        rows += [[region, name, form, *written[region, form]] for form in formats]
    for region, name in UNIT_ABSENT:
        rows += [[region, name, form, *[None] * len(years)] for form in formats]
    return rows


def _workbook(stem: str, table: list[list[str | None]], published: datetime) -> bytes:
    """Sheet1 with the file's stem on row 1, nothing on row 2, and the table from row 3."""
    buffer, book = _new_book(published)
    sheet = book.add_worksheet("Sheet1")
    sheet.write_string(0, 0, stem)
    _write(sheet, table, first_row=2)
    book.close()
    return buffer.getvalue()


def _turnover(cells: pd.DataFrame, names: dict[str, str], published: datetime) -> bytes:
    """The turnover workbook: columns are pairs of years, and code and name share a cell.

    A pair holds 3M of its second year.
    """
    shown = cells[cells["status"] != "not_applicable"]
    wide = shown.assign(text=_texts(shown)).pivot(index="region", columns="year", values="text")
    years = [int(year) for year in sorted(shown["year"].unique())][1:]
    table: list[list[str | None]] = [["Kommune", *[f"{year - 1}-{year}" for year in years]]]
    written = dict(zip(wide.index, wide[years].to_numpy().tolist(), strict=True))
    table += [[f"{region} {name}", *written[region]] for region, name in names.items() if len(region) == 4]
    buffer, book = _new_book(published)
    _write(
        book.add_worksheet("Info"),
        [["Turnover blant saksbehandlere i kommunalt barnevern, prosent"], [NOTICE]],
        0,
    )
    _write(book.add_worksheet("Turnover saksbehandlere"), table, 0)
    book.close()
    return buffer.getvalue()


def _new_book(published: datetime) -> tuple[io.BytesIO, xlsxwriter.Workbook]:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    book.set_properties({"created": published.replace(tzinfo=None), "comments": NOTICE})
    return buffer, book


def _write(sheet: xlsxwriter.worksheet.Worksheet, table: list[list[str | None]], first_row: int) -> None:
    for row, cells in enumerate(table, first_row):
        for column, text in enumerate(cells):
            if text is not None:
                sheet.write_string(row, column, text)
