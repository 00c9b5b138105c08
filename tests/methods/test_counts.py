import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.methods.counts import pool_binomial, pool_poisson
from tests import slow_ways

NAN = float("nan")


@st.composite
def cell(draw):
    """(numerator or NaN, denominator or NaN, low, high); a hidden cell has room for its low."""
    if draw(st.booleans()):
        low = draw(st.integers(0, 3))
        return NAN, float(draw(st.integers(low + 1, 12))), float(low), float(low + draw(st.integers(0, 4)))
    denominator = draw(st.sampled_from([NAN, 0.0, 3.0, 9.0]))
    return float(draw(st.integers(0, 3))), denominator, NAN, NAN


units = st.lists(st.lists(cell(), max_size=4), min_size=1, max_size=4)


def flat(units):
    """The units' cells as flat arrays with a unit index, as the methods take them."""
    cells = np.array([c for cells in units for c in cells], float).reshape(-1, 4)
    unit = np.repeat(np.arange(len(units)), [len(cells) for cells in units])
    return *cells.T, unit, len(units)


def as_dict(pooled, row):
    pairs = zip(pooled.totals[row].tolist(), np.exp(pooled.log_weight[row]).tolist(), strict=True)
    return {total: weight for total, weight in pairs if weight > 0}


@pytest.mark.parametrize(
    "pool, weight",
    [(pool_binomial, slow_ways.binomial_weight), (pool_poisson, slow_ways.poisson_weight)],
)
@given(units=units)
def test_weights_agree_with_trying_every_combination(pool, weight, units):
    pooled = pool(*flat(units))
    for row, cells in enumerate(units):
        assert as_dict(pooled, row) == pytest.approx(slow_ways.pool(cells, weight))
        assert pooled.exposure[row] == sum(c[1] for c in cells if c[1] > 0)


@pytest.mark.parametrize("pool", [pool_binomial, pool_poisson])
def test_nothing_hidden_is_one_candidate_of_weight_one(pool):
    pooled = pool([2, 3, 1.5], [5, 6, 2.5], NAN, NAN, [0, 0, 1], 2)
    assert pooled.totals.tolist() == [[5], [1.5]]
    assert pooled.log_weight.tolist() == [[0], [0]]
    assert pooled.exposure.tolist() == [11, 2.5]


@pytest.mark.parametrize("pool", [pool_binomial, pool_poisson])
@given(value=st.integers(0, 5), others=units)
def test_a_hidden_count_with_one_possible_value_is_an_observed_count(pool, value, others):
    hidden = pool(*flat([[(NAN, 7.0, value, value)], *others]))
    seen = pool(*flat([[(value, 7.0, NAN, NAN)], *others]))
    np.testing.assert_array_equal(hidden.totals, seen.totals)
    np.testing.assert_allclose(hidden.log_weight, seen.log_weight)


@pytest.mark.parametrize("pool", [pool_binomial, pool_poisson])
def test_units_without_information_are_kept_and_empty(pool):
    pooled = pool([NAN, 4, NAN], [0, NAN, 6], 1, 3, [1, 2, 3], 5)
    assert pooled.exposure.tolist() == [0, 0, 0, 6, 0]
    assert pooled.totals[[0, 1, 2, 4], 0].tolist() == [0, 0, 0, 0]
    assert np.exp(pooled.log_weight[[0, 1, 2, 4]]).tolist() == [[1, 0, 0]] * 4
    assert pooled.totals[3].tolist() == [1, 2, 3]


def test_high_is_lowered_to_the_denominator():
    pooled = pool_binomial([NAN, NAN], [2, 2.5], 1, 3, [0, 1], 2)
    assert np.isfinite(pooled.log_weight).tolist() == [[True, True], [True, True]]
    assert as_dict(pooled, 0) == pytest.approx({1: 2 / 3, 2: 1 / 3})


def test_the_table_is_no_wider_than_the_most_candidates():
    narrow = [(NAN, 9.0, 1.0, 3.0), (NAN, 9.0, 2.0, 2.0)]
    wide = [(NAN, 9.0, 2.0, 2.0), (NAN, 9.0, 1.0, 4.0)]
    assert pool_binomial(*flat([narrow, wide])).totals.tolist() == [[3, 4, 5, 6]] * 2


def test_a_poisson_count_may_exceed_its_exposure():
    pooled = pool_poisson([NAN], [0.5], 1, 3, [0], 1)
    assert as_dict(pooled, 0) == pytest.approx({1: 24 / 31, 2: 6 / 31, 3: 1 / 31})


@given(units, st.randoms(use_true_random=False))
def test_the_order_of_the_cells_does_not_matter(units, random):
    numerator, denominator, low, high, unit, n_units = flat(units)
    order = list(range(unit.size))
    random.shuffle(order)
    parts = (part[order] for part in (numerator, denominator, low, high, unit))
    shuffled, straight = pool_binomial(*parts, n_units), pool_binomial(*flat(units))
    np.testing.assert_array_equal(shuffled.totals, straight.totals)
    np.testing.assert_allclose(shuffled.log_weight, straight.log_weight, atol=1e-12)


@pytest.mark.parametrize(
    "denominator, low, high",
    [(0.5, 1, 3), (9, 3, 1), (9, NAN, 3), (9, 1, NAN)],
    ids=["no room", "wrong way round", "no low", "no high"],
)
def test_a_hidden_count_that_cannot_exist_is_named(denominator, low, high):
    with pytest.raises(ValueError, match="1 suppressed cells; the first is of unit 7"):
        pool_binomial([2, NAN], [4, denominator], [NAN, low], [NAN, high], [3, 7], 8)


@pytest.mark.parametrize("unit", [-1, 2])
def test_a_unit_outside_the_range_is_refused(unit):
    with pytest.raises(ValueError, match=r"unit should be 0\.\.1"):
        pool_poisson([1, 1], [3, 3], NAN, NAN, [0, unit], 2)
