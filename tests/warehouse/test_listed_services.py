"""Each rule over a list of joint services, on a tiny drawn list; no rule knows a real place."""

import pytest

from pipeline.registry.dataset import MemberList
from pipeline.warehouse.listed_services import JointList, Row, findings
from tests.drawn import table

MUNICIPALITIES = {
    "0101": "Asker",
    "0102": "Bokn",
    "0103": "Deatnu - Tana",
    "0104": "Herøy (Nordland)",
    "0105": "Herøy (Rogaland)",
    "0106": "Vågan",
}
COLUMNS = {name: name for name in ("municipality_code", "member_names", "member_codes")}
WRITTEN = MemberList.model_validate({"code_date": "2021-02-23", "separator": ",", "none": "none"})
SOUND = """
    code | names                          | codes
    0101 | ASKER, BOKN                    | 0101, 0102
    0102 | ASKER, BOKN                    | 0101, 0102
    0103 | TANA, HERØY(NORDLAND)          | 0103, 0104
    0104 | TANA, HERØY(NORDLAND)          | 0103, 0104
    0105 | none                           |
    0106 | none                           |
"""


def drawn(text: str) -> JointList:
    rows = tuple(Row(line, *cells) for line, cells in enumerate(table(text).itertuples(index=False, name=None), 2))
    return JointList("list", COLUMNS, rows, WRITTEN, MUNICIPALITIES)


def found(old: str = "", new: str = "") -> list[tuple[str, str, str, str]]:
    """(kind, rows, given, could) in the sound list with something changed."""
    assert old in SOUND
    told = findings(drawn(SOUND.replace(old, new)))
    return [(each.kind, " ".join(each.rows), each.given, each.could) for each in told]


def test_a_sound_list_has_nothing_to_find() -> None:
    """Capitals, a name without its Sámi part, a county without a blank before it, and none."""
    assert found() == []
    assert drawn(SOUND).groups() == {frozenset({"0101", "0102"}), frozenset({"0103", "0104"})}


@pytest.mark.parametrize("name", ["DEATNU", "Tana", "Deatnu - Tana", "DEATNU  -  TANA"])
def test_any_of_the_names_of_a_municipality_will_do(name: str) -> None:
    assert found("TANA", name) == []


def test_a_county_nobody_needs_does_no_harm() -> None:
    assert found("BOKN", "BOKN (ROGALAND)") == []


def test_a_name_without_its_county_is_any_of_that_name() -> None:
    assert found("HERØY(NORDLAND)", "HERØY") == []
    assert found("HERØY(NORDLAND)", "HERØY (ROGALAND)") == [
        ("code_of_another", "0103 0104", "0104 Herøy (Nordland)", "0105 Herøy (Rogaland)")
    ]


def test_the_code_of_another_municipality() -> None:
    """The name says Bokn, the code Vågan: Bokn's row is then not in its group, and Vågan's row says none."""
    assert found("0101, 0102", "0101, 0106") == [
        ("code_of_another", "0101 0102", "0106 Vågan", "0102 Bokn"),
        ("not_in_own_group", "0102", "0101, 0106", "0102 Bokn"),
        ("member_elsewhere", "0101 0102", "0106 Vågan", "none"),
    ]


def test_a_misspelt_name_is_told_apart_from_another_name() -> None:
    assert found("ASKER, BOKN", "ASKR, BOKN") == [("misspelt_name", "0101 0102", "ASKR", "ASKER")]
    assert [kind for kind, *_ in found("ASKER, BOKN", "VÅGAN, BOKN")] == ["code_of_another"]
    assert found("ASKER, BOKN", "VÅGN, BOKN")[0] == ("code_of_another", "0101 0102", "0101 Asker", "0106 Vågan")
    assert found("ASKER, BOKN", "OSLO, BOKN") == [("unknown_name", "0101 0102", "OSLO", "0101 Asker")]


def test_a_row_in_the_place_of_another() -> None:
    swapped = SOUND.replace("0102 | ASKER, BOKN                    | 0101, 0102", "0102 | none |").replace(
        "0106 | none                           |", "0106 | ASKER, BOKN | 0101, 0102"
    )
    assert [(each.kind, each.rows, each.could) for each in findings(drawn(swapped))] == [
        ("not_in_own_group", ("0106",), "0106 Vågan"),
        ("member_elsewhere", ("0101", "0106"), "none"),
    ]


def test_a_member_whose_own_row_names_another_group() -> None:
    told = found("0103 | TANA, HERØY(NORDLAND)          | 0103, 0104", "0103 | ASKER, TANA | 0101, 0103")
    assert ("member_elsewhere", "0103", "0101 Asker", "0101, 0102") in told
    assert ("member_elsewhere", "0104", "0103 Deatnu - Tana", "0101, 0103") in told


def test_codes_that_are_no_municipality_of_the_day() -> None:
    """A city district and another area are remarks; an old code is an error, and says whose name it stands by."""
    districts = (
        SOUND + "    010601 | WEST, EAST | 010601, 010602\n    010602 | WEST, EAST | 010601, 010602\n    21 | none |"
    )
    told = findings(drawn(districts))
    assert [(each.kind, each.given, each.could, each.is_error) for each in told] == [
        ("other_area", "21", "", False),
        ("city_district", "010601 WEST", "0106 Vågan", False),
        ("city_district", "010602 EAST", "0106 Vågan", False),
    ]
    assert drawn(districts).groups() == drawn(SOUND).groups()
    assert ("no_municipality", "0101 0102", "0199 BOKN", "(0102 Bokn)") in found("0101, 0102", "0101, 0199")
    assert ("member_without_row", "0101 0102", "0199", "") in found("0101, 0102", "0101, 0199")
    assert ("no_municipality", "106", "106", "") in found("0106 |", "106 |")


def test_a_group_named_differently_by_its_members() -> None:
    told = found("0102 | ASKER, BOKN                    | 0101, 0102", "0102 | BOKN, ASKER | 0102, 0101")
    assert told == [("named_differently", "0102", "BOKN, ASKER", "ASKER, BOKN")]


def test_not_as_many_names_as_codes() -> None:
    assert found("ASKER, BOKN ", "ASKER ") == [("unlike_counts", "0101 0102", "ASKER", "0101, 0102")]


def test_a_municipality_with_two_rows_or_none() -> None:
    assert found("0106 |", "0105 |") == [
        ("row_twice", "0105", "0105", ""),
        ("no_row", "0106", "", "0106 Vågan"),
    ]


def test_a_finding_is_told_with_place_field_given_and_allowed() -> None:
    listed = drawn(SOUND.replace("0101, 0102", "0101, 0106"))
    assert str(findings(listed)[0].problem(listed)) == (
        "list: row 0101, 0102: member_codes: given 0106 Vågan; allowed: 0102 Bokn, whose name stands at its place"
    )
