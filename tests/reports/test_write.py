from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from pipeline.registry.load import Registry
from pipeline.reports import write as writer


def report(files: dict[str, bytes] | Exception) -> Any:
    def render(tables: dict, registry: Registry) -> dict[str, bytes]:
        assert tables["one.table"]["x"].tolist() == [1]
        if isinstance(files, Exception):
            raise files
        return files

    return SimpleNamespace(NAME="test", TABLES=("one.table",), render=render)


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute("CREATE SCHEMA one; CREATE TABLE one.table AS SELECT 1 AS x").fetchall()
    return con


def run(monkeypatch: pytest.MonkeyPatch, con: Any, registry: Registry, folder: Path, *reports: Any) -> list[str]:
    monkeypatch.setattr(writer, "REPORTS", list(reports))
    return [path.relative_to(folder).as_posix() for path in writer.write(con, registry, folder)]


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_files_are_written_in_order(monkeypatch: Any, con: Any, registry: Registry, tmp_path: Path) -> None:
    written = run(monkeypatch, con, registry, tmp_path, report({"index.html": b"1", "a/b.xlsx": b"2"}))
    assert written == ["index.html", "a/b.xlsx"]
    assert files(tmp_path) == {"index.html": b"1", "a/b.xlsx": b"2", ".files": b"a/b.xlsx\nindex.html\n"}


def test_only_what_an_earlier_run_wrote_is_removed(
    monkeypatch: Any, con: Any, registry: Registry, tmp_path: Path
) -> None:
    run(monkeypatch, con, registry, tmp_path, report({"old.html": b"1", "same.html": b"1"}))
    (tmp_path / "notes.txt").write_bytes(b"mine")
    run(monkeypatch, con, registry, tmp_path, report({"same.html": b"2"}))
    assert files(tmp_path) == {"same.html": b"2", "notes.txt": b"mine", ".files": b"same.html\n"}


def test_nothing_is_touched_when_a_report_fails(monkeypatch: Any, con: Any, registry: Registry, tmp_path: Path) -> None:
    run(monkeypatch, con, registry, tmp_path, report({"index.html": b"1"}))
    before = files(tmp_path)
    with pytest.raises(KeyError):
        run(monkeypatch, con, registry, tmp_path, report({"index.html": b"2"}), report(KeyError("a column")))
    assert files(tmp_path) == before


@pytest.mark.parametrize("name", ["../out.html", "/tmp/out.html", ".files", ""])
def test_no_report_writes_outside(monkeypatch: Any, con: Any, registry: Registry, tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="may not write"):
        run(monkeypatch, con, registry, tmp_path, report({name: b"1"}))


def test_two_reports_may_not_write_the_same(monkeypatch: Any, con: Any, registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="may not write"):
        run(monkeypatch, con, registry, tmp_path, report({"a": b"1"}), report({"a": b"2"}))


@pytest.mark.parametrize("jurisdiction", ["norway", "england"])
def test_everything_renders_from_a_real_release(jurisdiction: str, releases: dict[str, Path]) -> None:
    from pipeline.registry.load import load
    from pipeline.warehouse.release import connect

    names = list(dict.fromkeys(name for each in writer.REPORTS for name in each.TABLES))
    with connect(releases[jurisdiction]) as con:
        made = writer.render(writer.read(con, names), load(jurisdiction))
    assert "index.html" in made and sum(name.endswith(".xlsx") for name in made) == 10
    assert max(map(len, made.values())) < 8_000_000
