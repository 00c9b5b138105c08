"""What a release says about its making: `ops.check` follows from the input alone, `ops.run` has this run's clock."""

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pandas as pd

from pipeline.progress import run_id
from pipeline.registry.load import Registry
from pipeline.sources.landing import ArchivedFile
from pipeline.warehouse import release
from pipeline.warehouse.checks import Outcome, stored
from pipeline.warehouse.crosschecks import OBSERVED, starts
from pipeline.warehouse.load import store
from pipeline.warehouse.models import TABLE

CHECK = (
    "One row per check and table: what it looked at and what fell short; an error stops a build, a warning does not."
)
RUN = (
    "One row: the run that built this release, when, and the files that previous_release did not have (new_files); "
    "all of them where there was none that can be read."
)
# Warnings: one row a check, with the rows looked at, those that fall short, and the first of them in words.
REPORTED = """
SELECT
    'mart.reporting' AS table_name,
    'every municipality has reported: ' || dataset_id || ' ' || period AS check_name,
    count(*) AS rows_checked,
    count(*) FILTER (reported = 'none') AS rows_failing,
    string_agg(municipality_code || ' ' || name, ', ' ORDER BY municipality_code)
        FILTER (reported = 'none') AS fell_short
FROM mart.reporting
GROUP BY dataset_id, period
"""
WHOLE = """
SELECT
    'mart.whole' AS table_name,
    'the parts come to the whole: ' || dataset_id AS check_name,
    count(*) AS rows_checked,
    count(*) FILTER (verdict IN ('parts_above_whole', 'whole_above_parts')) AS rows_failing,
    string_agg(
        whole_code || ' ' || period || ' ' || measure || ': ' || whole || ', its parts ' || parts_sum,
        ', ' ORDER BY period, measure, dimensions, whole_code
    ) FILTER (verdict IN ('parts_above_whole', 'whole_above_parts')) AS fell_short
FROM mart.whole
GROUP BY dataset_id
"""
WITHDRAWN = """
SELECT
    'mart.revision' AS table_name,
    'no figure was withdrawn: ' || dataset_id AS check_name,
    cells_compared AS rows_checked,
    cells_removed + cells_emptied AS rows_failing,
    file_after || ' removed ' || cells_removed || ' cells and emptied ' || cells_emptied AS fell_short
FROM mart.revision
QUALIFY row_number() OVER (PARTITION BY dataset_id ORDER BY published_at DESC) = 1
"""
SHOWN = 500  # characters of what fell short


def warnings(con: duckdb.DuckDBPyConnection) -> list[Outcome]:
    """What the figures themselves lack. It stops nothing: the publishers know, or should be told."""
    found = []
    for query in (REPORTED, WHOLE, WITHDRAWN):
        for table, name, rows, failing, told in con.execute(f"SELECT * FROM ({query}) ORDER BY ALL").fetchall():
            cut = f"{told[:SHOWN]}…" if failing and len(told) > SHOWN else told
            found.append(Outcome(table, name, "warning", rows, failing, not failing, cut if failing else ""))
    return found


def checked_tables(registry: Registry) -> list[str]:
    """The tables that `ops.check` may name."""
    warned = {table for query in (REPORTED, WHOLE, WITHDRAWN) for table in TABLE.findall(query)}
    return sorted({*stored(registry), *starts().values(), OBSERVED, *warned})


def record(
    con: duckdb.DuckDBPyConnection,
    outcomes: list[Outcome],
    name: str,
    started: datetime,
    files: list[ArchivedFile],
    before: Path | None,
) -> None:
    """Writes `ops.check` and `ops.run`; `before` is the release that was current until now."""
    store(con, "ops.check", pd.DataFrame(outcomes, columns=list(Outcome._fields)))
    known = _files_of(before) if before else None
    previous = before.stem if before and known is not None else None
    new = [file.file_id for file in files if file.file_id not in (known or ())]
    con.execute(
        """CREATE TABLE ops.run AS SELECT ?::VARCHAR AS release, ?::VARCHAR AS run_id, ?::TIMESTAMPTZ AS started_at,
           ?::TIMESTAMPTZ AS ended_at, 'built' AS outcome, ?::BIGINT AS files, ?::VARCHAR AS previous_release,
           ?::VARCHAR[] AS new_files""",
        [name, run_id(), started, datetime.now(UTC), len(files), previous, new],
    ).fetchall()
    for table, comment in (("check", CHECK), ("run", RUN)):
        con.execute(f"COMMENT ON TABLE ops.{table} IS '{comment}'").fetchall()


def _files_of(path: Path) -> set[str] | None:
    """None of a damaged release, which must not stop the build that takes its place."""
    try:
        with release.connect(path) as con:
            return {name for (name,) in con.execute("SELECT file_id FROM raw.file").fetchall()}
    except duckdb.Error:
        return None
