"""The real list of 23 February 2021, its five errors and their corrections, without a release."""

from dataclasses import replace
from datetime import date

import pytest

from pipeline.registry.load import load
from pipeline.settings import Settings
from pipeline.warehouse.build import known_files
from pipeline.warehouse.geography import geography
from pipeline.warehouse.list_check import ListCheck, check_list, checked, list_dataset

NORWAY = load("norway")


@pytest.fixture(scope="module")
def real() -> ListCheck:
    dataset = list_dataset(NORWAY)
    assert dataset is not None
    with geography(NORWAY, known_files(Settings().raw / "norway", NORWAY)) as con:
        return check_list(con, dataset.on(date(2021, 2, 23)), NORWAY)


def changed(check: ListCheck, code: str, **cells: str) -> ListCheck:
    """The check of the list with other cells in one row."""
    rows = tuple(replace(row, **cells) if row.municipality_code == code else row for row in check.listed.rows)
    return checked(replace(check.listed, rows=rows), NORWAY.list_corrections)


def test_the_list_has_a_row_a_municipality_five_districts_and_svalbard(real: ListCheck) -> None:
    assert (len(real.listed.rows), len(real.listed.municipalities)) == (362, 356)
    assert real.listed.rows[0].line == 2


def test_exactly_the_five_known_errors_are_found(real: ListCheck) -> None:
    errors = [entry for entry in real.entries if entry.is_error]
    assert [entry.rows for entry in errors] == [
        ("1560", "1563", "1566", "5060"),
        ("1804", "1838", "1848", "1856", "1857", "1875"),
        ("4206", "4207", "4225", "4226", "4227", "4228"),
        ("4628", "4629"),
        ("5001", "500101", "500102", "500103", "500104", "500199"),
    ]
    slips = {(f.given, f.could) for entry in errors for f in entry.findings if f.kind == "code_of_another"}
    assert slips == {
        ("1837 Meløy", "1875 Hábmer - Hamarøy"),
        ("4213 Tvedestrand", "4206 Farsund"),
        ("4214 Froland", "4207 Flekkefjord"),
        ("4639 Vik", "4629 Modalen"),
    }
    strangers = {row for entry in errors for f in entry.findings if f.kind == "not_in_own_group" for row in f.rows}
    assert strangers == {"5060", "1875", "4206", "4207", "4629", "5001"}


def test_the_rest_is_lesser_remarks_and_they_come_last(real: ListCheck) -> None:
    assert [entry.is_error for entry in real.entries] == [True] * 5 + [False] * 3
    remarks = [f for entry in real.entries for f in entry.findings if not f.is_error and f.kind != "city_district"]
    assert {(f.kind, f.given) for f in remarks} == {
        ("misspelt_name", "VERØY"),
        ("misspelt_name", "ALSTADHAUG"),
        ("misspelt_name", "EVJE OG HORNES"),
        ("other_area", "21"),
    }


def test_the_corrections_leave_no_error(real: ListCheck) -> None:
    assert [entry.corrections for entry in real.entries if entry.is_mended] == [
        ("rindal",),
        ("bodo",),
        ("lister",),
        ("vaksdal",),
        ("trondheim",),
    ]
    assert real.problems == ()


def test_the_mended_list_has_the_groups_of_our_own_register(real: ListCheck) -> None:
    then = [service for service in NORWAY.joint_services if service.valid_to is None]
    assert real.mended.groups() == {frozenset(member.code for member in service.members) for service in then}


def test_a_sixth_error_is_found_and_not_corrected(real: ListCheck) -> None:
    spoiled = changed(real, "4642", member_codes="4641, 4643")
    [sixth] = [entry for entry in spoiled.entries if entry.is_error and not entry.is_mended]
    assert sixth.rows == ("4641", "4642") and sixth.corrections == ()
    assert [str(problem) for problem in spoiled.problems][1] == (
        "joint_service_list: row 4642: Samarbeidskommunenr: given 4643 Årdal; allowed: 4642 Lærdal, whose name stands at "
        "its place"
    )
    assert len([entry for entry in spoiled.entries if entry.is_mended]) == 5


def test_a_correction_of_an_error_that_is_mended_can_go(real: ListCheck) -> None:
    """Bufdir mends one of the two rows of Vaksdal: the other is still corrected, and the first is told."""
    mended = changed(real, "4628", member_codes="4628, 4629")
    assert [str(problem) for problem in mended.problems] == [
        "services/list_corrections.toml: vaksdal, row 4628: Samarbeidskommunenr: given '4628, 4639'; allowed: "
        "'4628, 4629', as the list has it (mended? then remove the correction)"
    ]
    [vaksdal] = [each for each in mended.applied if each.id == "vaksdal"]
    assert [cell.rows for cell in vaksdal.cells] == [("4629",)]


def test_a_correction_touches_a_cell_only_while_its_error_stands_there(real: ListCheck) -> None:
    otherwise = changed(real, "5001", member_codes="500101, 500102")
    [row] = [row for row in otherwise.mended.rows if row.municipality_code == "5001"]
    assert row.text == ("#Ingen sammarbeid", "500101, 500102")
    assert "trondheim" in {problem.place.partition(",")[0] for problem in otherwise.stale}


def test_an_error_that_a_correction_brings_is_told(real: ListCheck) -> None:
    [wrong] = [each for each in NORWAY.list_corrections if each.id == "vaksdal"]
    cell = wrong.cells[0].model_copy(update={"right_value": "4628, 4638"})
    corrections = [each for each in NORWAY.list_corrections if each.id != "vaksdal"]
    again = checked(real.listed, (*corrections, wrong.model_copy(update={"cells": (cell,)})))
    assert "given 4638 Høyanger" in str(again.problems[0])
    assert [entry.rows for entry in again.entries if entry.is_error and not entry.is_mended] == [("4628", "4629")]
