"""SSB's answers: JSON-stat2 as PxWebApi v2 gives it, old and new municipality codes side by side."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd

from pipeline.registry.dataset import PxwebDataset
from pipeline.simulation.world import World

SYNTHETIC = "SYNTETISK: ingen av tallene er virkelige. De er trukket av Veiviser for å prøve programmet."
SIGNS = {"suppressed_source": ":", "not_reported": "..", "zero_denominator": "..", "unit_absent": "."}


@dataclass(frozen=True)
class Cell:
    """One selection in a table: its measure, other dimension values, and the column of the truth it shows."""

    measure: str
    column: str
    dimensions: dict[str, str] = field(default_factory=dict)
    is_count_of_children: bool = True

    @property
    def selection(self) -> str:
        """The dimension values in one string: `KOKalder0000=F000-017;KOKbvfunksjon0000=2`."""
        return ";".join(f"{key}={value}" for key, value in sorted(self.dimensions.items()))


def _with_measures(age: str, function: str, column: str) -> Cell:
    return Cell("KOSbvbarntiltaka0000", column, {"KOKalder0000": age, "KOKbvfunksjon0000": function})


TABLES: dict[str, tuple[Cell, ...]] = {
    "ssb_12275": (
        _with_measures("F000-017", "0", "measures"),
        _with_measures("F000-017", "1", "at_home"),
        _with_measures("F000-017", "2", "placed"),
        _with_measures("F000-022", "0", "measures_0_22"),
        _with_measures("F000-022", "1", "at_home_0_22"),
        _with_measures("F000-022", "2", "placed_0_22"),
    ),
    "ssb_12286": (Cell("KOSbvbarnus0000", "investigated"),),
    "ssb_12305": (
        Cell("KOSsumfagutdanni0000", "qualified", is_count_of_children=False),
        Cell("KOSsumfagutd0000", "qualified_per_1000", is_count_of_children=False),
        Cell("KOSsumfunksjon240000", "positions", is_count_of_children=False),
    ),
    "ssb_12615": (Cell("KOSbvbarnmelding0000", "children_reported"),),
    "ssb_12870": (
        Cell("KOSbvbarnust0000", "either", {"KOKalder0000": "F000-017"}),
        Cell("KOSbvbarnust0000", "either_0_22", {"KOKalder0000": "F000-022"}),
    ),
    "ssb_07459": (Cell("Personer1", "children", {"Alder": "000-017"}, is_count_of_children=False),),
}

DIMENSION_LABELS = {
    "KOKkommuneregion0000": "region",
    "Region": "region",
    "KOKalder0000": "alder",
    "KOKbvfunksjon0000": "barnevernfunksjon",
    "Alder": "alder",
    "ContentsCode": "statistikkvariabel",
    "Tid": "år",
}
VALUE_LABELS = {
    "F000-017": "0-17 år",
    "F000-022": "0-22 år",
    "0": "Tiltak i alt",
    "1": "Barn som ikke er plassert av barnevernet (funksjon 251)",
    "2": "Barn som er plassert av barnevernet (funksjon 252)",
    "000-017": "0-17 år",
    "KOSbvbarntiltaka0000": "Barn med barnevernstiltak i løpet av året (antall)",
    "KOSbvbarnus0000": "Barn med undersøkelse i løpet av året (antall)",
    "KOSsumfagutdanni0000": "Årsverk med fagutdanning (årsverk)",
    "KOSsumfagutd0000": "Årsverk med fagutdanning per 1 000 barn 0-17 år (årsverk)",
    "KOSsumfunksjon240000": "Årsverk til saksbehandling og administrasjon (årsverk)",
    "KOSbvbarnmelding0000": "Barn med melding i løpet av året (antall)",
    "KOSbvbarnust0000": "Barn med undersøkelse eller tiltak i løpet av året (antall)",
    "Personer1": "Personer (antall)",
}


def pxweb_cells(world: World, dataset: PxwebDataset, cell: Cell, *, is_revised: bool = True) -> pd.DataFrame:
    """One row per municipality and year in which it existed: code, year, value (true for the vintage), status."""
    frame = world.years if is_revised else world.unrevised
    if dataset.revision != "none":
        frame = frame[frame["year"] >= world.parameters.kostra_first_year]
    value = frame[cell.column].astype(float)
    limits = dataset.hidden
    hidden = value.between(limits.low, limits.high) if limits and cell.is_count_of_children else value < 0
    missing = frame.get(f"not_reported_{dataset.id}", pd.Series(False, index=frame.index))
    status = np.select(
        [missing, value.isna(), hidden], ["not_reported", "zero_denominator", "suppressed_source"], "ok"
    )
    return pd.DataFrame({"code": frame["code"], "year": frame["year"], "value": value, "status": status})


def pxweb_body(world: World, dataset: PxwebDataset, updated: datetime, *, is_revised: bool = True) -> bytes:
    """The whole table as compact JSON-stat2."""
    cells = TABLES[dataset.id]
    frame = world.years if is_revised else world.unrevised
    long = {cell: pxweb_cells(world, dataset, cell, is_revised=is_revised) for cell in map(_Key, cells)}
    years = sorted(next(iter(long.values()))["year"].unique())
    regions = _regions(world, dataset, years)
    dimensions = _dimensions(dataset, cells, regions, years)
    shape = [len(each["category"]["index"]) for each in dimensions.values()]
    values, status = np.full(shape, np.nan), np.full(shape, ".", dtype=object)
    for key, rows in long.items():
        at = _position(dimensions, dataset, key.cell)
        for array, column in ((values, rows["value"].where(rows["status"] == "ok")), (status, rows["status"].map(SIGNS))):
            matrix = column.groupby([rows["code"], rows["year"]]).first().unstack()
            array[at][1:] = matrix.reindex(index=list(regions)[1:], columns=years).to_numpy()
        absent = np.isin(status[at][1:], [":", ".."]) | ~np.isnan(values[at][1:])
        status[at][1:] = np.where(absent, status[at][1:], ".")
        values[at][0], status[at][0] = _country(frame, key.cell, years), None
    document = _frame_of(dataset, updated, dimensions, shape)
    document["value"] = _numbers(values, _decimals(cells))
    document["status"] = {
        str(place): sign for place, sign in enumerate(status.ravel()) if isinstance(sign, str) and sign
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
