"""The ranking on figures as they were first published, held against the ranking on the newest ones.

Tables: result.need_vintage, result.need_vintage_round. Municipalities, services and choices are those of today in both,
so that what differs is revision alone.
"""

import duckdb
import pandas as pd

from pipeline.analysis.compare import chances, compare
from pipeline.analysis.need import Ranked, ranked
from pipeline.registry.load import Registry

# Indicators of which a period was published more than once, and those of which any count of such a period changed.
EDITIONS = """
WITH entering AS (
    SELECT * FROM staging.pooled_vintage
    WHERE era = ? AND period_start >= ? AND period_end <= ? AND list_contains(?, indicator_id) AND is_first <> is_newest
), counted AS (
    SELECT
        indicator_id, is_first,
        hash(unit_code, period, round(numerator, 6), round(denominator, 6), numerator_low, numerator_high) AS cell
    FROM entering
), changed AS (
    SELECT indicator_id FROM counted GROUP BY indicator_id, cell
    HAVING NOT (bool_or(is_first) AND bool_or(NOT is_first))
)
SELECT (SELECT count(DISTINCT indicator_id) FROM entering WHERE is_first), count(DISTINCT indicator_id) FROM changed
"""
LISTS = (15, 30)
SERVICE = {"service_id": "str", "tier": "str", "tier_first": "str", "probability": "float64"}
SERVICE |= {"probability_first": "float64", "moved_by": "float64", "why": "str"}
ROUND = dict.fromkeys(["indicators", "indicators_twice", "indicators_revised", "services"], "int64")
ROUND |= {"rank_correlation": "float64"}
ROUND |= {f"kept_{k}": "float64" for k in LISTS}
COLUMNS = {"result.need_vintage": SERVICE, "result.need_vintage_round": ROUND}


def vintage_tables(con: duckdb.DuckDBPyConnection, registry: Registry, now: Ranked) -> dict[str, pd.DataFrame]:
    """One row a service of a round whose figures were published more than once, and one row a round in any case."""
    names, place, each = [one.id for one in now.delivered], registry.jurisdiction, now.each
    span = place.start_of(each.first_period), place.end_of(each.last_period)
    [(twice, revised)] = con.execute(EDITIONS, [each.era, *span, names]).fetchall()
    services, whole = None, {"indicators": len(names), "indicators_twice": twice, "indicators_revised": revised}
    whole["services"] = 0
    if twice:
        first = ranked(con, registry, each, now.index, cells_of="staging.first_cell") if revised else now
        found = compare(now, first, {}, {})
        services = found.services.rename(
            columns={f"{name}_before": f"{name}_first" for name in ("tier", "probability")}
        )
        whole |= {"services": len(services), "rank_correlation": found.rank_correlation} | _kept(now, first)
    return {
        "result.need_vintage": _shaped(services, SERVICE).assign(round_id=each.id),
        "result.need_vintage_round": _shaped(pd.DataFrame([whole]), ROUND).assign(round_id=each.id),
    }


def _kept(now: Ranked, first: Ranked) -> dict[str, int]:
    """How many of the services that were most likely on a list are so still, for each length of list."""
    return {f"kept_{k}": len(_top(now, k) & _top(first, k)) for k in LISTS}


def _top(of: Ranked, k: int) -> set[str]:
    return set(chances(of).nlargest(k, ["probability", "score"])["service_id"])


def _shaped(table: pd.DataFrame | None, kinds: dict[str, str]) -> pd.DataFrame:
    if table is None:
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})
    return table.reindex(columns=list(kinds)).astype({c: k for c, k in kinds.items() if k != "str"})
