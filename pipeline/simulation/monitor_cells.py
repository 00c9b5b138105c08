"""What Bufdir's monitor shows: today's municipalities with their history summed, counties and the country."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from pipeline.registry.dataset import PxwebDataset
from pipeline.simulation.parameters import Drawn, level_at, stream
from pipeline.simulation.pxweb import pxweb_cells
from pipeline.simulation.pxweb_tables import TABLES
from pipeline.simulation.world import World, half_away

COUNTRY = "0"


@dataclass(frozen=True)
class Book:
    """A workbook that follows from counts: numerator and denominator are columns of the truth.

    `source` names the mark of what was not reported, where the columns come from no SSB table.
    """

    numerator: str
    denominator: str
    per: int
    shows_count: bool = True
    source: str | None = None
    count_decimals: int = 0


BOOKS = {
    "1A": Book("measures", "children", 100),
    "1B": Book("investigated", "children", 100),
    "1C": Book("placed", "children", 100),
    "1D": Book("at_home", "measures", 100),
    "1E": Book("either", "positions", 1),
    "3A": Book("breaches", "concluded", 100, source="3A"),
    "3C": Book("qualified", "children", 1000, count_decimals=1),
    "3I": Book("emergency", "children", 1000, source="3A"),
    "3M": Book("leavers", "staff", 100, shows_count=False, source="3M"),
    "4A": Book("children", "total", 100),
    "4F": Book("children_reported", "children", 100),
}


def monitor_cells(world: World) -> pd.DataFrame:
    """One row per workbook, region, number format and year, with value, decimals and status.

    Regions are the country, counties and municipalities of the last year. Statuses are those of the registry;
    the country and the counties are the true totals.
    """
    parts = []
    for letter in sorted(world.parameters.monitor.stems):
        drawn = world.parameters.monitor.drawn.get(letter)
        book = _drawn(world, letter, drawn) if drawn else _counted(world, BOOKS[letter])
        parts.append(book.assign(letter=letter))
    cells = pd.concat(parts, ignore_index=True)
    first, last = _span(world, cells["letter"])
    outside = (cells["year"] < first) | (cells["year"] > last)
    cells["status"] = np.where(outside, "not_applicable", cells["status"])
    cells["value"] = cells["value"].where(~outside)
    order = ["letter", "region", "number_format", "year", "value", "decimals", "status"]
    return cells[order].sort_values(order[:4], ignore_index=True)


def _span(world: World, letter: pd.Series) -> tuple[pd.Series, pd.Series]:
    """First and last year with numbers, per row."""
    parameters, monitor = world.parameters, world.parameters.monitor
    first = letter.map({"3A": monitor.register_first_year, "3M": monitor.turnover_first_year})
    last = letter.map({"3M": monitor.turnover_last_year})
    return first.fillna(parameters.kostra_first_year), last.fillna(parameters.last_year)


def _counted(world: World, book: Book) -> pd.DataFrame:
    """A workbook of counts and their ratio, for municipalities, counties and the country."""
    native = world.years[world.years["year"] >= world.parameters.kostra_first_year]
    frame = native[["year", "current_code", book.numerator, book.denominator]].copy()
    frame["count_status"] = _status(world, native, book.numerator, book)
    base_status = _status(world, native, book.denominator, book)
    frame["status"] = frame["count_status"].where(frame["count_status"] != "ok", base_status)
    places = frame.rename(columns={"current_code": "region"})
    municipalities = _broken(_summed(places, book), world.places.broken_until)
    ok = places.assign(count_status="ok", status="ok")
    above = [
        _summed(ok.assign(region=ok["region"].str[:2]), book),
        _summed(ok.assign(region=COUNTRY), book),
    ]
    return _rows(pd.concat([municipalities, *above], ignore_index=True), book)


def _status(world: World, native: pd.DataFrame, column: str, book: Book) -> pd.Series:
    """How a column reached SSB in the revised tables (hidden, missing or ok), on the rows of `native`."""
    if book.source and column != "children":
        missing = native[f"not_reported_{book.source}"]
        return pd.Series(np.where(missing, "not_reported", "ok"), index=native.index)
    for table, cells in TABLES.items():
        dataset = world.registry.datasets[table]
        for cell in cells:
            if cell.column == column and isinstance(dataset, PxwebDataset):
                return pxweb_cells(world, dataset, cell)["status"].reindex(native.index)
    return pd.Series("ok", index=native.index)


def _summed(frame: pd.DataFrame, book: Book) -> pd.DataFrame:
    """Numerator and denominator per region and year; a merger with any part missing is incomplete."""
    groups = frame.groupby(["region", "year"])
    sums = groups[list(dict.fromkeys([book.numerator, book.denominator]))].sum()
    out = pd.DataFrame({"numerator": sums[book.numerator], "denominator": sums[book.denominator]})
    parts = groups.size()
    for column in ("count_status", "status"):
        worst = _worst(frame.assign(_status=frame[column]))
        out[column] = worst.where((worst == "ok") | (parts == 1), "incomplete_merger")
    return out.reset_index()


def _worst(frame: pd.DataFrame) -> pd.Series:
    """Per region and year: not_reported before suppressed_source before ok."""
    rank = frame["_status"].map({"ok": 0, "zero_denominator": 0, "suppressed_source": 1, "not_reported": 2})
    worst = rank.groupby([frame["region"], frame["year"]]).max()
    return worst.map({0: "ok", 1: "suppressed_source", 2: "not_reported"})


def _broken(frame: pd.DataFrame, broken_until: dict[str, int]) -> pd.DataFrame:
    """Every region in every year, with the years before a split marked.

    The monitor shows no history of a place that got a part of another.
    """
    grid = pd.MultiIndex.from_product([sorted(frame["region"].unique()), sorted(frame["year"].unique())])
    full = frame.set_index(["region", "year"]).reindex(grid.set_names(["region", "year"])).reset_index()
    is_broken = full["year"] < full["region"].map(broken_until).fillna(0)
    for column in ("count_status", "status"):
        full[column] = full[column].where(~is_broken, "estimated_split")
    return full


def _rows(frame: pd.DataFrame, book: Book) -> pd.DataFrame:
    """Antall and Andel rows from summed counts."""
    ratio = frame["numerator"] / frame["denominator"].where(frame["denominator"] > 0) * book.per
    status = frame["status"].where((frame["status"] != "ok") | ratio.notna(), "zero_denominator")
    shares = frame.assign(number_format="Andel", value=half_away(ratio, 1), decimals=1, status=status)
    counts = frame.assign(
        number_format="Antall",
        value=half_away(frame["numerator"], book.count_decimals),
        decimals=book.count_decimals,
        status=frame["count_status"],
    )
    kept = ["region", "year", "number_format", "value", "decimals", "status"]
    return pd.concat([shares[kept], counts[kept]] if book.shows_count else [shares[kept]], ignore_index=True)


def _drawn(world: World, letter: str, drawn: Drawn) -> pd.DataFrame:
    """A workbook that rests on no count: a level, a spread over municipalities, some noise by year."""
    generator = stream(world.seed, f"monitor {letter}")
    codes, parameters = world.places.current["code"].tolist(), world.parameters
    years = range(parameters.kostra_first_year, parameters.last_year + 1)
    regions = [*codes, *sorted(parameters.monitor.counties), COUNTRY]
    size = np.array([1.0] * len(codes) + [0.25] * len(parameters.monitor.counties) + [0.0])
    effect = generator.normal(0, drawn.sd, len(regions))[:, None]
    effect = (effect + generator.normal(0, drawn.sd / 4, (len(regions), len(years)))) * size[:, None]
    levels = np.array([level_at(drawn.level, year) for year in years])
    grid = pd.MultiIndex.from_product([regions, years], names=["region", "year"])
    value = half_away(_around(drawn, levels, effect).ravel(), drawn.decimals)
    rows = pd.DataFrame({"value": value}, index=grid).reset_index()
    missing = generator.random(len(rows)) < parameters.missing.kostra_not_reported
    broken = rows["year"] < rows["region"].map(world.places.broken_until).fillna(0)
    missing &= (rows["region"].str.len() == 4).to_numpy()
    rows["status"] = np.select([broken, missing], ["estimated_split", "not_reported"], "ok")
    return rows.assign(number_format="Andel", decimals=drawn.decimals)


def _around(drawn: Drawn, level: NDArray[np.float64], effect: NDArray[np.float64]) -> NDArray[np.float64]:
    if drawn.unit == "kroner":
        return level * np.exp(effect)
    return 100 * special.expit(special.logit(level / 100) + effect)
