"""Tables on a real socket: what is asked, what is archived, and what stops it."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

import pandas as pd
import pytest
from werkzeug import Request, Response

from pipeline.sources.fetch import Fetching, Outcome
from pipeline.sources.http import Publishers
from pipeline.sources.landing import scan
from pipeline.sources.pxweb import read
from tests.sources.norway import BODIES, NORWAY, POPULATION, QUICK, told
from tests.sources.pxweb_recorded import recorded
from tests.sources.pxweb_standin import StandIn, cut


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
