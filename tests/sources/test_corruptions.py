"""Whatever arrives gives a table or a clear error: arbitrary contents, and recorded deliveries damaged at random.

The full run is `python benchmarks/corruptions.py`; its figures stand in benchmarks/README.md.
"""

import json
import random
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.corruptions import DAMAGES, ERROR, SAME, Delivery, deliveries
from pipeline.problems import BadInput
from pipeline.registry.load import jurisdictions, load
from pipeline.settings import Settings
from pipeline.sources.landing import scan
from pipeline.warehouse.load import READERS
from tests.sources.test_limits import HEADER, with_part
from tests.sources.test_pxweb import small

NORWAY = load("norway").datasets
ONE_OF_EACH = [
    "khr_plans",
    "ssb_12305",
    "bufdir_monitor",
    "map_municipalities_2024",
    "klass_codes",
    "joint_service_list",
]
SMALL = ["khr_plans", "ssb_07459", "kostra_groups", "map_municipalities_2024"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@cache
def archived() -> dict[str, Delivery]:
    return {delivery.dataset.id: delivery for delivery in deliveries({*SMALL, "bufdir_monitor"})}


def outcomes_of(dataset_id: str, numbers: Iterable[int], seed: int) -> list[str]:
    delivery = archived()[dataset_id]
    return [delivery.outcome(delivery.damaged(number, seed)[1]) for number in numbers]


def table_or_clear_error(body: bytes, dataset_id: str) -> None:
    dataset = NORWAY[dataset_id]
    try:
        assert isinstance(READERS[dataset.kind](body, dataset, "f"), pd.DataFrame)  # type: ignore[attr-defined]
    except BadInput as error:
        assert error.problems and all(problem.file == "f" and problem.allowed for problem in error.problems)


def test_a_file_that_changed_in_the_archive_is_always_one_clear_error(tmp_path: Path) -> None:
    """300 damages, as a build comes to them: each is refused by its hash, and only the same bytes pass."""
    each = list(archived().values())
    for number in range(300):
        delivery = each[number % len(each)]
        _, body = delivery.damaged(number, seed=4)
        outcome = delivery.archived_outcome(body, tmp_path / delivery.dataset.id)
        assert outcome == (SAME if body == delivery.body else ERROR)


@pytest.mark.parametrize("jurisdiction", jurisdictions())
def test_no_file_of_the_archive_changes_silently(jurisdiction: str, tmp_path: Path) -> None:
    """Every file with every kind of damage: a build is told which file it is, unless its bytes are the same."""
    for file in scan(Settings().raw / jurisdiction, load(jurisdiction).datasets):
        body, copy = file.body(), file.model_copy(update={"path": tmp_path / file.path.parent.name / file.path.name})
        copy.path.parent.mkdir(exist_ok=True)
        for number, damage in enumerate(DAMAGES):
            damaged, chance = bytearray(body), random.Random(f"{file.file_id} {number}")
            damage(damaged, chance.randrange(1, len(body)), chance)
            copy.path.write_bytes(damaged)
            told = [(problem.file, problem.field) for problem in copy.changed()]
            assert told == ([] if damaged == body else [(file.file_id, "sha256")]), damage


@pytest.mark.parametrize(("dataset_id", "numbers"), [*((each, 12) for each in SMALL), ("bufdir_monitor", 6)])
def test_a_damaged_delivery_gives_the_same_table_or_a_clear_error(dataset_id: str, numbers: int) -> None:
    """Of these damages; what no total or share bears out can change before it reaches the archive: see benchmarks/."""
    assert set(outcomes_of(dataset_id, range(numbers), seed=1)) <= {SAME, ERROR}


def test_a_changed_digit_in_counts_with_share_and_total_is_found() -> None:
    """Number 5 of 6 damages changes a digit: without the share and the country row each would be a silent change."""
    assert outcomes_of("khr_plans", range(5, 125, 6), seed=3) == [ERROR] * 20


@pytest.mark.parametrize("dataset_id", ONE_OF_EACH)
@given(body=st.binary(max_size=400))
def test_arbitrary_bytes(dataset_id: str, body: bytes) -> None:
    table_or_clear_error(body, dataset_id)


@pytest.mark.parametrize("dataset_id", ["ssb_12305", "map_municipalities_2024"])
@given(value=JSON)
def test_arbitrary_json(dataset_id: str, value: object) -> None:
    table_or_clear_error(json.dumps(value).encode(), dataset_id)


@given(field=st.sampled_from(["id", "size", "dimension", "value", "status"]), value=JSON)
def test_json_stat_with_one_field_of_arbitrary_json(field: str, value: object) -> None:
    table_or_clear_error(json.dumps(small(**{field: value})).encode(), "ssb_12305")


@given(properties=JSON, geometry=JSON, kind=st.sampled_from(["Polygon", "MultiPolygon"]))
def test_a_map_with_arbitrary_features(properties: object, geometry: object, kind: str) -> None:
    named = {"kommunenr": "0301", "navn": "Oslo"}
    features = [
        {"properties": properties, "geometry": geometry},
        {"properties": named, "geometry": {"type": kind, "coordinates": geometry}},
    ]
    table_or_clear_error(json.dumps({"features": features}).encode(), "map_municipalities_2024")


@given(rows=st.lists(st.text(st.characters(max_codepoint=255), max_size=40), max_size=6))
def test_arbitrary_rows(rows: list[str]) -> None:
    table_or_clear_error((HEADER + "\n".join([*rows, ""])).encode("iso-8859-1"), "khr_plans")
    table_or_clear_error("\n".join(["year,code,name,validFrom,validTo", *rows, ""]).encode(), "klass_codes")


@settings(max_examples=50)
@given(
    part=st.sampled_from(["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/sharedStrings.xml"]),
    body=st.binary(max_size=200),
)
def test_a_workbook_with_an_arbitrary_part(part: str, body: bytes) -> None:
    from pipeline.sources.workbook import sheet

    try:
        sheet(with_part(part, body), "f", "w.xlsx")
    except BadInput as error:
        assert error.problems
