"""Tables are looked up over a real socket, and what is declared of them is held against what is there."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from pipeline import intake
from pipeline.cli import main
from pipeline.problems import BadInput, PublisherError
from pipeline.registry.load import Registry, load
from pipeline.sources.discovery import Found, discover, lines
from pipeline.sources.fetch import Fetching
from pipeline.sources.http import Limits, Publishers
from tests.sources.pxweb_standin import StandIn
from tests.sources.pxweb_v0_standin import OlderStandIn

ROOT = Path(__file__).parent.parent.parent
NORWAY = load("norway")
QUICK = Limits(calls=100, window_seconds=0.5, read_seconds=2, retries=1, backoff_seconds=0)
Look = Callable[..., dict[str, Found]]
POSITIONS = "KOSsumfunksjon240000"


def table(label: str, contents: dict[str, str], unit: str = "antall", **dimensions: list[str]) -> dict[str, Any]:
    """A table of two municipalities and three years."""
    codes = {"KOKkommuneregion0000": {"0301": "Oslo", "4647": "Sunnfjord"}}
    codes |= {name: dict(zip(each, each, strict=True)) for name, each in dimensions.items()}
    codes |= {"ContentsCode": contents, "Tid": {year: year for year in ("2015", "2024", "2025")}}
    dimension: dict[str, Any] = {
        name: {"label": name, "category": {"index": {code: at for at, code in enumerate(labels)}, "label": labels}}
        for name, labels in codes.items()
    }
    dimension["ContentsCode"]["category"]["unit"] = {code: {"base": unit, "decimals": 0} for code in contents}
    size = [len(labels) for labels in codes.values()]
    return {
        "version": "2.0", "class": "dataset", "label": label, "source": "SSB", "updated": "2026-06-15T06:00:00Z",
        "role": {"time": ["Tid"], "metric": ["ContentsCode"]}, "id": list(dimension), "size": size,
        "dimension": dimension, "value": [1.0] * prod(size),
    }  # fmt: skip


MEN = {"KOSsumfagutdanni0000": "Årsverk med fagutdanning (årsverk)", POSITIONS: "Årsverk til saksbehandling (årsverk)"}
STAFF = table("12305: Barnevern – årsverk (K) 2015-2025", MEN, "årsverk")
REPORTS = table("12615: Barnevern – meldinger (K) 2015-2025", {"KOSbvbarnmelding0000": "Barn med melding (antall)"})
SPENDING = {
    "KOSndubvinnbygge0000": "Utgifter 0-17",
    "KOSndubvinnbygge0001": "Utgifter 0-22",
    "KOSndubvinnbygge0003": "0-24",
}


@pytest.fixture
def standin(httpserver: HTTPServer) -> StandIn:
    made = StandIn(httpserver, root="/api/pxwebapi/v2", maxCallsPerTimeWindow=200, timeWindow=1, maxDataCells=800_000)
    made.tables = {"12305": deepcopy(STAFF), "12615": deepcopy(REPORTS)}
    return made


def at(base: str, *tables: str) -> Registry:
    chosen = {f"ssb_{table}": NORWAY.datasets[f"ssb_{table}"] for table in tables}
    moved = {
        name: each.model_copy(update={"address": f"{base}/tables/{name.removeprefix('ssb_')}"})
        for name, each in chosen.items()
    }
    return replace(NORWAY, datasets=moved)


@pytest.fixture
def look(standin: StandIn, tmp_path: Path) -> Iterator[Look]:
    with Publishers(QUICK) as publishers:
        yield lambda *tables, words="barnevern": {
            each.table: each for each in discover(at(standin.base, *tables), tmp_path, publishers, words)
        }


def fetched(standin: StandIn, folder: Path, *tables: str) -> None:
    with Publishers(QUICK) as publishers:
        outcomes = list(Fetching(at(standin.base, *tables), folder, publishers).outcomes())
    assert all(each.outcome == "new vintage" for each in outcomes), outcomes


def test_what_is_as_declared_and_what_is_not_registered(look: Look, standin: StandIn) -> None:
    standin.tables["99999"] = table("99999: Barnevern – noe nytt (K)", {"Ny": "Nye barn"}, "barn")
    standin.tables["88888"] = table("88888: Fiske", {"Torsk": "Torsk"})
    found = look("12305", "12615")
    assert list(found) == ["12305", "12615", "99999"]
    assert [each.standing for each in found.values()] == ["as declared", "as declared", "not registered"]
    assert not any(each.is_error or each.told for each in found.values())
    told = list(lines(found.values()))
    assert "12305  12305: Barnevern – årsverk (K) 2015-2025  [2015–2025]  ssb_12305: as declared" in told
    assert "99999  99999: Barnevern – noe nytt (K)  [2015–2025]  not registered" in told
    assert (
        "    Ny  Nye barn (barn)" in told and f"    {POSITIONS}  Årsverk til saksbehandling (årsverk) (årsverk)" in told
    )


def test_other_words_find_other_tables(look: Look, standin: StandIn) -> None:
    standin.tables["88888"] = table("88888: Fiske", {"Torsk": "Torsk"})
    assert list(look("12305", words="fiske")) == ["12305", "88888"]


def test_a_code_that_changed_is_told_with_what_it_was_and_what_is_like_it(
    look: Look, standin: StandIn, tmp_path: Path
) -> None:
    """What it was called is known from the archive; the new code looks nothing like the old one."""
    fetched(standin, tmp_path, "12305")
    labels = {
        "KOSsumfagutdanni0000": MEN["KOSsumfagutdanni0000"],
        "KOSny0007": "Årsverk til saksbehandling og annet (årsverk)",
        "KOSz": "Noe annet",
    }
    standin.tables["12305"] = table(STAFF["label"], labels)
    found = look("12305", "12615")
    assert found["12305"].standing == "changed" and found["12305"].is_error and not found["12615"].is_error
    assert found["12305"].told == (
        f"ContentsCode {POSITIONS} (Årsverk til saksbehandling (årsverk)) is not in the table; perhaps now KOSny0007 (Årsverk til saksbehandling og annet (årsverk)), KOSsumfagutdanni0000 (Årsverk med fagutdanning (årsverk))",
    )


def test_a_code_nobody_has_fetched_is_likened_by_its_code(look: Look, standin: StandIn) -> None:
    standin.tables["12305"] = table(STAFF["label"], {"KOSsumfagutdanni0000": "A", "KOSsumfunksjon244000": "B"})
    assert look("12305")["12305"].told == (
        f"ContentsCode {POSITIONS} is not in the table; perhaps now KOSsumfunksjon244000, KOSsumfagutdanni0000",
    )


def test_a_dimension_that_is_gone(look: Look, standin: StandIn) -> None:
    body = standin.tables["12305"]
    body["dimension"]["Region"] = body["dimension"].pop("KOKkommuneregion0000")
    body["id"] = list(body["dimension"])
    assert (
        look("12305")["12305"].told[0]
        == "there is no dimension KOKkommuneregion0000; there are ContentsCode, Tid, Region"
    )


def test_a_discontinued_table_is_told_with_its_successor(look: Look, standin: StandIn) -> None:
    standin.said["12305"] = {"discontinued": True, "lastPeriod": "2024"}
    standin.tables["14999"] = table("14999: Barnevern – årsverk, ny telling (K) 2024-2025", MEN)
    found = look("12305", "12615")["12305"]
    assert (found.standing, found.is_discontinued, found.last_period) == ("discontinued", True, "2024")
    assert found.told == (
        "it gets no new figures; perhaps now 14999 (14999: Barnevern – årsverk, ny telling (K) 2024-2025)",
    )


def test_a_table_that_is_gone_from_both_interfaces(look: Look, standin: StandIn, httpserver: HTTPServer) -> None:
    OlderStandIn(httpserver, standin)
    del standin.tables["12615"]
    standin.tables["15001"] = table("15001: Barnevern – meldinger og barn (K) 2020-2026", {"X": "X"})
    found = look("12305", "12615")["12615"]
    assert (found.standing, found.label) == ("gone", "Barnevern – meldinger (K)")
    assert found.told == (
        "the publisher has no such table any more; perhaps now 15001 (15001: Barnevern – meldinger og barn (K) 2020-2026)",
    )


def test_a_table_is_not_called_gone_while_v0_cannot_say_so(
    look: Look, standin: StandIn, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/api/v0/no/table/12615").respond_with_data("stengt", status=503)
    for status in (404, 410):
        gone = Response("borte", status=status)
        standin.meddle = lambda request, gone=gone: gone if "tables/12615" in request.path else None  # type: ignore[misc]
        with pytest.raises(PublisherError, match="borte; and v0, .*answers 503"):
            look("12305", "12615")


def test_a_table_that_v0_alone_has_is_as_declared_and_says_so(
    look: Look, standin: StandIn, httpserver: HTTPServer
) -> None:
    OlderStandIn(httpserver, standin)
    standin.meddle = lambda request: Response("borte", status=410) if "tables/12615" in request.path else None
    found = look("12305", "12615")["12615"]
    assert found.standing == "as declared" and found.told == ("12615 asked of v0, because v2 answers 410 GONE: borte",)


def test_an_unconfirmed_table_can_be_switched_on_when_all_codes_are_there(look: Look, standin: StandIn) -> None:
    standin.tables["12279"] = table("12279: Nøkkeltal utgifter barnevern (K)", SPENDING, "kr")
    found = look("12279")["12279"]
    assert (found.standing, found.is_error) == ("can be switched on", False)
    assert found.told == (
        'all codes are there: write confirmed = "live" into datasets/ssb_12279.toml, and name it in a rule of calendar.toml',
    )


def test_an_unconfirmed_table_with_other_codes_waits_and_is_no_error(
    look: Look, standin: StandIn, httpserver: HTTPServer
) -> None:
    OlderStandIn(httpserver, standin)
    standin.tables = {
        "12279": table("12279: Nøkkeltal (K)", {"KOSndubvinnbygge0000": "Utgifter", "KOSndubvinnbygge0004": "0-24"})
    }
    standin.tables["12189"] = table("12189: Meldinger med konklusjon, barnevern (K)", {"KOSmeld": "Meldinger"})
    found = look("12279", "12189", "12362")
    assert [each.standing for each in found.values()] == ["waits"] * 3 and not any(
        each.is_error for each in found.values()
    )
    assert (
        found["12279"].told[0]
        == "ContentsCode KOSndubvinnbygge0001 is not in the table; perhaps now KOSndubvinnbygge0000, KOSndubvinnbygge0004"
    )
    assert found["12189"].told == (
        "no codes are declared: choose among its contents, in `expects` of datasets/ssb_12189.toml",
    )
    assert found["12189"].contents[0].code == "KOSmeld" and found["12362"].told[0].startswith(
        "the publisher has no such table"
    )


def test_a_code_list_that_lost_its_code(look: Look, standin: StandIn) -> None:
    body = table("07459: Befolkning", {"Personer1": "Personer"}, Alder=["000", "001"])
    body["dimension"]["Region"] = body["dimension"].pop("KOKkommuneregion0000")
    body["id"] = list(body["dimension"])
    standin.tables["07459"] = body
    ages = {"id": "agg_TodeltGrupperingB", "label": "", "language": "no", "type": "Aggregation", "elimination": False}
    standin.codelists[ages["id"]] = ages | {"values": [{"code": "H17", "label": "0-17 år", "valueMap": ["000"]}]}  # type: ignore[index]
    assert look("07459")["07459"].standing == "as declared"
    standin.codelists[ages["id"]] = ages | {"values": [{"code": "U18", "label": "000-017 år", "valueMap": ["000"]}]}  # type: ignore[index]
    assert look("07459")["07459"].told == (
        "Alder H17 is not in the code list agg_TodeltGrupperingB; perhaps now U18 (000-017 år)",
    )


def test_a_table_that_is_listed_and_not_there_has_no_contents(
    look: Look, standin: StandIn, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/api/v0/no/table/99999").respond_with_data("", status=404)
    standin.tables["99999"] = table("99999: Barnevern – noe nytt (K)", {"Ny": "Nye barn"}, "barn")
    gone = Response('{"title": "Non-existent table", "status": 404}', 400, content_type="application/json")
    standin.meddle = lambda request: gone if "99999/metadata" in request.path else None
    found = look("12305")["99999"]
    assert (found.standing, found.contents) == ("not registered", ())


def test_a_publisher_that_does_not_answer_is_told(look: Look, standin: StandIn) -> None:
    standin.meddle = lambda request: Response("stengt", status=503) if request.path.endswith("/tables") else None
    with pytest.raises(PublisherError, match="answers 503"):
        look("12305")


def test_a_jurisdiction_without_tables(tmp_path: Path) -> None:
    with Publishers(QUICK) as publishers, pytest.raises(BadInput, match="one whose datasets/ has tables"):
        discover(load("england"), tmp_path, publishers, "children")


def test_the_command_tells_and_ends_with_three_when_something_in_use_is_lost(
    standin: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(intake, "load", lambda _: at(standin.base, "12305", "12615"))
    monkeypatch.setenv("VEIVISER_HOME", str(tmp_path))

    def run(*words: str) -> int:
        monkeypatch.setattr("sys.argv", ["veiviser", "discover", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0)

    assert run() == 0 and "ssb_12615: as declared" in capsys.readouterr().out
    standin.said["12305"] = {"discontinued": True}
    assert run("årsverk", "--json") == 3
    printed = capsys.readouterr()
    rows = json.loads(printed.out)
    assert [(row["table"], row["standing"], row["is_error"]) for row in rows] == [
        ("12305", "discontinued", True),
        ("12615", "as declared", False),
    ]
    assert rows[1]["contents"] == [
        {"code": "KOSbvbarnmelding0000", "label": "Barn med melding (antall)", "unit": "antall"}
    ]
    assert printed.err == "ssb_12305: discontinued: it gets no new figures; nothing there is like it\n"
