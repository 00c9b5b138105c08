"""Maps at the door: what cannot be drawn is told with feature and place."""

import json
from typing import Any

import pytest

from pipeline.problems import BadInput
from pipeline.registry.load import load
from pipeline.sources.geojson import read

MAP = load("norway").datasets["map_municipalities_2020"]
SQUARE = [[10.0, 59.0], [11.0, 59.0], [11.0, 60.0], [10.0, 60.0], [10.0, 59.0]]
OSLO = {"kommunenr": "0301", "navn": "Oslo"}


def feature(
    coordinates: Any, kind: str = "Polygon", properties: Any = OSLO, geometry: Any = "as the others say"
) -> dict[str, Any]:
    shape = {"type": kind, "coordinates": coordinates} if geometry == "as the others say" else geometry
    return {"type": "Feature", "properties": properties, "geometry": shape}


def body(*features: Any) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def refused(content: bytes) -> list[str]:
    with pytest.raises(BadInput) as caught:
        read(content, MAP, "map.geojson")
    return [str(problem) for problem in caught.value.problems]


def test_a_map_keeps_its_geometries_as_sent_and_says_its_date() -> None:
    halden = {"kommunenr": "3001", "navn": "Halden"}
    table = read(body(feature([SQUARE]), feature([[SQUARE], [SQUARE]], "MultiPolygon", halden)), MAP, "map.geojson")
    assert table.drop(columns="geometry").to_dict("records") == [
        {"municipality_code": "0301", "name": "Oslo", "border_date": "2020-01-01"},
        {"municipality_code": "3001", "name": "Halden", "border_date": "2020-01-01"},
    ]
    assert [json.loads(each)["coordinates"] for each in table["geometry"]] == [[SQUARE], [[SQUARE], [SQUARE]]]


def test_heights_are_no_mistake() -> None:
    assert len(read(body(feature([[[x, y, 120.5] for x, y in SQUARE]])), MAP, "map.geojson")) == 1


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        (
            feature([SQUARE[:-1]]),
            "geometry.coordinates.0: given [[10.0, 59.0], [11.0, 59.0], [11.0, 60.0], [10.0, 60.0]]; allowed: a closed ring: "
            "its last position as its first, [10.0, 59.0], not [10.0, 60.0]",
        ),
        (
            feature([[SQUARE[0], SQUARE[1], SQUARE[0]]]),
            "geometry.coordinates.0: given [[10.0, 59.0], [11.0, 59.0], [10.0, 59.0]]; allowed: List should have at least 4 "
            "items after validation, not 3",
        ),
        (
            feature([[[262000.5, 6650000.0], *SQUARE]]),
            "geometry.coordinates.0.0.0: given 262000.5; allowed: Input should be less than or equal to 180",
        ),
        (
            feature([[SQUARE]], "MultiPolygon") | {"geometry": {"type": "MultiPolygon", "coordinates": [[[[10.0, 95.0], *SQUARE]]]}},
            "geometry.coordinates.0.0.0.1: given 95.0; allowed: Input should be less than or equal to 90",
        ),
        (
            feature([[[10.0], *SQUARE]]),
            "geometry.coordinates.0.0.1: given [10.0]; allowed: Field required",
        ),
        (
            feature([10.0, 59.0], "Point"),
            'geometry: given {"type": "Point", "coordinates": [10.0, 59.0]}; allowed: Input tag \'Point\' found using \'type\' '
            "does not match any of the expected tags: 'Polygon', 'MultiPolygon'",
        ),
        (
            feature([], geometry=None),
            "geometry: given null; allowed: Input should be a valid dictionary or object to extract fields from",
        ),
        (feature([]), "geometry.coordinates: given []; allowed: List should have at least 1 item after validation, not 0"),
        (
            feature(SQUARE),
            "geometry.coordinates.0.0: given 10.0; allowed: Input should be a valid tuple",
        ),
    ],
    ids=["not closed", "three positions", "metres", "beyond the pole", "half a position", "a point", "nothing", "no rings", "a ring too flat"],
)  # fmt: skip
def test_a_geometry_that_cannot_be_drawn(wrong: dict[str, Any], problem: str) -> None:
    good = feature([SQUARE], properties={"kommunenr": "3001", "navn": "Halden"})
    assert refused(body(good, wrong)) == [f"map.geojson: feature 2, 0301 Oslo: {problem}"]


@pytest.mark.parametrize(
    ("properties", "problem"),
    [
        ({"navn": "Oslo"}, "properties.kommunenr: given None; allowed: text"),
        ({"kommunenr": 301, "navn": "Oslo"}, "properties.kommunenr: given 301; allowed: text"),
        ({"kommunenr": "0301"}, "properties.navn: given None; allowed: text"),
        (None, "properties.kommunenr: given None; allowed: text"),
    ],
)
def test_a_feature_nobody_can_name(properties: Any, problem: str) -> None:
    assert refused(body(feature([SQUARE], properties=properties))) == [f"map.geojson: feature 1: {problem}"]


def test_a_code_that_comes_twice() -> None:
    assert refused(body(feature([SQUARE]), feature([SQUARE]))) == [
        "map.geojson: feature 2: kommunenr: given '0301'; allowed: one feature a code"
    ]


def test_every_feature_is_told_and_many_are_counted() -> None:
    two = refused(body(feature([SQUARE[:3]]), feature([SQUARE], properties={}), feature([SQUARE])))
    assert [each.split(":")[1] for each in two] == [" feature 1, 0301 Oslo", " feature 2"]
    many = refused(body(*[feature([SQUARE], properties={})] * 30))
    assert len(many) == 21
    assert many[-1] == "map.geojson: features: given 30 such; allowed: none; the first 20 are listed"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b'{"features": [', "line 1 column 15 (char 14): JSON: given b'{\"features\": ['; allowed: a whole file of JSON in UTF-8"),
        (b'{"type": "Topology"}', "GeoJSON: given ['type']; allowed: a FeatureCollection with at least one feature"),
        (body(), "GeoJSON: given ['features', 'type']; allowed: a FeatureCollection with at least one feature"),
        (b"[]", "GeoJSON: given 'list'; allowed: a FeatureCollection with at least one feature"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_map(content: bytes, problem: str) -> None:
    assert refused(content) == [f"map.geojson: {problem}"]
