"""The maps of a release as files for dashboards: one GeoJSON a border year, its rings as d3 and plotly fill them."""

import json
from typing import Any

import pandas as pd

from pipeline.methods.rings import turned
from pipeline.registry.load import Registry
from pipeline.reports.facts import Tables, records
from pipeline.reports.figures import Json

NAME = "borders"
TABLES = ("mart.border",)
DECIMALS = 4  # of a degree: about 10 metres, as the maps are sent
RINGS = (
    "outer rings run clockwise and holes against them, as d3, plotly and Vega fill them; RFC 7946 has it the other way"
)
CHANGED = f"coordinates rounded to {DECIMALS} decimals, rings turned; names from the list of municipality codes"


def render(tables: Tables, registry: Registry) -> dict[str, bytes]:
    """The maps by file name, the oldest first."""
    return {
        f"maps/municipalities_{year}.geojson": _collection(border).encode()
        for year, border in tables["mart.border"].groupby(tables["mart.border"]["valid_from"].dt.year)
    }


def feature(code: str, geometry: str, decimals: int, properties: Json) -> Json:
    """A GeoJSON feature, the code its id and among its properties; always a MultiPolygon, rounded and turned."""
    shape = json.loads(geometry)
    parts = shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]
    return {
        "type": "Feature",
        "id": code,
        "properties": {"municipality_code": code, **properties},
        "geometry": {"type": "MultiPolygon", "coordinates": turned(parts, decimals)},
    }


def _collection(border: pd.DataFrame) -> str:
    """What holds for the whole map on the first line, then one line a municipality."""
    rows = list(records(border.sort_values("municipality_code")))
    first = rows[0]
    span = {"valid_from": _day(first.valid_from), "valid_to": _day(first.valid_to)}
    head = {
        "type": "FeatureCollection",
        "name": f"municipalities_{first.valid_from.year}",
        **span,
        "rings": RINGS,
        "publisher": first.publisher,
        "licence": first.licence,
        "source": first.url,
        "file": first.file_id,
        "changed": CHANGED,
    }
    lines = ",\n".join(
        _json(feature(row.municipality_code, row.geometry, DECIMALS, {"name": row.name, **span})) for row in rows
    )
    return f'{_json(head)[:-1]},"features":[\n{lines}\n]}}\n'


def _day(day: pd.Timestamp) -> str | None:
    return None if pd.isna(day) else day.date().isoformat()


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
