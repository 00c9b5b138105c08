import functools

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pipeline.methods import normalise
from pipeline.methods.composite import need
from tests import slow_ways

NAN = float("nan")
values = st.lists(st.integers(-1000, 1000).map(float), min_size=3, max_size=20, unique=True)
SCALES = {
    "goalposts": lambda v: need(v, -1500.0, 1500.0),
    "min-max": normalise.min_max,
    "z-score": normalise.z_score,
    "rank": normalise.ascending_rank,
    "percentile": normalise.percentile,
}
RELATIVE = [name for name in SCALES if name != "goalposts"]
scales = pytest.mark.parametrize("name", SCALES)


@given(values)
def test_min_max_runs_from_low_to_high(v):
    points = normalise.min_max(v, 1, 100)
    assert points.min() == 1 and points.max() == pytest.approx(100)
    np.testing.assert_allclose((points - 1) / 99, (np.array(v) - min(v)) / (max(v) - min(v)), atol=1e-12)


@given(st.lists(st.one_of(st.integers(-99, 99).map(float), st.just(NAN)), min_size=2, max_size=12))
def test_z_scores_agree_with_the_slow_way(v):
    assume(sum(x == x for x in v) >= 2)
    np.testing.assert_allclose(normalise.z_score(v, 50, 10), 50 + 10 * np.array(slow_ways.z_scores(v)), atol=1e-9)


@given(st.lists(st.integers(-9, 9).map(float), min_size=1, max_size=12))
def test_ascending_ranks_agree_with_the_slow_way(v):
    assert normalise.ascending_rank(v).tolist() == slow_ways.need_rank([-x for x in v])


@scales
@given(values)
def test_the_order_is_kept_and_turns_with_the_direction(name, v):
    rising, falling = SCALES[name](np.array(v)), SCALES[name](-np.array(v))
    assert np.argsort(rising).tolist() == np.argsort(v).tolist()
    assert np.argsort(falling).tolist() == np.argsort(v)[::-1].tolist()


@scales
@given(values, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(name, v, random):
    order = random.sample(range(len(v)), len(v))
    np.testing.assert_allclose(SCALES[name](np.array(v)[order]), SCALES[name](np.array(v))[order], atol=1e-12)


@scales
@given(values)
def test_identical_units_get_identical_points(name, v):
    points = SCALES[name](np.array([*v, v[0]]))
    assert points[-1] == points[0]


@pytest.mark.parametrize("name", RELATIVE)
@given(values, st.floats(0.01, 100), st.floats(-50, 50))
def test_another_unit_of_measure_changes_nothing(name, v, factor, shift):
    points = SCALES[name](np.array(v) * factor + shift)
    np.testing.assert_allclose(points, SCALES[name](np.array(v)), rtol=1e-6, atol=1e-6)


@given(values)
def test_a_unit_far_below_moves_nobody_between_goalposts(v):
    np.testing.assert_array_equal(SCALES["goalposts"](np.array([*v, -1e6]))[:-1], SCALES["goalposts"](np.array(v)))


@pytest.mark.parametrize("name", RELATIVE)
def test_a_unit_far_below_moves_everybody_else_on_the_other_scales(name):
    """Why they are no ranking: what the services show of themselves has not changed."""
    v = np.array([1.0, 2.0, 3.0])
    assert not np.allclose(SCALES[name](np.array([*v, -100.0]))[:-1], SCALES[name](v))


@scales
def test_units_lie_along_the_axis_and_missing_values_stay_missing(name):
    table = np.array([[1.0, 5.0], [2.0, NAN], [4.0, 9.0], [NAN, 7.0]])
    if name == "goalposts":
        assert np.isnan(SCALES[name](table)).tolist() == np.isnan(table).tolist()
        return
    points = SCALES[name](table)
    for column in (0, 1):
        known = ~np.isnan(table[:, column])
        np.testing.assert_allclose(points[known, column], SCALES[name](table[known, column]))
        assert np.isnan(points[~known, column]).all()
    np.testing.assert_allclose(SCALES[name](table.T, axis=1).T, points)


def test_equal_units_stand_midway():
    assert normalise.min_max([3.0, 3.0, NAN])[:2].tolist() == [50, 50]
    assert normalise.z_score([0.1, 0.1, 0.1], 10, 2).tolist() == [10, 10, 10]


def test_one_unit_has_no_deviation():
    with pytest.raises(ValueError, match="two units"):
        normalise.z_score([1.0, NAN])


def test_ratios_and_margins():
    assert normalise.ratio_to_reference([2.0, 3.0], [4.0, 0.0])[0] == 0.5
    assert np.isnan(normalise.ratio_to_reference([2.0, 3.0], [4.0, 0.0])[1])
    assert normalise.above_or_below([7.9, 8.0, 12.0, 12.1], 10.0, 0.2).tolist() == [-1, 0, 0, 1]
    assert np.isnan(normalise.above_or_below([NAN], 10.0)).all() and np.isnan(normalise.category([NAN, 1.0])[0])


@given(values)
def test_distance_to_the_largest_is_min_max_and_the_reference_may_lie_beyond(v):
    np.testing.assert_allclose(normalise.distance_to_reference(v, max(v)), normalise.min_max(v, 0, 1), atol=1e-12)
    assert normalise.distance_to_reference([0.0, 5.0, 20.0], 10.0).tolist() == [0, 0.5, 2]
    assert np.isnan(normalise.distance_to_reference([3.0, 4.0], 3.0)).all()


@pytest.mark.parametrize("name", ["min-max", "rank", "percentile"])
def test_nobody_known_nothing_known(name):
    assert np.isnan(SCALES[name](np.array([NAN, NAN]))).all()


def test_percent_ranks_are_shares_of_the_others_below():
    values = [3.0, 1, np.nan, 3, 7]
    assert normalise.percent_rank(values).tolist() == pytest.approx([1 / 3, 0, np.nan, 1 / 3, 1], nan_ok=True)
    assert np.isnan(normalise.percent_rank([4.0])).all()


def test_between_two_posts_either_way_round():
    assert normalise.between([0, 5, 20, np.nan], 5, 15).tolist() == pytest.approx([0, 0, 100, np.nan], nan_ok=True)
    assert normalise.between([0, 5, 20], 5, 15, is_cut=False).tolist() == [-50, 0, 150]
    assert normalise.between([0, 5, 20], 15, 5, points=1).tolist() == [1, 1, 0]
    assert np.isnan(normalise.between([1.0], 2, 2)).all()


@given(st.lists(st.integers(-1000, 1000).map(float), min_size=3, max_size=20, unique=True), st.floats(-900, 900))
def test_the_scales_of_coinr_by_their_formulas(v, target):
    """n_dist2max, n_dist2ref, n_dist2targ both ways with its cap, n_fracmax, n_borda, n_prank, n_scaled, n_goalposts."""
    x, ours = np.array(v), normalise
    low, high, first = min(v), max(v), v[0]
    close = functools.partial(np.testing.assert_allclose, rtol=1e-9, atol=1e-9)
    close(ours.distance_to_reference(x, high), 1 - (high - x) / (high - low))
    assume(first != low and low < target < high and abs(target - low) > 1e-3 and abs(target - high) > 1e-3)
    close(ours.distance_to_reference(x, first), 1 - (first - x) / (first - low))
    close(ours.distance_to_reference(x, target), (x - low) / (target - low))
    fewer_is_more = (high - x) / (high - target)
    close(np.minimum(ours.distance_to_reference(-x, -target), 1), np.minimum(fewer_is_more, 1))
    if high:
        close(ours.ratio_to_reference(x, high), x / high)
    below = np.array([sum(other < each for other in v) for each in v])
    close(ours.ascending_rank(x) - 1, below)
    close(ours.percent_rank(x), below / (len(v) - 1))
    close(ours.between(x, 200, 500, is_cut=False), (x - 200) / 300 * 100)
    close(ours.between(x, 500, 200, points=1), np.clip((500 - x) / 300, 0, 1))
