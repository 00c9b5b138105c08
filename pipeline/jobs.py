"""The jobs that people and schedules start: build a release, write the reports, both."""

from datetime import date
from pathlib import Path

from pipeline.analysis.need import need_tables
from pipeline.analysis.peers import peer_tables
from pipeline.analysis.tracking import tracking_tables
from pipeline.registry.load import load
from pipeline.reports.write import write
from pipeline.settings import Settings
from pipeline.warehouse import release
from pipeline.warehouse.build import Built, Say, build

ANALYSES = (need_tables, peer_tables, tracking_tables)


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
