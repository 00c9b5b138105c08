"""Builds a release: a pure function of the archive, the registry, the code, an as-of date and a seed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pandas as pd

from pipeline.problems import BadInput
from pipeline.registry.load import Registry
from pipeline.settings import Settings
from pipeline.sources.landing import scan
from pipeline.warehouse import declared, models, release
from pipeline.warehouse.checks import check_corrections, check_stored, raise_if_short
from pipeline.warehouse.load import load_raw, store

Analysis = Callable[[duckdb.DuckDBPyConnection, Registry], dict[str, pd.DataFrame]]
Say = Callable[[str], None]


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
    say: Say = lambda step: None,
) -> Built:
    """Builds the release of an as-of date (the newest file's day when left out) and makes it current.

    A release that stands already is not built again unless asked; when anything fails, the current one is left alone.
    Raises BadInput for input or tables that fall short.
    """
    started = datetime.now(UTC)
    jurisdiction = registry.jurisdiction.id
    folder = settings.processed / jurisdiction
    files = scan(settings.raw / jurisdiction, registry.datasets, as_of)
    release.need_files(files, settings.raw / jurisdiction)
    as_of = as_of or release.newest_day(files)
    name = release.release_id(files, as_of)
    if release.path_of(folder, name).exists() and not again:
        release.switch(folder, name)
        return Built(release.path_of(folder, name), is_new=False)
    with release.building(folder, name) as con:
        say(f"reading {len(files)} files")
        load_raw(con, registry, files)
        for table, rows in declared.tables(registry, as_of):
            store(con, f"registry.{table}", rows)
        _stop_at(check_corrections(con, registry))
        say("building tables")
        selects = models.models()
        marts = {table: select for table, select in selects.items() if table.startswith("mart.")}
        models.run(con, {table: select for table, select in selects.items() if table not in marts})
        for analysis in analyses:
            say(f"computing {analysis.__module__.rpartition('.')[2]}")
            for table, rows in analysis(con, registry).items():
                store(con, table, rows)
        models.run(con, marts)
        say("checking tables")
        outcomes = check_stored(con, registry)
        raise_if_short(outcomes, jurisdiction)
        store(con, "ops.check", pd.DataFrame(outcomes, columns=["table_name", "check_name", "passed", "fell_short"]))
        store(con, "ops.run", _run_row(name, started, files[-1].sidecar.published, len(files)))
    release.switch(folder, name)
    return Built(release.path_of(folder, name), is_new=True)


def _stop_at(problems: list) -> None:  # type: ignore[type-arg]
    if problems:
        raise BadInput(problems)


def _run_row(name: str, started: datetime, newest: datetime, files: int) -> pd.DataFrame:
    return pd.DataFrame(
        [{"release": name, "started_at": started, "ended_at": datetime.now(UTC), "outcome": "built", "files": files}]
    )
