"""The documents: complete, current, and without promises that nothing keeps."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from pipeline.cli import app
from pipeline.dictionary import page
from pipeline.registry.load import jurisdictions, load

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def test_the_dictionary_of_indicators_is_current() -> None:
    assert (ROOT / "docs" / "indicators.md").read_text(encoding="utf-8") == page()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_files_that_a_page_names_are_there(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    named = re.findall(r"`((?:docs|pipeline|tests|benchmarks|notebooks|requirements)/[\w./-]+)`", text)
    named += [target for target in re.findall(r"\]\(([^)#:]+)\)", text)]
    missing = [name for name in named if not ((ROOT / name).exists() or (path.parent / name).exists())]
    assert missing == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_commands_that_a_page_names_are_there(path: Path) -> None:
    verbs = set(get_command(app).commands)  # type: ignore[attr-defined]
    named = set(re.findall(r"`veiviser ([a-z]+)", path.read_text(encoding="utf-8")))
    assert named <= verbs


def test_every_verb_has_help_with_an_example() -> None:
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]
        assert "Example: " in (command.help or ""), name


def test_the_glossary_has_every_status_and_dimension() -> None:
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    for word in (
        "suppressed_source",
        "series_break",
        "not_reported",
        "zero_denominator",
        "unit_absent",
        "incomplete_merger",
    ):
        assert f"`{word}`" in glossary
    for dimension in load("norway").index.dimensions:
        assert dimension.label.en.split()[0].lower() in glossary.lower()


def test_no_indicator_is_past_its_review_without_a_new_date() -> None:
    for name in jurisdictions():
        for indicator in load(name).indicators.values():
            assert indicator.review_date.year >= 2027, indicator.id
