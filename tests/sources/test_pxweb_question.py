"""What is asked of a PxWeb table follows from the declarations, and fits what the publisher allows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.problems import BadInput
from pipeline.registry.dataset import CodeList, PxwebDataset
from pipeline.registry.load import load
from pipeline.sources.pxweb_question import Wanted, questions, shortened, wanted
from tests.sources.pxweb_recorded import recorded
from tests.sources.pxweb_standin import expanded

NORWAY = load("norway")
METADATA = recorded("scb_v2_TAB6471_metadata")
UNITS = list(METADATA["dimension"]["Region"]["category"]["index"])
SWEDEN = PxwebDataset(
    id="scb_people",
    kind="pxweb",
    title="",
    publisher="",
    licence="CC0",
    address="",
    confirmed="code",
    table="TAB6471",
    unit_dimension="Region",
)


def want(**changes: object) -> Wanted:
    return Wanted(**{"measures": ("000007SF",), "dimensions": {"Alder": ("0", "1")}, "first_year": "2026"} | changes)  # type: ignore[arg-type]


def test_what_is_wanted_is_what_the_indicators_use() -> None:
    assert wanted(NORWAY, "ssb_12305") == Wanted(("KOSsumfagutdanni0000", "KOSsumfunksjon240000"), {}, "2015")
    assert wanted(NORWAY, "ssb_07459") == Wanted(("Personer1",), {"Alder": ("000-017",)}, "2015")
    assert wanted(NORWAY, "kostra_groups") is None


def test_the_child_population_is_wanted_from_the_first_year_of_all() -> None:
    population = wanted(NORWAY, "population_07459")
    assert population is not None and (population.measures, population.first_year) == (("age_0_17",), "2013")


def test_one_question_while_it_fits() -> None:
    [question] = questions(SWEDEN, METADATA, want(), max_cells=150_000)
    assert question.selection == {
        "Region": ("*",),
        "Alder": ("0", "1"),
        "ContentsCode": ("000007SF",),
        "Tid": ("from(2026M01)",),
    }
    assert (question.cells, question.part) == (len(UNITS) * 2 * 4, "")


@pytest.mark.parametrize("max_cells", [8, 9, 100, 2495])
def test_every_unit_is_asked_for_once_and_no_part_is_too_large(max_cells: int) -> None:
    asked = questions(SWEDEN, METADATA, want(), max_cells)
    assert [unit for each in asked for unit in each.codes["Region"]] == UNITS
    assert all(each.cells == 8 * len(each.codes["Region"]) <= max_cells for each in asked)
    assert [each.part for each in asked] == [f"{number}/{len(asked)}" for number in range(1, len(asked) + 1)]


@given(st.lists(st.integers(0, 9), unique=True, min_size=1, max_size=10))
def test_what_is_written_short_means_the_same_codes(chosen: list[int]) -> None:
    there = [f"0{number}" for number in (3, 1, 4, 0, 5, 9, 2, 6, 8, 7)]
    codes = [there[number] for number in chosen]
    short = shortened(codes, there)
    assert expanded(list(short), there) == codes or (set(short) == {"*"} and codes == there)
    assert len(",".join(short)) <= max(len(",".join(codes)), len("[range(03,01)]"))


def test_one_unit_alone_is_too_large() -> None:
    with pytest.raises(BadInput, match="table TAB6471: cells: given 8; allowed: 7 in one answer"):
        questions(SWEDEN, METADATA, want(), 7)


def test_all_that_is_not_there_is_told_at_once() -> None:
    with pytest.raises(BadInput) as caught:
        questions(
            SWEDEN,
            METADATA,
            want(measures=("000007SG",), dimensions={"Ålder": ("0",), "Kon": ("3",)}, first_year="2030"),
            9999,
        )
    told = [str(problem) for problem in caught.value.problems]
    assert told[0] == (
        "scb_people: table TAB6471: dimension: given 'Ålder'; allowed: one of Region, Alder, Kon, ContentsCode, Tid"
    )
    assert told[1].startswith(
        "scb_people: table TAB6471: ContentsCode: given '000007SG'; allowed: one of its 1 codes, such as 000007SF ("
    )
    assert told[2].startswith("scb_people: table TAB6471: Kon: given '3'; allowed: one of its 3 codes, such as TotSa (")
    assert told[3].startswith("scb_people: table TAB6471: Alder: given no value; allowed: one in `dimensions`")
    assert told[4] == "scb_people: table TAB6471: Tid: given periods up to 2026M04; allowed: some from 2030"


GATHERED = SWEDEN.model_copy(update={"codelists": {"Alder": CodeList(id="vs_CKM0410årN", codes={"-9": "0-9"})}})


def test_a_code_list_is_asked_for_with_the_publishers_codes() -> None:
    [question] = questions(GATHERED, METADATA, want(dimensions={"Alder": ("0-9",)}), 9999)
    assert (question.codes["Alder"], question.selection["Alder"]) == (("-9",), ("-9",))
    assert question.codelists == {"Alder": "vs_CKM0410årN"}


def test_a_code_list_that_the_table_does_not_offer_and_a_code_it_does_not_have() -> None:
    other = SWEDEN.model_copy(update={"codelists": {"Alder": CodeList(id="agg_X", codes={"-9": "0-9"})}})
    with pytest.raises(BadInput) as caught:
        questions(other, METADATA, want(dimensions={"Alder": ("0-9", "0-17")}), 9999)
    told = [str(problem) for problem in caught.value.problems]
    assert told[0] == "scb_people: table TAB6471: Alder: given '0-17'; allowed: one of 0-9, as codelists declares"
    assert told[1].startswith(
        "scb_people: table TAB6471: Alder: code list: given 'agg_X'; allowed: one the table offers: vs_CKM01AlderTot ("
    )
