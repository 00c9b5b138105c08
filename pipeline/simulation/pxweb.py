"""SSB's answers: JSON-stat2 as PxWebApi v2 gives it, old and new municipality codes side by side."""

import json
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.registry.dataset import PxwebDataset
from pipeline.simulation.pxweb_tables import DIMENSION_LABELS, TABLES, VALUE_LABELS, Cell
from pipeline.simulation.world import World, half_away

SYNTHETIC = "SYNTETISK: ingen av tallene er virkelige. De er trukket av Veiviser for å prøve programmet."
SIGNS = {
    "ok": "",
    "suppressed_source": ":",
    "not_reported": "..",
    "zero_denominator": "..",
    "unit_absent": ".",
}


def pxweb_cells(world: World, dataset: PxwebDataset, cell: Cell, *, is_revised: bool = True) -> pd.DataFrame:
    """One row per municipality and year it existed in: code, year, value (true for the vintage), status."""
    frame = _vintage(world, dataset, is_revised=is_revised)
    value = frame[cell.column].astype(float)
    limits = dataset.hidden
    hidden = value.between(limits.low, limits.high) if limits and cell.is_hidden_when_small else value < 0
    missing = frame.get(f"not_reported_{dataset.id}", pd.Series(False, index=frame.index))
    reasons = ["not_reported", "zero_denominator", "suppressed_source"]
    status = np.select([missing, value.isna(), hidden], reasons, "ok")
    return pd.DataFrame({"code": frame["code"], "year": frame["year"], "value": value, "status": status})


def _vintage(world: World, dataset: PxwebDataset, *, is_revised: bool) -> pd.DataFrame:
    """The years of a table as they were known at the time; KOSTRA tables start later than the population."""
    frame = world.years if is_revised else world.unrevised
    first = world.parameters.first_year if dataset.revision == "none" else world.parameters.kostra_first_year
    return frame[frame["year"] >= first]


def pxweb_body(world: World, dataset: PxwebDataset, updated: datetime, *, is_revised: bool = True) -> bytes:
    """The whole table as compact JSON-stat2."""
    cells = TABLES[dataset.id]
    frame = _vintage(world, dataset, is_revised=is_revised)
    country = "EAK" if dataset.revision == "kostra" else "0"
    regions = {country: "Hele landet"} | _labels(frame)
    years = sorted(int(year) for year in frame["year"].unique())
    dimensions = _dimensions(dataset, cells, regions, years)
    shape = [len(each["category"]["index"]) for each in dimensions.values()]
    values, signs = np.full(shape, np.nan), np.full(shape, ".", dtype=object)
    grid = pd.MultiIndex.from_product([regions, years], names=["code", "year"])
    for cell in cells:
        rows = pxweb_cells(world, dataset, cell, is_revised=is_revised)
        full = pd.concat([_country(frame, cell, country), rows]).set_index(["code", "year"]).reindex(grid)
        sign = full["status"].fillna("unit_absent").map(SIGNS)
        at = _position(dimensions, cell)
        values[at] = full["value"].where(sign == "").to_numpy().reshape(len(regions), len(years))
        signs[at] = sign.to_numpy().reshape(len(regions), len(years))
    document = _document(dataset, updated, dimensions, shape)
    document["value"] = _numbers(values)
    document["status"] = {str(place): sign for place, sign in enumerate(signs.ravel()) if sign}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _country(frame: pd.DataFrame, cell: Cell, code: str) -> pd.DataFrame:
    """The country per year: the true total, as SSB estimates what is missing; a rate is that of totals."""
    by_year = frame.groupby("year")
    value = half_away(by_year[cell.column].sum(), cell.decimals)
    if cell.column == "qualified_per_1000":
        value = half_away(by_year["qualified"].sum() / by_year["children"].sum() * 1000, cell.decimals)
    return pd.DataFrame({"code": code, "year": sorted(frame["year"].unique()), "value": value, "status": "ok"})


def _labels(frame: pd.DataFrame) -> dict[str, str]:
    """Code → last name, with years where it is no longer valid, as SSB writes "Moss (2020-2023)"."""
    by_code = frame.groupby("code")
    name, start, end = (
        by_code["name"].last(),
        by_code["year"].min().astype(str),
        by_code["year"].max().astype(str),
    )
    start = start.where(start != str(frame["year"].min()), "")
    label = name.where(end == str(frame["year"].max()), name + " (" + start + "-" + end + ")")
    return dict(zip(label.index.astype(str), label, strict=True))


def _dimensions(
    dataset: PxwebDataset, cells: tuple[Cell, ...], regions: dict[str, str], years: list[int]
) -> dict[str, dict[str, Any]]:
    """The dimension blocks in the order of the answer: region, the others, contents, time."""
    dimensions = {dataset.unit_dimension: _dimension(dataset.unit_dimension, regions, show="code_value")}
    for name in cells[0].dimensions:
        values = dict.fromkeys(cell.dimensions[name] for cell in cells)
        dimensions[name] = _dimension(name, {each: VALUE_LABELS[each] for each in values}, show="value")
    measures = {cell.measure: VALUE_LABELS[cell.measure] for cell in cells}
    contents = _dimension(dataset.contents_dimension, measures, show="value")
    units = {cell.measure: {"base": cell.base, "decimals": cell.decimals} for cell in cells}
    contents["category"]["unit"] = units
    contents["extension"] |= {
        "refperiod": {measure: "1.1." if measure == "Personer1" else "31.12" for measure in measures},
        "measuringType": {cell.measure: cell.measuring for cell in cells},
        "priceType": dict.fromkeys(measures, "NotApplicable"),
        "adjustment": dict.fromkeys(measures, "None"),
        "alternativeText": measures,
    }
    time = _dimension(dataset.time_dimension, {str(year): str(year) for year in years}, show="code")
    return dimensions | {dataset.contents_dimension: contents, dataset.time_dimension: time}


def _dimension(name: str, labels: dict[str, str], *, show: str) -> dict[str, Any]:
    index = {code: number for number, code in enumerate(labels)}
    return {
        "label": DIMENSION_LABELS[name],
        "category": {"index": index, "label": labels},
        "extension": {"elimination": False, "show": show},
    }


def _position(dimensions: dict[str, dict[str, Any]], cell: Cell) -> tuple[int | slice, ...]:
    """Where a cell's regions and years stand in the cube."""
    chosen = cell.dimensions | {"ContentsCode": cell.measure}
    return tuple(
        block["category"]["index"][chosen[name]] if name in chosen else slice(None)
        for name, block in dimensions.items()
    )


def _document(
    dataset: PxwebDataset, updated: datetime, dimensions: dict[str, dict[str, Any]], shape: list[int]
) -> dict[str, Any]:
    """All of the answer but its numbers."""
    others = [name for name in dimensions if name not in (dataset.contents_dimension, dataset.time_dimension)]
    label = f"{dataset.table}: {dataset.title} [SYNTETISK]"
    return {
        "version": "2.0",
        "class": "dataset",
        "label": label,
        "source": "Statistisk sentralbyrå (SYNTETISK etterligning)",
        "updated": updated.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "note": [SYNTHETIC],
        "role": {
            "time": [dataset.time_dimension],
            "geo": [dataset.unit_dimension],
            "metric": [dataset.contents_dimension],
        },
        "id": list(dimensions),
        "size": shape,
        "dimension": dimensions,
        "extension": {
            "noteMandatory": {"0": True},
            "px": {
                "infofile": "None",
                "tableid": dataset.table,
                "decimals": 0,
                "official-statistics": False,
                "aggregallowed": dataset.table == "07459",
                "copyright": False,
                "language": "no",
                "contents": f"{label},",
                "descriptiondefault": False,
                "heading": [dataset.contents_dimension, dataset.time_dimension],
                "stub": others,
                "matrix": dataset.table,
                "subject-code": "sk",
                "subject-area": "Sosiale forhold og kriminalitet",
            },
            "discontinued": None,
            "contact": [],
        },
    }


def _numbers(values: NDArray[np.float64]) -> list[int | float | None]:
    """Row-major numbers; whole ones without a decimal point, and null for what is missing."""
    flat = [None if np.isnan(each) else round(each, 1) for each in values.ravel().tolist()]
    return [int(each) if each is not None and each == int(each) else each for each in flat]
