"""The letter to the owner of the list, as it would be sent."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from pipeline.registry.load import load
from pipeline.reports.list_letter import letter_name, list_letter
from pipeline.sources.landing import Sidecar
from pipeline.warehouse.list_check import ListCheck, checked, list_dataset
from pipeline.warehouse.listed_services import KINDS, Finding, JointList, Row

GOLDEN = Path(__file__).parent.parent / "golden" / "letters"
NORWAY = load("norway")
DATASET = list_dataset(NORWAY).on(date(2021, 2, 23))
assert DATASET is not None and DATASET.members is not None
DAY = datetime(2026, 11, 22, tzinfo=UTC)
SIDECAR = Sidecar(
    dataset=DATASET.id,
    address=DATASET.address,
    publisher=DATASET.publisher,
    licence=DATASET.licence,
    published=DAY,
    retrieved=DAY,
    sha256="0" * 64,
)


@pytest.fixture
def small() -> ListCheck:
    """Vaksdal and Modalen alone, with the code of Vik."""
    assert DATASET is not None and DATASET.members is not None
    rows = tuple(Row(line, code, "VAKSDAL, MODALEN", "4628, 4639") for line, code in ((2, "4628"), (3, "4629")))
    rows = (*rows, Row(4, "4639", "#Ingen sammarbeid", ""))
    names = {"4628": "Vaksdal", "4629": "Modalen", "4639": "Vik"}
    listed = JointList(DATASET.id, DATASET.columns, rows, DATASET.members, names)
    return checked(listed, tuple(each for each in NORWAY.list_corrections if each.id == "vaksdal"))


def letter(check: ListCheck, sidecar: Sidecar = SIDECAR) -> str:
    assert DATASET is not None
    return list_letter(check, DATASET, sidecar).decode()


def test_the_letter_has_a_name_that_says_which_list() -> None:
    assert DATASET is not None
    assert letter_name(DATASET) == "letters/joint_service_list_2021-02-23.md"
    assert (GOLDEN.parent / letter_name(DATASET)).exists()


def test_one_error_is_one(small: ListCheck) -> None:
    text = letter(small)
    assert "Én oppføring ser ut til å være feil." in text
    assert "| 1 | 4628, 4629 | Samarbeidskommunenr | 4628, 4639 | 4628, 4629 |" in text
    assert "\n1. Navnet i gruppen er Modalen, men nummeret 4639 er Vik." in text
    assert "usikre" not in text and "Skrivemåter" not in text and "Meldt" not in text


def test_what_was_reported_already_says_when(small: ListCheck) -> None:
    reported = small.applied[0].model_copy(update={"reported": date(2026, 12, 3)})
    assert "(Meldt til dere 3. desember 2026.)" in letter(replace(small, applied=(reported,)))


def test_what_is_not_corrected_is_asked_about(small: ListCheck) -> None:
    text = letter(checked(small.listed, ()))
    assert "Dette mener vi er feil" not in text
    assert "| 4628, 4629 | Samarbeidskommunenr | 4639 Vik | Navnet på samme plass er det til 4629 Modalen. |" in text


def test_every_kind_of_error_has_its_words(small: ListCheck) -> None:
    left = tuple(Finding(kind, ("4628",), "member_codes", "a|b", "") for kind in KINDS if KINDS[kind].is_error)
    text = letter(replace(small, left=left))
    assert text.count("| 4628 | Samarbeidskommunenr | a/b | ") == len(left) == 9
    assert "{" not in text and " ." not in text
