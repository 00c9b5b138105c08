import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from pipeline.methods import rates
from pipeline.methods.rates import byar_interval, expected_counts, expected_totals, wilson_interval

METHODS = {"wilson": wilson_interval, "byar": byar_interval}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("level", [0.95, 0.998])
def test_published_limits(golden, method, level):
    table = golden("wilson_byar.csv").query("method == @method and level == @level")
    assert len(table) > 9
    low, high = METHODS[method](table["count"], table["denominator"], level)
    np.testing.assert_allclose(low, table["low"], rtol=1e-12)
    np.testing.assert_allclose(high, table["high"], rtol=1e-12)


@given(st.integers(1, 500), st.floats(0, 1), st.sampled_from([0.8, 0.95, 0.998]))
def test_wilson_agrees_with_statsmodels(n, share, level):
    y = round(share * n)
    expected = proportion_confint(y, n, alpha=1 - level, method="wilson")
    np.testing.assert_allclose(np.array(wilson_interval(y, n, level)), expected, atol=1e-12)


def test_wilson_touches_the_ends_exactly():
    low, high = wilson_interval([0, 7], [7, 7])
    assert low[0] == 0 and high[1] == 1
    assert 0 < high[0] < 1 and 0 < low[1] < 1


@given(st.integers(1, 9), st.sampled_from([0.8, 0.95, 0.998]))
def test_below_ten_events_the_poisson_tails_are_exact(y, level):
    low, high = byar_interval(y, 1, level)
    tail = (1 - level) / 2
    assert stats.poisson.sf(y - 1, low) == pytest.approx(tail, rel=1e-9)
    assert stats.poisson.cdf(y, high) == pytest.approx(tail, rel=1e-9)


def test_no_events_leave_a_rate_of_zero_possible():
    low, high = byar_interval(0, 100)
    assert low == 0
    assert high == pytest.approx(-np.log(0.025) / 100)


@given(st.integers(10, 10_000))
def test_byar_is_near_the_exact_limits(y):
    low, high = byar_interval(y, 1)
    assert low == pytest.approx(stats.chi2.ppf(0.025, 2 * y) / 2, rel=0.005)
    assert high == pytest.approx(stats.chi2.ppf(0.975, 2 * y + 2) / 2, rel=0.005)


@pytest.mark.parametrize("interval", METHODS.values())
def test_what_is_unknown_stays_unknown(interval):
    low, high = interval([1, 0, 1, np.nan, 1], [0, 0, np.nan, 5, 5])
    assert np.isnan(low).tolist() == np.isnan(high).tolist() == [True, True, True, True, False]


def test_more_cases_than_denominator_are_no_share():
    assert np.isnan(wilson_interval(6, 5)).all()


@given(st.integers(0, 40), st.floats(0.5, 1000))
def test_exposure_only_scales_the_rate(y, exposure):
    np.testing.assert_allclose(
        np.array(byar_interval(y, exposure)) * exposure, np.array(byar_interval(y, 1)), rtol=1e-12
    )


def test_dispersion_of_poisson_counts_is_one() -> None:
    """Known truth: 400 units, 6 periods, own rates; the standard error of the estimate is about 0.03."""
    rng = np.random.default_rng(5)
    unit = np.repeat(np.arange(400), 6)
    exposure = rng.uniform(5, 50, unit.size)
    counts = rng.poisson(exposure * rng.gamma(4, 0.5, 400)[unit])
    assert rates.dispersion(counts, exposure, unit) == pytest.approx(1, abs=0.1)
    assert rates.dispersion(counts * 0.3, exposure, unit) == pytest.approx(0.3, abs=0.03)


def test_dispersion_by_hand() -> None:
    """Unit 0: 2 and 6 on equal exposure, expected 4 each: (4 + 4) / 4 = 2 on one degree; unit 1 has one period and says nothing."""
    assert rates.dispersion([2, 6, 9, np.nan], [1, 1, 3, 1], [0, 0, 1, 1]) == pytest.approx(2.0)


def test_dispersion_of_single_periods_is_one() -> None:
    assert rates.dispersion([3, 4], [1, 1], [0, 1]) == 1.0


def test_expected_totals_make_what_is_known_most_likely() -> None:
    """Against a plain search over the rate: three known cells, two hidden in 1..3, one group; and a group without hidden ones."""
    y = np.array([4.0, 0, 7, np.nan, np.nan, 5])
    n = np.array([20.0, 9, 30, 12, 6, 10])
    group = [0, 0, 0, 0, 0, 1]
    totals = rates.expected_totals(y, n, [1.0] * 6, [3.0] * 6, group, 3, "binomial")

    p = np.linspace(0.001, 0.999, 99_801)[:, None]
    known = stats.binom.logpmf(y[:3], n[:3], p).sum(axis=1)
    hidden = sum(np.log(stats.binom.pmf([1, 2, 3], cases, p).sum(axis=1)) for cases in n[3:5])
    best = p[np.argmax(known + hidden), 0]
    assert totals[0] / n[:5].sum() == pytest.approx(best, abs=2e-5)
    assert totals[1:].tolist() == [5.0, 0.0]


def test_hidden_small_counts_do_not_lift_the_share() -> None:
    """Known truth: 15 % of small denominators, counts 1 to 3 hidden; leaving them out would be off by points."""
    rng = np.random.default_rng(11)
    n = rng.integers(3, 25, 4000).astype(float)
    true = rng.binomial(n.astype(int), 0.15).astype(float)
    y = np.where((true >= 1) & (true <= 3), np.nan, true)
    total = rates.expected_totals(y, n, np.ones(4000), np.full(4000, 3.0), np.zeros(4000, int), 1, "binomial")[0]
    assert total / n.sum() == pytest.approx(0.15, abs=0.01)
    shown = ~np.isnan(y)
    assert abs(y[shown].sum() / n[shown].sum() - 0.15) > 0.01


def test_figures_that_stand_still_have_a_floor() -> None:
    assert rates.dispersion([4, 4, 2, 2], [1, 1, 1, 1], [0, 0, 1, 1]) == 0.01


def test_expected_counts_lie_in_their_bounds_and_sum_to_the_totals() -> None:
    numerator, denominator = [np.nan, 2, np.nan, np.nan], [10, 20, 2, 4000]
    low, high, group = [1, 1, 1, 1], [3, 3, 3, 3], [0, 0, 1, 1]
    found = expected_counts(numerator, denominator, low, high, group, 2, "binomial")
    assert found[1] == 2 and (found >= 1).all() and found[2] <= 2 and found[3] <= 3
    totals = expected_totals(numerator, denominator, low, high, group, 2, "binomial")
    assert totals == pytest.approx([found[:2].sum(), found[2:].sum()], abs=1e-12)
