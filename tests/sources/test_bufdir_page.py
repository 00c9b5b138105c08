"""The monitor's ZIP is found on its page, or the page says something new and we say so."""

import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from pipeline.registry.load import load
from pipeline.sources.fetch import Fetching, Outcome
from pipeline.sources.http import Limits, Publishers
from pipeline.sources.landing import scan
from tests.sources.norway import newest

NORWAY = load("norway")
NAME = "/uploads/Kommunemonitor_barnevern_2026_09_04_cedc894149.zip"
NEXT = "/uploads/kommunemonitor_barnevern_2026_11_20_0a1b2c.ZIP"
SENT = {"Last-Modified": "Fri, 04 Sep 2026 06:00:00 GMT"}
Serve = Callable[..., Outcome]


def zipped(text: str) -> bytes:
    """The monitor with something beside the workbooks, as a Mac adds it."""
    made = io.BytesIO(newest("bufdir_monitor"))
    with zipfile.ZipFile(made, "a") as into:
        into.writestr(zipfile.ZipInfo(f"__MACOSX/{text}"), text)
    return made.getvalue()


@pytest.fixture
def serve(httpserver: HTTPServer, tmp_path: Path) -> Iterator[Serve]:
    """Serves a page with links, and ZIP files; returns what came of a fetch."""
    dataset = NORWAY.datasets["bufdir_monitor"].model_copy(update={"address": httpserver.url_for("/monitor/")})
    registry = replace(NORWAY, datasets={"bufdir_monitor": dataset})

    def run(*links: str, body: bytes = zipped("first"), headers: dict[str, str] | None = SENT) -> Outcome:
        httpserver.clear()
        page = "<html>" + "".join(f'<a href="{link}">Last ned</a>' for link in links)
        httpserver.expect_request("/monitor/").respond_with_data(page, content_type="text/html")
        for link in links:
            httpserver.expect_request(link).respond_with_response(Response(body, headers=headers))
        with Publishers(Limits(calls=100, window_seconds=1, retries=0)) as publishers:
            [outcome] = Fetching(registry, tmp_path, publishers).outcomes()
        return outcome

    yield run


def test_the_edition_is_archived_with_its_day_and_then_known(
    serve: Serve, tmp_path: Path, httpserver: HTTPServer
) -> None:
    assert str(serve(NAME, NAME)) == "bufdir_monitor: new vintage (of 2026-09-04 06:00 UTC)"
    [file] = scan(tmp_path, NORWAY.datasets)
    assert file.body() == zipped("first") and file.sidecar.published_is_known
    assert file.sidecar.query == "GET " + httpserver.url_for(NAME)
    assert serve(NAME).outcome == "no change"
    assert [request.path for request, _ in httpserver.log] == ["/monitor/"]


def test_the_same_bytes_elsewhere_are_no_news(serve: Serve) -> None:
    serve(NAME)
    assert serve(NEXT).outcome == "no change"


def test_a_new_edition_without_a_day_has_the_one_in_its_name(serve: Serve, tmp_path: Path) -> None:
    serve(NAME)
    assert serve(NEXT, body=zipped("second"), headers=None).outcome == "new vintage"
    [_, file] = scan(tmp_path, NORWAY.datasets)
    assert file.sidecar.published == datetime(2026, 11, 20, tzinfo=UTC) and not file.sidecar.published_is_known


def test_another_file_of_the_same_day(serve: Serve, tmp_path: Path) -> None:
    serve(NAME)
    outcome = serve(NEXT, body=zipped("second"))
    assert outcome.fault == "publisher" and "as the newest in the archive" in outcome.detail
    assert len(scan(tmp_path, NORWAY.datasets)) == 1


@pytest.mark.parametrize("links", [(), (NAME, NEXT), ("/uploads/kommunemonitor_okonomi_2026_09_04_ab.zip",)])
def test_none_or_several(serve: Serve, tmp_path: Path, links: tuple[str, ...]) -> None:
    outcome = serve(*links)
    count = len(links) if len(links) != 1 else 0
    assert outcome.fault == "publisher" and f"links to {count} ZIP files of the monitor, not one" in outcome.detail
    assert list(tmp_path.glob("*/*")) == []


def test_a_page_where_the_zip_should_be(serve: Serve, tmp_path: Path) -> None:
    outcome = serve(NAME, body=b"<!doctype html><p>Vedlikehold")
    assert "sends a web page where ZIP was expected" in outcome.detail
    assert list(tmp_path.glob("*/*")) == []
