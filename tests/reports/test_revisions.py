"""The page of revisions: verdicts as words, in three languages, alone; and its tables as CSV."""

import csv
import io
import re
from pathlib import Path

import pytest

from pipeline.registry.load import load
from pipeline.reports import revisions
from pipeline.reports.write import read
from pipeline.warehouse.release import connect


@pytest.fixture(scope="module")
def made(releases: dict[str, Path]) -> dict[str, dict[str, bytes]]:
    """Jurisdiction → its files by name."""
    found = {}
    for jurisdiction, path in releases.items():
        with connect(path) as con:
            found[jurisdiction] = revisions.render(read(con, list(revisions.TABLES)), load(jurisdiction))
    return found


def test_each_language_has_its_page_and_each_table_its_file(made: dict[str, dict[str, bytes]]) -> None:
    pages = {"revisions.html", "revisions.nn.html", "revisions.en.html"}
    assert set(made["norway"]) == pages | set(revisions.FILES)
    assert set(made["england"]) == {"revisions.html", "revisions.nb.html"} | set(revisions.FILES)


def test_the_verdicts_are_words(made: dict[str, dict[str, bytes]]) -> None:
    page = made["norway"]["revisions.en.html"].decode()
    assert "22 of 9,229 figures changed beyond rounding (another number: 19; missing before: 3)" in page
    assert "against the one published 16 March 2026 (preliminary figures)" in page
    assert "hidden before, shown now: 3; shown before, hidden now: 2" in page
    assert "Totals: all 32 can be the sum of their parts." in page
    assert "It is the first file we have" in made["england"]["revisions.html"].decode()


def test_the_newest_file_comes_first(made: dict[str, dict[str, bytes]]) -> None:
    sections = re.findall(r'<section id="([a-z_0-9]+)"', made["norway"]["revisions.html"].decode())
    assert sections[0] == "bufdir_monitor" and sections.index("ssb_12275") < sections.index("khr_plans")


def test_a_page_needs_no_script_and_no_network(made: dict[str, dict[str, bytes]]) -> None:
    for files in made.values():
        for name, content in files.items():
            if name.endswith(".html"):
                assert b"<script" not in content and b"http" not in content and len(content) < 1_000_000


def test_a_csv_file_holds_its_table_whole(made: dict[str, dict[str, bytes]]) -> None:
    rows = list(csv.DictReader(io.StringIO(made["norway"]["revisions/revised_cell.csv"].decode())))
    assert len(rows) == 333 and rows[0]["text_before"] != rows[0]["text_after"]


def test_a_figure_that_is_hidden_since_stands_nowhere(made: dict[str, dict[str, bytes]]) -> None:
    rows = list(csv.DictReader(io.StringIO(made["norway"]["revisions/revised_cell.csv"].decode())))
    hidden = [row for row in rows if row["kind"] == "hidden"]
    assert hidden and {row["status_before"] for row in hidden} == {"hidden_since"}
    assert {(row["text_before"], row["value_before"], row["change"]) for row in hidden} == {("", "", "")}
    for letters, words in {"": "skjult siden", ".nn": "skjult sidan", ".en": "hidden since"}.items():
        assert words in made["norway"][f"revisions{letters}.html"].decode()
