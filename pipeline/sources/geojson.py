"""Reads maps: GeoJSON in longitude and latitude, one feature a municipality."""

import json
from itertools import combinations
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, ValidationError

from pipeline.problems import BadInput, Problem, bad_input
from pipeline.registry.dataset import MapDataset
from pipeline.sources import strict_json
from pipeline.sources.table import PROBLEMS_SHOWN

LONGEST = 100  # of what stood there


def _closed(ring: list[Any]) -> list[Any]:
    if ring[0] != ring[-1]:
        raise ValueError(f"a closed ring: its last position as its first, {list(ring[0])}, not {list(ring[-1])}")
    return ring


def _flat(position: Any) -> Any:
    """A position without its height."""
    return position[:2] if isinstance(position, list) else position


Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Position = Annotated[tuple[Longitude, Latitude], BeforeValidator(_flat)]
Ring = Annotated[list[Position], Field(min_length=4), AfterValidator(_closed)]
Rings = Annotated[list[Ring], Field(min_length=1)]


class _Polygon(BaseModel):
    type: Literal["Polygon"]
    coordinates: Rings


class _MultiPolygon(BaseModel):
    type: Literal["MultiPolygon"]
    coordinates: Annotated[list[Rings], Field(min_length=1)]


class _Feature(BaseModel):
    properties: dict[str, Any]
    geometry: Annotated[_Polygon | _MultiPolygon, Field(discriminator="type")]


def read(body: bytes, dataset: MapDataset, file: str) -> pd.DataFrame:
    """One row a municipality: municipality_code, name, its geometry as sent (GeoJSON text), and the map's border_date.

    Raises BadInput with the first mistake of each feature.
    """
    rows: dict[str, dict[str, str]] = {}
    problems: list[Problem] = []
    for number, feature in enumerate(_features(body, file), 1):
        try:
            row = _row(feature, dataset, file, number)
            if row["municipality_code"] in rows:
                raise bad_input(
                    file, f"feature {number}", dataset.code_property, row["municipality_code"], "one feature a code"
                )
            rows[row["municipality_code"]] = row
        except BadInput as error:
            problems += error.problems
    if len(problems) > PROBLEMS_SHOWN:
        told = Problem(file, "", "features", f"{len(problems)} such", f"none; the first {PROBLEMS_SHOWN} are listed")
        raise BadInput([*problems[:PROBLEMS_SHOWN], told])
    problems += _gaps(rows, file)[:PROBLEMS_SHOWN] if dataset.shared_borders and not problems else []
    if problems:
        raise BadInput(problems)
    return pd.DataFrame(list(rows.values())).assign(border_date=dataset.border_date.isoformat())


def _features(body: bytes, file: str) -> list[Any]:
    found = strict_json.parse(body, file, "a whole file of JSON in UTF-8")
    features = found.get("features") if isinstance(found, dict) else None
    if not isinstance(features, list) or not features:
        given = sorted(found) if isinstance(found, dict) else type(found).__name__
        raise bad_input(file, "", "GeoJSON", given, "a FeatureCollection with at least one feature")
    return features


def _row(feature: Any, dataset: MapDataset, file: str, number: int) -> dict[str, str]:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    named = properties if isinstance(properties, dict) else {}
    for wanted in (dataset.code_property, dataset.name_property):
        if not isinstance(named.get(wanted), str):
            raise bad_input(file, f"feature {number}", f"properties.{wanted}", named.get(wanted), "text")
    code, name = named[dataset.code_property], named[dataset.name_property]
    try:
        _Feature.model_validate(feature)
    except ValidationError as error:
        mistake = error.errors()[0]
        field = ".".join(str(step) for step in mistake["loc"] if step not in ("Polygon", "MultiPolygon"))
        given = json.dumps(mistake["input"], ensure_ascii=False)
        shown = given if len(given) <= LONGEST else f"{given[:LONGEST]}…"
        place = f"feature {number}, {code} {name}"
        raise BadInput([Problem(file, place, field, shown, mistake["msg"].removeprefix("Value error, "))]) from None
    _check_positions(feature["geometry"], dataset, file, f"feature {number}, {code} {name}")
    county = dataset.county_property
    if county in named and named[county] != code[:2]:
        raise bad_input(
            file, f"feature {number}, {code} {name}", str(county), named[county], f"{code[:2]!r}, as in the code"
        )
    geometry = json.dumps(feature["geometry"], separators=(",", ":"))
    return {"municipality_code": code, "name": name, "geometry": geometry}


def _check_positions(geometry: dict[str, Any], dataset: MapDataset, file: str, place: str) -> None:
    """Raises BadInput for a position outside the declared bounds, or far from the one before."""
    for ring in _rings(geometry):
        before = ring[0]
        for position in ring:
            allowed = _wrong_with(position, before, dataset)
            if allowed:
                raise bad_input(file, place, "position", position[:2], allowed)
            before = position


def _wrong_with(position: list[float], before: list[float], dataset: MapDataset) -> str:
    """What would be allowed instead; nothing when all is well."""
    x, y = position[:2]
    if dataset.bounds is not None:
        west, south, east, north = dataset.bounds
        if not (west <= x <= east and south <= y <= north):
            return f"longitude {west:g} to {east:g}, latitude {south:g} to {north:g}"
    far = dataset.longest_step
    if far is not None and max(abs(x - before[0]), abs(y - before[1])) > far:
        return f"at most {far:g} degrees from the position before, {before[:2]}"
    return ""


def _rings(geometry: dict[str, Any]) -> list[Any]:
    deep = geometry["coordinates"]
    return [ring for part in deep for ring in part] if geometry["type"] == "MultiPolygon" else deep


def _gaps(rows: dict[str, dict[str, str]], file: str) -> list[Problem]:
    """Where two neighbours share the positions before and after but not the one between: a gap, or an overlap."""
    between: dict[frozenset[Any], dict[str, set[Any]]] = {}
    for code, row in rows.items():
        for ring in _rings(json.loads(row["geometry"])):
            steps = [tuple(position[:2]) for position in ring[:-1]]
            for before, middle, after in zip(steps, steps[1:] + steps[:1], steps[2:] + steps[:2], strict=True):
                between.setdefault(frozenset((before, after)), {}).setdefault(code, set()).add(middle)
    return [
        Problem(file, f"{one} and {other}", "position", f"{list(here)} and {list(there)}", "one position for both")
        for codes in between.values()
        if len(codes) > 1
        for (one, ours), (other, theirs) in combinations(codes.items(), 2)
        if not ours & theirs
        for here, there in [(min(ours), min(theirs))]
    ]
