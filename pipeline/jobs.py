"""The jobs that people and schedules start: build a release, write the reports, both; check what is declared."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pipeline.analysis.need import need_tables
from pipeline.analysis.outliers import outlier_tables
from pipeline.analysis.peers import peer_tables
from pipeline.analysis.tracking import tracking_tables
from pipeline.problems import BadInput, Problem
from pipeline.registry.load import load, read
from pipeline.reports.list_letter import letter_name, list_letter
from pipeline.reports.write import put, write
from pipeline.settings import Settings
from pipeline.warehouse import register, release
from pipeline.warehouse.build import Built, Say, build, known_files
from pipeline.warehouse.geography import TABLES, geography
from pipeline.warehouse.list_check import Entry, ListCheck, check_list, list_dataset

ANALYSES = (need_tables, peer_tables, tracking_tables, outlier_tables)


def build_release(jurisdiction: str, as_of: date | None, again: bool, say: Say) -> Built:
    """Builds the release of a jurisdiction and makes it the current one.

    Raises BadInput; when a declaration cannot be read, with what else is wrong in the register of services.
    """
    try:
        registry = load(jurisdiction)
    except BadInput as error:
        raise BadInput(sorted({*error.problems, *check_services(jurisdiction, say).problems})) from None
    return build(registry, Settings(), ANALYSES, as_of, again, say)


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
    """Holds the register of services against the code list, and the published list against its rules.

    Writes the letter to the list's owner. Needs the archive and the registry, no release; of a register that cannot be
    read in places, the rest is checked.
    """
    settings = Settings()
    registry, problems = read(jurisdiction)
    if registry is None or any(problem.field == "TOML" for problem in problems):
        raise BadInput(problems)
    dataset = list_dataset(registry)
    if dataset is None and not (registry.joint_services or registry.alone):
        return ServicesCheck(None, tuple(problems), None)
    say("checking the register of services")
    files = known_files(settings.raw / jurisdiction, registry)
    with geography(registry, files, [*TABLES, *register.TABLES]) as con:
        problems += register.register_problems(con, registry, is_whole=not problems)
        published = check_list(con, dataset, registry) if dataset else None
    if dataset is None or published is None:
        return ServicesCheck(None, tuple(sorted(problems)), None)
    letter = None
    if any(entry.is_error for entry in published.entries):
        newest = max((f.sidecar for f in files if f.sidecar.dataset == dataset.id), key=lambda each: each.published)
        content = list_letter(published, dataset, newest)
        letter = put(settings.reports / jurisdiction / letter_name(dataset), content)
    return ServicesCheck(published, tuple(sorted({*problems, *published.problems})), letter)
