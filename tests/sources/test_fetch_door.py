"""What is fetched passes the door that the build asks at, against the code lists fetched just before."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.sources.fetch import Fetching, Outcome
from pipeline.sources.http import Publishers
from pipeline.sources.landing import scan
from pipeline.warehouse.fetch_door import FetchDoor
from tests.sources.norway import BODIES, KLASS, NORWAY, QUICK, SSB, Publishing

UNITS = "KOKkommuneregion0000"
FetchAll = Callable[..., dict[str, Outcome]]


@pytest.fixture
def fetch(publishing: Publishing, tmp_path: Path) -> Iterator[FetchAll]:
    with Publishers(QUICK) as publishers:

        def run(*datasets: str) -> dict[str, Outcome]:
            registry = publishing.registry()
            fetching = Fetching(registry, tmp_path, publishers, FetchDoor(registry))
            return {each.dataset: each for each in fetching.outcomes(datasets)}

        yield run


def with_unit(body: dict, old: str, new: str) -> dict:
    """A table one of whose units has another code."""
    units = body["dimension"][UNITS]
    category = {
        name: {new if code == old else code: each for code, each in part.items()}
        for name, part in units["category"].items()
    }
    return body | {"dimension": body["dimension"] | {UNITS: units | {"category": category}}}


def test_what_norways_publishers_have_passes_into_an_empty_archive(fetch: FetchAll) -> None:
    outcomes = fetch(*SSB, "bufdir_monitor", *KLASS)
    assert {name: str(each) for name, each in outcomes.items() if each.outcome != "new vintage"} == {}
    assert list(outcomes)[:3] == ["klass_codes", "klass_changes", "kostra_groups"], "figures are held against them"


def test_a_unit_that_no_code_list_knows_is_not_archived(
    fetch: FetchAll, publishing: Publishing, tmp_path: Path
) -> None:
    publishing.pxweb.tables["12305"] = with_unit(BODIES["ssb_12305"], "0301", "0399")
    assert fetch("ssb_12305")["ssb_12305"].outcome == "new vintage", "nothing to hold it against yet"
    publishing.pxweb.tables["12305"] |= {"updated": "2026-07-01T06:00:00Z"}
    outcomes = fetch("ssb_12305", "ssb_12870", "klass_codes")
    refused = outcomes.pop("ssb_12305")
    assert (refused.outcome, refused.fault) == ("failed", "publisher")
    assert "unit_code: given '0399'; allowed: a code of the list of municipality codes" in refused.detail
    assert {each.outcome for each in outcomes.values()} == {"new vintage"}
    assert [file.published_on.month for file in scan(tmp_path, NORWAY.datasets) if "12305" in file.file_id] == [6]


def test_changes_that_the_codes_contradict_are_not_archived(
    fetch: FetchAll, publishing: Publishing, tmp_path: Path
) -> None:
    changes = publishing.klass.changes
    publishing.klass.changes = changes[changes["oldCode"] != "1507"]  # Ålesund and Haram, 2024
    outcomes = fetch("klass_codes", "klass_changes")
    assert [each.outcome for each in outcomes.values()] == ["new vintage", "failed"]
    assert "which the code list changes then" in outcomes["klass_changes"].detail
