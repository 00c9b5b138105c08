"""Builds a release: a pure function of the archive, the registry, the code, an as-of date and a seed."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pandas as pd

from pipeline.problems import BadInput, Problem
from pipeline.progress import Say, counted, silent
from pipeline.registry.load import Registry
from pipeline.settings import Settings
from pipeline.sources.landing import ArchivedFile, scan
from pipeline.warehouse import declared, models, ops, release
from pipeline.warehouse.checks import check_stored
from pipeline.warehouse.crosschecks import crosschecked, crosschecks
from pipeline.warehouse.load import load_raw, store

Analysis = Callable[[duckdb.DuckDBPyConnection, Registry], dict[str, pd.DataFrame]]


@dataclass(frozen=True)
class Built:
    """What a build came to: the release's file, and whether it is a new one."""

    path: Path
    is_new: bool


def build(
    registry: Registry,
    settings: Settings,
    analyses: Sequence[Analysis],
    as_of: date | None = None,
    again: bool = False,
    say: Say = silent,
) -> Built:
    """Builds the release of an as-of date (the newest file's day when left out) and makes it current.

    A release that stands already is not built again unless asked; when anything fails, the current one is left alone.
    Raises BadInput for input or tables that fall short.
    """
    started = datetime.now(UTC)
    jurisdiction = registry.jurisdiction.id
    folder = settings.processed / jurisdiction
    files = known_files(settings.raw / jurisdiction, registry, as_of)
    as_of = as_of or release.newest_day(files)
    name = release.release_id(files, registry, as_of)
    if release.path_of(folder, name).exists() and not again:
        release.make_current(folder, name)
        return Built(release.path_of(folder, name), is_new=False)
    with release.building(folder, name) as con:
        say(f"reading {len(files)} files")
        load_raw(con, registry, files)
        for table, rows in declared.tables(registry, as_of):
            store(con, f"registry.{table}", rows)
        selects = models.models()
        marts = {table: select for table, select in selects.items() if table.startswith("mart.")}
        models.run(con, {table: select for table, select in selects.items() if table not in marts}, say)
        say("checking tables")
        _stop_at(crosschecks(con, registry))
        outcomes = [*crosschecked(con), *check_stored(con, registry, "core")]
        for analysis in counted(say, "computing", analyses, _name):
            for table, rows in analysis(con, registry).items():
                store(con, table, rows)
        outcomes += check_stored(con, registry, "result")
        models.run(con, marts, say, "building marts")
        ops.record(con, [*outcomes, *ops.warnings(con)], name, started, files, release.current_or_none(folder))
    return Built(release.path_of(folder, name), is_new=True)


def known_files(folder: Path, registry: Registry, as_of: date | None = None) -> list[ArchivedFile]:
    """The archive as known on a day, each file with the bytes it came with. Raises NoRelease when there is nothing."""
    files = scan(folder, registry.datasets)
    if not files:
        raise release.NoRelease(f"the archive {folder} is empty: copy data/raw of the project there")
    known = [file for file in files if as_of is None or file.published_on <= as_of]
    if not known:
        first = min(file.published_on for file in files)
        raise release.NoRelease(f"nothing was published by {as_of}; the first file of {folder.name} is of {first}")
    _stop_at(problem for file in known for problem in file.changed())
    return known


def _stop_at(problems: Iterable[Problem]) -> None:
    found = sorted(problems)
    if found:
        raise BadInput(found)


def _name(analysis: Analysis) -> str:
    return str(getattr(analysis, "func", analysis).__module__).rpartition(".")[2]  # of a partial, what is called
