"""Fetching from a PxWebApi v2 on a real socket: what is asked, what is archived, and what stops it."""

import json
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from pipeline.problems import BadInput
from pipeline.registry.load import Registry, load
from pipeline.sources.fetch import Fetching, Outcome
from pipeline.sources.http import Limits, Publishers
from pipeline.sources.landing import archive, scan
from pipeline.sources.pxweb import read
from tests.sources.pxweb_recorded import recorded
from tests.sources.pxweb_standin import StandIn, cut

ROOT = Path(__file__).parent.parent.parent
NORWAY = load("norway")
SSB = ["ssb_07459", "ssb_12275", "ssb_12286", "ssb_12305", "ssb_12615", "ssb_12870"]
QUICK = Limits(calls=100, window_seconds=0.5, read_seconds=2, retries=2, backoff_seconds=0)
FETCH = """
import dataclasses, pathlib, sys
from pipeline.registry.load import load
from pipeline.sources.fetch import Fetching
from pipeline.sources.http import Publishers
base, folder = sys.argv[1:]
norway = load("norway")
table = norway.datasets["ssb_12305"].model_copy(update={"address": base + "/tables/12305"})
with Publishers() as publishers:
    for each in Fetching(dataclasses.replace(norway, datasets={"ssb_12305": table}), pathlib.Path(folder), publishers).outcomes():
        print(each)
"""


def newest(dataset: str) -> dict:
    """The synthetic answer of a table in the project's archive, with the real codes."""
    return json.loads(sorted((ROOT / "data" / "raw" / "norway" / dataset).glob("*.json"))[-1].read_bytes())


AGES = [f"{age:03}" for age in range(18)]
UP_TO_17 = {"id": "agg_TodeltGrupperingB", "label": "0-17 og 18+", "type": "Aggregation"}


def by_age(body: dict) -> dict:
    """The table of population as Statistics Norway has it: single years of age, and a list that gathers them."""
    at = body["id"].index("Alder")
    assert at == len(body["id"]) - 3 and list(body["dimension"]["Alder"]["category"]["index"]) == ["000-017"]
    category = {"index": {age: int(age) for age in AGES}, "label": {age: f"{int(age)} år" for age in AGES}}
    alder = {"label": "alder", "category": category, "extension": {"elimination": False, "codelists": [UP_TO_17]}}
    inner = body["size"][-2] * body["size"][-1]
    values = np.array(body["value"], dtype=float).reshape(-1, 1, inner).repeat(len(AGES), axis=1)
    first = np.arange(len(AGES)).reshape(1, -1, 1) == 0
    values = np.where(first, values - 17 * (values // 18), values // 18).ravel()
    size = [len(AGES) if axis == at else each for axis, each in enumerate(body["size"])]
    status = {str(cell): ".." for cell in np.flatnonzero(np.isnan(values))}
    numbers = [None if np.isnan(each) else each for each in values]
    dimension = body["dimension"] | {"Alder": alder}
    return body | {"dimension": dimension, "size": size, "value": numbers, "status": status}


BODIES = {dataset: newest(dataset) for dataset in SSB}
POPULATION = BODIES["ssb_07459"]
BODIES["ssb_07459"] = by_age(POPULATION)


def at(base: str, *datasets: str) -> Registry:
    """Norway's registry with some datasets alone, at another address."""
    chosen = {name: NORWAY.datasets[name] for name in datasets}
    moved = {
        name: each.model_copy(update={"address": f"{base}/tables/{name.removeprefix('ssb_')}"})
        for name, each in chosen.items()
    }
    return replace(NORWAY, datasets=moved)


@pytest.fixture
def standin(httpserver: HTTPServer) -> StandIn:
    made = StandIn(httpserver, maxDataCells=0, maxCallsPerTimeWindow=0, timeWindow=0)  # as Statistics Norway's says
    made.config["maxDataCells"] = 800_000
    made.tables = {name.removeprefix("ssb_"): body for name, body in BODIES.items()}
    gathers = [{"code": "H17", "label": "0-17 år", "valueMap": AGES}]
    made.codelists = {UP_TO_17["id"]: UP_TO_17 | {"language": "no", "elimination": False, "values": gathers}}
    return made


@pytest.fixture
def fetch(standin: StandIn, tmp_path: Path) -> Iterator[Callable[..., list[Outcome]]]:
    with Publishers(QUICK) as publishers:

        def run(*datasets: str) -> list[Outcome]:
            return list(Fetching(at(standin.base, *datasets), tmp_path, publishers).outcomes())

        yield run


def told(outcomes: list[Outcome]) -> list[str]:
    return [f"{each.dataset}: {each.outcome}" for each in outcomes]


def test_all_tables_are_fetched_and_then_nothing_is_new(
    fetch: Callable[..., list[Outcome]], standin: StandIn, tmp_path: Path
) -> None:
    standin.config |= {"maxCallsPerTimeWindow": 100, "timeWindow": 1}
    assert told(fetch(*SSB)) == [f"{name}: new vintage" for name in SSB]
    assert standin.calls.count("GET /config") == 1 and len(standin.calls) == 1 + 3 * len(SSB)
    standin.asked.clear()
    outcomes = fetch(*SSB)
    assert told(outcomes) == [f"{name}: no change" for name in SSB]
    assert outcomes[3].detail == "of 2026-06-15 06:00 UTC"
    assert standin.calls == ["GET /config"] + [f"GET /tables/{name[4:]}" for name in SSB]


def test_what_is_archived_reads_as_what_was_declared(
    fetch: Callable[..., list[Outcome]], tmp_path: Path, standin: StandIn
) -> None:
    fetch("ssb_12275")
    [file] = scan(tmp_path, NORWAY.datasets)
    assert file.sidecar.published == datetime(2026, 6, 15, 6, tzinfo=UTC)
    assert not file.sidecar.synthetic and file.sidecar.part == ""
    assert "valueCodes[KOKkommuneregion0000]=*" in unquote(file.sidecar.query)
    assert "valueCodes[Tid]=from(2015)" in unquote(file.sidecar.query)
    dataset = NORWAY.datasets["ssb_12275"]
    mine, whole = read(file.body(), dataset, "mine"), read(json.dumps(BODIES["ssb_12275"]).encode(), dataset, "whole")  # type: ignore[arg-type]
    keys = ["unit_code", "period", "measure", "dimensions"]
    pd.testing.assert_frame_equal(
        mine.set_index(keys).drop(columns="place").sort_index(),
        whole.set_index(keys).drop(columns="place").loc[mine.set_index(keys).index].sort_index(),
    )
    used = {
        part.key
        for indicator in NORWAY.indicators.values()
        for series in indicator.series
        for part in series.parts.values()
        if part.dataset == "ssb_12275"
    }
    assert used <= set(mine["dimensions"])


def test_the_ages_up_to_17_come_as_one_code(fetch: Callable[..., list[Outcome]], tmp_path: Path) -> None:
    [outcome] = fetch("ssb_07459")
    assert outcome.outcome == "new vintage", outcome
    [file] = scan(tmp_path, NORWAY.datasets)
    assert "codelist[Alder]=agg_TodeltGrupperingB" in unquote(file.sidecar.query)
    dataset = NORWAY.datasets["ssb_07459"]
    mine, whole = read(file.body(), dataset, "mine"), read(json.dumps(POPULATION).encode(), dataset, "whole")  # type: ignore[arg-type]
    keys = ["unit_code", "period", "measure", "dimensions"]
    assert set(mine["dimensions"]) == {"Alder=000-017"}
    first = mine.set_index(keys)["value"].sort_index()
    pd.testing.assert_series_equal(first, whole.set_index(keys)["value"].loc[first.index])


def test_a_question_too_large_comes_in_parts(
    fetch: Callable[..., list[Outcome]], standin: StandIn, tmp_path: Path
) -> None:
    standin.config["maxDataCells"] = 7000
    [outcome] = fetch("ssb_12305")
    files = scan(tmp_path, NORWAY.datasets)
    parts = sorted(file.sidecar.part for file in files)
    assert parts == [f"{number}/{len(parts)}" for number in range(1, len(parts) + 1)] and len(parts) > 1
    assert outcome.detail == f"of 2026-06-15 06:00 UTC, in {len(parts)} parts"
    runs = sorted(unquote(file.sidecar.query).partition("region0000]=")[2].partition("(")[0] for file in files)
    assert runs == ["[range"] * (len(parts) - 1) + ["from"]  # a run of units is one expression
    units = [list(json.loads(file.body())["dimension"]["KOKkommuneregion0000"]["category"]["index"]) for file in files]
    assert sorted(sum(units, [])) == sorted(
        BODIES["ssb_12305"]["dimension"]["KOKkommuneregion0000"]["category"]["index"]
    )
    assert told(fetch("ssb_12305")) == ["ssb_12305: no change"]


def test_a_vintage_counts_when_all_its_parts_are_there(
    fetch: Callable[..., list[Outcome]], standin: StandIn, tmp_path: Path
) -> None:
    standin.config["maxDataCells"] = 7000
    fetch("ssb_12305")
    whole = {path.name for path in tmp_path.glob("*/*")}
    left = sorted((tmp_path / "ssb_12305").glob("*.json"))[1]
    left.unlink()  # as a fetch leaves it that was stopped between two files
    left.with_suffix(".toml").with_name(left.name + ".part").write_bytes(b"half")
    left.with_name(left.name + ".part").chmod(0o444)
    assert scan(tmp_path, NORWAY.datasets) == []
    assert told(fetch("ssb_12305")) == ["ssb_12305: new vintage"]
    assert {path.name for path in tmp_path.glob("*/*")} == whole


def test_the_revised_figures_stand_beside_the_first(
    fetch: Callable[..., list[Outcome]], standin: StandIn, tmp_path: Path
) -> None:
    standin.tables["12305"] = BODIES["ssb_12305"] | {"updated": "2026-03-16T07:00:00Z"}
    fetch("ssb_12305")
    standin.tables["12305"] = BODIES["ssb_12305"]
    assert told(fetch("ssb_12305")) == ["ssb_12305: new vintage"]
    assert [file.published_on.month for file in scan(tmp_path, NORWAY.datasets)] == [3, 6]


def test_codes_that_changed_are_told_with_near_ones(
    fetch: Callable[..., list[Outcome]], standin: StandIn, tmp_path: Path
) -> None:
    old = BODIES["ssb_12305"]
    category = old["dimension"]["ContentsCode"]["category"]
    renamed = {
        name: {code.replace("KOSsumfunksjon240000", "KOSsumfunksjon244000"): each for code, each in part.items()}
        for name, part in category.items()
    }
    contents = old["dimension"]["ContentsCode"] | {"category": renamed}
    standin.tables["12305"] = old | {"dimension": old["dimension"] | {"ContentsCode": contents}}
    [outcome, other] = fetch("ssb_12305", "ssb_12870")
    assert (outcome.outcome, outcome.fault, other.outcome) == ("failed", "ours", "new vintage")
    assert outcome.detail.startswith(
        "ssb_12305: table 12305: ContentsCode: given 'KOSsumfunksjon240000'; allowed: one of its 3 codes, such as KOSsumfunksjon244000 ("
    )
    assert not (tmp_path / "ssb_12305").exists()


def test_a_dimension_that_must_be_chosen(fetch: Callable[..., list[Outcome]], standin: StandIn) -> None:
    body = BODIES["ssb_12305"]
    age = {"category": {"index": {"0-17": 0}, "label": {"0-17": "0-17"}}, "extension": {"elimination": False}}
    standin.tables["12305"] = body | {
        "id": [*body["id"], "Alder"],
        "size": [*body["size"], 1],
        "dimension": body["dimension"] | {"Alder": age},
    }
    [outcome] = fetch("ssb_12305")
    assert "table 12305: Alder: given no value; allowed: one in `dimensions`" in outcome.detail


def test_one_that_fails_does_not_stop_the_others(fetch: Callable[..., list[Outcome]], standin: StandIn) -> None:
    def down(request: Request) -> Response | None:
        return Response("stengt", status=503) if "12305/data" in request.path else None

    standin.meddle = down
    outcomes = fetch("ssb_12305", "ssb_12870")
    assert told(outcomes) == ["ssb_12305: failed", "ssb_12870: new vintage"]
    assert outcomes[0].fault == "publisher"
    assert "answers 503 SERVICE UNAVAILABLE: stengt; try again later" in outcomes[0].detail


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"updated": "2026-06-15T06:10:00Z"}, "was updated 2026-06-15T06:10:00Z, while it was fetched"),
        ({"size": [838, 1, 11]}, "sends [838, 1, 11] cells where"),
    ],
)
def test_an_answer_to_another_question(
    fetch: Callable[..., list[Outcome]], standin: StandIn, tmp_path: Path, changed: dict, said: str
) -> None:
    def other(request: Request) -> Response | None:
        if not request.path.endswith("/data"):
            return None
        chosen = {key[11:-1]: text.split(",") for key, text in request.args.items() if key.startswith("valueCodes[")}
        return Response(json.dumps(cut(BODIES["ssb_12305"], chosen) | changed))

    standin.meddle = other
    [outcome] = fetch("ssb_12305")
    assert outcome.outcome == "failed" and said in outcome.detail
    assert list(tmp_path.glob("*/*")) == []


def test_a_table_that_is_not_there(fetch: Callable[..., list[Outcome]], standin: StandIn) -> None:
    del standin.tables["12305"]
    [outcome] = fetch("ssb_12305")
    assert "Non-existent table" in outcome.detail and outcome.fault == "publisher"


def test_the_limit_on_calls_is_kept(standin: StandIn, tmp_path: Path) -> None:
    standin.config |= {"maxCallsPerTimeWindow": 3, "timeWindow": 1, "maxDataCells": 4000}
    with Publishers(QUICK) as publishers:
        [outcome] = Fetching(at(standin.base, "ssb_12305"), tmp_path, publishers).outcomes()
    assert outcome.outcome == "new vintage" and len(standin.asked) > 6
    assert standin.most_in_a_window(1) <= 3


def test_a_recorded_table_with_a_dimension_that_may_be_left_out(standin: StandIn, tmp_path: Path) -> None:
    """Statistics Sweden's answer: the same software, real codes, sexes summed."""
    standin.tables["TAB6471"] = body = recorded("scb_v2_TAB6471_data")
    sex = body["dimension"]["Kon"]["extension"]
    assert sex["elimination"] and sex["eliminationValueCode"] == "TotSa"
    caseload = NORWAY.indicators["caseload"]
    part = caseload.series[0].denominator.model_copy(
        update={"dataset": "ssb_12305", "measures": ("000007SF",), "dimensions": {"Alder": "0-9"}}
    )
    series = caseload.series[1].model_copy(update={"numerator": part, "denominator": part})
    dataset = NORWAY.datasets["ssb_12305"].model_copy(
        update={"table": "TAB6471", "unit_dimension": "Region", "address": standin.base + "/tables/TAB6471"}
    )
    registry = replace(
        NORWAY,
        datasets={"ssb_12305": dataset},
        indicators={"caseload": caseload.model_copy(update={"series": (series,)})},
    )
    with Publishers(QUICK) as publishers:
        [outcome] = Fetching(registry, tmp_path, publishers).outcomes()
    assert outcome.outcome == "new vintage", outcome
    [file] = scan(tmp_path, NORWAY.datasets)
    assert json.loads(file.body())["size"] == [21, 1, 1, 4]


def test_what_has_no_interface_says_so(tmp_path: Path) -> None:
    with Publishers(QUICK) as publishers:
        outcomes = list(Fetching(NORWAY, tmp_path, publishers).outcomes(["khr_plans", "kostra_groups"]))
    assert told(outcomes) == ["khr_plans: not fetched", "kostra_groups: not fetched"]
    assert "put the file into the archive, from KHR-kuben" in outcomes[0].detail


def test_a_name_that_is_no_dataset(tmp_path: Path) -> None:
    with Publishers(QUICK) as publishers, pytest.raises(BadInput, match="given 'ssb_1'; allowed: one of bufdir"):
        list(Fetching(NORWAY, tmp_path, publishers).outcomes(["ssb_1"]))


def test_real_figures_are_not_put_beside_synthetic_ones(
    fetch: Callable[..., list[Outcome]], standin: StandIn, tmp_path: Path
) -> None:
    day = datetime(2026, 3, 16, 7, tzinfo=UTC)
    archive(tmp_path, NORWAY.datasets["ssb_12305"], b"{}", "json", day, day, synthetic=True)
    [outcome] = fetch("ssb_12305")
    assert outcome.outcome == "failed" and "synthetic deliveries" in outcome.detail and standin.asked == []


def test_killed_in_the_middle_and_completed_by_the_next(
    fetch: Callable[..., list[Outcome]], standin: StandIn, tmp_path: Path
) -> None:
    standin.config["maxDataCells"] = 7000

    def stalls(request: Request) -> Response | None:
        if request.path.endswith("/data") and len(standin.asked) > 4:
            time.sleep(1)
        return None

    standin.meddle = stalls
    child = subprocess.Popen([sys.executable, "-c", FETCH, standin.base, str(tmp_path)], cwd=ROOT)
    until = time.monotonic() + 30
    while len(standin.asked) < 5 and time.monotonic() < until:
        time.sleep(0.05)
    child.send_signal(signal.SIGKILL)
    child.wait()
    standin.meddle = lambda _: None
    assert len(standin.asked) >= 5 and scan(tmp_path, NORWAY.datasets) == []
    assert told(fetch("ssb_12305")) == ["ssb_12305: new vintage"]
    for file in scan(tmp_path, NORWAY.datasets):
        assert file.changed() == () and tomllib.loads(file.path.with_suffix(".toml").read_text(encoding="utf-8"))
