"""The register of services: what is wrong with it comes at once, says where, and stops the build."""

import shutil
from datetime import date
from functools import partial
from pathlib import Path

import pytest

from pipeline import jobs
from pipeline.problems import BadInput
from pipeline.registry.load import HOME, load, read
from pipeline.registry.services import Municipality
from pipeline.settings import Settings
from pipeline.warehouse.build import build
from pipeline.warehouse.release import connect

JOINT, ALONE = "services/joint_services.toml", "services/alone.toml"
ENTRY = """
[[joint_service]]
id = "{id}"
name = "{id}"
host = "1577 Volda"
members = ["1577 Volda", "1520 Ørsta"]
code_date = {code_date}
{span}
evidence = [{{ day = {code_date}, source = "drawn", sure = "inferred" }}]
"""
# (file, what stands there, what is written instead, what is told)
WRONG = [
    (
        JOINT, 'host = "1101 Eigersund"', 'host = "1103 Stavanger"',
        f"norway/{JOINT}: eigersund_1101: host: given '1103'; allowed: one of the members: 1101, 1111, 1112",
    ),
    (
        ALONE, '    "1103 Stavanger",', '    "1103 Stavanger",\n    "1199 Ingensted",',
        f"norway/{ALONE}: alone no. 1, 1199: members: given '1199 Ingensted'; allowed: a municipality code in use on 2021-02-23",
    ),
    (
        JOINT, '"1563 Sunndal"', '"1563 Surnadal"',
        f"norway/{JOINT}: tingvoll_1560, 1563: members: given '1563 Surnadal'; allowed: 1563 was Sunndal on 2021-02-23; "
        "Surnadal was 1566",
    ),
    (
        JOINT, 'members = ["1840 Saltdal", "1839 Beiarn"]', 'members = ["1840 Saltdal", "1839 Beiarn", "1841 Fauske"]',
        f"norway/{ALONE}: 1841 Fauske: members: given alone and in saltdal_1840 from 2012-01-01; "
        "allowed: one service at a time: end the one before the other starts",
    ),
    (
        ALONE, '    "1108 Sandnes",\n', "",
        "norway/services: 1108 Sandnes: members: given in no service from 2020-01-01; "
        "allowed: a place in services/joint_services.toml or services/alone.toml",
    ),
    (
        JOINT, 'members = ["1134 Suldal", "1135 Sauda"]', 'members = ["1134 Suldal", "1135 Sauda", "1135 Sauda"]',
        f"norway/{JOINT}: suldal_1134, 1135: members: given 1135, 2 times; allowed: each member once",
    ),
    (
        JOINT, 'members = ["1145 Bokn", "1149 Karmøy"]', 'members = ["1145 Bokn"]',
        f"norway/{JOINT}: bokn_1145: members: given only 1145 Bokn; "
        "allowed: two members or more; one that is alone stands in services/alone.toml",
    ),
    (
        JOINT, "valid_to = 2020-01-01\nevidence = [\n    { day = 2018-06-06", "valid_to = 2020-01-01\nevidence = [\n    { day = 2021-06-06",
        f"norway/{JOINT}: forde_1432: evidence: given 2021-06-06; allowed: a day of its own span, from the first until 2020-01-01",
    ),
    (
        JOINT, "", ENTRY.format(id="backwards", code_date="2010-01-01", span="valid_from = 2010-06-01\nvalid_to = 2010-01-01"),
        f"norway/{JOINT}: backwards: valid_to: given 2010-01-01; allowed: a day after valid_from, 2010-06-01",
    ),
    (
        JOINT, "", ENTRY.format(id="elsewhere", code_date="2021-02-23", span="valid_to = 2012-01-01"),
        f"norway/{JOINT}: elsewhere: code_date: given 2021-02-23; allowed: a day of its own span, from the first until 2012-01-01",
    ),
    (
        JOINT, "",
        ENTRY.format(id="gap", code_date="2011-01-01", span="valid_to = 2011-06-01")
        + ENTRY.format(id="gap", code_date="2011-09-01", span="valid_from = 2011-09-01\nvalid_to = 2012-01-01"),
        f"norway/{JOINT}: gap: valid_from: given 2011-09-01; allowed: no gap: it ended on 2011-06-01",
    ),
    (
        JOINT, "",
        ENTRY.format(id="overlap", code_date="2011-01-01", span="valid_to = 2011-06-01")
        + ENTRY.format(id="overlap", code_date="2011-05-01", span="valid_from = 2011-05-01\nvalid_to = 2012-01-01"),
        f"norway/{JOINT}: overlap: valid_from: given 2011-05-01; allowed: no overlap: it lasts until 2011-06-01",
    ),
    (
        "offices.toml", '    { county = "11", name = "Rogaland" },', '    { county = "11", valid_from = 2016-01-01 },',
        "norway/offices.toml: county 11: counties: given in no office from 2012-01-01; allowed: one office at a time",
    ),
    (
        JOINT, 'host = "1811 Bindal"', 'host = "1811 Brønnøy"',
        f"norway/{JOINT}: bindal_1811: host: given '1811 Brønnøy'; allowed: '1811 Bindal', as among its members",
    ),
    (
        "services/split_weights.toml", 'new_code = "0704"', 'new_code = "0705"',
        "norway/services/split_weights.toml: 0720 → 0705: changed_on: given 2017-01-01; "
        "allowed: a split of the list of changes: two new codes or more on that day",
    ),
    (
        "offices.toml", '    { county = "18", name = "Nordland" },', '    { county = "18" },\n    { county = "15" },',
        "norway/offices.toml: county 15: counties: given in more_og_romsdal and in nordland on 2012-01-01; "
        "allowed: one office at a time, and once in it: end the one before the other starts",
    ),
]  # fmt: skip


@pytest.fixture
def spoiled(tmp_path: Path) -> Path:
    """A copy of the registry with all these mistakes."""
    home = shutil.copytree(HOME, tmp_path / "registry", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    for file, there, instead, _ in WRONG:
        path = home / "norway" / file
        text = path.read_text(encoding="utf-8")
        assert there in text, there
        path.write_text(text.replace(there, instead, 1) if there else text + instead, encoding="utf-8")
    return home


def test_sixteen_wrong_edits_give_sixteen_errors_at_once_and_stop_the_build(spoiled: Path, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    settings.raw.parent.mkdir(parents=True)
    settings.raw.symlink_to(Settings().raw)
    with pytest.raises(BadInput) as caught:
        build(load("norway", spoiled), settings, ())
    told = [str(problem) for problem in caught.value.problems]
    assert [message for *_, message in WRONG if message not in told] == []
    # Some mistakes show twice: who was left out of a service is in none, codes of 2010 and 2011 are of no year we know.
    echoes = {message.partition(": ")[2] for message in told if message not in [each for *_, each in WRONG]}
    nowhere = {"1102 Sandnes", "1129 Forsand", "1149 Karmøy"}
    strange = {f"{name}, {code}" for name in ("backwards", "gap", "overlap") for code in ("1520", "1577")}
    assert {echo.partition(": ")[0] for echo in echoes} == nowhere | strange | {"elsewhere", "0720 → 0704"}
    assert not (settings.processed / "norway" / "current").exists()


def test_what_cannot_be_read_comes_together_with_what_does_not_add_up(
    spoiled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = spoiled / "norway" / JOINT
    path.write_text(path.read_text(encoding="utf-8").replace('host = "1870', 'hsot = "1870', 1), encoding="utf-8")
    monkeypatch.setattr(jobs, "read", partial(read, home=spoiled))
    monkeypatch.setattr(jobs, "load", partial(load, home=spoiled))
    for run in (jobs.check_services, lambda place, say: jobs.build_release(place, None, False, say)):
        try:
            problems = run("norway", lambda step: None).problems
        except BadInput as error:
            problems = error.problems
        told = [str(problem) for problem in problems]
        assert (
            f"norway/{JOINT}: joint_service no. 6 (sortland_1870): hsot: given '1870 Sortland - Suortá'; allowed: "
            "one of the fields members, code_date, valid_from, valid_to, evidence, id, name, host, host_sure, note"
        ) in told
        assert [message for *_, message in WRONG if message not in told and "in no service" not in message] == []
        assert not any("in no service" in message for message in told)  # nobody is missed where some could not be read


def test_the_register_as_it_is_has_nothing_wrong_and_covers_everybody(releases: dict[str, Path]) -> None:
    with connect(releases["norway"]) as con:
        rows = con.execute(
            "SELECT span, count(*), count(DISTINCT municipality_code) FROM staging.membership GROUP BY span ORDER BY span"
        ).fetchall()
        in_use = con.execute("SELECT span, count(*) FROM staging.in_use GROUP BY span ORDER BY span").fetchall()
        hosts = con.execute(
            "SELECT count(*) FROM staging.membership WHERE is_host GROUP BY span, service_id HAVING count(*) <> 1"
        ).fetchall()
    assert [(span, count) for span, count, distinct in rows if count == distinct] == in_use
    assert hosts == []


def test_the_services_of_today(releases: dict[str, Path]) -> None:
    with connect(releases["norway"]) as con:
        [(services, offices, members)] = con.execute(
            """SELECT count(*), count(DISTINCT office_id), sum(municipalities) FROM core.service
               WHERE valid_to IS NULL AND not_ranked_reason IS NULL"""
        ).fetchall()
    assert (services, offices, members) == (230, 10, 357)


def test_a_service_keeps_its_name_through_a_new_number_and_its_offices_are_of_their_days(
    releases: dict[str, Path],
) -> None:
    with connect(releases["norway"]) as con:
        alta = con.execute(
            "SELECT host, office_id, valid_from, valid_to FROM core.service WHERE service_id = 'alta_5403' ORDER BY valid_from"
        ).fetchall()
    assert [row for row in alta if row[2] >= date(2013, 1, 1)] == [
        ("2012", "finnmark", date(2013, 1, 1), date(2019, 1, 1)),
        ("2012", "troms_og_finnmark", date(2019, 1, 1), date(2020, 1, 1)),
        ("5403", "troms_og_finnmark", date(2020, 1, 1), date(2024, 1, 1)),
        ("5601", "troms_og_finnmark", date(2024, 1, 1), None),
    ]


def test_a_membership_says_which_days_its_source_speaks_of(releases: dict[str, Path]) -> None:
    with connect(releases["norway"]) as con:
        found = con.execute(
            """SELECT known_from, known_to, source FROM core.service_member
               WHERE municipality_code = '0425' AND service_id = 'grue_3417' LIMIT 1"""
        ).fetchall()
    assert found == [
        (
            date(2018, 6, 6), date(2021, 2, 23),
            "Bufdir, press release of 6 June 2018, names Åsnes; that Solør is Grue, Åsnes and Våler is general knowledge "
            "(general knowledge); Bufdir, KHR, list of 23 February 2021 (sourced)",
        )
    ]  # fmt: skip


def test_a_municipality_is_written_as_code_and_name() -> None:
    from pipeline.registry.services import Alone

    evidence = [{"day": date(2021, 2, 23), "source": "drawn", "sure": "inferred"}]
    entry = Alone(members=["1520 Ørsta"], code_date=date(2021, 2, 23), evidence=evidence)
    assert entry.members == (Municipality(code="1520", name="Ørsta"),)
    for wrong in ("1520", "Ørsta", ""):
        with pytest.raises(ValueError, match="a code and a name, such as '1520 Ørsta'"):
            Alone(members=[wrong], code_date=date(2021, 2, 23), evidence=evidence)
