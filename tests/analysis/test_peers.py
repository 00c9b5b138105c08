"""Similar services: the slow way on a release, who takes no part, and what a group's median and mean are made of."""

import math
import statistics
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from pipeline.analysis.peers import SERVICES, feature_values, peer_tables
from pipeline.registry.load import Registry, load
from pipeline.registry.peers import Peers
from pipeline.warehouse.release import connect
from tests import slow_ways

WORDS = {"nb": "x", "nn": "x", "en": "x"}
ROUNDS = [each.id for each in load("norway").index.rounds]


def by_children(number: int) -> Peers:
    feature = {"column": "child_population", "weight": 1, "transform": "log", "label": WORDS}
    given = {"version": "drawn", "decided_on": date(2026, 1, 1), "number": number, "minimum_weight_share": 1}
    return Peers.model_validate(given | {"features": [feature]})


def features(con: duckdb.DuckDBPyConnection, registry: Registry, round_id: str) -> pd.DataFrame:
    """Service × feature, as the analysis reads them."""
    assert registry.peers is not None
    services = con.execute(SERVICES).df()
    each = next(one for one in registry.index.rounds if one.id == round_id)
    columns = {one.id: feature_values(con, registry, one, each, services) for one in registry.peers.features}
    return pd.DataFrame(columns, index=services["service_id"])


@pytest.mark.parametrize("round_id", ROUNDS)
def test_the_peers_of_a_release_are_those_of_the_slow_way(releases: dict[str, Path], round_id: str) -> None:
    registry = load("norway")
    assert (declared := registry.peers) is not None
    with connect(releases["norway"]) as con:
        made = con.execute(
            "SELECT * FROM result.service_peer WHERE round_id = ? ORDER BY service_id, place", [round_id]
        ).df()
        table = features(con, registry, round_id)
    columns = [slow_ways.in_deviations(table[one.id].tolist(), one.transform == "log") for one in declared.features]
    rows, weights = [list(row) for row in zip(*columns, strict=True)], [one.weight for one in declared.features]
    apart = [[slow_ways.distance(a, b, weights, declared.minimum_weight_share) for b in rows] for a in rows]
    slow = slow_ways.nearest(apart, declared.number)
    assert made.groupby("service_id")["peer_id"].agg(list).to_dict() == {
        service: [str(table.index[peer]) for peer in peers]
        for service, peers in zip(table.index, slow, strict=True)
        if peers
    }
    assert set(made["version"]) == {declared.version}
    np.testing.assert_allclose(made["distance"], [apart[n][peer] for n, peers in enumerate(slow) for peer in peers])


@pytest.mark.parametrize("round_id", ROUNDS)
def test_an_indicator_is_pooled_as_the_ranking_pools_it(releases: dict[str, Path], round_id: str) -> None:
    """Caseload by a second way: the ranking sums the municipalities' cells, this one the services'."""
    with connect(releases["norway"]) as con:
        ranked = con.execute(
            """SELECT service_id, numerator, denominator, hidden_cells FROM result.indicator_estimate
               WHERE round_id = ? AND indicator_id = 'caseload' ORDER BY service_id""",
            [round_id],
        ).df()
        caseload = features(con, load("norway"), round_id)["caseload"]
    ranked = ranked.set_index("service_id")
    whole = ranked[(ranked["hidden_cells"] == 0) & (ranked["denominator"] > 0)]
    assert len(whole) > 200
    np.testing.assert_allclose(caseload.loc[whole.index], whole["numerator"] / whole["denominator"])


def test_a_declared_service_takes_no_part(releases: dict[str, Path]) -> None:
    """Isles of Scilly (420) is declared out of the English ranking: nobody's peer, and without peers."""
    with connect(releases["england"]) as con:
        children = con.execute("SELECT service_id, child_population FROM core.service WHERE valid_to IS NULL").df()
        made = peer_tables(con, replace(load("england"), peers=by_children(3)))["result.service_peer"]
    assert "municipality_420" in set(children["service_id"])
    assert set(made["service_id"]) == set(children["service_id"]) - {"municipality_420"}
    assert "municipality_420" not in set(made["peer_id"])
    size = {row.service_id: math.log(row.child_population) for row in children.itertuples()}
    kent = sorted(
        set(made["service_id"]) - {"municipality_886"}, key=lambda one: abs(size[one] - size["municipality_886"])
    )
    assert made.loc[made["service_id"] == "municipality_886", "peer_id"].tolist() == kent[:3]


def test_without_a_declared_likeness_nobody_has_peers(releases: dict[str, Path]) -> None:
    with connect(releases["england"]) as con:
        found = con.execute("SELECT count(*) FROM result.service_peer").fetchall()
        told = con.execute("SELECT count(*), count(peers), count(peer_median) FROM mart.estimate").fetchall()
    assert found == [(0,)]
    assert told[0][0] > 0 and told[0][1:] == (0, 0)


@pytest.mark.parametrize("group", ["peer", "peer_group"])
def test_a_group_is_the_median_service_and_the_pooled_cases(releases: dict[str, Path], group: str) -> None:
    """Every fiftieth estimate, from lists: a median over services, and a mean over cases."""
    with connect(releases["norway"]) as con:
        estimates = con.execute("SELECT * FROM mart.estimate").df()
        peers = con.execute("SELECT round_id, service_id, peer_id FROM result.service_peer").df()
        kostra = dict(con.execute("SELECT service_id, peer_group FROM core.service WHERE valid_to IS NULL").fetchall())
    alike = peers.groupby(["round_id", "service_id"])["peer_id"].agg(set).to_dict()
    for row in estimates.iloc[::50].itertuples():
        members = {
            "peer": alike[row.round_id, row.service_id],
            "peer_group": {one for one in kostra if kostra[one] == kostra[row.service_id]},
        }[group]
        rows = estimates[
            (estimates["round_id"] == row.round_id)
            & (estimates["indicator_id"] == row.indicator_id)
            & estimates["service_id"].isin(members)
            & estimates["is_observed"]
        ]
        cases = sum(value / 100 * n for value, n in zip(rows["value"], rows["denominator"], strict=True))
        counted = getattr(row, {"peer": "peers", "peer_group": "peer_group_services"}[group])
        assert counted == len(rows) > 0
        assert getattr(row, f"{group}_median") == pytest.approx(statistics.median(rows["value"]))
        assert getattr(row, f"{group}_pooled_mean") == pytest.approx(100 * cases / rows["denominator"].sum())
