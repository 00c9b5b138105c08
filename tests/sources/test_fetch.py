"""Fetching from a PxWebApi v2 on a real socket: what is asked, what is archived, and what stops it."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from werkzeug import Request, Response

from pipeline.problems import BadInput
from pipeline.sources.fetch import Fetching, Outcome
from pipeline.sources.http import Publishers
from pipeline.sources.landing import archive, scan
from tests.sources.norway import BODIES, NORWAY, QUICK, SSB, at, told
from tests.sources.pxweb_standin import StandIn


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
    asked = [f"GET /tables/{name[4:]}{path}" for name in SSB for path in ("", "/metadata")]
    assert standin.calls == ["GET /config", *asked]


def test_the_revised_figures_stand_beside_the_first(
    fetch: Callable[..., list[Outcome]], standin: StandIn, tmp_path: Path
) -> None:
    standin.tables["12305"] = BODIES["ssb_12305"] | {"updated": "2026-03-16T07:00:00Z"}
    fetch("ssb_12305")
    standin.tables["12305"] = BODIES["ssb_12305"]
    assert told(fetch("ssb_12305")) == ["ssb_12305: new vintage"]
    assert [file.published_on.month for file in scan(tmp_path, NORWAY.datasets)] == [3, 6]


def test_one_that_fails_does_not_stop_the_others(fetch: Callable[..., list[Outcome]], standin: StandIn) -> None:
    def down(request: Request) -> Response | None:
        return Response("stengt", status=503) if "12305/data" in request.path else None

    standin.meddle = down
    outcomes = fetch("ssb_12305", "ssb_12870")
    assert told(outcomes) == ["ssb_12305: failed", "ssb_12870: new vintage"]
    assert outcomes[0].fault == "publisher"
    assert "answers 503 SERVICE UNAVAILABLE: stengt; try again later" in outcomes[0].detail


def test_the_limit_on_calls_is_kept(standin: StandIn, tmp_path: Path) -> None:
    standin.config |= {"maxCallsPerTimeWindow": 3, "timeWindow": 1, "maxDataCells": 4000}
    with Publishers(QUICK) as publishers:
        [outcome] = Fetching(at(standin.base, "ssb_12305"), tmp_path, publishers).outcomes()
    assert outcome.outcome == "new vintage" and len(standin.asked) > 6
    assert standin.most_in_a_window(1) <= 3


def test_what_has_no_interface_says_so(tmp_path: Path) -> None:
    with Publishers(QUICK) as publishers:
        outcomes = list(Fetching(NORWAY, tmp_path, publishers).outcomes(["khr_plans", "kostra_groups_2015"]))
    assert told(outcomes) == ["kostra_groups_2015: not fetched", "khr_plans: not fetched"]
    assert "put the file into the archive, from KHR-kuben" in outcomes[1].detail


def test_a_name_that_is_no_dataset(tmp_path: Path) -> None:
    with Publishers(QUICK) as publishers, pytest.raises(BadInput, match="given 'ssb_1'; allowed: one of bufdir"):
        list(Fetching(NORWAY, tmp_path, publishers).outcomes(["ssb_1"]))


def test_real_figures_are_not_put_beside_synthetic_ones(
    fetch: Callable[..., list[Outcome]], standin: StandIn, tmp_path: Path
) -> None:
    day = datetime(2026, 3, 16, 7, tzinfo=UTC)
    archive(tmp_path, NORWAY.datasets["ssb_12305"], b"{}", "json", day, day, synthetic=True)
    [outcome] = fetch("ssb_12305")
    assert (outcome.outcome, outcome.fault, standin.asked) == ("not fetched", "ours", [])
    assert "the archive has synthetic figures of it" in outcome.detail
