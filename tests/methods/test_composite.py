import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.methods.composite import contributions, grouped_mean, need, power_mean
from tests import slow_ways

points = st.floats(0.5, 150)
dimensions = st.lists(st.tuples(points, st.floats(0.1, 10)), min_size=1, max_size=6)


def split(pairs):
    return [list(part) for part in zip(*pairs, strict=True)]


@pytest.mark.parametrize(
    "value, low, high, expected",
    [
        (0.0, 0.0, 0.4, 0),
        (0.1, 0.0, 0.4, 25),
        (0.5, 0.0, 0.4, 125),
        (0.9, 0.0, 0.4, 150),
        (95.0, 90.0, 50.0, 0),  # a high value is good here: goalposts the other way round
        (80.0, 90.0, 50.0, 25),
        (40.0, 90.0, 50.0, 125),
    ],
)
def test_need_between_goalposts(value, low, high, expected):
    assert need(value, low, high) == pytest.approx(expected)


def test_need_takes_draws_with_goalposts_per_indicator():
    draws = np.array([[[0.1, 80.0], [0.2, 70.0]], [[0.4, 50.0], [np.nan, 90.0]]])
    expected = np.array([[[25, 25], [50, 50]], [[100, 100], [np.nan, 0]]])
    np.testing.assert_allclose(need(draws, [0.0, 90.0], [0.4, 50.0]), expected)


def test_equal_goalposts_are_refused():
    with pytest.raises(ValueError, match="must differ"):
        need(0.3, [0.0, 0.2], [0.5, 0.2])


@pytest.mark.parametrize("needs, mean, quadratic", [([90, 10, 10, 10], 30, 45.8), ([30, 30, 30, 30], 30, 30)])
def test_table_of_compensability(needs, mean, quadratic):
    """methods.md, section 1.6."""
    values = np.array(needs, float)
    assert power_mean(values, np.ones(4), 1.0) == pytest.approx(mean)
    assert power_mean(values, np.ones(4)) == pytest.approx(quadratic, abs=0.05)


@given(dimensions, st.sampled_from([1.0, 2.0, 3.0]))
def test_power_mean_agrees_with_the_slow_way(pairs, power):
    values, weights = split(pairs)
    expected = slow_ways.power_mean(values, weights, power)
    assert power_mean(np.array(values), weights, power) == pytest.approx(expected)


@given(dimensions, st.floats(0.01, 100))
def test_the_scale_of_the_weights_does_not_matter(pairs, factor):
    values, weights = split(pairs)
    scaled = power_mean(np.array(values), np.array(weights) * factor)
    assert scaled == pytest.approx(power_mean(np.array(values), weights))


@given(dimensions)
def test_geometric_and_harmonic_mean(pairs):
    values, weights = split(pairs)
    share = np.array(weights) / sum(weights)
    assert power_mean(np.array(values), weights, 0) == pytest.approx(np.prod(np.array(values) ** share))
    assert power_mean(np.array(values), weights, -1) == pytest.approx(1 / np.sum(share / values))
    near = slow_ways.power_mean(values, weights, 1e-7)
    assert power_mean(np.array(values), weights, 0) == pytest.approx(near, rel=1e-4)


def test_one_zero_makes_them_zero_unless_it_has_no_weight():
    values = np.array([0.0, 4.0])
    assert power_mean(values, [1, 1], 0) == power_mean(values, [1, 1], -1) == 0
    assert power_mean(values, [0, 1], 0) == power_mean(values, [0, 1], -1) == pytest.approx(4)


def test_a_geometric_mean_has_no_parts():
    with pytest.raises(ValueError, match="above 0"):
        contributions(np.array([1.0, 2.0]), [1, 1], 0)


@given(dimensions, st.sampled_from([-1.0, 0.0, 1.0, 2.0]))
def test_a_group_of_its_own_is_its_value_and_one_group_the_mean(pairs, power):
    values, weights = (np.array(part) for part in split(pairs))
    alone = grouped_mean(values, range(len(values)), weights, power)
    np.testing.assert_allclose(alone, values)
    together = grouped_mean(values[None], [0] * len(values), weights, power)
    np.testing.assert_allclose(together[0, 0], power_mean(values, weights, power))


def test_weights_follow_the_axis():
    values = np.arange(24.0).reshape(2, 3, 4)
    weights = [1.0, 2.0, 5.0]
    expected = [[slow_ways.power_mean(list(v), weights, 1) for v in block.T] for block in values]
    np.testing.assert_allclose(power_mean(values, weights, 1.0, axis=1), expected)


def test_missing_values():
    values = np.array([[10.0, np.nan], [10.0, np.nan], [np.nan, 40.0], [10.0, 40.0]])
    weights = np.array([[1.0, 1.0], [1.0, 0.0], [0.0, 3.0], [0.0, 0.0]])
    np.testing.assert_allclose(power_mean(values, weights, 1.0), [np.nan, 10, 40, np.nan])


def test_negative_weights_are_refused():
    with pytest.raises(ValueError, match="negative"):
        power_mean(np.array([1.0, 2.0]), [1.0, -0.5], 1.0)


@given(dimensions)
def test_contributions_sum_to_the_score(pairs):
    values, weights = split(pairs)
    parts = contributions(np.array(values), weights)
    assert parts.sum() == pytest.approx(power_mean(np.array(values), weights), rel=1e-12)


@given(dimensions)
def test_contributions_are_the_marginal_points(pairs):
    values, weights = split(pairs)
    expected = slow_ways.marginal_points(values, weights)
    np.testing.assert_allclose(contributions(np.array(values), weights), expected, rtol=1e-4)


def test_contributions_of_draws_and_of_no_need():
    needs = np.array([[[3.0, 4.0], [0.0, 0.0]], [[0.0, 5.0], [6.0, 6.0]]])
    parts = contributions(needs, [1.0, 1.0])
    assert parts.shape == needs.shape
    np.testing.assert_allclose(parts[0, 1], [0, 0])
    np.testing.assert_allclose(parts[1, 0], [0, 5 / np.sqrt(2)])
    np.testing.assert_allclose(parts[0, 0, 0] / parts[0, 0, 1], 9 / 16)


@given(dimensions, st.floats(1, 4))
def test_contributions_of_any_power_add_up(pairs, power):
    values, weights = split(pairs)
    parts = contributions(np.array(values), weights, power)
    assert abs(parts.sum() - power_mean(np.array(values), weights, power)) < 1e-9
