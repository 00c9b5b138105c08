"""The map files: drawn ones line by line, and the two of Norway against what is known of the country."""

import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipeline.registry.load import Registry
from pipeline.reports import borders
from pipeline.warehouse.release import connect
from tests.slow_ways import times_round

Ring = list[list[float]]
YEARS = (2020, 2024)
COUNTIES_OF_2024 = {
    "31": "30",
    "32": "30",
    "33": "30",
    "39": "38",
    "40": "38",
    "55": "54",
    "56": "54",
}  # → that of 2020
EARTH_KM = 6371.0072  # the radius of a sphere with the earth's surface


def test_a_file_a_border_year_that_says_whence_it_is_and_which_way_it_runs(tables: dict, registry: Registry) -> None:
    files = borders.render(tables, registry)
    assert list(files) == ["maps/municipalities_2020.geojson", "maps/municipalities_2024.geojson"]
    head, *lines = files["maps/municipalities_2024.geojson"].decode().splitlines()
    assert json.loads(head + "]}") == {
        "type": "FeatureCollection", "name": "municipalities_2024", "valid_from": "2024-01-01", "valid_to": None,
        "rings": "outer rings run clockwise and holes against them, as d3, plotly and Vega fill them; RFC 7946 has it the other way",
        "publisher": "Kartverket", "licence": "CC BY 4.0", "source": "x", "file": "map_municipalities_2024/a.geojson",
        "changed": "coordinates rounded to 4 decimals, rings turned; names from the list of municipality codes", "features": [],
    }  # fmt: skip
    assert lines[0] == (
        '{"type":"Feature","id":"1103","properties":{"municipality_code":"1103","name":"Stavanger","valid_from":"2024-01-01",'
        '"valid_to":null},"geometry":{"type":"MultiPolygon","coordinates":[[[[5.0,58.0],[5.0,59.0],[6.0,59.0],[6.0,58.0],[5.0,58.0]]]]}},'
    )
    assert [json.loads(line.rstrip(","))["id"] for line in lines[:2]] == ["1103", "3218"] and lines[2:] == ["]}"]


def test_the_order_of_rows_does_not_change_a_byte(tables: dict, registry: Registry) -> None:
    backwards = {"mart.border": tables["mart.border"].iloc[::-1].reset_index(drop=True)}
    assert borders.render(backwards, registry) == borders.render(tables, registry)


def test_a_country_without_maps_gets_no_files(releases: dict[str, Path], registry: Registry) -> None:
    with connect(releases["england"]) as con:
        assert borders.render({"mart.border": con.execute("FROM mart.border").df()}, registry) == {}


@pytest.fixture(scope="module")
def border(releases: dict[str, Path]) -> pd.DataFrame:
    with connect(releases["norway"]) as con:
        return con.execute("FROM mart.border").df()


@pytest.fixture(scope="module")
def maps(border: pd.DataFrame, registry: Registry) -> dict[int, dict[str, list[Ring]]]:
    """Border year → municipality code → its outer rings, from the files; none of the municipalities has a hole."""
    files = borders.render({"mart.border": border}, registry)
    read = {year: json.loads(files[f"maps/municipalities_{year}.geojson"])["features"] for year in YEARS}
    assert all(len(polygon) == 1 for features in read.values() for each in features for polygon in polygons(each))
    return {
        year: {each["properties"]["municipality_code"]: [polygon[0] for polygon in polygons(each)] for each in features}
        for year, features in read.items()
    }


def polygons(feature: dict[str, Any]) -> list[list[Ring]]:
    return feature["geometry"]["coordinates"]


def shoelace(ring: Ring) -> float:
    """Above 0 when the ring runs counterclockwise."""
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in zip(ring, ring[1:], strict=False))


def square_km(rings: list[Ring]) -> float:
    """The area on a sphere: a strip between two meridians holds as much as its share of the cylinder (Archimedes)."""
    strips = (
        math.radians(x2 - x1) * (math.sin(math.radians(y1)) + math.sin(math.radians(y2))) / 2
        for ring in rings
        for (x1, y1), (x2, y2) in zip(ring, ring[1:], strict=False)
    )
    return EARTH_KM**2 * sum(strips)


def test_each_map_has_the_municipalities_of_its_years(border: pd.DataFrame) -> None:
    spans = border.astype({"valid_from": "str", "valid_to": "str"}).groupby(["valid_from", "valid_to"], dropna=False)
    assert [len(rows) for _, rows in spans] == [356, 357]
    assert [span for span, _ in spans][0] == ("2020-01-01", "2024-01-01")
    assert border["valid_to"].isna().sum() == 357


def test_rings_come_in_both_directions_and_leave_in_one_and_no_land_is_lost(border: pd.DataFrame, maps: dict) -> None:
    """Slivers that hold nothing once they are rounded are left out: four of a thousand rings."""
    shapes = [json.loads(geometry) for geometry in border["geometry"]]
    parts = [
        part
        for each in shapes
        for part in (each["coordinates"] if each["type"] == "MultiPolygon" else [each["coordinates"]])
    ]
    sent = [ring for rings in parts for ring in rings]
    made = [ring for codes in maps.values() for rings in codes.values() for ring in rings]
    assert any(shoelace(ring) < 0 for ring in sent) and any(shoelace(ring) > 0 for ring in sent)
    assert all(shoelace(ring) < 0 for ring in made) and len(made) == len(sent) - 4
    assert square_km(made) == pytest.approx(sum(abs(square_km([ring])) for ring in sent), rel=1e-6)


@pytest.mark.parametrize(
    ("place", "point", "codes"),
    [
        ("Oslo", (10.75, 59.91), ("0301", "0301")),
        ("Førde", (5.86, 61.45), ("4647", "4647")),
        ("Ålesund", (6.15, 62.47), ("1507", "1508")),
        ("Brattvåg in Haram", (6.46, 62.595), ("1507", "1580")),
        ("Kautokeino", (23.04, 69.01), ("5430", "5612")),
        ("Kristiansand", (8.0, 58.15), ("4204", "4204")),
        ("the sea off Bergen", (4.0, 60.4), (None, None)),
    ],
)
def test_a_known_point_lies_in_its_municipality_alone(
    maps: dict, place: str, point: tuple[float, float], codes: tuple[str | None, str | None]
) -> None:
    """And its ring runs round it once, clockwise."""
    for year, code in zip(YEARS, codes, strict=True):
        around = {each: sum(times_round(ring, point) for ring in rings) for each, rings in maps[year].items()}
        assert {each: times for each, times in around.items() if times} == ({code: -1} if code else {}), (place, year)


def test_both_maps_cover_the_same_land(maps: dict) -> None:
    old, new = ({code: square_km(rings) for code, rings in maps[year].items()} for year in YEARS)
    assert sum(new.values()) == pytest.approx(sum(old.values()), rel=1e-4)
    for county in sorted({code[:2] for code in old}):
        then = sum(area for code, area in old.items() if code[:2] == county)
        now = sum(area for code, area in new.items() if COUNTIES_OF_2024.get(code[:2], code[:2]) == county)
        assert now == pytest.approx(then, rel=0.01), county
    assert new["1508"] + new["1580"] == pytest.approx(old["1507"], rel=0.01)


def test_the_land_is_as_large_as_the_country(maps: dict) -> None:
    """Mainland Norway has about 324 000 km², Kautokeino 9 707; a simplified coast cuts the fjords off."""
    for year, code in zip(YEARS, ("5430", "5612"), strict=True):
        assert 0.96 < sum(map(square_km, maps[year].values())) / 324_000 < 1
        assert square_km(maps[year][code]) == pytest.approx(9707, rel=0.01)
