"""A real browser, offline, on pages rendered from releases that this session built."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from pipeline.registry.load import load
from pipeline.reports.write import write
from pipeline.warehouse.release import connect

# Debian's Chromium otherwise asks Google for components and time as it starts.
ARGUMENTS = "--no-sandbox --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync"


@pytest.fixture(scope="session")
def site(releases: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one folder of pages and packs a jurisdiction."""
    folder = tmp_path_factory.mktemp("site")
    for jurisdiction, release in releases.items():
        with connect(release) as con:
            write(con, load(jurisdiction), folder / jurisdiction)
    return folder


@pytest.fixture(scope="module")  # its event loop ends with it: other tests have one of their own
def browser() -> Iterator[Browser]:
    """Chromium of the machine; `python tests/browser/install_chromium.py` puts it there where that is possible."""
    path = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
    if path is None:
        told = "no chromium on this machine: run python tests/browser/install_chromium.py"
        # Where a change is judged, pages that nobody looked at are a failure; at home, the other tests still say something.
        (pytest.fail if "CI" in os.environ else pytest.skip)(told)
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=path, args=ARGUMENTS.split()) as browser,
    ):
        yield browser
