"""KLASS: the same tables from its JSON as from the bundled lists, and clear words where a list cannot be believed."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.problems import BadInput
from pipeline.registry.dataset import Klass, ReferenceDataset
from pipeline.sources import delimited, klass
from pipeline.sources.fetch import Outcome
from pipeline.sources.landing import archive, scan
from tests.sources.klass_standin import bundled
from tests.sources.norway import KLASS, NORWAY, Publishing, newest

RECORDED = Path(__file__).parent.parent / "recorded" / "klass" / "ssb_klass131_codesAt_2026-01-01.json"
RENAMED = {"0301": "Oslo - Oslove", "5006": "Steinkjer - Stïentje", "5536": "Lyngen - Ivgu - Yykeä"}
FetchAll = Callable[..., dict[str, Outcome]]


def dataset(name: str) -> ReferenceDataset:
    found = NORWAY.datasets[name]
    assert isinstance(found, ReferenceDataset)
    return found


def few(name: str) -> ReferenceDataset:
    """The dataset, for lists of any length."""
    each = dataset(name)
    assert each.klass
    return each.model_copy(update={"klass": each.klass.model_copy(update={"at_least": 1})})


def code(code: str, start: str, end: str, name: str = "x") -> dict[str, Any]:
    return {"code": code, "name": name, "validFromInRequestedRange": start, "validToInRequestedRange": end}


def codes(*items: Any) -> bytes:
    return json.dumps({"codes": items}).encode()


@pytest.mark.parametrize("name", KLASS)
def test_json_and_the_bundled_list_are_the_same_table(
    fetch_all: FetchAll, publishing: Publishing, tmp_path: Path, name: str
) -> None:
    assert fetch_all(name)[name].outcome == "new vintage"
    [file] = scan(tmp_path, NORWAY.datasets)
    assert file.path.suffix == ".json" and "includeFuture=true" in file.sidecar.query or name == "kostra_groups"
    fetched = delimited.read_reference(file.body(), dataset(name), "fetched").drop(columns="line")
    kept = delimited.read_reference(newest(name), dataset(name), "kept").drop(columns="line")
    if name == "klass_codes":  # next year is known as well, and nothing is decided for it
        assert set(fetched["year"]) - set(kept["year"]) == {str(date.today().year + 1)}
        fetched = fetched[fetched["year"].isin(kept["year"])]
    order = list(kept.columns)
    pd.testing.assert_frame_equal(
        fetched.sort_values(order, ignore_index=True), kept.sort_values(order, ignore_index=True), check_dtype=False
    )


def test_the_recorded_list_of_2026_is_the_bundled_one_with_three_new_names() -> None:
    """codesAt says no spans; they are those of the day it was asked for."""
    recorded = json.loads(RECORDED.read_bytes())["codes"]
    items = [each | code(each["code"], "2026-01-01", "2027-01-01", each["name"]) for each in recorded]
    table = delimited.read_reference(codes(*items), dataset("klass_codes"), "recorded").set_index("code")
    kept = bundled("klass_codes").query("year == '2026' and code != '9999'").set_index("code")
    assert set(table.index) == set(kept.index) and len(table) == 357
    differ = table["name"] != kept["name"].loc[table.index]
    assert table.loc[differ, "name"].to_dict() == RENAMED


def test_a_code_counts_in_the_years_that_begin_with_it() -> None:
    body = codes(code("1432", "2012-01-01", "2014-01-01"), code("4647", "2013-06-01", "2015-02-01", "y"))
    table = delimited.read_reference(body, few("klass_codes"), "c")
    assert list(zip(table["year"], table["code"], strict=True)) == [
        ("2012", "1432"), ("2013", "1432"), ("2014", "4647"), ("2015", "4647"),
    ]  # fmt: skip


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=6))
def test_years_are_those_of_a_plain_count(spans: list[tuple[int, int]]) -> None:
    half_years = [date(2010 + each // 2, 1 + 6 * (each % 2), 1) for each in range(14)]
    items = [
        code(f"{number:04}", str(half_years[min(span)]), str(half_years[max(span) + 1]))
        for number, span in enumerate(spans)
    ]
    expected = {
        (str(year), item["code"])
        for item in items
        for year in range(2009, 2020)
        if item["validFromInRequestedRange"] <= f"{year}-01-01" < item["validToInRequestedRange"]
    }
    if not expected:
        return
    table = delimited.read_reference(codes(*items), few("klass_codes"), "c")
    assert set(zip(table["year"], table["code"], strict=True)) == expected


def test_a_code_that_is_there_twice_on_a_day() -> None:
    body = codes(code("1", "2012-01-01", "2014-01-01"), code("1", "2013-01-01", "2015-01-01", "y"))
    with pytest.raises(BadInput, match="entry 2: code: given '1'; allowed: one entry that holds on 1 January 2013"):
        delimited.read_reference(body, few("klass_codes"), "c.json")


def test_a_year_that_lacks_codes_is_found_though_the_others_have_them() -> None:
    spans = [("2012-01-01", "2014-01-01")] * 350 + [("2014-01-01", "2015-01-01")]
    items = [code(f"{number:04}", *span) for number, span in enumerate(spans)]
    with pytest.raises(BadInput, match=r"c\.json: 2014: codes: given 1; allowed: at least 350"):
        delimited.read_reference(codes(*items), dataset("klass_codes"), "c.json")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"codes": [', "JSON"),
        (b'{"codeChanges": []}', "an object with the list `codes`"),
        (codes(), "in all: codes: given 0; allowed: at least 350: the list was cut short"),
        (codes(code("0301", "2012-01-01", "2014-01-01")), "in all: codes: given 1; allowed: at least 350"),
        (codes("0301"), "entry 1: code: given None; allowed: a text"),
        (codes(code("", "2012-01-01", "2014-01-01")), "entry 1: code: given ''; allowed: a text"),
        (codes(code("0301", "2012-01-01", "soon")), "entry 1: validToInRequestedRange: given 'soon'; allowed: a day"),
        (codes(code("0301", "2012-01-01", "9999-01-01")), "given '9999-01-01'"),
    ],
)  # fmt: skip
def test_a_list_that_is_none_is_refused_with_its_place(body: bytes, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        delimited.read_reference(body, dataset("klass_codes"), "c.json")
    assert str(caught.value).startswith("c.json: ") and said in str(caught.value)


def test_a_code_that_began_or_ended_alone_is_no_change_from_one_to_another() -> None:
    change = {"oldCode": "1432", "oldName": "Førde", "newCode": "4647", "newName": "Sunnfjord"}
    alone = change | {"newCode": None, "newName": None}
    body = json.dumps({"codeChanges": [each | {"changeOccurred": "2020-01-01"} for each in (change, alone)]}).encode()
    table = delimited.read_reference(body, few("klass_changes"), "c")
    assert table.to_dict("records") == [
        {"old_code": "1432", "new_code": "4647", "changed_on": "2020-01-01", "line": "1"}
    ]


def test_what_is_asked_reaches_into_the_next_year() -> None:
    asked = klass.address(dataset("klass_codes"), date(2026, 11, 22))
    assert asked.endswith("/131/codes?from=2012-01-01&to=2028-01-01&includeFuture=true")
    asked = klass.address(dataset("kostra_groups"), date(2026, 11, 22))
    assert asked.endswith("/131/correspondsAt?targetClassificationId=112&date=2024-01-01")


def test_a_declaration_that_contradicts_itself() -> None:
    with pytest.raises(ValueError, match="target is given exactly when"):
        Klass.model_validate({"list": "codes", "since": "2012-01-01", "target": 112, "at_least": 1})
    groups = dataset("kostra_groups").model_dump()
    with pytest.raises(ValueError, match=r"constants\.code_date must be klass\.since, 2026-01-01"):
        ReferenceDataset.model_validate(groups | {"klass": groups["klass"] | {"since": date(2026, 1, 1)}})


# What the archive knows already is held against what comes.


def test_a_code_of_the_future_is_news(fetch_all: FetchAll, publishing: Publishing, tmp_path: Path) -> None:
    fetch_all("klass_codes", "klass_changes")
    next_year = f"{date.today().year + 1}-01-01"
    lists = publishing.klass
    lists.codes.loc[lists.codes["code"] == "4647", "end"] = next_year
    lists.codes.loc[len(lists.codes) + 1] = ["4699", "Nysunnfjord", next_year, "9999-01-01"]
    lists.changes.loc[len(lists.changes)] = [next_year, "4647", "Sunnfjord", "4699", "Nysunnfjord"]
    outcomes = fetch_all("klass_changes", "klass_codes")
    assert list(outcomes) == ["klass_codes", "klass_changes"], "codes first: changes are held against them"
    assert {each.outcome for each in outcomes.values()} == {"new vintage"}
    assert {each.outcome for each in fetch_all("klass_changes", "klass_codes").values()} == {"no change"}


def test_a_change_of_unknown_codes_is_refused(fetch_all: FetchAll, publishing: Publishing, tmp_path: Path) -> None:
    lists = publishing.klass
    lists.changes.loc[len(lists.changes)] = ["2026-01-01", "4647", "Sunnfjord", "4699", "Nysunnfjord"]
    outcome = fetch_all("klass_codes", "klass_changes")["klass_changes"]
    assert (outcome.outcome, outcome.fault) == ("failed", "publisher")
    assert "names 1 codes that the list of codes in the archive does not know: 4699" in outcome.detail


@pytest.mark.parametrize(("name", "rows"), [("klass_codes", 3), ("klass_changes", 3), ("kostra_groups", 3)])
def test_a_list_cut_short_is_refused_though_it_is_long_enough(
    fetch_all: FetchAll, publishing: Publishing, tmp_path: Path, name: str, rows: int
) -> None:
    day = NORWAY.jurisdiction.start_of("2026")
    moment = pd.Timestamp(day, tz="UTC").to_pydatetime()
    archive(tmp_path, dataset(name), newest(name), "csv", moment, moment)
    lists = publishing.klass
    lists.codes, lists.changes, lists.groups = (
        each.iloc[:-rows] for each in (lists.codes.query("code != '9999'"), lists.changes, lists.groups)
    )
    outcome = fetch_all(name)[name]
    assert (outcome.outcome, outcome.fault) == ("failed", "publisher")
    assert "rows that the list in the archive has" in outcome.detail
    assert len(scan(tmp_path, NORWAY.datasets)) == 1


def test_a_classification_there_is_not(publishing: Publishing, fetch_all: FetchAll) -> None:
    publishing.server.clear()
    publishing.server.expect_request("/api/klass/v1/classifications/131/codes").respond_with_json(
        {"status": 404, "message": "Classification not found with id = 131"}, status=404
    )
    outcome = fetch_all("klass_codes")["klass_codes"]
    assert "answers 404 NOT FOUND" in outcome.detail and "Classification not found with id = 131" in outcome.detail
    assert outcome.fault == "publisher"
