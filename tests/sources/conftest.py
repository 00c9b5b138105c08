"""Fixtures of the tests that fetch: a table service, all publishers, and a fetch into an empty archive."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from pipeline.sources.fetch import Fetching, Outcome
from pipeline.sources.http import Limits, Publishers
from tests.sources.norway import AGES, BODIES, QUICK, UP_TO_17, Publishing, at, clock
from tests.sources.pxweb_standin import StandIn


@pytest.fixture(autouse=True)
def after_the_publications(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test depends on the machine's clock: what is of a moment to come is refused."""
    monkeypatch.setattr("pipeline.sources.fetch._now", clock)


@pytest.fixture
def standin(httpserver: HTTPServer) -> StandIn:
    made = StandIn(httpserver, maxDataCells=0, maxCallsPerTimeWindow=0, timeWindow=0)  # as Statistics Norway's says
    made.config["maxDataCells"] = 800_000
    made.tables = {name.removeprefix("ssb_"): body for name, body in BODIES.items()}
    gathers = [{"code": "H17", "label": "0-17 år", "valueMap": AGES}]
    made.codelists = {UP_TO_17["id"]: UP_TO_17 | {"language": "no", "elimination": False, "values": gathers}}
    return made


@pytest.fixture
def publishing(httpserver: HTTPServer, standin: StandIn) -> Publishing:
    standin.config |= {"maxCallsPerTimeWindow": 100, "timeWindow": 1}
    return Publishing(httpserver, standin)


@pytest.fixture
def fetch(standin: StandIn, tmp_path: Path) -> Iterator[Callable[..., list[Outcome]]]:
    """Fetches tables by their datasets' names."""
    with Publishers(QUICK) as publishers:

        def run(*datasets: str) -> list[Outcome]:
            return list(Fetching(at(standin.base, *datasets), tmp_path, publishers).outcomes())

        yield run


def _all_with(limits: Limits, publishing: Publishing, folder: Path) -> Iterator[Callable[..., dict[str, Outcome]]]:
    with Publishers(limits) as publishers:

        def run(*datasets: str) -> dict[str, Outcome]:
            fetching = Fetching(publishing.registry(), folder, publishers)
            return {each.dataset: each for each in fetching.outcomes(datasets)}

        yield run


@pytest.fixture
def fetch_all(publishing: Publishing, tmp_path: Path) -> Iterator[Callable[..., dict[str, Outcome]]]:
    """Fetches datasets of all publishers, all when none is named."""
    yield from _all_with(QUICK, publishing, tmp_path)


@pytest.fixture
def impatient(publishing: Publishing, tmp_path: Path) -> Iterator[Callable[..., dict[str, Outcome]]]:
    """The same, for publishers that fail."""
    yield from _all_with(replace(QUICK, retries=1, read_seconds=2.5), publishing, tmp_path)
