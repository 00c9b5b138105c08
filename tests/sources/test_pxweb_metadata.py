"""What changed in a table's metadata is told in plain words, once, and nothing is told of what did not."""

from copy import deepcopy
from typing import Any

import pytest

from pipeline.sources.pxweb_metadata import differences
from tests.sources.pxweb_recorded import recorded

SWEDEN = recorded("scb_v2_TAB6471_metadata")


@pytest.fixture
def now() -> dict[str, Any]:
    """The recorded metadata again, to be changed by the test."""
    return deepcopy(SWEDEN)


def category(metadata: dict[str, Any], name: str) -> dict[str, Any]:
    return metadata["dimension"][name]["category"]


def renamed(metadata: dict[str, Any], name: str, old: str, new: str) -> None:
    category(metadata, name).update(
        {
            part: {(new if code == old else code): each for code, each in given.items()}
            for part, given in category(metadata, name).items()
        }
    )


def test_a_new_moment_is_no_change(now: dict[str, Any]) -> None:
    assert differences(SWEDEN, now | {"updated": "2027-01-01T07:00:00Z"}) == []


def test_a_new_period_is_told_once_and_not_with_the_title(now: dict[str, Any]) -> None:
    for part in category(now, "Tid").values():
        part["2026M05"] = len(part) if part.get("2025M01") == 0 else "2026M05"
    now["label"] = SWEDEN["label"].replace("2026M04", "2026M05")
    assert differences(SWEDEN, now) == ["Tid: last period changed: from '2026M04' to '2026M05'"]
    assert differences(now, SWEDEN) == ["Tid: last period changed: from '2026M05' to '2026M04'"]


def test_a_period_that_vanished_in_the_middle(now: dict[str, Any]) -> None:
    for part in category(now, "Tid").values():
        del part["2025M07"]
    assert differences(SWEDEN, now) == ["Tid: period removed: 2025M07"]


def test_a_code_that_was_renamed(now: dict[str, Any]) -> None:
    renamed(now, "ContentsCode", "000007SF", "000008SF")
    assert differences(SWEDEN, now)[:2] == [
        "ContentsCode: code removed: 000007SF (Folkmängden per månad)",
        "ContentsCode: code added: 000008SF (Folkmängden per månad)",
    ]


def test_many_codes_are_counted(now: dict[str, Any]) -> None:
    for part in category(now, "Region").values():
        for code in list(part)[:8]:
            del part[code]
    [told] = differences(SWEDEN, now)
    assert told.startswith("Region: code removed: 00 (Riket), 01 (Stockholms län), ") and told.endswith(" and 3 more")


def test_the_same_codes_in_another_order_are_no_change(now: dict[str, Any]) -> None:
    now["dimension"]["Kon"]["category"]["index"] = {"2": 0, "1": 1, "TotSa": 2}
    assert differences(SWEDEN, now) == []


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("dimension", "Kon", "label"), "sex", "Kon: label changed: from 'kön' to 'sex'"),
        (("dimension", "Kon", "category", "label", "1"), "men", "Kon: label changed: 1 from 'män' to 'men'"),
        (
            ("dimension", "ContentsCode", "category", "unit", "000007SF", "base"),
            "tusen",
            "ContentsCode: unit changed: 000007SF from 'antal' to 'tusen'",
        ),
        (
            ("dimension", "ContentsCode", "category", "unit", "000007SF", "decimals"),
            1,
            "ContentsCode: decimals changed: 000007SF from 0 to 1",
        ),
        (
            ("dimension", "ContentsCode", "extension", "refperiod", "000007SF"),
            "31.12.",
            "ContentsCode: refperiod changed: 000007SF from 'Respektive månad' to '31.12.'",
        ),
        (
            ("dimension", "Region", "extension", "elimination"),
            False,
            "Region: may be left out changed: from True to False",
        ),
        (("label",), "Annat", "title changed: from 'Folkmängden per månad efter region, ålder och kön.  År' to 'Annat'"),
        (("note",), [*SWEDEN["note"], "Tallene for\n2025 er rettet."], "table: note added: Tallene for 2025 er rettet."),
        (("note",), SWEDEN["note"][1:], "table: 1 of its notes removed"),
        (("dimension", "Alder", "note"), [], "Alder: 1 of its notes removed"),
    ],
)  # fmt: skip
def test_one_thing_that_changed(now: dict[str, Any], path: tuple[str, ...], value: object, told: str) -> None:
    place = now
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert differences(SWEDEN, now) == [told]


def test_a_dimension_that_came_and_a_code_list_that_went(now: dict[str, Any]) -> None:
    now["id"].append("Fodelseland")
    now["dimension"]["Fodelseland"] = {"label": "födelseland", "category": {"index": {"S": 0}}}
    gone = now["dimension"]["Region"]["extension"]["codelists"].pop(0)
    assert differences(SWEDEN, now) == [
        "dimension added: Fodelseland (födelseland)",
        f"Region: code list removed: {gone['id']} ({gone['label']})",
    ]
