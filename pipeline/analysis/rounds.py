"""The tables of all rounds: the ranking, and beside it the second view and the first-published figures."""

import duckdb
import pandas as pd

from pipeline.analysis.context import context_tables
from pipeline.analysis.need import ranked, tables
from pipeline.analysis.vintages import vintage_tables
from pipeline.registry.index import Round
from pipeline.registry.load import Registry


def need_tables(con: duckdb.DuckDBPyConnection, registry: Registry) -> dict[str, pd.DataFrame]:
    """The result tables of all rounds, one below the other."""
    rounds = [_tables(con, registry, each) for each in registry.index.rounds]
    return {name: pd.concat([each[name] for each in rounds], ignore_index=True) for name in rounds[0]}


def _tables(con: duckdb.DuckDBPyConnection, registry: Registry, each: Round) -> dict[str, pd.DataFrame]:
    of = ranked(con, registry, each)
    return tables(of) | context_tables(con, registry, of) | vintage_tables(con, registry, of)
