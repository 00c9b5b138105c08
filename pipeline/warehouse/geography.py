"""Municipalities, their changes and their services in memory, for what must be asked before a release is built."""

from collections.abc import Iterable

import duckdb

from pipeline.registry.dataset import ReferenceDataset
from pipeline.registry.load import Registry
from pipeline.sources.landing import ArchivedFile
from pipeline.warehouse import declared, models, release
from pipeline.warehouse.load import load_raw, store

TABLES = ("core.municipality", "core.municipality_link", "core.service_member", "core.service")


def geography(
    registry: Registry, files: list[ArchivedFile], tables: Iterable[str] = TABLES
) -> duckdb.DuckDBPyConnection:
    """A database with code lists and population, the registry, and the models that the tables stand on.

    files: of the archive, at least one; of the deliveries of numbers only the population is read.
    Raises BadInput for a code list that cannot be read.
    """
    con = duckdb.connect(config=release.CONFIG)
    for schema in release.SCHEMAS:
        con.execute(f"CREATE SCHEMA {schema}").fetchall()
    population = registry.jurisdiction.child_population.dataset
    needed = [
        file
        for file in files
        if isinstance(registry.datasets[file.sidecar.dataset], ReferenceDataset) or file.sidecar.dataset == population
    ]
    load_raw(con, registry, needed)
    for name, rows in declared.tables(registry, release.newest_day(files)):
        store(con, f"registry.{name}", rows)
    models.run(con, models.behind(tables, models.models()))
    return con
