"""At the door of a build: figures of codes and years that cannot be, and code lists that contradict each other."""

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from pipeline.registry.correction import Correction
from pipeline.registry.load import load
from pipeline.warehouse.delivery_checks import CodesInUse, check_observations, check_reference

NORWAY = load("norway")
CODES = CodesInUse(
    {2018: frozenset({"0301", "1432"}), 2019: frozenset({"0301", "1432"}), 2020: frozenset({"0301", "4647"})},
    carried=frozenset({"2111"}),
)


def told(unit: str, period: str, value: float = 5, dataset: str = "khr_plans", registry=NORWAY) -> list[str]:  # type: ignore[no-untyped-def]
    row = {"unit_code": unit, "period": period, "measure": "m", "dimensions": "", "value": float(value)}
    table = pd.DataFrame([row | {"status": "ok", "place": "row 2", "file_id": f"{dataset}/f"}])
    problems = check_observations(table, registry.datasets[dataset], registry, CODES, date(2021, 2, 26))
    return [f"{problem.field}: {problem.given}; {problem.allowed}" for problem in problems]


def test_a_figure_of_a_code_in_use_that_year_or_carried_passes() -> None:
    assert told("1432", "2019H2") == told("4647", "2020H1") == told("2111", "2019H1") == told("0", "2019H1") == []


def test_a_negative_number() -> None:
    assert told("1432", "2019H1", -5) == ["value: -5.0; a number from 0 to 1e12"]


def test_a_cell_that_comes_twice() -> None:
    row = {"unit_code": "1432", "period": "2019H1", "measure": "m", "dimensions": "", "status": "ok"}
    table = pd.DataFrame([row | {"value": v, "place": "row 2", "file_id": "khr_plans/f"} for v in (5.0, 6.0)])
    [problem] = check_observations(table, NORWAY.datasets["khr_plans"], NORWAY, CODES, date(2021, 2, 26))
    assert problem.allowed == "one row for each unit_code, period, measure, dimensions"
    assert problem.given == "'1432/2019H1/m/'"


def test_a_code_that_is_gone_and_the_nearest_that_could_have_stood_there() -> None:
    expected = "unit_code: '1432' 2020H1; a municipality code in use in 2020, such as '4647'"
    assert told("1432", "2020H1") == [expected]


def test_a_zero_or_a_declared_correction_of_a_code_that_is_gone_passes() -> None:
    """SSB's population gives 0 for places that are not there; a slip that is known need not stop the build."""
    known = Correction(
        dataset="khr_plans", unit_code="1432", period="2020H1", measure="m", action="hide", expected_value=5,
        reason=NORWAY.corrections[0].reason, reported=date(2021, 3, 1),
    )  # fmt: skip
    assert told("1432", "2020H1", value=0) == []
    assert told("1432", "2020H1", registry=replace(NORWAY, corrections=(known,))) == []


def test_of_a_year_that_the_code_list_does_not_have_all_codes_pass() -> None:
    assert told("4647", "2015", dataset="population_07459") == []


def test_the_monitor_has_the_codes_of_its_publication() -> None:
    codes = CodesInUse(CODES.years | {2021: frozenset({"0301", "4647"})})
    row = {"unit_code": ["4647", "1432"], "period": "2018", "measure": "3A Andel", "dimensions": "", "value": 5.0}
    table = pd.DataFrame(row | {"status": "ok", "place": "3A", "file_id": "bufdir_monitor/f"})
    found = check_observations(table, NORWAY.datasets["bufdir_monitor"], NORWAY, codes, date(2021, 9, 1))
    assert [problem.given for problem in found] == ["'1432' 2018"]


@pytest.mark.parametrize("period", ["2012H1", "2022H1", "3019H1"])
def test_a_year_before_the_first_or_after_the_file(period: str) -> None:
    assert told("0301", period) == [f"period: {period!r}; a year from 2013 to 2021, when the file was published"]


def listed(role: str, **columns: list[str]) -> list[str]:
    table = pd.DataFrame(columns).assign(file_id="list/f", line="2")
    return [str(problem).partition("list/f: ")[2] for problem in check_reference(table, role, CODES)]


def changes(*rows: tuple[str, str, str]) -> list[str]:
    old, new, day = (list(each) for each in zip(*rows, strict=True))
    return listed("municipality_change", old_code=old, new_code=new, changed_on=day)


def test_changes_that_the_code_list_bears_out() -> None:
    assert changes(("1432", "4647", "2020-01-01")) == []


def test_a_change_of_codes_that_were_not_in_use() -> None:
    found = changes(("1432", "4647", "2020-01-01"), ("4647", "1432", "2020-01-01"))
    assert found == [
        "row 2: old_code: given '4647'; allowed: a municipality code in use in 2019, such as '1432'",
        "row 2: new_code: given '1432'; allowed: a municipality code in use in 2020, such as '4647'",
    ]


def test_a_code_that_ends_or_starts_without_a_change() -> None:
    assert changes(("0301", "0301", "2020-01-01")) == [
        "2020: old_code: given no change; allowed: one for 1432, which the code list changes then",
        "2020: new_code: given no change; allowed: one for 4647, which the code list changes then",
    ]


def test_a_change_far_ahead() -> None:
    found = changes(("1432", "4647", "2020-01-01"), ("0301", "0301", "5020-01-01"))
    assert found == ["row 2: changed_on: given 5020-01-01; allowed: 5 years ahead at the most"]


def test_groups_of_all_municipalities_of_their_day_each_once() -> None:
    day = ["2020-01-01"] * 3
    assert listed("peer_group", code=["0301", "4647"], code_date=day[:2]) == []
    assert listed("peer_group", code=["0301", "0301"], code_date=day[:2]) == [
        "row 2: row: given 0301; allowed: each once",
        "code: given no row; allowed: one for 4647, a municipality of 2020",
    ]
    assert listed("peer_group", code=["0301", "4647", "1432"], code_date=day) == [
        "row 2: code: given '1432'; allowed: a municipality code in use in 2020, such as '4647'"
    ]


def test_a_code_list_whose_years_have_a_gap_or_a_row_twice() -> None:
    assert listed("municipality_code", year=["2018", "2019"], code=["0301", "0301"]) == []
    assert listed("municipality_code", year=["2018", "2020"], code=["0301", "0301"]) == [
        "year: given 2018, then 2020; allowed: years without a gap"
    ]
    assert listed("municipality_code", year=["2018", "2018"], code=["0301", "0301"]) == [
        "row 2: row: given 2018 0301; allowed: each once"
    ]
