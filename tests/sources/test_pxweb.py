"""JSON-stat2 as PxWeb sends it: every cell with its sign; recorded real answers, and pyjstat as witness for the values."""

import json
import math
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyjstat import pyjstat

from pipeline.problems import BadInput
from pipeline.registry.dataset import PxwebDataset
from pipeline.registry.load import load
from pipeline.sources.pxweb import read, read_jsonstat2

RECORDED = Path(__file__).parent.parent / "recorded" / "pxweb"
SSB = load("norway").datasets["ssb_12305"]


def recorded(name: str) -> dict:
    return json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))


def small(**changes: object) -> dict:
    """Two municipalities, two contents, two years; row-major: the last dimension runs fastest."""
    dataset = {
        "class": "dataset",
        "id": ["KOKkommuneregion0000", "ContentsCode", "Tid"],
        "size": [2, 2, 2],
        "dimension": {
            "KOKkommuneregion0000": {"category": {"index": {"0301": 0, "1103": 1}}},
            "ContentsCode": {"category": {"index": {"A": 0, "B": 1}}},
            "Tid": {"category": {"index": {"2024": 0, "2025": 1}}},
        },
        "value": [1, 2, 3, 4, None, None, None, 0],
        "status": {"4": ":", "5": "..", "6": "."},
    }
    return dataset | changes


def test_a_cell_keeps_its_place_and_its_reason() -> None:
    cells = read(json.dumps(small()).encode(), SSB, "f.json").set_index("place")
    assert cells.loc["index 2", ["unit_code", "measure", "period", "value", "status"]].tolist() == [
        "0301", "B", "2024", 3.0, "ok",
    ]  # fmt: skip
    assert cells.loc[["index 4", "index 5", "index 6", "index 7"], "status"].tolist() == [
        "suppressed_source", "not_reported", "not_applicable", "ok",
    ]  # fmt: skip
    assert cells.loc["index 7", "value"] == 0.0


@pytest.mark.parametrize("name", ["ssb_v0_05300_data_jsonstat2", "scb_v2_TAB6471_data"])
def test_recorded_answers_read_as_pyjstat_reads_them(name: str) -> None:
    ours = read_jsonstat2(recorded(name))["value"].to_numpy()
    with warnings.catch_warnings(action="ignore"):
        theirs = pyjstat.Dataset.read(json.dumps(recorded(name))).write("dataframe")["value"].to_numpy(dtype=float)
    np.testing.assert_array_equal(ours, theirs)


def test_the_recorded_kostra_answer() -> None:
    cells = read_jsonstat2(recorded("ssb_v2_12134_kostra_2024_3kommuner_jsonstat2"))
    assert cells.set_index("KOKkommuneregion0000")["value"].to_dict() == {"0301": 81240, "4601": 66605, "5001": 62853}


def test_the_recorded_signs_of_missing_numbers() -> None:
    body = recorded("ssb_v0_jsonstat1_with_status_ssb-api")["dataset"]
    order = body["dimension"]["id"]
    cells = read_jsonstat2(body | {"id": order, "size": body["dimension"]["size"]})
    assert (len(cells), (cells["status"] == "..").sum()) == (1260, 390)
    assert cells.loc[cells["status"] == "..", "value"].isna().all()


@given(
    values=st.lists(st.one_of(st.none(), st.integers(0, 999)), min_size=8, max_size=8),
    dense=st.booleans(),
    as_list=st.booleans(),
)
def test_dense_and_sparse_say_the_same(values: list, dense: bool, as_list: bool) -> None:
    given_values: object = values if dense else {str(i): v for i, v in enumerate(values) if v is not None}
    signs = [":" if value is None else None for value in values]
    status: object = signs if as_list else {str(i): sign for i, sign in enumerate(signs) if sign}
    cells = read(json.dumps(small(value=given_values, status=status)).encode(), SSB, "f.json")
    assert [None if math.isnan(value) else value for value in cells["value"]] == values
    assert cells["status"].tolist() == ["suppressed_source" if value is None else "ok" for value in values]


def test_index_may_be_a_list_or_left_out() -> None:
    dimension = small()["dimension"]
    dimension["Tid"] = {"category": {"index": ["2024", "2025"]}}
    dimension["ContentsCode"] = {"category": {"label": {"A": "Alle"}}}
    cells = read_jsonstat2(small(dimension=dimension, size=[2, 1, 2], value=[1, 2, 3, 4], status={}))
    assert cells[["ContentsCode", "Tid", "value"]].iloc[3].tolist() == ["A", "2025", 4.0]


def test_one_sign_for_all_cells() -> None:
    cells = read(json.dumps(small(value=[None] * 8, status=":")).encode(), SSB, "f.json")
    assert set(cells["status"]) == {"suppressed_source"}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "f.json: file: given 'an empty file'; allowed: a JSON-stat2 dataset"),
        (b'{"id": [', r"f.json: line 1 column 9 \(char 8\): JSON: given b'{\"id\": \['; allowed: well-formed JSON"),
        (b"[]", "f.json: id: given 'nothing'; allowed: a JSON-stat2 dataset with id"),
        (json.dumps(small(value=[1])).encode(), "value: given '1 entries'; allowed: 8, the product of the sizes"),
        (json.dumps(small(size=[2, 2, 3])).encode(), "the 8 combinations of the categories"),
        (
            json.dumps(small(status={"4": "?"})).encode(),
            r"index 4: status: given '\?' beside nan; allowed: ':', '..', '.', ",
        ),
        (
            json.dumps(small(status={"0": ":"})).encode(),
            r"index 0: status: given ':' beside 1.0; allowed: ':', '..', '.', ",
        ),
        (json.dumps(small(value=["1"] * 8)).encode(), "JSON-stat2: given 'ValueError: a text or a truth value"),
        (json.dumps(small(value={"9": 1})).encode(), "index 9: value: given 'index 9'; allowed: 0 to 7"),
        (json.dumps(small(value=[float("nan")] * 8)).encode(), "JSON: given b"),
        (json.dumps(small(dimension={})).encode(), "JSON-stat2: given \"KeyError: 'KOKkommuneregion0000'\""),
    ],
)
def test_bad_input_says_where_and_what(body: bytes, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        read(body, SSB, "f.json")


def test_a_missing_dimension_is_named() -> None:
    other = PxwebDataset(**SSB.model_dump() | {"unit_dimension": "Region"})
    with pytest.raises(BadInput, match="allowed: a dimension 'Region'"):
        read(json.dumps(small()).encode(), other, "f.json")
