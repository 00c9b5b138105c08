"""All declared datasets of Norway from one stand-in for its publishers, well behaved and not."""

import io
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from werkzeug import Request, Response

from pipeline.registry.load import Registry
from pipeline.registry.model import Indicator
from pipeline.sources.fetch import Fetching, Outcome
from pipeline.sources.http import Publishers
from pipeline.sources.landing import scan
from pipeline.warehouse.load import READERS
from tests.sources.norway import BODIES, KLASS, NORWAY, QUICK, SSB, ZIP, Publishing, at
from tests.sources.pxweb_standin import StandIn, as_json, cut

FETCHED = [*KLASS, *SSB, "bufdir_monitor"]
FetchAll = Callable[..., dict[str, Outcome]]


def test_all_of_norway_is_fetched_within_the_limit_and_then_nothing_is_new(
    fetch_all: FetchAll, publishing: Publishing, tmp_path: Path
) -> None:
    publishing.pxweb.config |= {"maxCallsPerTimeWindow": 25, "timeWindow": 1}
    outcomes = fetch_all()
    assert set(outcomes) == set(NORWAY.datasets)
    assert {name for name, each in outcomes.items() if each.outcome == "new vintage"} == set(FETCHED)
    assert {each.outcome for name, each in outcomes.items() if name not in FETCHED} == {"not fetched"}
    files = scan(tmp_path, NORWAY.datasets)
    assert sorted(file.sidecar.dataset for file in files) == sorted(FETCHED)
    for file in files:
        dataset = NORWAY.datasets[file.sidecar.dataset]
        assert len(READERS[dataset.kind](file.body(), dataset, file.file_id)), file.file_id  # type: ignore[attr-defined]
    assert {each.outcome for each in fetch_all().values()} == {"no change", "not fetched"}
    assert scan(tmp_path, NORWAY.datasets) == files
    assert publishing.pxweb.most_in_a_window(1) <= 25


def test_every_publisher_that_fails_fails_alone(impatient: FetchAll, publishing: Publishing, tmp_path: Path) -> None:
    """Slow, cut off, over its limit, down, a web page, a wrong length: one each, and the rest comes."""

    def dropped() -> Iterator[bytes]:
        yield b'{"id": ['

    def slow() -> Iterator[bytes]:
        time.sleep(3)
        yield b"{}"

    bad = {
        "07459": lambda: Response(slow(), content_type="application/json"),
        "12275": lambda: Response(dropped(), headers={"Content-Length": "9000"}, content_type="application/json"),
        "12286": lambda: Response("for mange kall", status=429),
        "12305": lambda: Response("<html>Vedlikehold</html>", content_type="text/html"),
        "12615": lambda: Response("stengt", status=503, headers={"Retry-After": "3600"}),
    }

    def meddle(request: Request) -> Response | None:
        table = request.path.split("/")[4] if "/tables/" in request.path else ""
        return bad[table]() if table in bad and request.path.endswith("/data") else None

    publishing.pxweb.meddle = meddle
    publishing.links = []
    outcomes = impatient(*FETCHED)
    said = {
        "ssb_07459": "sends nothing for 2.5 seconds",
        "ssb_12275": "the answer breaks off",
        "ssb_12286": "answers 429 TOO MANY REQUESTS: for mange kall",
        "ssb_12305": "sends a web page where JSON was expected",
        "ssb_12615": "asks us to wait 3600 seconds",
        "bufdir_monitor": "links to 0 ZIP files of the monitor",
    }
    for name, words in said.items():
        assert (outcomes[name].outcome, outcomes[name].fault) == ("failed", "publisher"), name
        assert words in outcomes[name].detail
    assert {outcomes[name].outcome for name in FETCHED if name not in said} == {"new vintage"}
    assert {file.sidecar.dataset for file in scan(tmp_path, NORWAY.datasets)} == set(FETCHED) - set(said)
    publishing.pxweb.meddle, publishing.links = lambda _: None, [ZIP]
    later = impatient(*FETCHED)
    assert {name for name, each in later.items() if each.outcome == "new vintage"} == set(said)


def test_figures_that_cannot_be_used_are_not_archived(
    fetch_all: FetchAll, publishing: Publishing, tmp_path: Path
) -> None:
    body = BODIES["ssb_12305"]
    fetch_all("ssb_12305")
    kept = sorted(tmp_path.rglob("*.*"))
    publishing.pxweb.tables["12305"] = signed(body, "?") | {"updated": "2026-07-01T06:00:00Z"}
    outcome = fetch_all("ssb_12305")["ssb_12305"]
    assert (outcome.outcome, outcome.fault) == ("failed", "publisher")
    assert "sends what cannot be used: ssb_12305: index " in outcome.detail and "'?' beside nan" in outcome.detail
    assert "mend datasets/ssb_12305.toml" in outcome.detail
    assert sorted(tmp_path.rglob("*.*")) == kept, "neither figures nor metadata"


def signed(body: dict, sign: str) -> dict:
    """A table all of whose empty cells have a sign."""
    empty = {str(cell): sign for cell, value in enumerate(body["value"]) if value is None}
    return body | {"value": [None, *body["value"][1:]], "status": {"0": sign} | empty}


def test_an_answer_of_a_shape_nobody_thought_of_stops_nobody_else(fetch_all: FetchAll, publishing: Publishing) -> None:
    names = BODIES["ssb_12305"]["id"]
    odd = as_json({"id": names, "dimension": {name: [] for name in names}})
    publishing.pxweb.meddle = lambda request: odd if request.path.endswith("12305/metadata") else None
    outcomes = fetch_all("ssb_12305", "ssb_12870")
    assert outcomes["ssb_12305"].outcome == "failed" and "the answer cannot be read" in outcomes["ssb_12305"].detail
    assert outcomes["ssb_12870"].outcome == "new vintage"


def test_yesterdays_file_with_todays_date_is_no_news(
    fetch_all: FetchAll, publishing: Publishing, tmp_path: Path
) -> None:
    fetch_all("bufdir_monitor")
    renamed = "/uploads/KOMMUNEMONITOR_barnevern_2026_11_21_aabbcc.zip"
    publishing.server.expect_request(renamed).respond_with_handler(publishing._zip)
    publishing.links, publishing.last_modified = [renamed], "Sat, 21 Nov 2026 06:00:00 GMT"
    assert fetch_all("bufdir_monitor")["bufdir_monitor"].outcome == "no change"
    publishing.zip_body = repacked(publishing.zip_body)
    assert fetch_all("bufdir_monitor")["bufdir_monitor"].outcome == "new vintage"
    assert [str(file.published_on) for file in scan(tmp_path, NORWAY.datasets)] == ["2026-09-04", "2026-11-21"]


def test_a_zip_that_is_cut_short_is_not_archived_and_comes_again(
    fetch_all: FetchAll, publishing: Publishing, tmp_path: Path
) -> None:
    good = publishing.zip_body
    publishing.zip_body = good[:5000]  # with a length that agrees
    outcome = fetch_all("bufdir_monitor")["bufdir_monitor"]
    assert (outcome.outcome, outcome.fault) == ("failed", "publisher")
    assert "sends what cannot be used: bufdir_monitor: 5000 bytes: ZIP: given 'no end of the ZIP'" in outcome.detail
    assert list(tmp_path.rglob("*.*")) == []
    publishing.zip_body = good
    assert fetch_all("bufdir_monitor")["bufdir_monitor"].outcome == "new vintage"


def test_figures_of_a_day_to_come_are_not_archived(fetch_all: FetchAll, publishing: Publishing, tmp_path: Path) -> None:
    table = BODIES["ssb_12305"]
    publishing.last_modified = "Fri, 04 Sep 2099 06:00:00 GMT"
    publishing.pxweb.tables["12305"] = table | {"updated": "2099-01-01T00:00:00Z"}
    for outcome in fetch_all("bufdir_monitor", "ssb_12305").values():
        assert (outcome.outcome, outcome.fault) == ("failed", "publisher")
        assert "2099" in outcome.detail and "UTC, which is yet to come" in outcome.detail
    assert list(tmp_path.rglob("*.*")) == []


def test_figures_older_than_the_archives_are_no_silence(
    fetch_all: FetchAll, publishing: Publishing, tmp_path: Path
) -> None:
    fetch_all("bufdir_monitor", "ssb_12305")
    publishing.links = [ZIP.replace("cedc894149", "aaaa894149")]
    publishing.server.expect_request(publishing.links[0]).respond_with_handler(publishing._zip)
    publishing.last_modified, publishing.zip_body = "Thu, 03 Sep 2026 06:00:00 GMT", repacked(publishing.zip_body)
    publishing.pxweb.tables["12305"] = BODIES["ssb_12305"] | {"updated": "2026-05-15T06:00:00Z"}
    for outcome in fetch_all("bufdir_monitor", "ssb_12305").values():
        assert (outcome.outcome, outcome.fault) == ("failed", "publisher")
        assert "older than the newest in the archive, of 2026-" in outcome.detail
        assert "ask the publisher which holds" in outcome.detail
    publishing.last_modified = "Fri, 04 Sep 2026 06:00:00 GMT"
    assert "as the newest in the archive" in fetch_all("bufdir_monitor")["bufdir_monitor"].detail


def repacked(body: bytes) -> bytes:
    """The same workbooks in a ZIP of other bytes."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    return made.getvalue()


def with_label(body: dict, code: str, label: str) -> dict:
    """A table one of whose measures is called otherwise."""
    contents = body["dimension"]["ContentsCode"]
    category = contents["category"] | {"label": contents["category"]["label"] | {code: label}}
    return body | {"dimension": body["dimension"] | {"ContentsCode": contents | {"category": category}}}


def test_metadata_that_change_are_told_once_and_kept_as_sent(
    fetch: Callable[..., list[Outcome]], standin: StandIn, tmp_path: Path
) -> None:
    fetch("ssb_12305")
    standin.tables["12305"] = with_label(BODIES["ssb_12305"], "KOSsumfunksjon240000", "Noe annet")
    [outcome] = fetch("ssb_12305")
    assert (outcome.outcome, outcome.is_news) == ("changed metadata", True)
    assert outcome.detail.startswith(
        "figures of 2026-06-15 06:00 UTC; ContentsCode: label changed: KOSsumfunksjon240000"
    )
    assert "'Noe annet'" in outcome.detail
    assert [each.outcome for each in fetch("ssb_12305")] == ["no change"]
    assert len(scan(tmp_path, NORWAY.datasets)) == 1
    first, second = scan(tmp_path / "metadata", NORWAY.datasets)
    assert b"Noe annet" in second.body() and b"Noe annet" not in first.body()
    assert second.sidecar.query == f"GET {standin.base}/tables/12305/metadata?lang=no"


def test_metadata_that_changed_are_told_again_when_nobody_heard(
    fetch: Callable[..., list[Outcome]], standin: StandIn, tmp_path: Path
) -> None:
    fetch("ssb_12305")
    standin.tables["12305"] = with_label(BODIES["ssb_12305"], "KOSsumfunksjon240000", "Noe annet")
    with Publishers(QUICK) as publishers:
        outcomes = Fetching(at(standin.base, "ssb_12305"), tmp_path, publishers).outcomes()
        assert next(outcomes).outcome == "changed metadata"
        outcomes.close()  # as when it is killed before the ledger has it
    assert [each.outcome for each in fetch("ssb_12305")] == ["changed metadata"]


def test_a_period_more_is_a_new_vintage_and_no_changed_metadata(
    fetch: Callable[..., list[Outcome]], standin: StandIn
) -> None:
    new = BODIES["ssb_12305"]
    time_index = list(new["dimension"]["Tid"]["category"]["index"])
    standin.tables["12305"] = shorter(new, time_index[:-1]) | {"updated": "2025-06-16T06:00:00Z"}
    assert [each.outcome for each in fetch("ssb_12305")] == ["new vintage"]
    standin.tables["12305"] = new
    assert [each.outcome for each in fetch("ssb_12305")] == ["new vintage"]
    standin.tables["12305"] = with_label(new, "KOSsumfunksjon240000", "Noe annet") | {"updated": "2026-07-01T06:00:00Z"}
    [outcome] = fetch("ssb_12305")
    assert outcome.outcome == "changed metadata"
    assert outcome.detail.startswith("with a new vintage of 2026-07-01 06:00 UTC; ContentsCode: label changed")


def shorter(body: dict, periods: list[str]) -> dict:
    """A table with some of its periods alone."""
    codes = {name: list(body["dimension"][name]["category"]["index"]) for name in body["id"]}
    return cut(body, codes | {"Tid": periods})


def narrower(registry: Registry) -> Registry:
    """Without the indicators that use one of the measures of 12305, as before they were declared."""
    kept = {name: each for name, each in NORWAY.indicators.items() if LATER not in measures_of({name: each})}
    return replace(registry, indicators=kept)


def measures_of(indicators: Mapping[str, Indicator]) -> set[str]:
    """What indicators use of 12305."""
    parts = [part for each in indicators.values() for series in each.series for part in series.parts.values()]
    return {measure for part in parts if part.dataset == "ssb_12305" for measure in part.measures}


LATER = sorted(measures_of(NORWAY.indicators))[-1]


def test_a_declaration_that_is_taken_back_is_asked_for_once(publishing: Publishing, tmp_path: Path) -> None:
    """And one that asks otherwise for the same bytes: the years before the table's first."""
    whole = replace(publishing.registry(), datasets={"ssb_12305": publishing.registry().datasets["ssb_12305"]})
    before = narrower(whole)
    earlier, later = since(whole, "2001"), since(whole, "2002")
    with Publishers(QUICK) as publishers:

        def asked(registry: Registry) -> str:
            [outcome] = Fetching(registry, tmp_path, publishers).outcomes()
            return outcome.outcome

        for registry in (before, whole, before, earlier, later, earlier):
            assert (asked(registry), asked(registry)) == ("new vintage", "no change")
            [file] = scan(tmp_path, NORWAY.datasets)
            dataset = NORWAY.datasets["ssb_12305"]
            cells = READERS[dataset.kind](file.body(), dataset, file.file_id)  # type: ignore[attr-defined]
            assert set(cells["measure"]) == measures_of(registry.indicators)


def since(registry: Registry, period: str) -> Registry:
    """With all series of indicators on 12305 from a period on."""
    moved = {
        name: each.model_copy(
            update={"series": tuple(series.model_copy(update={"first_period": period}) for series in each.series)}
        )
        for name, each in registry.indicators.items()
        if measures_of({name: each})
    }
    return replace(registry, indicators=registry.indicators | moved)


def test_a_measure_that_is_declared_later_is_fetched_while_the_table_stands_still(
    publishing: Publishing, tmp_path: Path
) -> None:
    whole = replace(publishing.registry(), datasets={"ssb_12305": publishing.registry().datasets["ssb_12305"]})
    before = narrower(whole)
    with Publishers(QUICK) as publishers:
        outcomes = [
            str(each)
            for registry in (before, before, whole, whole)
            for each in Fetching(registry, tmp_path, publishers).outcomes()
        ]
    of = "of 2026-06-15 06:00 UTC"
    assert outcomes == [
        f"ssb_12305: new vintage ({of})",
        f"ssb_12305: no change ({of})",
        f"ssb_12305: new vintage ({of}, asked for again: something else is declared by now)",
        f"ssb_12305: no change ({of})",
    ]
    assert len(list((tmp_path / "ssb_12305").glob("*.json"))) == 2, "what was sent first is kept"
    [file] = scan(tmp_path, NORWAY.datasets)
    dataset = NORWAY.datasets["ssb_12305"]
    measures = set(READERS[dataset.kind](file.body(), dataset, file.file_id)["measure"])  # type: ignore[attr-defined]
    assert measures == measures_of(NORWAY.indicators) != measures_of(before.indicators)
