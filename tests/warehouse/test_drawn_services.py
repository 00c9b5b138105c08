"""Tiny countries whose services change: in the middle of a year, by a new host, by a merger of two."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipeline.problems import BadInput
from pipeline.registry.services import Alone, JointService, Membership
from pipeline.warehouse.release import connect
from tests.warehouse.test_drawn_countries import CHANGES, DAY, codes, country, plain

JULY, NEW_YEAR = date(2019, 7, 1), date(2020, 1, 1)
ROWS = [
    f"{code};{year};{half};{y};{n};"
    for code, y, n in (("1101", 1, 10), ("1103", 4, 20))
    for year, half in ((2019, 1), (2019, 2), (2020, 1))
]


def named(*codes: str) -> list[str]:
    return [f"{code} Sted {code}" for code in codes]


def entry(kind: type[Membership], *codes: str, on: date = date(2019, 1, 1), **more: Any) -> Any:
    evidence = [{"day": on, "source": "drawn", "sure": "inferred"}]
    if kind is JointService:
        more = {"id": "sor", "name": "Sør", "host": named(codes[0])[0]} | more
    return kind(members=named(*codes), code_date=on, evidence=evidence, **more)


def joint(*codes: str, **more: Any) -> JointService:
    return entry(JointService, *codes, **more)


def alone(*codes: str, **more: Any) -> Alone:
    return entry(Alone, *codes, **more)


LONGYEARBYEN = Alone(
    members=["2111 Longyearbyen"],
    code_date=date(2019, 1, 1),
    evidence=[{"day": date(2019, 1, 1), "source": "drawn", "sure": "inferred"}],
)


def services(release: Path, table: str) -> dict[tuple[str, str], tuple[float, float]]:
    with connect(release) as con:
        found = con.execute(
            f"SELECT unit_code, period, numerator, denominator FROM core.{table} "
            "WHERE indicator_id = 'foster_supervision_missed' AND unit_kind = 'service' AND denominator > 0"
        ).fetchall()
    return {(unit, period): (y, n) for unit, period, y, n in found}


def test_a_member_that_joins_in_the_middle_of_a_year(tmp_path: Path) -> None:
    """Then: two services in the first half of 2019, one from July. On the borders of today: one all the way."""
    registry = plain(
        joint_services=(joint("1101", "1103", on=JULY, valid_from=JULY),),
        alone=(alone("1101", "1103", valid_to=JULY), alone("1430", "1431", "1432"), LONGYEARBYEN),
    )
    release = country(tmp_path, *ROWS, registry=registry)
    assert services(release, "indicator_value_then") == {
        ("municipality_1101", "2019H1"): (1, 10),
        ("municipality_1103", "2019H1"): (4, 20),
        ("sor", "2019H2"): (5, 30),
        ("sor", "2020H1"): (5, 30),
    }
    assert services(release, "indicator_value") == {
        ("sor", period): (5, 30) for period in ("2019H1", "2019H2", "2020H1")
    }


def test_a_new_host_is_a_new_span_of_the_same_service(tmp_path: Path) -> None:
    registry = plain(
        joint_services=(
            joint("1101", "1103", valid_to=NEW_YEAR),
            joint("1101", "1103", on=NEW_YEAR, valid_from=NEW_YEAR, host=named("1103")[0]),
        ),
        alone=(alone("1430", "1431", "1432"), LONGYEARBYEN),
    )
    with connect(country(tmp_path, *ROWS, registry=registry)) as con:
        hosts = con.execute(
            "SELECT host, valid_from::VARCHAR, valid_to::VARCHAR FROM core.service WHERE service_id = 'sor' ORDER BY valid_from"
        ).fetchall()
    assert [row for row in hosts if row[1] >= "2019"] == [
        ("1101", "2019-01-01", "2020-01-01"),
        ("1103", "2020-01-01", None),
    ] or (hosts == [("1101", "2018-01-01", "2020-01-01"), ("1103", "2020-01-01", None)])


def test_two_services_whose_members_merge_wait_for_a_decision(tmp_path: Path) -> None:
    """1430 shares a service with 1101, 1432 is alone, and both become 4647: the register has to say what follows."""
    registry = plain(
        joint_services=(joint("1101", "1430"),),
        alone=(alone("1431", "1432", valid_to=NEW_YEAR), alone("1103"), LONGYEARBYEN),
    )
    with connect(country(tmp_path, *ROWS, registry=registry)) as con:  # the joint service goes on with 4647
        members = con.execute(
            "SELECT municipality_code FROM core.service_member WHERE service_id = 'sor' AND valid_to IS NULL ORDER BY 1"
        ).fetchall()
    assert members == [("1101",), ("4647",)]
    undecided = plain(
        joint_services=(joint("1101", "1430"),), alone=(alone("1431", "1432"), alone("1103"), LONGYEARBYEN)
    )
    with pytest.raises(
        BadInput, match=r"4647 Sted 4647: members: given alone and in sor from 2020-01-01; allowed: one"
    ):
        country(tmp_path / "again", *ROWS, registry=undecided)


def test_a_figure_on_later_borders_is_only_there_where_the_unit_was_whole_then(tmp_path: Path) -> None:
    """Published in 2021 on the codes of that year: 2019's number of 1101 is known, those of 4647's parts are not."""
    registry = plain()
    khr = registry.datasets["khr_supervision"].model_copy(update={"borders": "publication"})
    registry = replace(registry, datasets=registry.datasets | {khr.id: khr})
    release = country(tmp_path, "4647;2019;1;10;40;", "1101;2019;1;1;5;", "1103;2019;1;5;9;", registry=registry)
    with connect(release) as con:
        found = con.execute(
            "SELECT unit_code, status, denominator FROM core.indicator_value_then WHERE unit_kind = 'municipality' "
            "AND indicator_id = 'foster_supervision_missed' AND unit_code <> '2111' ORDER BY unit_code"
        ).fetchall()
    assert found == [
        ("1101", "ok", 5), ("1103", "ok", 9), ("1430", "not_published", None), ("1431", "not_published", None),
        ("1432", "not_published", None),
    ]  # fmt: skip


def test_a_part_that_is_missing_leaves_the_merged_one_incomplete_and_the_parts_of_the_day_as_they_were(
    tmp_path: Path,
) -> None:
    release = country(tmp_path, "1430;2019;1;4;10;", "1431;2019;1;:;12;", "1101;2019;1;1;5;", "1103;2019;1;5;9;")
    with connect(release) as con:
        query = "SELECT unit_code, status, parts_present, parts_total FROM core.{} WHERE unit_kind = 'municipality' AND unit_code LIKE '{}' ORDER BY 1"
        now = con.execute(query.format("indicator_value", "46%")).fetchall()
        then = con.execute(query.format("indicator_value_then", "143%")).fetchall()
    assert now == [("4647", "incomplete_merger", 2, 3)]
    assert then == [("1430", "ok", 1, 1), ("1431", "suppressed_source", 1, 1), ("1432", "not_reported", 0, 1)]


def test_members_of_one_entry_that_become_one_are_counted_once(tmp_path: Path) -> None:
    """1101 joins 1103, which keeps its number (as Finnøy joined Stavanger): in one entry alone, or sharing a service."""
    later = codes().replace("2020,1101,Sted 1101\n", "").replace("2021,1101,Sted 1101\n", "")
    more = {("klass_codes", DAY): later, ("klass_changes", DAY): CHANGES + "1101,1103,2020-01-01\n"}
    rows = ["1101;2019;1;1;10;", "1103;2019;1;4;20;", "1103;2020;1;5;70;"]
    others = (alone("1430", "1431", "1432"), LONGYEARBYEN)
    for name, register, unit in (
        ("alone", plain(alone=(alone("1101", "1103"), *others)), "municipality_1103"),
        ("joint", plain(joint_services=(joint("1101", "1103"),), alone=others), "sor"),
    ):
        release = country(tmp_path / name, *rows, registry=register, more=more)
        assert services(release, "indicator_value_then")[unit, "2020H1"] == (5, 70)
        with connect(release) as con:
            total = con.execute(
                "SELECT denominator FROM core.indicator_value_then WHERE unit_kind = 'country' AND period = '2020H1' "
                "AND indicator_id = 'foster_supervision_missed'"
            ).fetchall()
            service = con.execute(
                "SELECT member_codes, municipalities FROM core.service WHERE service_id = ? AND valid_to IS NULL",
                [unit],
            ).fetchall()
        assert total == [(70,)]
        assert service == [(["1103"], 1)]


def test_an_entry_of_the_future_does_not_stand_in_the_way_of_today(tmp_path: Path) -> None:
    registry = plain(
        joint_services=(joint("1101", "1103", on=date(2023, 1, 1), valid_from=date(2023, 1, 1)),),
        alone=(alone("1101", "1103"), alone("1430", "1431", "1432"), LONGYEARBYEN),
    )
    assert ("municipality_1101", "2020H1") in services(country(tmp_path, *ROWS, registry=registry), "indicator_value")


def test_an_id_that_is_made_of_a_municipality_is_refused() -> None:
    with pytest.raises(ValueError, match="an id that does not start with 'municipality_'"):
        joint("1101", "1103", id="municipality_1101")
