from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pipeline.methods.counts import PooledCounts, pool_binomial, pool_poisson
from pipeline.methods.shrinkage import (
    BetaPrior,
    GammaPrior,
    fit_beta_binomial,
    fit_gamma_poisson,
    log_likelihood,
    own_information_share,
    posterior_draws,
    posterior_interval,
    posterior_mean,
)
from tests import slow_ways

NAN = float("nan")
BETA, GAMMA = BetaPrior(2.0, 6.0), GammaPrior(3.0, 4.0)

# (numerator, denominator, low, high) per period; the units have much, a little and nothing hidden.
UNITS = [
    [(NAN, 5.0, 1.0, 3.0), (NAN, 4.0, 1.0, 4.0), (0.0, 6.0, NAN, NAN), (NAN, 9.0, 1.0, 3.0)],
    [(NAN, 40.0, 1.0, 4.0), (17.0, 30.0, NAN, NAN)],
    [(3.0, 8.0, NAN, NAN)],
]
FAMILIES = {
    "beta": (BETA, pool_binomial, slow_ways.share_likelihood, lambda p: p * (1 - p) ** 5, 1.0),
    "gamma": (GAMMA, pool_poisson, slow_ways.rate_likelihood, lambda rate: rate**2 * np.exp(-4 * rate), 8.0),
}


def pool_units(pool, units=UNITS):
    cells = np.array([cell for unit in units for cell in unit]).T
    return pool(*cells, np.repeat(np.arange(len(units)), [len(unit) for unit in units]), len(units))


def seen(pool, numerator, denominator):
    """Pooled counts of units with one observed cell each."""
    return pool(numerator, denominator, NAN, NAN, np.arange(len(numerator)), len(numerator))


def simulated(pool, rates, counts, denominators):
    """Four periods per unit; the counts 1..3 are hidden as a publisher hides them."""
    hidden = np.where((counts >= 1) & (counts <= 3), NAN, counts)
    unit = np.repeat(np.arange(rates.size), counts.size // rates.size)
    return pool(hidden, denominators, 1, 3, unit, rates.size)


@pytest.fixture(scope="module")
def country():
    """2,000 units whose shares are drawn from Beta(2, 6)."""
    rng = np.random.default_rng(11)
    shares = rng.beta(2, 6, 2000)
    denominators = rng.poisson(8, 8000) + 1
    counts = rng.binomial(denominators, np.repeat(shares, 4)).astype(float)
    return shares, simulated(pool_binomial, shares, counts, denominators)


@pytest.fixture(scope="module")
def gamma_country():
    """2,000 units whose rates are drawn from Gamma(3, 4)."""
    rng = np.random.default_rng(12)
    rates = rng.gamma(3, 1 / 4, 2000)
    exposure = rng.uniform(0.5, 6, 8000)
    counts = rng.poisson(exposure * np.repeat(rates, 4)).astype(float)
    return rates, simulated(pool_poisson, rates, counts, exposure)


def test_rats_reproduce_the_published_maximum(golden):
    rats = golden("rats.csv")
    prior = fit_beta_binomial(seen(pool_binomial, rats["tumours"], rats["rats"]))
    assert (prior.alpha, prior.beta) == (
        pytest.approx(2.304768, abs=1e-3),
        pytest.approx(14.079707, abs=1e-3),
    )


def test_gamma_poisson_agrees_with_negative_binomial_regression():
    rng = np.random.default_rng(5)
    exposure = rng.uniform(20, 400, 150)
    count = rng.poisson(exposure * rng.gamma(2.5, 1 / 50, 150))
    prior = fit_gamma_poisson(seen(pool_poisson, count, exposure))
    model = sm.NegativeBinomial(count, np.ones(150), exposure=exposure).fit(disp=False, gtol=1e-10)
    log_mean, dispersion = model.params
    assert prior.shape == pytest.approx(1 / dispersion, rel=1e-3)
    assert prior.shape / prior.rate == pytest.approx(np.exp(log_mean), rel=1e-4)


def test_known_truth_is_found_behind_hidden_counts(country, gamma_country):
    prior = fit_beta_binomial(country[1])
    assert (prior.alpha, prior.beta) == (pytest.approx(2, rel=0.12), pytest.approx(6, rel=0.12))
    gamma = fit_gamma_poisson(gamma_country[1])
    assert (gamma.shape, gamma.rate) == (pytest.approx(3, rel=0.12), pytest.approx(4, rel=0.12))


def test_intervals_cover_the_truth(country, gamma_country):
    for fit, (truth, pooled) in ((fit_beta_binomial, country), (fit_gamma_poisson, gamma_country)):
        low, high = posterior_interval(fit(pooled), pooled, 0.90)
        assert 0.86 < ((low <= truth) & (truth <= high)).mean() < 0.94


def test_the_middle_of_the_hidden_range_would_mislead(country):
    """Why the candidates are there: filled with the midpoint, small counts pretend that units are alike."""
    _, pooled = country
    midpoint = pooled.totals[:, 0] + (np.isfinite(pooled.log_weight).sum(axis=1) - 1) / 2
    filled = fit_beta_binomial(PooledCounts(midpoint[:, None], np.zeros((2000, 1)), pooled.exposure))
    assert filled.alpha + filled.beta > 1.25 * (2 + 6)


@pytest.mark.parametrize("family", FAMILIES)
def test_posterior_agrees_with_numerical_integration(family):
    prior, pool, likelihood_of, prior_density, highest = FAMILIES[family]
    pooled = pool_units(pool)
    mean = posterior_mean(prior, pooled)
    low, high = posterior_interval(prior, pooled, 0.80)
    for row, cells in enumerate(UNITS):
        likelihood = likelihood_of(cells)

        def density(rate, likelihood=likelihood):
            return prior_density(rate) * likelihood(rate)

        assert mean[row] == pytest.approx(slow_ways.integrated_mean(density, highest), rel=1e-6)
        below = [slow_ways.integrated_share_below(density, highest, end[row]) for end in (low, high)]
        assert below == pytest.approx([0.10, 0.90], abs=1e-6)


@pytest.mark.parametrize("family", FAMILIES)
def test_draws_come_from_the_posterior(family):
    prior, pool, *_ = FAMILIES[family]
    pooled = pool_units(pool)
    draws = posterior_draws(prior, pooled, 40_000, np.random.default_rng(3))
    assert draws.shape == (40_000, 3)
    np.testing.assert_allclose(draws.mean(axis=0), posterior_mean(prior, pooled), rtol=0.01)
    low, high = posterior_interval(prior, pooled, 0.90)
    np.testing.assert_allclose([(draws < low).mean(axis=0), (draws > high).mean(axis=0)], 0.05, atol=0.005)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_same_seed_gives_the_same_draws(family):
    prior, pool, *_ = FAMILIES[family]
    first, second, other = (
        posterior_draws(prior, pool_units(pool), 5, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert (first == second).all() and (first != other).all()


@given(st.integers(1, 60), st.floats(0, 1), st.floats(0.5, 40), st.floats(0.5, 40))
def test_with_nothing_hidden_the_posterior_is_the_textbook_beta(n, share, alpha, beta):
    y = round(n * share)
    pooled = seen(pool_binomial, [y], [n])
    textbook = stats.beta(alpha + y, beta + n - y)
    prior = BetaPrior(alpha, beta)
    np.testing.assert_allclose(posterior_mean(prior, pooled), textbook.mean())
    np.testing.assert_allclose(np.ravel(posterior_interval(prior, pooled, 0.9)), textbook.ppf([0.05, 0.95]))


@given(st.integers(0, 60), st.floats(0.1, 100), st.floats(0.5, 40), st.floats(0.1, 40))
def test_with_nothing_hidden_the_posterior_is_the_textbook_gamma(y, exposure, shape, rate):
    pooled = seen(pool_poisson, [y], [exposure])
    textbook = stats.gamma(shape + y, scale=1 / (rate + exposure))
    prior = GammaPrior(shape, rate)
    np.testing.assert_allclose(posterior_mean(prior, pooled), textbook.mean())
    np.testing.assert_allclose(np.ravel(posterior_interval(prior, pooled, 0.9)), textbook.ppf([0.05, 0.95]))


@given(st.floats(0.5, 60), st.floats(0, 1))
def test_own_information_share_is_the_weight_of_the_units_own_rate(n, share):
    for prior, pool, usual in ((BETA, pool_binomial, 2 / 8), (GAMMA, pool_poisson, 3 / 4)):
        pooled = seen(pool, [n * share], [n])
        own = own_information_share(prior, pooled)
        assert own * share + (1 - own) * usual == pytest.approx(posterior_mean(prior, pooled))


def test_a_unit_without_data_gets_the_prior():
    for prior, pool, usual in (
        (BETA, pool_binomial, stats.beta(2, 6)),
        (GAMMA, pool_poisson, stats.gamma(3, scale=1 / 4)),
    ):
        pooled = pool([NAN], [5], 1, 3, [0], 2)
        assert own_information_share(prior, pooled)[1] == 0
        assert posterior_mean(prior, pooled)[1] == pytest.approx(usual.mean())
        low, high = posterior_interval(prior, pooled, 0.9)
        assert (low[1], high[1]) == pytest.approx(tuple(usual.ppf([0.05, 0.95])))


@settings(max_examples=20)
@given(st.permutations(range(60)))
def test_permuting_the_units_permutes_the_results(order):
    rng = np.random.default_rng(8)
    count, denominator = rng.integers(0, 9, 60).astype(float), rng.integers(8, 30, 60)
    count[(count >= 1) & (count <= 3)] = NAN
    straight = pool_binomial(count, denominator, 1, 3, np.arange(60), 60)
    permuted = pool_binomial(count[order], denominator[order], 1, 3, np.arange(60), 60)
    prior, permuted_prior = fit_beta_binomial(straight), fit_beta_binomial(permuted)
    assert permuted_prior.alpha == pytest.approx(prior.alpha, rel=1e-3)
    np.testing.assert_allclose(posterior_mean(prior, permuted), posterior_mean(prior, straight)[order])
    for mine, theirs in zip(posterior_interval(prior, permuted), posterior_interval(prior, straight), strict=True):
        np.testing.assert_allclose(mine, theirs[order], rtol=1e-6)


def test_no_neighbouring_prior_is_more_likely(country):
    _, pooled = country
    prior = fit_beta_binomial(pooled)
    best = log_likelihood(prior, pooled)
    for factor in (0.97, 1.03):
        assert log_likelihood(replace(prior, alpha=prior.alpha * factor), pooled) < best
        assert log_likelihood(replace(prior, beta=prior.beta * factor), pooled) < best


def test_units_that_differ_no_more_than_chance_get_the_common_rate():
    pooled = seen(pool_binomial, [3] * 30, [10] * 30)
    prior = fit_beta_binomial(pooled)
    assert prior.alpha + prior.beta == pytest.approx(1e5, rel=1e-3)
    assert posterior_mean(prior, pooled) == pytest.approx(0.3, abs=1e-3)


@pytest.mark.parametrize("count", [0, 5])
def test_a_country_with_no_or_only_cases_is_kept_half_a_case_from_the_end(count):
    prior = fit_beta_binomial(seen(pool_binomial, [count] * 40, [5] * 40))
    mean = prior.alpha / (prior.alpha + prior.beta)
    assert min(mean, 1 - mean) == pytest.approx(0.5 / 201)
    assert abs(mean - count / 5) < 0.01


def test_a_country_without_events_has_the_rate_of_half_an_event():
    prior = fit_gamma_poisson(seen(pool_poisson, [0] * 40, [5] * 40))
    assert prior.shape / prior.rate == pytest.approx(0.5 / 200)


def test_a_total_above_its_denominator_is_read_as_all_of_it():
    prior = BetaPrior(3.0, 0.5)
    above = seen(pool_binomial, [4.0], [3.2])
    assert posterior_mean(prior, above) == pytest.approx((3 + 4) / (3 + 4 + 0.5))


@pytest.mark.parametrize("log_weight, total", [([0, -60], 3), ([-60, 0], 4)])
def test_a_candidate_that_is_all_but_impossible_does_not_move_the_interval(log_weight, total):
    exposure = np.arange(10.0, 110.0)
    pooled = PooledCounts(np.tile([3.0, 4.0], (100, 1)), np.tile(np.array(log_weight, float), (100, 1)), exposure)
    known = posterior_interval(BETA, seen(pool_binomial, np.full(100, total), exposure))
    np.testing.assert_allclose(posterior_interval(BETA, pooled), known, rtol=1e-9)


@pytest.mark.parametrize("fit, pool", [(fit_beta_binomial, pool_binomial), (fit_gamma_poisson, pool_poisson)])
def test_two_units_are_too_few_for_a_prior(fit, pool):
    with pytest.raises(ValueError, match="at least 3 units with data; 2 of 4 have any"):
        fit(pool([1, 2, 3, 3], [4, 4, 0, NAN], NAN, NAN, [0, 1, 2, 3], 4))
