import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pipeline.methods.ranking import (
    cannot_be_told_apart,
    need_rank,
    probability_above,
    probability_top,
    rank_draws,
    rank_interval,
    share_listed,
    tier,
)
from tests import slow_ways

# Few different values, so that ties are common.
draw_tables = arrays.arrays(
    float, st.tuples(st.integers(1, 6), st.integers(1, 5)), elements=st.sampled_from([0.0, 1.5, 3.0, 40.0])
)


@given(st.lists(st.integers(-20, 20), min_size=1, max_size=30))
def test_ranks_agree_with_the_slow_way(score):
    assert need_rank(np.array(score, float)).tolist() == slow_ways.need_rank(score)


def test_equal_scores_share_the_best_rank():
    assert need_rank(np.array([3.0, 1.0, 3.0, 9.0])).tolist() == [2, 4, 2, 1]


@given(st.lists(st.integers(-20, 20), min_size=1, max_size=30), st.floats(0.01, 1000))
def test_multiplying_all_scores_does_not_move_a_rank(score, factor):
    points = np.array(score, float)
    assert need_rank(points * factor).tolist() == need_rank(points).tolist()


@given(st.lists(st.integers(-20, 20), min_size=1, max_size=10, unique=True))
def test_turning_the_direction_turns_the_order(score):
    points = np.array(score, float)
    assert (need_rank(-points) + need_rank(points) == points.size + 1).all()


@pytest.mark.parametrize("rank", [need_rank, rank_draws])
def test_a_missing_score_is_not_ranked(rank):
    with pytest.raises(ValueError, match="without a score"):
        rank(np.array([[1.0, np.nan]]))


@given(draw_tables)
def test_draws_are_ranked_one_by_one(draws):
    assert rank_draws(draws).tolist() == [slow_ways.need_rank(draw) for draw in draws.tolist()]


@given(draw_tables, st.sampled_from([0.5, 0.9]))
def test_rank_interval_agrees_with_the_slow_way(draws, level):
    best, worst = rank_interval(draws, level)
    assert list(zip(best, worst, strict=True)) == slow_ways.rank_interval(draws.tolist(), level)


def test_rank_interval_holds_at_least_its_share_of_the_draws():
    draws = np.random.default_rng(4).normal(size=(1000, 25)) + np.linspace(0, 2, 25)
    best, worst = rank_interval(draws, 0.90)
    ranks = rank_draws(draws)
    inside = ((best <= ranks) & (ranks <= worst)).mean(axis=0)
    assert inside.min() >= 0.90
    assert (worst - best < 24).any()


@given(draw_tables, st.integers(0, 5))
def test_probability_top_agrees_with_the_slow_way(draws, k):
    expected = slow_ways.probability_top(draws.tolist(), k)
    np.testing.assert_allclose(probability_top(rank_draws(draws), k), expected, atol=1e-12)


@given(draw_tables, st.integers(0, 5))
def test_probabilities_sum_to_the_number_of_places(draws, k):
    total = probability_top(rank_draws(draws), k).sum()
    assert total == pytest.approx(min(k, draws.shape[1]), abs=1e-12)


def test_units_that_tie_over_the_edge_share_the_places():
    ranks = rank_draws(np.array([[9.0, 5.0, 5.0, 5.0, 1.0]]))
    np.testing.assert_allclose(probability_top(ranks, 2), [1, 1 / 3, 1 / 3, 1 / 3, 0])


def test_tiers_begin_at_their_lower_edge():
    chance = [1, 0.8, 0.79, 0.5, 0.49, 0.2, 0.19, 0.1, 0.09, 0]
    assert tier(np.array(chance)).tolist() == list("AABBCCDDEE")


def test_no_probability_no_tier():
    with pytest.raises(ValueError, match="no tier"):
        tier(np.array([0.3, np.nan]))


@given(draw_tables)
def test_pairs_agree_with_the_slow_way(draws):
    above, units = probability_above(draws), range(draws.shape[1])
    expected = [[slow_ways.above(draws.tolist(), one, other) for other in units] for one in units]
    np.testing.assert_allclose(above, expected, atol=1e-12)
    np.testing.assert_allclose(above + above.T, 1)


def test_pairs_are_told_apart_from_nine_draws_of_ten():
    """Unit 0 is above unit 1 in nine draws, above unit 2 in eight; units 1 and 2 are equal."""
    draws = np.array([[2.0, 1, 1]] * 8 + [[2, 1, 3], [0, 1, 1]])
    expected = [[False, False, True], [False, False, True], [True, True, False]]
    assert cannot_be_told_apart(probability_above(draws)).tolist() == expected


def test_a_group_is_listed_as_often_as_its_probability():
    probability = np.array([0.9, 0.6, 0.3, 0.2])
    small = [False, True, False, True]
    assert share_listed(probability, [True, True, False, False], small) == pytest.approx((0.5, 0.4))
    assert np.isnan(share_listed(probability * 0, [False] * 4, small)).all()


@given(draw_tables, st.randoms(use_true_random=False))
def test_relabelled_units_keep_their_results(draws, random):
    order = random.sample(range(draws.shape[1]), draws.shape[1])
    ranks, moved = rank_draws(draws), rank_draws(draws[:, order])
    np.testing.assert_array_equal(moved, ranks[:, order])
    np.testing.assert_allclose(probability_top(moved, 2), probability_top(ranks, 2)[order])
    np.testing.assert_allclose(probability_above(draws[:, order]), probability_above(draws)[np.ix_(order, order)])


@given(draw_tables)
def test_identical_units_share_their_results_and_one_far_below_moves_nobody(draws):
    twin = np.column_stack([draws, draws[:, 0]])
    ranks = rank_draws(twin)
    assert (ranks[:, 0] == ranks[:, -1]).all()
    assert probability_top(ranks, 2)[0] == probability_top(ranks, 2)[-1]
    below = np.column_stack([draws, np.full(len(draws), -1e6)])
    np.testing.assert_array_equal(rank_draws(below)[:, :-1], rank_draws(draws))
