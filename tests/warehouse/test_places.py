"""Who a place was: answered for a code or a name, on a day or through all years, with the basis of each answer."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from pipeline import telling
from pipeline.api import Release, open_release
from pipeline.problems import BadInput


@pytest.fixture(scope="module")
def norway(releases: dict[str, Path]) -> Release:
    return open_release("norway", releases["norway"])


def answer(norway: Release, place: str, day: str) -> list[tuple[str, ...]]:
    found = norway.who(place, day)
    columns = ["relation", "municipality_code", "name", "service_id", "host", "office", "peer_group"]
    return list(found[columns].itertuples(index=False, name=None))


def test_who_forde_was_in_2018_in_2020_and_today(norway: Release) -> None:
    before = ("itself", "1432", "Førde", "forde_1432", "1432", "Fylkesmannen i Sogn og Fjordane", "8")
    after = ("became", "4647", "Sunnfjord", "municipality_4647", "4647", "Statsforvalteren i Vestland", "EKG09")
    in_2020 = (*after[:5], "Fylkesmannen i Vestland", "EKG09")
    assert answer(norway, "1432", "2018") == [before]
    assert answer(norway, "Førde", "2018-06-01") == [before]
    assert answer(norway, "1432", "2019H2") == [(*before[:5], "Fylkesmannen i Vestland", "8")]
    assert answer(norway, "1432", "2020") == [in_2020]
    assert answer(norway, "førde", "2026-09-04") == [after]


def test_what_a_place_was_made_of_comes_before_what_it_is(norway: Release) -> None:
    history = norway.who("Sunnfjord")
    assert history["relation"].drop_duplicates().tolist() == ["was", "itself"]
    assert set(history.loc[history["relation"] == "was", "municipality_code"]) == {"1430", "1431", "1432", "1433"}


def test_a_part_of_a_split_says_how_much_it_is(norway: Release) -> None:
    [narvik, hamaroy] = norway.who("1850", "2020").to_dict("records")
    assert (narvik["municipality_code"], narvik["is_split"]) == ("1806", True)
    assert narvik["share_of_children"] == pytest.approx(114 / 301)
    assert narvik["share_of_children"] + hamaroy["share_of_children"] == pytest.approx(1)
    assert "37.9% of the children went there (an estimate)" in telling.place(norway.who("1850", "2020"))


@pytest.mark.parametrize(("name", "codes"), [
    ("Våler", "3114 Våler (Østfold), 3419 Våler (Innlandet)"),
    ("Herøy", "1515 Herøy (Møre og Romsdal), 1818 Herøy (Nordland)"),
    ("Narvik", "1805 Narvik (until 2020-01-01), 1806 Narvik"),
    ("Forde", "Førde, Fjord, Færder"),
])  # fmt: skip
def test_a_name_of_several_is_asked_back(norway: Release, name: str, codes: str) -> None:
    with pytest.raises(BadInput) as caught:
        norway.who(name)
    assert str(caught.value.problems[0]) == f"who: municipality: given '{name}'; allowed: one of {codes}"


def test_a_name_of_several_is_enough_where_one_had_it_on_the_day(norway: Release) -> None:
    assert set(norway.who("Narvik", 2018)["municipality_code"]) == {"1805"}
    assert norway.who("3114 Våler (Østfold)", 2018)["name"].tolist() == ["Våler (Østfold)"]
    assert norway.who("Narvik", "2021").query("relation == 'itself'")["municipality_code"].tolist() == ["1806"]


def test_what_a_place_became_starts_on_the_day_it_did(norway: Release) -> None:
    """Stavanger was 1103 before and after Finnøy joined it in 2020, and Finnøy was not Stavanger before."""
    assert [row[1] for row in answer(norway, "Finnøy", "2018-01-01")] == ["1141"]
    became = norway.who("Finnøy").query("relation == 'became'")
    assert became["valid_from"].min() == pd.Timestamp(2020, 1, 1)
    assert [row[1] for row in answer(norway, "Stokke", "2016")] == ["0720"]


def test_a_region_is_told_for_the_days_it_is_declared_for(norway: Release) -> None:
    assert norway.who("Tysfjord", "2015")["regions"].isna().all()
    assert norway.who("Tysfjord", "2019")["regions"].tolist() == ["administrative area for the Sámi languages"]


def test_a_day_after_the_release_is_refused(norway: Release) -> None:
    with pytest.raises(BadInput, match="day: given '2099-01-01'; allowed: a day until 2026-09-04"):
        norway.who("Oslo", "2099-01-01")


def test_what_is_no_place_and_what_is_no_day(norway: Release) -> None:
    with pytest.raises(
        BadInput, match="given 'Atlantis'; allowed: four digits with the leading zero, such as 0301, or a name"
    ):
        norway.who("Atlantis")
    with pytest.raises(BadInput, match=r"day: given 'sommeren'; allowed: a day \(2018-06-01\), a year"):
        norway.who("1432", "sommeren")


def test_the_answer_in_words(norway: Release) -> None:
    assert telling.place(norway.who("1432", "2018-06-01")) == (
        "It was\n"
        "  1432 Førde, from 2013-01-01 until 2019-01-01\n"
        "    county 14 Sogn og Fjordane, Fylkesmannen i Sogn og Fjordane; group 8 (scheme of 2013)\n"
        "    service forde_1432: Førde og Gaular; host 1432 Førde (inferred)\n"
        "    basis: Bufdir, press release of 6 June 2018, names Førde/Gaular (sourced); "
        "it speaks of the service on 2018-06-06, at other times that is assumed"
    )
    assert "from 2012-01-01 or before" in telling.place(norway.who("0301"))
    assert telling.place(norway.who("1580", "2018")).startswith("It was made of")
    assert telling.place(norway.who("2111", date(1990, 1, 1))).startswith("Nothing:")


def test_a_number_of_a_unit_that_is_gone_is_that_of_its_day(norway: Release) -> None:
    told = norway.why("deadline_breaches", "forde_1432", "2018H2")
    assert told.value["borders"] == "period"
    assert set(told.cells["code_as_sent"]) == {"1432", "1430"}
    assert told.value["numerator"] == told.cells.loc[told.cells["part"] == "numerator", "value"].sum()
    assert any("it has become another since" in rule for rule in told.rules)
