"""From files in the archive to the schema `raw`: every cell as sent, with its place and its status."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import duckdb
import pandas as pd

from pipeline.problems import BadInput, Problem, bad_input
from pipeline.registry.dataset import DatasetBase, MapDataset, RecordDataset, ReferenceDataset
from pipeline.registry.load import Registry
from pipeline.sources import bufdir, delimited, geojson, pxweb, records
from pipeline.sources.landing import ArchivedFile
from pipeline.sources.table import COLUMNS
from pipeline.warehouse.delivery_checks import CodesInUse, check_observations, check_reference

READERS: dict[str, Callable[[bytes, Any, str], pd.DataFrame]] = {
    "pxweb": pxweb.read,
    "bufdir_zip": bufdir.read,
    "delimited": delimited.read,
    "reference": delimited.read_reference,
    "map": geojson.read,
    "records": records.read,
}
REVISED_FROM_MONTH = 6
REFERENCE_TABLES = {
    "municipality_code": ["file_id", "year", "code", "name", "county"],
    "municipality_change": ["file_id", "old_code", "new_code", "changed_on"],
    "peer_group": ["file_id", "scheme", "code", "code_date", "peer_group", "peer_group_name", "valid_from", "valid_to"],
    "joint_service_list": ["file_id", "line", "municipality_code", "member_names", "member_codes"],
    "border": ["file_id", "border_date", "municipality_code", "name", "geometry"],
    "inspection": [  # empty where no dataset declares it; a test holds it against the one that does
        "file_id", "line", "office_id", "case_number", "municipality_code", "inspected_on", "topic", "finding",
        "closed_on", "report_address",
    ],
}  # fmt: skip


def load_raw(con: duckdb.DuckDBPyConnection, registry: Registry, files: list[ArchivedFile]) -> None:
    """Fills the schema `raw`. Raises BadInput with the mistakes of all files together."""
    problems: list[Problem] = []
    columns = _columns(registry)
    tables: dict[str, list[pd.DataFrame]] = {"observation": [], **{name: [] for name in columns}}
    for file in _in_use(files, registry):
        dataset = registry.datasets[file.sidecar.dataset]
        try:
            reader = READERS[dataset.kind]  # type: ignore[attr-defined]
            table = reader(file.body(), dataset.on(file.published_on), file.file_id)
            if isinstance(dataset, RecordDataset):
                table = records.office_ids(table, dataset, registry.offices)
            tables[_table_of(dataset)].append(table.assign(file_id=file.file_id))
        except BadInput as error:
            problems += error.problems
    codes = CodesInUse.of(tables["municipality_code"], registry.jurisdiction)
    if not tables["municipality_code"] and not problems:
        raise bad_input(
            registry.jurisdiction.id, "", "archive", "no list of municipality codes", "one known on the as-of date"
        )
    published = {file.file_id: file.published_on for file in files}
    for name, several in tables.items():
        for table in several:
            if name == "observation":
                day = published[str(table["file_id"].iloc[0])]
                problems += check_observations(table, _dataset_of(table, registry), registry, codes, day)
            else:
                problems += check_reference(table, name, codes)
    if problems:
        raise BadInput(problems)
    store(con, "raw.file", pd.DataFrame([_file_row(file, registry.datasets[file.sidecar.dataset]) for file in files]))
    store(con, "raw.observation", _observations(tables["observation"], files))
    for name, wanted in columns.items():
        store(con, f"raw.{name}", _stacked(tables[name], wanted))


def _columns(registry: Registry) -> dict[str, list[str]]:
    """Table of the schema `raw` → its columns, for all but the observations."""
    own = {
        each.id: ["file_id", "line", *(column.field for column in each.columns)]
        for each in registry.datasets.values()
        if isinstance(each, RecordDataset)
    }
    return REFERENCE_TABLES | own


def _in_use(files: list[ArchivedFile], registry: Registry) -> list[ArchivedFile]:
    """All deliveries of numbers and of records, and of each code list or map the newest alone."""
    newest = {file.sidecar.dataset: file for file in sorted(files, key=lambda each: each.sidecar.published)}
    return [
        file
        for file in files
        if not isinstance(registry.datasets[file.sidecar.dataset], ReferenceDataset | MapDataset)
        or newest[file.sidecar.dataset] is file
    ]


def _table_of(dataset: DatasetBase) -> str:
    if isinstance(dataset, ReferenceDataset):
        return dataset.role
    if isinstance(dataset, RecordDataset):
        return dataset.id
    return "border" if isinstance(dataset, MapDataset) else "observation"


def _dataset_of(table: pd.DataFrame, registry: Registry) -> DatasetBase:
    return registry.datasets[str(table["file_id"].iloc[0]).partition("/")[0]]


def _file_row(file: ArchivedFile, dataset: DatasetBase) -> dict[str, Any]:
    sidecar = file.sidecar
    return {
        "file_id": file.file_id,
        "dataset_id": sidecar.dataset,
        "url": sidecar.address,
        "query": sidecar.query,
        "publisher": sidecar.publisher,
        "licence": sidecar.licence,
        "published_at": sidecar.published,
        "published_is_known": sidecar.published_is_known,
        "retrieved_at": sidecar.retrieved,
        "revision": _revision(sidecar.published, dataset),
        "sha256": sidecar.sha256,
        "bytes": file.path.stat().st_size,
        "is_synthetic": sidecar.synthetic,
        "note": sidecar.note,
    }


def _revision(published: datetime, dataset: DatasetBase) -> str:
    """KOSTRA does not flag its preliminary figures; published 15 March, revised 15 June (domain: calendar)."""
    if dataset.revision == "none":
        return "unknown"
    return "unrevised" if published.month < REVISED_FROM_MONTH else "revised"


def _observations(tables: list[pd.DataFrame], files: list[ArchivedFile]) -> pd.DataFrame:
    synthetic = {file.file_id: file.sidecar.synthetic for file in files}
    stacked = _stacked(tables, ["file_id", *COLUMNS])
    return stacked.assign(
        dataset_id=stacked["file_id"].str.replace("/.*", "", regex=True),
        is_synthetic=stacked["file_id"].map(synthetic).astype(bool),
    )


def _stacked(tables: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    """The tables below each other, with exactly these columns; a column nobody has is empty text."""
    empty = pd.DataFrame({c: pd.Series(dtype="float64" if c == "value" else "str") for c in columns})
    if not tables:
        return empty
    return (
        pd.concat(tables, ignore_index=True)
        .reindex(columns=columns)
        .astype({c: "str" for c in columns if c != "value"})
    )


def store(con: duckdb.DuckDBPyConnection, name: str, rows: pd.DataFrame) -> None:
    """Makes a table of the rows."""
    con.register("incoming", rows)
    con.execute(f"CREATE TABLE {name} AS SELECT * FROM incoming").fetchall()
    con.unregister("incoming")
