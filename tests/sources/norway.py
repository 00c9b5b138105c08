"""Norway's publishers on one local server, and its registry pointing there."""

import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from pipeline.registry.load import Registry, load
from pipeline.sources.fetch import Outcome
from pipeline.sources.http import Limits
from tests.sources.klass_standin import KlassStandIn
from tests.sources.pxweb_standin import StandIn

ROOT = Path(__file__).parent.parent.parent
NORWAY = load("norway")
SSB = ["ssb_07459", "ssb_12275", "ssb_12286", "ssb_12305", "ssb_12615", "ssb_12870"]
KLASS = ["klass_codes", "klass_changes", "kostra_groups"]
QUICK = Limits(calls=100, window_seconds=0.5, read_seconds=2, retries=2, backoff_seconds=0)
ZIP = "/uploads/Kommunemonitor_barnevern_2026_09_04_cedc894149.zip"
BEHIND = max(datetime(2026, 11, 22, 12, tzinfo=UTC) - datetime.now(UTC), timedelta())
PATHS = {"bufdir_monitor": "monitor/"} | {
    name: "api/klass/v1" + NORWAY.datasets[name].address.partition("/klass/v1")[2] for name in KLASS
}


def clock() -> datetime:
    """The moment now; on a machine whose clock is before the publications of the tests, one after them."""
    return datetime.now(UTC) + BEHIND


def newest(dataset: str) -> bytes:
    """The newest file of a dataset in the project's archive: synthetic figures, with the real codes."""
    return max(
        path for path in (ROOT / "data" / "raw" / "norway" / dataset).iterdir() if path.suffix != ".toml"
    ).read_bytes()


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


BODIES = {dataset: json.loads(newest(dataset)) for dataset in SSB}
POPULATION = BODIES["ssb_07459"]
BODIES["ssb_07459"] = by_age(POPULATION)


def at(base: str, *datasets: str) -> Registry:
    """Norway's registry with some datasets alone, of a table service at another address."""
    chosen = {name: NORWAY.datasets[name] for name in datasets}
    moved = {
        name: each.model_copy(update={"address": f"{base}/tables/{name.removeprefix('ssb_')}"})
        for name, each in chosen.items()
    }
    return replace(NORWAY, datasets=moved)


def told(outcomes: list[Outcome]) -> list[str]:
    return [f"{each.dataset}: {each.outcome}" for each in outcomes]


class Publishing:
    """All publishers of Norway on one server: tables, code lists, and the monitor's page with its ZIP."""

    def __init__(self, server: HTTPServer, standin: StandIn) -> None:
        self.server, self.pxweb = server, standin
        self.klass = KlassStandIn(server, standin.asked)
        self.links, self.zip_body = [ZIP], newest("bufdir_monitor")
        self.last_modified = "Fri, 04 Sep 2026 06:00:00 GMT"
        server.expect_request("/monitor/").respond_with_handler(self._page)
        server.expect_request(ZIP).respond_with_handler(self._zip)

    def registry(self) -> Registry:
        """All of Norway's datasets, those with an interface at the server."""
        tables = at(self.pxweb.base, *SSB).datasets
        paths = {name: self.server.url_for("/" + path) for name, path in PATHS.items()}
        moved = {name: NORWAY.datasets[name].model_copy(update={"address": each}) for name, each in paths.items()}
        return replace(NORWAY, datasets=NORWAY.datasets | tables | moved)

    def _page(self, request: Request) -> Response:
        self.pxweb.asked.append((time.monotonic(), request.method, request.path))
        return Response("".join(f'<a href="{link}">Last ned</a>' for link in self.links), content_type="text/html")

    def _zip(self, request: Request) -> Response:
        self.pxweb.asked.append((time.monotonic(), request.method, request.path))
        return Response(self.zip_body, headers={"Last-Modified": self.last_modified}, content_type="application/zip")
