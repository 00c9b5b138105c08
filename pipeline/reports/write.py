"""Writes all reports of a release into a folder: everything is made first, then each file is put in place at once."""

import os
from pathlib import Path, PurePosixPath
from types import ModuleType

import duckdb
import pandas as pd

from pipeline.progress import Say, counted, silent
from pipeline.registry.load import Registry
from pipeline.reports import borders, director, guidance, overview, revisions, services, shortlist

REPORTS: list[ModuleType] = [overview, guidance, services, director, shortlist, borders, revisions]
MANIFEST = ".files"  # what an earlier run wrote here, one relative path a line


def write(con: duckdb.DuckDBPyConnection, registry: Registry, folder: Path, say: Say = silent) -> list[Path]:
    """Every page and pack, in the order of REPORTS; the front page first.

    Nothing is touched when a report fails. Afterwards, files of an earlier run that this one did not make are removed;
    files that no run wrote are left alone.
    """
    names = dict.fromkeys(name for report in REPORTS for name in report.TABLES)
    files = render(read(con, list(names)), registry, say)
    folder.mkdir(parents=True, exist_ok=True)
    written = [put(folder / name, content) for name, content in files.items()]
    for stale in _earlier(folder) - set(files):
        (folder / stale).unlink(missing_ok=True)
    put(folder / MANIFEST, "".join(f"{name}\n" for name in sorted(files)).encode())
    return written


def read(con: duckdb.DuckDBPyConnection, names: list[str]) -> dict[str, pd.DataFrame]:
    """The tables by name, each read once."""
    return {name: con.execute(f"SELECT * FROM {name}").df() for name in names}


def render(tables: dict[str, pd.DataFrame], registry: Registry, say: Say = silent) -> dict[str, bytes]:
    """All files of all reports by relative path. Raises ValueError when two reports write the same, or outside."""
    files: dict[str, bytes] = {}
    for report in counted(say, "writing reports", REPORTS, lambda each: each.NAME):
        for name, content in report.render({each: tables[each] for each in report.TABLES}, registry).items():
            if name in files or not _is_inside(name):
                raise ValueError(f"{report.NAME} may not write {name!r}: taken already, or outside the folder")
            files[name] = content
    return files


def _is_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts and name != MANIFEST


def _earlier(folder: Path) -> set[str]:
    manifest = folder / MANIFEST
    lines = manifest.read_text(encoding="utf-8").splitlines() if manifest.exists() else []
    return {line for line in lines if _is_inside(line)}


def put(path: Path, content: bytes) -> Path:
    """Writes beside the place, then moves in: a reader sees the old file or the new one, never half of either."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path
