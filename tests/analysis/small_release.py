"""A release of a few drawn services, with no more than the ranking reads: what England's indicators could look like."""

import duckdb
import numpy as np
import pandas as pd
from scipy import special

from pipeline.analysis.need import Ranked, ranked
from pipeline.registry.index import Index
from pipeline.registry.load import Registry, load

ENGLAND = load("england")
ROUND = ENGLAND.index.current_round
INDICATORS = ENGLAND.entering(ROUND)
YEARS = ("2023", "2024", "2025")
INDEX = ENGLAND.index.model_copy(update={"draws": 1000, "top": (3, 5), "tier_top": 5})


def cells_of(
    service: str, cases: float, need: dict[str, float] | float, years: tuple[str, ...] = YEARS
) -> pd.DataFrame:
    """Cells of one service, one row an indicator and year; need: share of cases that show need, for all or for each."""
    rows = []
    for one in INDICATORS:
        share = need[one.id] if isinstance(need, dict) else need
        bad = np.round(cases * share)
        rows += [
            (service, one.id, year, bad if one.direction == "high_is_need" else cases - bad, cases) for year in years
        ]
    cells = pd.DataFrame(rows, columns=["service_id", "indicator_id", "period", "numerator", "denominator"])
    return cells.assign(numerator_low=np.nan, numerator_high=np.nan)


def drawn(seed: int = 1, services: int = 30) -> pd.DataFrame:
    """Cells of some services with needs of their own."""
    random = np.random.default_rng(seed)
    parts = []
    for number in range(services):
        need = {one.id: special.expit(-1.8 + 0.7 * random.standard_normal()) for one in INDICATORS}
        parts.append(cells_of(f"s{number:02d}", float(random.integers(20, 400)), need))
    return pd.concat(parts, ignore_index=True)


def release(cells: pd.DataFrame, services: list[str] | None = None) -> duckdb.DuckDBPyConnection:
    """The tables that the ranking reads. services: all there are, also those without a cell."""
    names = sorted(set(cells["service_id"]) | set(services or ()))
    place = ENGLAND.jurisdiction
    pooled = cells.assign(era=ROUND.era)
    for name, day in (("period_start", place.start_of), ("period_end", place.end_of)):
        pooled[name] = pd.to_datetime(pooled["period"].map(day))
    con = duckdb.connect()
    for name, table in {
        "staging.pooled_cell": pooled,
        "staging.pooled_vintage": pooled.assign(unit_code="E1", is_first=True, is_newest=True),
        "staging.first_figure": pd.DataFrame(columns=["indicator_id", "period", "era", "is_settled"]).astype(str),
        "staging.revised_pair": pd.DataFrame(
            columns=["indicator_id", "era", "first_numerator", "first_denominator", "numerator", "denominator"]
        ).astype(str),
        "core.service": pd.DataFrame({"service_id": names}),
    }.items():
        con.execute(f"CREATE SCHEMA IF NOT EXISTS {name.split('.')[0]}").fetchall()
        con.register("given", table)
        con.execute(f"CREATE TABLE {name} AS FROM given").fetchall()
    con.execute("ALTER TABLE core.service ADD COLUMN child_population INTEGER DEFAULT 1000").fetchall()
    for name in ("valid_to", "not_ranked_reason"):
        con.execute(f"ALTER TABLE core.service ADD COLUMN {name} VARCHAR").fetchall()
    con.execute("ALTER TABLE staging.first_figure ALTER is_settled TYPE BOOLEAN").fetchall()
    return con


def ranking_of(
    cells: pd.DataFrame, services: list[str] | None = None, registry: Registry = ENGLAND, index: Index = INDEX
) -> Ranked:
    """The services ranked."""
    return ranked(release(cells, services), registry, index.current_round, index)
