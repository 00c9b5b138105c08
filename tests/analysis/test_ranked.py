"""What stands beside the ranking: variants, verdicts, exits, shifts, the dialogue list, and two rankings compared."""

from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from pipeline.analysis import need, score
from pipeline.analysis.compare import compare
from pipeline.analysis.need import Ranked, ranked, tables
from pipeline.analysis.rank_tables import rank_rows, round_row
from pipeline.methods import composite, outlook, ranking
from pipeline.problems import BadInput
from pipeline.registry.load import load
from pipeline.warehouse.release import connect

ENGLAND = load("england")


@pytest.fixture(scope="module")
def con(releases: dict[str, Path]) -> duckdb.DuckDBPyConnection:
    return connect(releases["england"])


@pytest.fixture(scope="module")
def found(con: duckdb.DuckDBPyConnection) -> Ranked:
    index = ENGLAND.index.model_copy(update={"draws": 1000})
    return ranked(con, ENGLAND, ENGLAND.index.current_round, index)


@pytest.fixture(scope="module")
def result(found: Ranked) -> dict[str, pd.DataFrame]:
    return tables(found)


def test_the_base_variant_is_the_ranking_itself(found: Ranked) -> None:
    """The first of each list of alternatives is the choice made: alone, it leaves nothing but data."""
    only = {"normalisations": ("goalposts",), "means": ("power",)}
    index = found.index.model_copy(update={"alternatives": found.index.alternatives.model_copy(update=only)})
    variant = tables(replace(found, index=index))["result.need_variant"]
    assert set(variant["variants"]) == {1 * 1 * (1 + 5) * (1 + 3)}
    mean = np.mean([found.needs[one.id] for one in found.delivered], axis=(0, 1))
    assert len(variant) == found.score.is_ranked.sum() < mean.size + 1


def test_shares_of_variants_add_up_to_the_places(result: dict[str, pd.DataFrame]) -> None:
    variant = result["result.need_variant"]
    assert variant["share_in_top"].sum() == pytest.approx(ENGLAND.index.tier_top, abs=0.1)  # ties share the last place
    assert (variant["rank_least"] <= variant["rank_most"]).all()
    assert variant["is_in_top_at_best_weights"].sum() == ENGLAND.index.tier_top


def test_choices_have_their_share_of_the_variance(result: dict[str, pd.DataFrame]) -> None:
    choice = result["result.need_choice"].set_index("choice")
    assert choice["first_order"].sum() <= 1 <= choice["total_order"].sum()
    assert (choice["first_order"] <= choice["total_order"] + 1e-12).all()


def test_effective_weights_lie_between_none_and_all(result: dict[str, pd.DataFrame]) -> None:
    dimension = result["result.need_dimension"]
    assert dimension["weight"].sum() == pytest.approx(1)
    assert dimension["effective_weight"].between(0, 1).all()


def test_a_dialogue_list_is_as_long_as_declared(found: Ranked) -> None:
    for least, most, probability in ((30, 45, 0.1), (5, 5, 0.1), (60, 70, 0.1), (1, 150, 0.9)):
        asked = found.index.dialogue.model_copy(update={"least": least, "most": most, "probability": probability})
        index = found.index.model_copy(update={"dialogue": asked})
        rank = rank_rows(found.score, found.companion, found.services, index)
        chance = rank[f"probability_top_{index.tier_top}"]
        assert rank["is_dialogue"].sum() == np.clip((chance >= probability).sum(), least, most)
        assert chance[rank["is_dialogue"]].min() >= chance[~rank["is_dialogue"]].max()


def test_a_service_of_unknown_size_is_neither_small_nor_large(found: Ranked) -> None:
    """As if it were not there at all; counted as without children it would stand among the small."""
    rank, size = found.rank, pd.Series(found.children, found.services)
    unknown = rank.loc[rank["is_dialogue"], "service_id"].iloc[:3]
    size[unknown] = np.nan
    told = round_row(rank, found.services, size.to_numpy(), found.index).iloc[0]
    without = round_row(rank[~rank["service_id"].isin(unknown)], found.services, size.to_numpy(), found.index).iloc[0]
    assert told["small_listed"] == without["small_listed"] and told["small_expected"] == without["small_expected"]
    assert 0 < told["small_listed"] < 1 and told["dialogue_services"] == without["dialogue_services"] + 3
    nobody = round_row(rank, found.services, np.full(len(size), np.nan), found.index).iloc[0]
    assert np.isnan(nobody["small_listed"]) and np.isnan(nobody["small_expected"])


def test_a_verdict_against_the_law_counts_breaches(result: dict[str, pd.DataFrame]) -> None:
    verdict = result["result.indicator_verdict"]
    assert set(verdict["duty"]) <= {"met", "not_met", "unknown", "no_cases", "no_duty"}
    on_time = verdict[verdict["indicator_id"] == "assessments_on_time"]
    met = on_time["duty"] == "met"
    np.testing.assert_array_equal(
        met, (on_time["numerator_low"] == on_time["denominator"]) & (on_time["denominator"] > 0)
    )


def test_fewer_breaches_never_raise_the_score(found: Ranked) -> None:
    place = int(np.argmax(found.score.draws.mean(axis=0)))
    [one] = [each for each in found.delivered if each.id == "reviews_on_time"]
    means = [found.what_if.with_fewer(place, {one.id: cases}).mean() for cases in (0, 20, 60, 120)]
    assert means[0] == pytest.approx(found.score.draws[:, place].mean(), abs=0.05)
    assert means == sorted(means, reverse=True) and means[-1] < means[0] - 1


def test_what_if_gives_what_a_whole_refit_of_the_service_gives(found: Ranked) -> None:
    """The slow way: all services again with the changed counts, everything common held fixed."""
    assert found.ahead is not None
    place, number = 7, 2
    changed = found.ahead.counts.changed(np.copy)
    taken = min(5.0, float(changed.denominator[place, number, -1] - changed.numerator[place, number, -1]))
    changed.numerator[place, number, -1] += taken
    _, posterior = outlook.ahead(found.ahead.dynamics, changed, 4)
    every = np.stack(list(found.ahead.engine.rates(posterior, list(found.services))), axis=1)
    needs = {
        one.id: score.need(every[..., n] * one.per, one, found.index, found.each)
        for n, one in enumerate(found.delivered)
    }
    observed = {one.id: np.ones(len(found.services)) for one in found.delivered}
    slow = score.Score(found.index, found.each, found.delivered, observed, needs, len(found.services)).draws[:, place]
    np.testing.assert_allclose(found.what_if.with_fewer(place, {found.delivered[number].id: taken}), slow, rtol=1e-6)


def test_a_probability_alone_is_that_of_the_ranking(found: Ranked) -> None:
    chance = ranking.probability_top(ranking.rank_draws(found.score.draws[:, found.score.is_ranked]), 15)
    places = np.flatnonzero(found.score.is_ranked)
    for column in np.argsort(-chance)[:10]:
        place = int(places[column])
        assert found.what_if.probability(place, found.score.draws[:, place]) == pytest.approx(chance[column], abs=2e-3)


def test_an_exit_lowers_the_probability(result: dict[str, pd.DataFrame]) -> None:
    left = result["result.need_exit"]
    assert (left["fewer_cases"] >= 1).all() and (left["fewer_cases"] <= left["cases"]).all()
    assert (left["probability_then"] <= left["probability"] + 0.02).all()


def test_the_points_of_the_exact_decomposition_add_up(found: Ranked) -> None:
    needs = np.abs(np.random.default_rng(1).normal(50, 30, (200, 3)))
    weights = found.score.weights
    parts = composite.contributions(needs, weights, found.index.power)
    np.testing.assert_allclose(parts.sum(axis=1), composite.power_mean(needs, weights, found.index.power), rtol=1e-12)


def test_a_ranking_held_against_itself_says_nothing_changed(found: Ranked) -> None:
    same = compare(found, found, {}, {})
    assert (same.services["moved_by"] == 0).all() and set(same.services["why"]) == {"others"}
    assert same.rank_correlation == pytest.approx(1) and same.dialogue_kept == same.dialogue_before


def test_each_change_is_given_its_own_reason(found: Ranked) -> None:
    """One service has a figure revised, one a figure it had not, one other members; then the weights change."""
    revised, fresh, moved = found.services[[3, 4, 5]]
    [(name, cells)] = [(n, c.copy()) for n, c in found.cells.items() if n == "rereferrals"]
    cells.loc[cells["service_id"] == revised, "numerator"] += 1
    older = cells[~((cells["service_id"] == fresh) & (cells["period"] == cells["period"].max()))]
    before = replace(found, cells={**found.cells, name: older})
    told = compare(found, before, {moved: "1 2"}, {moved: "1"}).services.set_index("service_id")["why"]
    assert told[revised] == "revision" and told[fresh] == "new data" and told[moved] == "geography"
    assert set(told.drop([revised, fresh, moved])) == {"others"}
    weighted = replace(found, index=found.index.otherwise({"timeliness": 2.0}, None))
    assert set(compare(weighted, found, {}, {}).services["why"]) == {"method"}


@pytest.mark.parametrize(
    ("weights", "top", "word"),
    [({"timelines": 1.0}, None, "timelines"), ({"timeliness": 0.0}, None, "0"), ({}, 0, "0")],
)
def test_choices_that_cannot_be_are_refused(weights: dict[str, float], top: int | None, word: str) -> None:
    with pytest.raises(BadInput, match=word):
        ENGLAND.index.otherwise(weights, top)


def test_without_any_figures_nobody_is_ranked(con: duckdb.DuckDBPyConnection) -> None:
    every = tuple(one.id for one in ENGLAND.entering(ENGLAND.index.current_round))
    empty = tables(ranked(con, ENGLAND, ENGLAND.index.current_round, without=every))
    assert empty["result.need_rank"].empty and not empty["result.need_score"]["is_ranked"].any()
    assert set(empty) == set(need.rows.COLUMNS)
