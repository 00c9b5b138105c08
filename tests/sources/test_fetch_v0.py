"""A whole fetch through v0: the same cells are archived as through v2, and the sidecar says where they are from."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from pipeline.registry.load import Registry
from pipeline.sources.fetch import Fetching
from pipeline.sources.http import Publishers
from pipeline.sources.landing import ArchivedFile, scan
from pipeline.sources.pxweb import read
from tests.sources.norway import AGES, BODIES, NORWAY, QUICK, UP_TO_17
from tests.sources.pxweb_standin import StandIn
from tests.sources.pxweb_v0_standin import OlderStandIn

ROOT = "/api/pxwebapi/v2"


def only(base: str, dataset: str) -> Registry:
    table = NORWAY.datasets[dataset]
    moved = table.model_copy(update={"address": f"{base}/tables/{dataset.removeprefix('ssb_')}"})
    return replace(NORWAY, datasets={dataset: moved})


def fetched(registry: Registry, folder: Path) -> list[ArchivedFile]:
    with Publishers(QUICK) as publishers:
        [outcome] = Fetching(registry, folder, publishers).outcomes()
    assert outcome.outcome == "new vintage", outcome
    return scan(folder, registry.datasets)


def cells(files: list[ArchivedFile], dataset: str) -> pd.DataFrame:
    table = pd.concat(read(file.body(), NORWAY.datasets[dataset], file.file_id) for file in files)  # type: ignore[arg-type]
    keys = ["unit_code", "period", "measure", "dimensions"]
    return table.drop(columns="place").sort_values(keys, ignore_index=True)


@pytest.mark.parametrize(("dataset", "max_cells"), [("ssb_12305", 7000), ("ssb_07459", 800_000)])
def test_the_same_cells_come_through_v0(httpserver: HTTPServer, tmp_path: Path, dataset: str, max_cells: int) -> None:
    """In parts, and with a code list; v2 fails for each part anew, which shows in its sidecar alone."""
    standin = StandIn(httpserver, root=ROOT, maxDataCells=max_cells, maxCallsPerTimeWindow=100, timeWindow=1)
    standin.tables = {dataset.removeprefix("ssb_"): BODIES[dataset]}
    gathers = [{"code": "H17", "label": "0-17 år", "valueMap": AGES}]
    standin.codelists = {UP_TO_17["id"]: UP_TO_17 | {"values": gathers}}
    OlderStandIn(httpserver, standin)
    registry = only(standin.base, dataset)
    newer = fetched(registry, tmp_path / "newer")
    standin.meddle = lambda request: Response("stengt", status=503) if request.path.endswith("/data") else None
    older = fetched(registry, tmp_path / "older")
    assert len(newer) == len(older) and (max_cells > 7000 or len(older) > 1)
    assert all(f"/api/v0/no/table/{dataset[4:]} " in file.sidecar.query for file in older)
    assert not any("/api/v0/" in file.sidecar.query for file in newer)
    pd.testing.assert_frame_equal(cells(older, dataset), cells(newer, dataset))
