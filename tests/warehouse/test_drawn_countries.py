"""Tiny countries drawn for one rule each: what merges, splits, hides or is missing keeps its number or its reason."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline.jobs import ANALYSES
from pipeline.problems import BadInput
from pipeline.registry.correction import Correction
from pipeline.registry.load import Registry, load
from pipeline.registry.services import SplitWeight
from pipeline.settings import Settings
from pipeline.sources.landing import archive
from pipeline.warehouse.build import build
from pipeline.warehouse.release import connect

NUMERATOR, DENOMINATOR = load("norway").datasets["khr_supervision"].measures
HEADER = f"Rapporteringsenhet;År;Halvår;{NUMERATOR};{DENOMINATOR};Andel"
CODES_2019, CODES_2020 = ("1430", "1431", "1432", "1101", "1103"), ("4647", "1101", "1103")
CHANGES = "oldCode,newCode,changeOccurred\n" + "".join(f"{code},4647,2020-01-01\n" for code in CODES_2019[:3])
DAY = datetime(2021, 3, 1, tzinfo=UTC)


def codes() -> str:
    years = {2018: CODES_2019, 2019: CODES_2019, 2020: CODES_2020, 2021: CODES_2020}
    return "year,code,name\n" + "".join(f"{year},{code},Sted {code}\n" for year, all_ in years.items() for code in all_)


def plain(**changes: Any) -> Registry:
    """Norway without what names municipalities that the drawn country does not have."""
    nothing: dict[str, Any] = {
        "corrections": (),
        "joint_services": (),
        "alone": (),
        "regions": (),
        "cohorts": (),
        "protocols": (),
        "measures": (),
        "split_weights": (),
        "split_parts": (),
    }
    return replace(load("norway"), **(nothing | changes))


def country(
    tmp_path: Path, *rows: str, registry: Registry | None = None, more: dict[tuple[str, datetime], str] | None = None
) -> Path:
    """Builds a country from KHR rows of foster-home supervision; returns its release."""
    registry, settings = registry or plain(), Settings(home=tmp_path)
    bodies = {
        ("khr_supervision", DAY): "\n".join([HEADER, *rows, ""]),
        ("klass_codes", DAY): codes(),
        ("klass_changes", DAY): CHANGES,
    } | (more or {})
    for (dataset, day), body in bodies.items():
        encoding = "iso-8859-1" if dataset.startswith("khr") else "utf-8"
        archive(
            settings.raw / "norway", registry.datasets[dataset], body.encode(encoding), "csv", day, day, synthetic=True
        )
    return build(registry, settings, ANALYSES, date(2021, 12, 31)).path


def value(release: Path, unit: str, period: str = "2019H1", vintage: str = "is_newest") -> tuple[Any, ...]:
    with connect(release) as con:
        [row] = con.execute(
            f"""SELECT numerator, denominator, status, numerator_low, numerator_high, parts_present, parts_total
                FROM core.indicator_value WHERE indicator_id = 'foster_supervision_missed' AND unit_kind = 'municipality'
                AND unit_code = ? AND period = ? AND {vintage}""",
            [unit, period],
        ).fetchall()
    return row


def test_merged_parts_are_summed(tmp_path: Path) -> None:
    release = country(
        tmp_path, "1430;2019;1;4;10;", "1431;2019;1;0;12;", "1432;2019;1;6;18;", "1101;2019;1;1;5;", "1103;2019;1;5;9;"
    )
    assert value(release, "4647") == (10, 40, "ok", None, None, 3, 3)


@pytest.mark.parametrize("row", [(), ("1431;2019;1;;;",)], ids=["no row", "a blank row"])
def test_a_missing_part_is_missed_whether_its_row_is_there_or_not(tmp_path: Path, row: tuple[str, ...]) -> None:
    release = country(tmp_path, "1430;2019;1;4;10;", *row, "1432;2019;1;6;18;")
    assert value(release, "4647") == (10, 28, "incomplete_merger", None, None, 2, 3)


def test_a_hidden_part_gives_bounds_that_hold_the_known_ones(tmp_path: Path) -> None:
    release = country(tmp_path, "1430;2019;1;4;10;", "1431;2019;1;:;12;", "1432;2019;1;6;18;")
    assert value(release, "4647") == (None, 40, "suppressed_source", 11, 13, 3, 3)


def test_numerator_and_denominator_missing_in_different_parts_are_not_divided(tmp_path: Path) -> None:
    release = country(tmp_path, "1430;2019;1;4;;", "1431;2019;1;;12;", "1432;2019;1;6;18;")
    assert value(release, "4647")[:3] == (None, None, "incomplete_merger")


def test_a_code_that_is_not_in_use_yet_stops_the_build(tmp_path: Path) -> None:
    with pytest.raises(
        BadInput, match="given '4647' 2019H1; allowed: a municipality code in use in 2019, such as '1432'"
    ):
        country(tmp_path, "4647;2019;1;10;40;", "1101;2019;1;1;5;")


def test_more_than_all_is_told_with_file_and_place(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"1101 2019H1: foster_supervision_missed: given 9.0 of 5.0; allowed: a part of"):
        country(tmp_path, "1101;2019;1;9;5;", "1103;2019;1;0;0;")


def test_a_number_over_no_cases_is_more_than_all(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="given 4.0 of 0.0"):
        country(tmp_path, "1101;2019;1;4;0;")


def test_a_newer_file_that_covers_less_leaves_the_older_periods(tmp_path: Path) -> None:
    later = {("khr_supervision", datetime(2021, 6, 1, tzinfo=UTC)): f"{HEADER}\n1101;2020;1;5;25;\n"}
    release = country(tmp_path, "1101;2019;1;4;20;", "1101;2020;1;4;20;", more=later)
    assert value(release, "1101", "2019H1")[:3] == (4, 20, "ok")
    assert value(release, "1101", "2020H1")[:3] == (5, 25, "ok")
    assert value(release, "1101", "2020H1", "NOT is_newest")[:3] == (4, 20, "ok")


def test_a_newer_code_list_takes_the_place_of_the_older(tmp_path: Path) -> None:
    renamed = {("klass_codes", datetime(2021, 6, 1, tzinfo=UTC)): codes().replace("Sted 1101", "Eigersund")}
    release = country(tmp_path, "1101;2019;1;4;20;", more=renamed)
    with connect(release) as con:
        assert con.execute("SELECT name FROM core.municipality WHERE municipality_code = '1101'").fetchall() == [
            ("Eigersund",)
        ]


def correction(**changes: Any) -> Correction:
    words = {"nb": "feil", "nn": "feil", "en": "wrong"}
    fields = {
        "dataset": "khr_supervision", "unit_code": "1101", "period": "2019H1", "measure": NUMERATOR, "action": "replace",
        "replacement": 5.0, "expected_value": 50.0, "reason": words, "reported": date(2021, 3, 2),
    }  # fmt: skip
    return Correction(**(fields | changes))


def test_a_correction_holds_for_the_error_and_not_for_the_mended_figure(tmp_path: Path) -> None:
    """The first file says 50 of 20; a later one is mended to 4. Both vintages build, and each has its right number."""
    mended = {("khr_supervision", datetime(2021, 6, 1, tzinfo=UTC)): f"{HEADER}\n1101;2019;1;4;20;\n"}
    release = country(tmp_path, "1101;2019;1;50;20;", registry=plain(corrections=(correction(),)), more=mended)
    assert value(release, "1101")[:2] == (4, 20)
    assert value(release, "1101", vintage="NOT is_newest")[:2] == (5, 20)


def test_a_correction_of_an_error_that_no_file_has_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"expected_value: given 50; allowed: '4', as the files have it \(mended\?"):
        country(tmp_path, "1101;2019;1;4;20;", registry=plain(corrections=(correction(),)))


def test_a_share_is_carried_through_a_split_whole(tmp_path: Path) -> None:
    """4647 becomes 4648 (86 %) and 4649: both keep 10 %, on 86 and 14 per cent of the children investigated."""
    split = [
        SplitWeight(old_code="4647", new_code=code, changed_on=date(2022, 1, 1), weight=weight, basis="drawn")
        for code, weight in (("4648", 0.86), ("4649", 0.14))
    ]
    khr = load("norway").datasets["khr_supervision"]
    registry = plain(split_weights=tuple(split))
    indicator = registry.indicators["foster_supervision_missed"]
    series = indicator.series[0]
    share = series.denominator.model_copy(update={"measures": (NUMERATOR,)})
    implied = series.model_copy(update={"numerator": None, "share": share})
    registry = replace(
        registry,
        indicators=registry.indicators | {indicator.id: indicator.model_copy(update={"series": (implied,)})},
        datasets=registry.datasets | {khr.id: khr},
    )
    years = codes() + "2022,4648,Ny\n2022,4649,Haram\n2022,1101,Sted 1101\n2022,1103,Sted 1103\n"
    changes = CHANGES + "4647,4648,2022-01-01\n4647,4649,2022-01-01\n"
    settings = Settings(home=tmp_path)
    bodies = {"khr_supervision": f"{HEADER}\n4647;2020;1;10;200;\n", "klass_codes": years, "klass_changes": changes}
    for dataset, body in bodies.items():
        encoding = "iso-8859-1" if dataset.startswith("khr") else "utf-8"
        archive(settings.raw / "norway", registry.datasets[dataset], body.encode(encoding), "csv", DAY, DAY)
    release = build(registry, settings, ANALYSES, date(2022, 6, 1)).path
    assert value(release, "4648", "2020H1")[:3] == (pytest.approx(17.2), pytest.approx(172), "ok")
    assert value(release, "4649", "2020H1")[:3] == (pytest.approx(2.8), pytest.approx(28), "ok")


def test_a_measure_nobody_delivers_is_told(tmp_path: Path) -> None:
    registry = plain()
    indicator = registry.indicators["foster_supervision_missed"]
    series = indicator.series[0].model_copy(
        update={"numerator": indicator.series[0].denominator.model_copy(update={"measures": ("Tilsyn",)})}
    )
    changed = indicator.model_copy(update={"series": (series,)})
    with pytest.raises(
        BadInput, match="numerator: given 'Tilsyn'; allowed: a measure and dimensions that the files of khr_sup"
    ):
        country(
            tmp_path,
            "1101;2019;1;4;20;",
            registry=replace(registry, indicators=registry.indicators | {indicator.id: changed}),
        )


def test_the_time_zone_of_the_machine_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    release = country(tmp_path, "1101;2019;1;4;20;")
    with connect(release) as con:
        [(vintage,)] = con.execute("SELECT DISTINCT vintage::VARCHAR FROM core.indicator_value").fetchall()
    assert vintage == "2021-03-01 00:00:00+00"


SQUARE = {"type": "Polygon", "coordinates": [[[5, 58], [6, 58], [6, 59], [5, 59], [5, 58]]]}
MAP_2020 = ("map_municipalities_2020", DAY)


def borders(*places: str) -> str:
    """A map of squares; a place is its code, or code and name."""
    features = [
        {"properties": {"kommunenr": place[:4], "navn": place[5:] or f"Sted {place}"}, "geometry": SQUARE}
        for place in places
    ]
    return json.dumps({"type": "FeatureCollection", "features": features})


def refused_map(tmp_path: Path, *places: str, **more: str) -> list[str]:
    with pytest.raises(BadInput) as caught:
        deliveries = {MAP_2020: borders(*places)} | {(name, DAY): body for name, body in more.items()}
        country(tmp_path, "1101;2019;1;4;20;", more=deliveries)
    return [str(problem).partition(": ")[2] for problem in caught.value.problems]


def test_a_map_holds_until_the_next_and_takes_its_names_from_the_code_list(tmp_path: Path) -> None:
    """Longyearbyen, which is not ranked, may be on a map; and a map of 2024 is not of a release of 2021."""
    maps = {MAP_2020: borders("4647 STED 4647 - Sunnfjord", "1101", "1103", "2111 Longyearbyen"),
            ("map_municipalities_2024", DAY): borders("9999")}  # fmt: skip
    with connect(country(tmp_path, "1101;2019;1;4;20;", more=maps)) as con:
        found = con.execute("SELECT municipality_code, name, valid_from::VARCHAR, valid_to FROM mart.border").fetchall()
    assert found == [
        (code, name, "2020-01-01", None)
        for code, name in (
            ("1101", "Sted 1101"),
            ("1103", "Sted 1103"),
            ("2111", "Longyearbyen"),
            ("4647", "Sted 4647"),
        )
    ]


def test_a_map_that_lacks_a_municipality_or_has_one_too_many(tmp_path: Path) -> None:
    assert refused_map(tmp_path, "4647", "1101", "1432 Førde") == [
        "1103 Sted 1103: feature: given none; allowed: one for each municipality in use on 2020-01-01, which its borders are of",
        "1432: name: given 'Førde'; allowed: a name of 1432, such as Sted 1432",
        "1432 Førde: municipality_code: given '1432'; allowed: a municipality code in use on 2020-01-01, which its borders are of",
    ]


def test_a_municipality_that_is_newer_than_the_map_is_not_drawn(tmp_path: Path) -> None:
    """1103 becomes 1104 in 2021, and no map of 2021 is there: the release stands."""
    later = codes().replace("2021,1103,Sted 1103", "2021,1104,Sted 1104")
    more = {
        MAP_2020: borders("4647", "1101", "1103"),
        ("klass_codes", DAY): later,
        ("klass_changes", DAY): CHANGES + "1103,1104,2021-01-01\n",
    }
    with connect(country(tmp_path, "1101;2019;1;4;20;", more=more)) as con:
        drawn = con.execute("SELECT municipality_code FROM mart.border ORDER BY 1").fetchall()
    assert drawn == [("1101",), ("1103",), ("4647",)]


def test_the_borders_of_another_place_are_told_by_their_name(tmp_path: Path) -> None:
    assert refused_map(tmp_path, "4647", "1101 Sted 1103", "1103 Sted 1103 (Rogaland)") == [
        "1101: name: given 'Sted 1103'; allowed: a name of 1101, such as Sted 1101"
    ]


def test_a_place_that_is_not_ranked_may_be_missing_on_a_map(tmp_path: Path) -> None:
    place = load("norway").jurisdiction
    registry = plain(
        jurisdiction=place.model_copy(update={"not_ranked": {"1103": place.not_ranked["2111"]}, "carried": ()})
    )
    release = country(
        tmp_path, "1101;2019;1;4;20;", registry=registry, more={MAP_2020: borders("4647", "1101")}
    )  # fmt: skip
    with connect(release) as con:
        assert con.execute("SELECT municipality_code FROM mart.border").fetchall() == [("1101",), ("4647",)]


def test_a_vintage_in_parts_is_one_vintage(tmp_path: Path) -> None:
    registry, settings = plain(), Settings(home=tmp_path)
    rows = ["1430;2019;1;4;10;", "1431;2019;1;0;12;", "1432;2019;1;6;18;", "1101;2019;1;1;5;", "1103;2019;1;5;9;"]
    for number, some in enumerate((rows[:2], rows[2:]), start=1):
        body = "\n".join([HEADER, *some, ""]).encode("iso-8859-1")
        archive(
            settings.raw / "norway", registry.datasets["khr_supervision"], body, "csv", DAY, DAY, part=f"{number}/2"
        )
    for dataset, text in (("klass_codes", codes()), ("klass_changes", CHANGES)):
        archive(settings.raw / "norway", registry.datasets[dataset], text.encode(), "csv", DAY, DAY)
    release = build(registry, settings, ANALYSES, date(2021, 12, 31)).path
    assert value(release, "4647") == (10, 40, "ok", None, None, 3, 3)
    assert value(release, "1103") == (5, 9, "ok", None, None, 1, 1)
