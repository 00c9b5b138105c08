"""The SQL models: one SELECT a file (`sql/core/service.sql` makes core.service), run in the order they read."""

import re
from collections.abc import Iterable
from graphlib import TopologicalSorter
from pathlib import Path

import duckdb

from pipeline.progress import Say, counted, silent

TABLE = re.compile(r"\b(?:FROM|JOIN)\s+([a-z]+\.[a-z_]+)")
SQL = Path(__file__).parent / "sql"


def models(folder: Path = SQL) -> dict[str, str]:
    """Table name → its SELECT."""
    return {
        f"{path.parent.name}.{path.stem}": path.read_text(encoding="utf-8") for path in sorted(folder.glob("*/*.sql"))
    }


def one_row(select: str) -> str:
    """What one row is, as the first line of a model says: `-- One row per …`."""
    return select.partition("\n")[0].removeprefix("-- ")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def reads(select: str) -> set[str]:
    """The tables a SELECT reads: every name with a schema behind FROM or JOIN.

    (duckdb.get_table_names binds the statement, and so fails on tables that do not stand yet.)
    """
    return set(TABLE.findall(select))


def in_order(selects: dict[str, str]) -> list[str]:
    """Table names, each after those it reads; a table that no model makes is expected to be there."""
    graph = {name: reads(select) & set(selects) for name, select in selects.items()}
    return list(TopologicalSorter(dict(sorted(graph.items()))).static_order())


def behind(tables: Iterable[str], selects: dict[str, str]) -> dict[str, str]:
    """The models that the tables stand on, themselves included."""
    wanted = set(tables) & set(selects)
    further = {name for table in wanted for name in reads(selects[table]) & set(selects)} - wanted
    return behind(wanted | further, selects) if further else {name: selects[name] for name in sorted(wanted)}


def run(
    con: duckdb.DuckDBPyConnection, selects: dict[str, str], say: Say = silent, what: str = "building tables"
) -> None:
    """Makes the tables."""
    for name in counted(say, what, in_order(selects)):
        try:
            con.execute(f"CREATE TABLE {name} AS {selects[name]}").fetchall()
            con.execute(f"COMMENT ON TABLE {name} IS {_quoted(one_row(selects[name]))}").fetchall()
        except duckdb.Error as error:
            error.add_note(f"in the model {name} ({name.replace('.', '/')}.sql)")
            raise
