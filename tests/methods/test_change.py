import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import confint_proportions_2indep

from pipeline.methods.change import rate_difference_interval, share_difference_interval
from pipeline.methods.rates import byar_interval

denominators = st.integers(1, 300)
shares = st.floats(0, 1)


def test_published_intervals(golden):
    table = golden("newcombe.csv")
    low, high = share_difference_interval(table["n1"], table["d1"], table["n2"], table["d2"])
    np.testing.assert_allclose(low, table["low"], atol=0.00005)
    np.testing.assert_allclose(high, table["high"], atol=0.00005)


@given(denominators, shares, denominators, shares, st.sampled_from([0.8, 0.95]))
def test_agrees_with_statsmodels(d1, share1, d2, share2, level):
    n1, n2 = round(share1 * d1), round(share2 * d2)
    expected = confint_proportions_2indep(n1, d1, n2, d2, method="newcomb", compare="diff", alpha=1 - level)
    mine = share_difference_interval(n1, d1, n2, d2, level)
    np.testing.assert_allclose(np.array(mine), expected, atol=1e-9)


@given(denominators, shares, denominators, shares)
def test_the_other_way_round_turns_the_sign(d1, share1, d2, share2):
    n1, n2 = round(share1 * d1), round(share2 * d2)
    low, high = share_difference_interval(n1, d1, n2, d2)
    turned_low, turned_high = share_difference_interval(n2, d2, n1, d1)
    assert (low, high) == (pytest.approx(-turned_high), pytest.approx(-turned_low))


def test_no_denominator_no_interval():
    low, high = share_difference_interval([1, 1, np.nan, 1], [0, 2, 2, 2], [1, 0, 1, 1], [2, 0, 2, 2])
    assert np.isnan(low).tolist() == np.isnan(high).tolist() == [True, True, True, False]


def test_rates_of_which_one_is_known_well_have_byars_limits_of_the_other():
    low, high = rate_difference_interval(20, 100, 5e9, 1e10)
    expected = byar_interval(20, 100)
    assert (low, high) == pytest.approx((expected[0] - 0.5, expected[1] - 0.5), abs=1e-4)


def test_intervals_of_a_rate_difference_hold_it():
    rng = np.random.default_rng(1)
    first, second = rng.poisson(12, 20_000), rng.poisson(30, 20_000)
    low, high = rate_difference_interval(first, 40, second, 60)
    assert np.mean((low <= 0.3 - 0.5) & (high >= 0.3 - 0.5)) == pytest.approx(0.96, abs=0.015)
