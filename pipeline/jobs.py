"""The jobs that people and schedules start: build a release, write the reports, both; check what is declared."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pipeline.analysis.need import need_tables
from pipeline.analysis.tracking import tracking_tables
from pipeline.problems import Problem
from pipeline.registry.load import load
from pipeline.reports.list_letter import letter_name, list_letter
from pipeline.reports.write import put, write
from pipeline.settings import Settings
from pipeline.warehouse import release
from pipeline.warehouse.build import Built, Say, build, known_files
from pipeline.warehouse.geography import geography
from pipeline.warehouse.list_check import Entry, ListCheck, check_list, list_dataset

ANALYSES = (need_tables, tracking_tables)


def build_release(jurisdiction: str, as_of: date | None, again: bool, say: Say) -> Built:
    """Builds the release of a jurisdiction and makes it the current one."""
    return build(load(jurisdiction), Settings(), ANALYSES, as_of, again, say)


def write_reports(jurisdiction: str, say: Say) -> list[Path]:
    """Writes pages and packs from the current release; returns them, the page to open first."""
    settings = Settings()
    say("writing reports")
    registry = load(jurisdiction)
    with release.connect(release.current(settings.processed / jurisdiction)) as con:
        return write(con, registry, settings.reports / jurisdiction)


@dataclass(frozen=True)
class ServicesCheck:
    """What the check of the joint services came to.

    published: the publisher's list, where there is one. problems: what must be mended. letter: to the list's owner.
    """

    published: ListCheck | None
    problems: tuple[Problem, ...]
    letter: Path | None

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What was found in the published list, errors first."""
        return self.published.entries if self.published else ()


def check_services(jurisdiction: str, say: Say) -> ServicesCheck:
    """Holds the published list of joint services against its rules, and writes the letter to its owner.

    Needs the archive and the registry, no release.
    """
    settings, registry = Settings(), load(jurisdiction)
    dataset = list_dataset(registry)
    if dataset is None:
        return ServicesCheck(None, (), None)
    files = known_files(settings.raw / jurisdiction, registry)
    say("checking the list of joint services")
    with geography(registry, files) as con:
        published = check_list(con, dataset, registry)
    letter = None
    if any(entry.is_error for entry in published.entries):
        newest = max((f.sidecar for f in files if f.sidecar.dataset == dataset.id), key=lambda each: each.published)
        content = list_letter(published, dataset, newest)
        letter = put(settings.reports / jurisdiction / letter_name(dataset), content)
    return ServicesCheck(published, published.problems, letter)
