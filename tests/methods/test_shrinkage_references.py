"""Shrinkage against published results: the rats of Bayesian Data Analysis, and batting averages."""

import math

import numpy as np
import pytest
from scipy import stats

from pipeline.methods.counts import pool_binomial
from pipeline.methods.shrinkage import fit_beta_binomial, posterior_mean
from tests import slow_ways


@pytest.fixture(scope="module")
def hyperposterior(golden):
    table = golden("rats_posterior.csv")
    return slow_ways.hyperposterior(list(zip(table["y"], table["n"], strict=True)))


def test_rats_reproduce_the_published_hyperposterior(hyperposterior):
    """Gelman et al., section 5.3: E(alpha) 2.4 and E(beta) 14.3; 2.4026 and 14.3195 on their grid."""
    means = [math.fsum(point[place] * point[2] for point in hyperposterior) for place in (0, 1)]
    np.testing.assert_allclose(means, [2.4026, 14.3195], atol=0.02)


def test_each_rat_group_reproduces_its_full_posterior(golden, hyperposterior):
    """71 groups: posterior means to 0.001; quantiles, which are published from random draws, to 0.01."""
    table = golden("rats_posterior.csv")
    alpha, beta, weight = (np.array(part) for part in zip(*hyperposterior, strict=True))
    y, n = table["y"].to_numpy()[:, None], table["n"].to_numpy()[:, None]
    mean = ((alpha + y) / (alpha + beta + n) * weight).sum(axis=1)
    np.testing.assert_allclose(mean, table["post_mean"], atol=0.001)
    kept = weight > 1e-6
    posterior = stats.beta(alpha[kept] + y, beta[kept] + n - y)
    for column, share in (("q025_mc", 0.025), ("q50_mc", 0.5), ("q975_mc", 0.975)):
        published = table[column].to_numpy()[:, None]
        below, above = (posterior.cdf(published + off) @ weight[kept] for off in (-0.01, 0.01))
        assert ((below <= share) & (share <= above)).all()


def test_the_fitted_prior_is_close_to_the_full_posterior(golden):
    """The uncertainty of the prior itself, which empirical Bayes leaves out, moves no group by more than 0.01."""
    table = golden("rats_posterior.csv")
    pooled = pool_binomial(table["y"], table["n"], np.nan, np.nan, np.arange(len(table)), len(table))
    prior = fit_beta_binomial(pooled)
    assert (prior.alpha, prior.beta) == pytest.approx((2.3416, 14.1148), abs=0.001)
    mean = posterior_mean(prior, pooled)
    np.testing.assert_allclose(mean, table["eb_mean_mle"], atol=0.00001)
    np.testing.assert_allclose(mean, table["post_mean"], atol=0.01)


def test_batting_averages_reproduce_the_published_factor():
    """Efron & Morris (1977): 18 players, 45 times at bat each, c = 0.212."""
    hits = [18, 17, 16, 15, 14, 14, 13, 12, 11, 11, 10, 10, 10, 10, 10, 9, 8, 7]
    averages = [number / 45 for number in hits]
    mean = sum(averages) / 18
    assert slow_ways.james_stein_factor(averages, mean * (1 - mean) / 45) == pytest.approx(0.212, abs=0.001)
