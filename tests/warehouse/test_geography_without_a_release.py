"""The geography in memory is the geography of the release."""

from pathlib import Path

from pipeline.registry.load import load
from pipeline.settings import Settings
from pipeline.warehouse.build import known_files
from pipeline.warehouse.geography import TABLES, geography
from pipeline.warehouse.release import connect


def test_the_tables_are_those_of_the_release(releases: dict[str, Path]) -> None:
    for jurisdiction, path in releases.items():
        registry = load(jurisdiction)
        files = known_files(Settings().raw / jurisdiction, registry)
        with geography(registry, files) as early, connect(path) as built:
            for table in TABLES:
                query = f"SELECT * FROM {table} ORDER BY ALL"
                assert early.execute(query).fetchall() == built.execute(query).fetchall(), table
