import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.spatial.distance import cdist

from pipeline.methods.peers import NOBODY, distances, nearest, standardised
from tests import slow_ways

# Few different values and many gaps, so that ties, constant features and pairs without comparison are common.
VALUES = [0.5, 1.0, 2.0, 40.0, np.nan]
IS_LOG = [True, False, False]
WEIGHTS = [1.0, 0.5, 2.0]
tables = arrays.arrays(float, st.tuples(st.integers(1, 7), st.just(3)), elements=st.sampled_from(VALUES))
shares = st.sampled_from([0.0, 2 / 7, 0.66, 1.0])


def between(table: np.ndarray, least_share: float = 0.66) -> np.ndarray:
    return distances(standardised(table, IS_LOG), WEIGHTS, least_share)


@given(tables)
def test_standardising_agrees_with_the_slow_way(table):
    slow = [slow_ways.in_deviations(table[:, n].tolist(), is_log) for n, is_log in enumerate(IS_LOG)]
    np.testing.assert_allclose(standardised(table, IS_LOG), np.array(slow).T, atol=1e-12)


@given(tables, shares)
def test_distances_agree_with_the_slow_way(table, least_share):
    slow = [[slow_ways.distance(a, b, WEIGHTS, least_share) for b in table.tolist()] for a in table.tolist()]
    np.testing.assert_allclose(distances(table, WEIGHTS, least_share), slow, atol=1e-12)


@given(tables, st.integers(1, 9))
def test_the_nearest_agree_with_the_slow_way(table, k):
    distance = between(table)
    found = [[unit for unit in row if unit != NOBODY] for row in nearest(distance, k).tolist()]
    assert found == slow_ways.nearest(distance.tolist(), k)


def test_without_gaps_it_is_the_weighted_euclidean_distance_of_scipy():
    table = np.random.default_rng(5).normal(size=(20, 3))
    scaled = np.array(WEIGHTS) / sum(WEIGHTS)
    np.testing.assert_allclose(distances(table, WEIGHTS, 1), cdist(table, table, w=scaled), atol=1e-12)


@given(tables, shares)
def test_distances_are_the_same_both_ways(table, least_share):
    distance = between(table, least_share)
    np.testing.assert_array_equal(distance, distance.T)


@given(tables, st.integers(1, 9))
def test_nobody_is_a_peer_of_itself_and_nobody_comes_twice(table, k):
    for unit, row in enumerate(nearest(between(table), k).tolist()):
        peers = [peer for peer in row if peer != NOBODY]
        assert unit not in peers and len(set(peers)) == len(peers)
        assert row == peers + [NOBODY] * (k - len(peers))


@given(tables, st.integers(1, 9))
def test_a_shorter_list_is_the_start_of_a_longer_one(table, k):
    distance = between(table)
    np.testing.assert_array_equal(nearest(distance, k), nearest(distance, k + 1)[:, :k])


@given(tables, st.randoms(use_true_random=False))
def test_the_order_of_the_units_does_not_change_a_distance(table, random):
    order = random.sample(range(len(table)), len(table))
    expected = between(table)[np.ix_(order, order)]
    np.testing.assert_allclose(between(table[order]), expected, atol=1e-9)


@given(tables, arrays.arrays(float, 3, elements=st.sampled_from([0.001, 0.5, 7.0, 1000.0])))
def test_the_unit_of_a_feature_does_not_matter(table, factor):
    np.testing.assert_allclose(between(table * factor), between(table), atol=1e-9)


@given(tables, st.sampled_from([0.25, 3.0, 100.0]))
def test_only_the_proportions_of_the_weights_matter(table, factor):
    other = distances(standardised(table, IS_LOG), np.array(WEIGHTS) * factor, 0.66)
    np.testing.assert_allclose(other, between(table), atol=1e-12)


def test_of_two_equally_near_the_first_comes_first():
    distance = np.array([[0, 2, 1, 1], [2, 0, 2, 2], [1, 2, 0, 3], [1, 2, 3, 0.0]])
    assert nearest(distance, 3).tolist() == [[2, 3, 1], [0, 2, 3], [0, 1, 3], [0, 1, 2]]


def test_a_gap_brings_nobody_nearer():
    table = np.array([[0.0, 0, 0], [1, 1, 1], [1, np.nan, 1]])
    apart = distances(table, WEIGHTS, 0.66)
    assert apart[0, 1] == pytest.approx(apart[0, 2]) == pytest.approx(1)


def test_too_little_in_common_is_no_comparison():
    table = np.array([[0.0, 0, np.nan], [np.nan, 1, 1], [1, 1, 1]])
    apart = distances(table, WEIGHTS, 0.4)
    assert np.isnan(apart[0, 1]) and not np.isnan(apart[0, 2])
    assert nearest(apart, 2).tolist() == [[2, NOBODY], [2, NOBODY], [1, 0]]


def test_a_feature_that_all_share_tells_nobody_apart():
    assert standardised([[0.1, 1, 3], [0.1, 1, 5], [0.1, 1, 4]], [False, True, False])[:, :2].tolist() == [[0, 0]] * 3


def test_a_weight_of_nothing_is_told():
    with pytest.raises(ValueError, match="must be above 0"):
        distances(np.zeros((2, 2)), [1, 0], 0.66)
