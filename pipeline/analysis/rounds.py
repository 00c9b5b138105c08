"""The tables of all rounds: the ranking, and beside it other data, experts, conditions, first-published figures."""

import duckdb
import pandas as pd

from pipeline.analysis.context import context_tables
from pipeline.analysis.experts import expert_rows
from pipeline.analysis.need import Ranked, ranked, tables
from pipeline.analysis.refits import refit_tables
from pipeline.analysis.vintages import vintage_tables
from pipeline.progress import Say, silent
from pipeline.registry.index import Round
from pipeline.registry.load import Registry

Tables = dict[str, pd.DataFrame]


def need_tables(con: duckdb.DuckDBPyConnection, registry: Registry, say: Say = silent) -> Tables:
    """The result tables of all rounds, one below the other."""
    rounds = [_tables(con, registry, each, say) for each in registry.index.rounds]
    return {name: pd.concat([each[name] for each in rounds], ignore_index=True) for name in rounds[0]}


def _tables(con: duckdb.DuckDBPyConnection, registry: Registry, each: Round, say: Say) -> Tables:
    of = ranked(con, registry, each, say=say)
    experts = expert_rows(of.needs, of.score, of.services, of.index, registry.experts).assign(round_id=each.id)
    return (
        tables(of, _refits(of, registry, say))
        | {"result.need_expert": experts}
        | context_tables(con, registry, of)
        | vintage_tables(con, registry, of)
    )


def _refits(of: Ranked, registry: Registry, say: Say) -> Tables:
    if of.ahead is None or not of.score.is_ranked.any():
        return {}
    return refit_tables(of.ahead, of.score, of.cells, of.delivered, of.services, of.index, of.each, registry, say)
