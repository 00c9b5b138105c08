"""The second view on releases: who stands in it, that it adds up, that it changes no ranking, and where it is silent."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from pipeline.analysis.context import COLUMNS, conditions, context_tables
from pipeline.analysis.need import Ranked, ranked
from pipeline.registry.load import Registry, load
from pipeline.registry.peers import Peers
from pipeline.warehouse.release import connect

WORDS = {"nb": "x", "nn": "x", "en": "x"}


def of_children() -> Registry:
    """England with the number of children as its only condition."""
    feature = {"column": "child_population", "weight": 1, "transform": "log", "label": WORDS}
    adjustment = {"decided_on": date(2026, 1, 1), "features": ["child_population"], "peer_group": False, "reason": "x"}
    given = {"version": "x", "decided_on": date(2026, 1, 1), "number": 3, "minimum_weight_share": 1}
    peers = Peers.model_validate(given | {"features": [feature], "adjustment": adjustment})
    return replace(load("england"), peers=peers)


@pytest.fixture(scope="module")
def con(releases: dict[str, Path]) -> duckdb.DuckDBPyConnection:
    return connect(releases["england"])


@pytest.fixture(scope="module")
def found(con: duckdb.DuckDBPyConnection) -> Ranked:
    registry = load("england")
    return ranked(con, registry, registry.index.current_round, registry.index.model_copy(update={"draws": 1000}))


@pytest.fixture(scope="module")
def result(con: duckdb.DuckDBPyConnection, found: Ranked) -> dict[str, pd.DataFrame]:
    return context_tables(con, of_children(), found)


def test_it_stands_beside_the_ranking_service_by_service(found: Ranked, result: dict[str, pd.DataFrame]) -> None:
    adjusted = result["result.need_adjusted"]
    assert list(adjusted["service_id"]) == list(found.services[found.score.is_ranked])
    assert adjusted["probability_top"].sum() == pytest.approx(found.index.tier_top)
    before = found.score.draws[:, found.score.is_ranked].mean(axis=0)
    np.testing.assert_allclose(adjusted["score"] + adjusted["context_points"], before)
    assert ((adjusted["score_low"] <= adjusted["score"]) & (adjusted["score"] <= adjusted["score_high"])).all()


def test_what_is_expected_rises_or_falls_with_the_condition(
    con: duckdb.DuckDBPyConnection, found: Ranked, result: dict[str, pd.DataFrame]
) -> None:
    """One feature and no groups: what is expected is a line in it, on the model's scale, and so in order."""
    features, groups, is_known = conditions(con, of_children(), found.each, found.services)
    assert features.shape == (len(found.services), 1) and (groups == -1).all()
    context = result["result.indicator_context"]
    for _, rows in context.groupby("indicator_id"):
        order = pd.Series(features[is_known, 0]).corr(
            pd.Series(rows["context_value"].to_numpy()[is_known]), method="spearman"
        )
        assert abs(order) > 0.999
    assert context.groupby("service_id")["context_is_known"].first().to_numpy().tolist() == is_known.tolist()


def test_the_word_is_that_of_the_probability(result: dict[str, pd.DataFrame]) -> None:
    context = result["result.indicator_context"]
    sure = {"more_need": (0.9, 1), "as_expected": (0.1, 0.9), "less_need": (0, 0.1)}
    assert set(context["beyond"]) == set(sure)
    for word, (low, high) in sure.items():
        assert context.loc[context["beyond"] == word, "probability_more_need"].between(low, high).all()


def test_without_declared_conditions_the_tables_are_there_and_empty(
    con: duckdb.DuckDBPyConnection, found: Ranked
) -> None:
    empty = context_tables(con, load("england"), found)
    assert {name: list(table.columns) for name, table in empty.items()} == {
        name: [*kinds, "round_id"] for name, kinds in COLUMNS.items()
    }
    assert all(table.empty for table in empty.values())


def test_a_feature_that_is_not_declared_is_refused() -> None:
    with pytest.raises(ValueError, match="allowed: some of"):
        given = of_children().peers
        assert given is not None and given.adjustment is not None
        wrong = given.model_dump() | {"adjustment": given.adjustment.model_dump() | {"features": ["caseload"]}}
        Peers.model_validate(wrong)


def test_norway_takes_out_three_conditions_and_keeps_the_order(releases: dict[str, Path]) -> None:
    """The bundled figures were drawn without a context, so it must explain next to nothing."""
    with connect(releases["norway"]) as con:
        model = con.execute("SELECT * FROM result.context_model").df()
        whole = con.execute("SELECT * FROM result.adjusted_round").df()
    assert (model["explained_share"] < 0.15).all() and model["explained_share"].median() < 0.05
    assert (whole["rank_correlation"] > 0.95).all() and (whole["narrower_share"].abs() < 0.1).all()
