"""From the archive to the pages, and a second time: the same bytes."""

import html
import re
from datetime import date
from pathlib import Path

import pytest

from pipeline.registry.load import load
from pipeline.reports.write import write
from pipeline.settings import Settings
from pipeline.warehouse.release import connect


@pytest.fixture(scope="module")
def written(releases: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of Norway's pages and packs."""
    folder = tmp_path_factory.mktemp("pages")
    with connect(releases["norway"]) as con:
        write(con, load("norway"), folder)
    return folder


@pytest.fixture(scope="module")
def page(written: Path) -> str:
    """Norway's first page."""
    return (written / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("jurisdiction", ["england", "norway"])
def test_the_same_release_gives_the_same_pages_to_the_last_byte(
    tmp_path: Path, releases: dict[str, Path], written: Path, jurisdiction: str
) -> None:
    registry = load(jurisdiction)
    with connect(releases[jurisdiction]) as con:
        files = write(con, registry, tmp_path / "second")
        before = written if jurisdiction == "norway" else tmp_path / "first"
        if before != written:
            write(con, registry, before)
    made = {path.relative_to(tmp_path / "second").as_posix(): path.read_bytes() for path in files}
    assert made == {name: (before / name).read_bytes() for name in made}
    offices = [each for each in registry.offices if each.holds(date(2026, 9, 4))]
    assert len(made) >= len(registry.jurisdiction.languages) + len(offices)


def test_pages_of_an_earlier_day_say_what_was_not_known_yet(tmp_path: Path, spring: Path) -> None:
    """On 1 April 2026 the monitor with deadline breaches was not out: nobody can be ranked, and the pages say why."""
    with connect(spring) as con:
        files = write(con, load("norway"), tmp_path / "pages")
        assert con.execute(
            "SELECT count(*) FROM mart.ranking JOIN registry.round USING (round_id) WHERE round.is_current AND is_ranked"
        ).fetchall() == [(0,)]
    assert "For lite rapportert" in files[0].read_text(encoding="utf-8")
    assert len(files) == 33


def test_no_setting_but_home_moves_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VEIVISER_HOME", str(tmp_path))
    settings = Settings()
    assert {settings.raw, settings.processed, settings.reports} == {
        tmp_path / "data" / "raw", tmp_path / "data" / "processed", tmp_path / "reports",
    }  # fmt: skip


STATUS_WORDS = {
    "not_reported": "ikke rapportert",
    "incomplete_merger": "en del av tjenesten mangler",
    "suppressed_source": "skjult av kilden",
}


def rows_of(page: str) -> list[str]:
    """The text of every table row of a page."""
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", page, flags=re.DOTALL)
    return [html.unescape(re.sub(r"<[^>]+>", " ", row)) for row in rows]


@pytest.mark.parametrize("status", STATUS_WORDS)
def test_every_kind_of_nothing_reaches_the_page_under_its_own_name(
    page: str, releases: dict[str, Path], status: str
) -> None:
    """For every service of the current round with such a cell, a row of that name says so, and names the period."""
    with connect(releases["norway"]) as con:
        cells = con.execute(
            """SELECT DISTINCT service.name, cell.period FROM mart.cell AS cell JOIN registry.round USING (round_id)
               JOIN core.service AS service USING (service_id) WHERE round.is_current AND cell.status = ?""",
            [status],
        ).fetchall()
    rows = rows_of(page)
    assert cells
    for name, period in cells:
        assert any(name in row and STATUS_WORDS[status] in row for row in rows), (name, period)
        is_named = any(name in row and f"{period}: {STATUS_WORDS[status]}" in row for row in rows)
        assert is_named or status != "not_reported", (name, period)


def test_the_coverage_of_the_page_keeps_all_reasons_apart(page: str, releases: dict[str, Path]) -> None:
    """Supervision in the first half of 2020: as many municipalities under each word as the table has."""
    with connect(releases["norway"]) as con:
        counted = con.execute(
            """SELECT status, municipalities FROM mart.coverage
               WHERE indicator_id = 'foster_supervision_missed' AND period = '2020H1' ORDER BY status"""
        ).fetchall()
    assert {status for status, _ in counted} >= {"ok", "not_reported", "suppressed_source", "zero_denominator"}
    rows = rows_of(page)
    words = ("skjult av kilden", "ikke rapportert", "ingen saker")
    heads = [row for row in rows if all(word in row.lower() for word in words) and "Loppa" not in row]
    [line] = [
        row
        for row in rows
        if "Tilsynskrav" in row and "1. halvår 2020" in row and "Veiledede" not in row and "Resten" not in row
    ]
    numbers = {int(number) for number in re.findall(r"\b\d{1,3}\b(?! ?halvår|\.)", line)}
    assert heads and {count for _, count in counted} <= numbers


def test_a_true_zero_reaches_the_page_as_a_number(page: str, releases: dict[str, Path]) -> None:
    with connect(releases["norway"]) as con:
        zeros = con.execute(
            """SELECT service.name, estimate.denominator FROM mart.estimate AS estimate
               JOIN registry.round USING (round_id) JOIN core.service AS service USING (service_id)
               WHERE round.is_current AND estimate.numerator = 0 AND estimate.denominator > 0
                   AND estimate.hidden_cells = 0 AND estimate.indicator_id = 'deadline_breaches'"""
        ).fetchall()
    rows = rows_of(page)
    assert zeros
    for name, denominator in zeros:
        assert any(name in row and re.search(rf"\b0 av {denominator:.0f}\b", row) for row in rows), (name, denominator)
