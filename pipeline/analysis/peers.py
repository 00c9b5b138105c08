"""Services that are alike: in size, co-operation, caseload and context, as `peers.toml` declares it.

Table: result.service_peer. Peers are context to talk about, and enter no score (docs/methods.md).
"""

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.methods.peers import NOBODY, distances, nearest, standardised
from pipeline.methods.rates import expected_totals
from pipeline.registry.index import Round
from pipeline.registry.load import Registry
from pipeline.registry.peers import Feature, Peers

Floats = NDArray[np.float64]

PEER = {"round_id": "str", "service_id": "str", "place": "int64", "peer_id": "str", "distance": "float64"}
PEER |= {"version": "str"}

SERVICES = """
SELECT service_id, child_population, municipalities FROM core.service
WHERE valid_to IS NULL AND not_ranked_reason IS NULL ORDER BY service_id
"""
CELLS = """
SELECT service_id, numerator, denominator, numerator_low, numerator_high
FROM staging.pooled_cell
WHERE indicator_id = ? AND era = ? AND period_start >= ? AND period_end <= ? AND denominator > 0
ORDER BY ALL
"""


def peer_tables(con: duckdb.DuckDBPyConnection, registry: Registry) -> dict[str, pd.DataFrame]:
    """One row a round, service and similar service, the nearest first; none where no likeness is declared."""
    services = con.execute(SERVICES).df()
    empty = pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in PEER.items()})
    rounds = [_peers(con, registry, registry.peers, each, services) for each in registry.index.rounds if registry.peers]
    return {"result.service_peer": pd.concat(rounds, ignore_index=True) if rounds else empty}


def _peers(
    con: duckdb.DuckDBPyConnection, registry: Registry, peers: Peers, each: Round, services: pd.DataFrame
) -> pd.DataFrame:
    features = np.column_stack([feature_values(con, registry, feature, each, services) for feature in peers.features])
    is_log = [feature.transform == "log" for feature in peers.features]
    weights = [feature.weight for feature in peers.features]
    distance = distances(standardised(features, is_log), weights, peers.minimum_weight_share)
    found = nearest(distance, peers.number)
    unit, place = np.nonzero(found != NOBODY)
    peer, names = found[unit, place], services["service_id"].to_numpy()
    table = pd.DataFrame({"service_id": names[unit], "place": place + 1, "peer_id": names[peer]})
    return table.assign(round_id=each.id, distance=distance[unit, peer], version=peers.version)[list(PEER)].astype(PEER)


def feature_values(
    con: duckdb.DuckDBPyConnection, registry: Registry, feature: Feature, each: Round, services: pd.DataFrame
) -> Floats:
    """One value a service: a column of today, or the round's counts summed and then divided; NaN where unknown."""
    if feature.indicator is None:
        return services[feature.id].to_numpy(dtype=float)
    series = registry.indicators[feature.indicator].in_era(each.era)
    if series is None:
        return np.full(len(services), np.nan)
    start, end = registry.jurisdiction.start_of(each.first_period), registry.jurisdiction.end_of(each.last_period)
    cells = con.execute(CELLS, [feature.indicator, each.era, start, end]).df()
    cells = cells[cells["service_id"].isin(services["service_id"])]
    unit, size = np.searchsorted(services["service_id"], cells["service_id"]), len(services)
    denominator = np.bincount(unit, cells["denominator"], size)
    numerator = expected_totals(
        cells["numerator"],
        cells["denominator"],
        cells["numerator_low"],
        cells["numerator_high"],
        unit,
        size,
        series.likelihood,
    )
    return np.divide(numerator, denominator, where=denominator > 0, out=np.full(size, np.nan))
