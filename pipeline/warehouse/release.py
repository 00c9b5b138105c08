"""Releases: one DuckDB file each, never changed once it stands, and a file `current` that names the newest good one.

data/processed/norway/releases/20260904_1c9e02ab77d3.duckdb
data/processed/norway/current
"""

import hashlib
import importlib.metadata
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout

from pipeline.registry.load import HOME, Registry
from pipeline.sources.landing import ArchivedFile

LIBRARIES = ("duckdb", "numpy", "pandas", "pandera", "pydantic", "python-calamine", "scipy")
WAIT_SECONDS = 1  # for whoever does the same work; then it is said to be at work
SCHEMAS = ("raw", "registry", "staging", "core", "result", "mart", "ops")
CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}


class NoRelease(Exception):
    """There is no release to open yet."""


class AlreadyBuilding(Exception):
    """Another build of the same jurisdiction is under way."""


def release_id(files: list[ArchivedFile], registry: Registry, as_of: date) -> str:
    """A name that says everything a release is made of: archive, registry and code, library versions and as-of date."""
    digest = hashlib.sha256(f"{as_of} {registry!r}".encode())
    for file in files:
        digest.update(f"{file.file_id} {file.sidecar!r}\n".encode())
    for path in sorted(HOME.parent.rglob("*")):
        if path.suffix in (".py", ".sql"):
            digest.update(path.relative_to(HOME.parent).as_posix().encode() + path.read_bytes())
    for library in LIBRARIES:
        digest.update(f"{library} {importlib.metadata.version(library)}\n".encode())
    return f"{as_of:%Y%m%d}_{digest.hexdigest()[:12]}"


def newest_day(files: list[ArchivedFile]) -> date:
    """The day of the newest file: the as-of date when none is asked for."""
    return max(file.published_on for file in files)


def path_of(folder: Path, name: str) -> Path:
    """Where a release lies."""
    return folder / "releases" / f"{name}.duckdb"


def current(folder: Path) -> Path:
    """The current release's file. Raises NoRelease, with the command that makes one."""
    pointer = folder / "current"
    path = path_of(folder, pointer.read_text(encoding="utf-8").strip()) if pointer.exists() else None
    if path is None or not path.exists():
        raise NoRelease(f"no release of {folder.name} yet: run `veiviser build --jurisdiction {folder.name}`")
    return path


def current_or_none(folder: Path) -> Path | None:
    """The current release's file, if there is one."""
    try:
        return current(folder)
    except NoRelease:
        return None


def of_day(folder: Path, day: date) -> Path:
    """The newest built release with an as-of date. Raises NoRelease, with the command that makes one."""
    found = sorted((folder / "releases").glob(f"{day:%Y%m%d}_*.duckdb"), key=lambda path: path.stat().st_mtime)
    if not found:
        command = f"veiviser build --jurisdiction {folder.name} --as-of {day}"
        raise NoRelease(
            f"no release of {folder.name} as of {day}: run `{command}`, then `veiviser build` for the newest"
        )
    return found[-1]


def _switch(folder: Path, name: str) -> None:
    """Makes a release the current one, in one step that either happens or does not; under the lock."""
    part = folder / "current.part"
    part.write_text(name + "\n", encoding="utf-8")
    part.replace(folder / "current")


def make_current(folder: Path, name: str) -> None:
    """Switches to a release that stands already. Raises AlreadyBuilding when a build holds the lock."""
    with _locked(folder):
        _switch(folder, name)


def connect(path: Path) -> duckdb.DuckDBPyConnection:
    """Opens a release to read; no reader can change it."""
    con = duckdb.connect(str(path), read_only=True, config=CONFIG)
    con.execute("SET TimeZone = 'UTC'").fetchall()
    return con


@contextmanager
def building(folder: Path, name: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A new database beside the old ones; it becomes the current release only when the block ends well.

    What a killed build left behind is cleared first. Raises AlreadyBuilding when another build holds the lock.
    """
    with _locked(folder):
        _clear(folder)
        part = folder / f"{name}.building"
        try:
            with duckdb.connect(str(part), config={**CONFIG, "storage_compatibility_version": "v1.4.0"}) as con:
                # One thread: sums of fractions come out the same to the last bit, run after run.
                con.execute("SET threads = 1").fetchall()
                con.execute("SET TimeZone = 'UTC'").fetchall()
                for schema in SCHEMAS:
                    con.execute(f"CREATE SCHEMA {schema}").fetchall()
                yield con
            path_of(folder, name).parent.mkdir(exist_ok=True)
            part.replace(path_of(folder, name))
            _switch(folder, name)
        finally:
            _clear(folder)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One process at a time writes in a folder; the lock ends with the process, however it ends."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / "building.lock", timeout=WAIT_SECONDS)
    try:
        lock.acquire()
    except Timeout:
        raise AlreadyBuilding(f"another build of {folder.name} is running; wait for it, or stop it") from None
    try:
        yield
    finally:
        lock.release()


def _clear(folder: Path) -> None:
    for left in [*folder.glob("*.building*"), folder / "current.part"]:
        left.unlink(missing_ok=True)
