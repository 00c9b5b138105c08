"""The ranking: the sums of its parts, a slow plain twin, and a simulation with known truth."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.analysis.rounds import need_tables
from pipeline.analysis.score import Score
from pipeline.registry.load import Registry, load
from pipeline.warehouse.release import connect


@pytest.fixture(params=["england", "norway"])
def made(request: pytest.FixtureRequest, releases: dict[str, Path]) -> tuple[Registry, dict[str, pd.DataFrame]]:
    """The result tables of a release."""
    with connect(releases[request.param]) as con:
        names = ("indicator_estimate", "need_score", "need_rank")
        return load(request.param), {name: con.execute(f"SELECT * FROM result.{name}").df() for name in names}


def test_probabilities_of_the_top_k_add_up_to_k(made: tuple[Registry, dict[str, pd.DataFrame]]) -> None:
    registry, tables = made
    for k in registry.index.top:
        sums = tables["need_rank"].groupby("round_id")[f"probability_top_{k}"].sum()
        np.testing.assert_allclose(sums, k, rtol=1e-9)


def test_a_longer_list_holds_the_shorter_one(made: tuple[Registry, dict[str, pd.DataFrame]]) -> None:
    registry, tables = made
    probabilities = tables["need_rank"][[f"probability_top_{k}" for k in sorted(registry.index.top)]].to_numpy()
    assert (np.diff(probabilities, axis=1) >= -1e-12).all()


def test_the_points_of_the_indicators_add_up_to_the_score(made: tuple[Registry, dict[str, pd.DataFrame]]) -> None:
    _, tables = made
    points = tables["indicator_estimate"].groupby(["round_id", "service_id"])["contribution_points"].sum()
    scores = tables["need_score"].set_index(["round_id", "service_id"])["score"]
    np.testing.assert_allclose(points.loc[scores.index], scores, rtol=1e-9)


def test_a_score_by_hand() -> None:
    """Two draws, one service, power mean of two dimensions; the slow way, with plain arithmetic."""
    registry = load("england")
    each = registry.index.rounds[0]
    needs = {"assessments_on_time": [30.0, 60], "conferences_on_time": [50.0, 20], "reviews_on_time": [0.0, 80]}
    needs |= {"rereferrals": [10.0, 100], "repeat_plans": [90.0, 0]}
    draws = {name: np.array(values)[:, None] for name, values in needs.items()}
    observed = {name: np.ones(1) for name in needs}
    score = Score(registry.index, each, registry.entering(each), observed, draws, 1)
    slow = [((40**2 + 0**2 + 50**2) / 3) ** 0.5, ((40**2 + 80**2 + 50**2) / 3) ** 0.5]
    assert score.draws[:, 0].tolist() == pytest.approx(slow)
    reviews = (0 + slow[1] * 80**2 / (40**2 + 80**2 + 50**2)) / 2
    assert score.points["reviews_on_time"].tolist() == pytest.approx([reviews])


def test_an_estimate_lies_in_its_interval_and_between_own_and_country(
    made: tuple[Registry, dict[str, pd.DataFrame]],
) -> None:
    estimates = made[1]["indicator_estimate"]
    assert ((estimates["value_low"] <= estimates["value"]) & (estimates["value"] <= estimates["value_high"])).all()
    observed = estimates[estimates["is_observed"] & (estimates["hidden_cells"] == 0)]
    for _, rows in observed.groupby(["round_id", "indicator_id"]):
        middle = estimates.loc[rows.index, "value"].mean()
        pulled = (rows["value"] - rows["observed_value"]) * (middle - rows["observed_value"])
        far = (rows["observed_value"] - middle).abs() > 0.2 * middle
        assert (pulled[far] >= -1e-9).all()


def test_who_is_not_ranked_says_why_and_has_no_rank(made: tuple[Registry, dict[str, pd.DataFrame]]) -> None:
    _, tables = made
    scores = tables["need_score"]
    assert (scores["not_ranked_reason"].isna() == scores["is_ranked"]).all()
    ranked = set(map(tuple, scores.loc[scores["is_ranked"], ["round_id", "service_id"]].to_numpy()))
    assert ranked == set(map(tuple, tables["need_rank"][["round_id", "service_id"]].to_numpy()))


def test_a_service_without_a_whole_dimension_is_not_ranked() -> None:
    """Three services, four dimensions; the second lacks foster children altogether, the third a third of capacity."""
    registry = load("norway")
    each = registry.index.rounds[1]
    missing = {"foster_supervision_missed": [1, 0, 1], "foster_follow_up_missed": [1, 0, 1], "caseload": [1, 1, 0]}
    entering = registry.entering(each)
    observed = {one.id: np.array(missing.get(one.id, [1, 1, 1]), float) for one in entering}
    score = Score(registry.index, each, entering, observed, {one.id: np.full((2, 3), 50.0) for one in entering}, 3)
    assert score.is_ranked.tolist() == [True, False, True]
    assert score.observed_weight_share.tolist() == pytest.approx([1, 0.75, 1 - 1 / 12])


def test_an_indicator_that_was_not_delivered_counts_as_not_observed() -> None:
    """Of three capacity indicators one came: a third of that dimension; with the other dimension, two thirds of the weight."""
    registry = load("norway")
    each = registry.index.current_round
    entering = registry.entering(each)
    came = ["deadline_breaches", "caseload"]
    needs = {name: np.full((2, 1), 50.0) for name in came}
    score = Score(registry.index, each, entering, {name: np.ones(1) for name in came}, needs, 1)
    assert score.observed_weight_share.tolist() == pytest.approx([(1 + 1 / 3) / 2])
    assert score.is_ranked.tolist() == [True]


def test_the_same_seed_gives_the_same_table_to_the_last_bit(releases: dict[str, Path]) -> None:
    with connect(releases["england"]) as con:
        stored = con.execute("SELECT * FROM result.need_rank ORDER BY ALL").df()
        again = need_tables(con, load("england"))["result.need_rank"]
        con.register("again", again)
        made = con.execute("SELECT * FROM again ORDER BY ALL").df()
    pd.testing.assert_frame_equal(made[stored.columns], stored, check_exact=True, check_dtype=False)


def test_goalposts_are_what_their_basis_says(releases: dict[str, Path]) -> None:
    """Declared numbers, so a witness: the 5th and 95th percentile of the shrunken values of their round, rounded."""
    for jurisdiction in releases:
        registry = load(jurisdiction)
        with connect(releases[jurisdiction]) as con:
            quantiles = con.execute(
                """SELECT indicator_id, round_id, quantile_cont(value, [0.05, 0.95]) FROM result.indicator_estimate
                   GROUP BY ALL"""
            ).fetchall()
        rounds = {each.id: each for each in registry.index.rounds}
        for indicator_id, round_id, (low, high) in quantiles:
            [post] = [
                p for p in registry.index.goalposts if (p.indicator, p.era) == (indicator_id, rounds[round_id].era)
            ]
            indicator = registry.indicators[indicator_id]
            worst, best = (high, low) if indicator.direction == "high_is_need" else (low, high)
            slack = 0.15 * abs(high - low)
            assert post.at_full == pytest.approx(worst, abs=slack), (jurisdiction, indicator_id, post.era)
            if not post.basis.startswith(("Law", "Guidance")):
                assert post.at_none == pytest.approx(best, abs=slack), (jurisdiction, indicator_id, post.era)
