"""Context taken out of lasting levels: one dense computation, statsmodels, and countries whose truth is known."""

import numpy as np
import pytest
import statsmodels.formula.api as smf
from numpy.typing import NDArray
from pandas import DataFrame
from scipy import linalg

from pipeline.methods import context

Floats = NDArray[np.float64]


def country(seed: int, units: int, kinds: int, coefficient: float, between: float, precision: float = 20.0):  # type: ignore[no-untyped-def]
    """Features, groups, true levels and what is beyond the context, and the posterior without context."""
    random = np.random.default_rng(seed)
    features = random.standard_normal((units, 2))
    features -= features.mean(axis=0)
    group = random.integers(0, 12, units)
    own = random.multivariate_normal(np.zeros(kinds), 0.16 * (0.5 + 0.5 * np.eye(kinds)), units)
    expected = coefficient * features[:, :1] + random.normal(0, between**0.5, (12, kinds))[group]
    data = random.gamma(2, precision / 2, (units, kinds))
    seen = expected + own + random.standard_normal((units, kinds)) / np.sqrt(data)
    prior = np.cov((expected + own).T).reshape(kinds, kinds)
    inner = np.linalg.inv(data[:, :, None] * np.eye(kinds) + np.linalg.inv(prior))
    mean = np.einsum("sjk,sk->sj", inner, data * seen)
    return features, group, expected, own, seen, data, prior, mean, inner


def test_it_is_one_large_regression_at_the_variances_found() -> None:
    """The slow way: all units and indicators in one dense normal distribution."""
    features, group, _, _, seen, data, prior, mean, inner = country(1, 40, 2, 0.3, 0.05)
    found = context.fit(mean, inner, prior, features, group)
    names = np.unique(group)
    design = np.kron(np.hstack([np.ones((40, 1)), features]), np.eye(2))
    member = np.kron((group[:, None] == names).astype(float), np.eye(2))
    own = np.kron(np.eye(40), found.spread)
    groups = member @ np.kron(np.eye(names.size), np.diag(found.group_variance)) @ member.T
    whole = linalg.inv(own + groups + np.diag(1 / data.ravel()))
    covariance = linalg.inv(design.T @ whole @ design)
    coefficients = covariance @ design.T @ whole @ seen.ravel()
    projected = whole - whole @ design @ covariance @ design.T @ whole
    np.testing.assert_allclose(found.coefficients.ravel(), coefficients, atol=1e-3)
    np.testing.assert_allclose(found.own_mean.ravel(), own @ projected @ seen.ravel(), atol=1e-3)
    after = own - own @ projected @ own
    for unit in range(40):
        part = slice(2 * unit, 2 * unit + 2)
        np.testing.assert_allclose(found.own_covariance[unit], after[part, part], atol=1e-3)


@pytest.mark.filterwarnings("ignore")
def test_statsmodels_finds_the_same_where_all_units_know_as_much() -> None:
    """With one error variance it is a mixed model: the residual of statsmodels is spread and error together."""
    random = np.random.default_rng(3)
    x, group = random.standard_normal(300), np.arange(300) % 15
    error = 0.05
    levels = 0.4 * x + random.normal(0, 0.3, 15)[group] + random.normal(0, 0.4, 300) + random.normal(0, error**0.5, 300)
    prior = np.array([[0.4]])
    inner = np.full((300, 1, 1), 1 / (1 / error + 1 / 0.4))
    found = context.fit(inner[:, :, 0] * levels[:, None] / error, inner, prior, (x - x.mean())[:, None], group)
    table = DataFrame({"y": levels, "x": x - x.mean(), "g": group})
    known = smf.mixedlm("y ~ x", table, groups=table["g"]).fit(reml=True)
    assert found.coefficients[1, 0] == pytest.approx(known.params["x"], abs=1e-4)
    assert found.group_variance[0] == pytest.approx(float(known.cov_re.iloc[0, 0]), rel=0.02)
    assert found.spread[0, 0] + error == pytest.approx(known.scale, rel=0.01)


def test_the_truth_is_covered_and_the_share_found() -> None:
    covered, shares = [], []
    for seed in range(20):
        features, group, expected, own, *_, prior, mean, inner = country(seed, 200, 3, 0.3, 0.04)
        found = context.fit(mean, inner, prior, features, group)
        sd = np.sqrt(np.diagonal(found.own_covariance, axis1=1, axis2=2))
        covered.append(np.abs(own - found.own_mean) < 1.645 * sd)
        shares.append(found.explained_share)
    assert 0.87 < np.mean(covered) < 0.93
    assert np.mean(shares) == pytest.approx(0.13 / (0.13 + 0.16), abs=0.05)


def test_a_context_that_says_nothing_explains_nothing() -> None:
    found = []
    for seed in range(6):
        features, group, *_, prior, mean, inner = country(seed, 200, 3, 0.0, 0.0)
        found.append(context.fit(mean, inner, prior, features, group).explained_share)
    assert np.mean(found) < 0.03


def test_a_unit_that_says_nothing_is_what_its_context_leads_one_to_expect() -> None:
    """And not better than that: drawn to the middle of all, and its context subtracted, it would look good."""
    features, group, *_, prior, mean, inner = country(5, 150, 2, 0.5, 0.0)
    mean[0], inner[0], features[0] = 0, prior * (1 - 1e-9), [3.0, 0.0]
    found = context.fit(mean, inner, prior, features - features.mean(axis=0), group)
    np.testing.assert_allclose(found.own_mean[0], 0, atol=1e-3)
    assert (found.expected[0] > 1).all()


def test_the_order_of_units_does_not_matter() -> None:
    order = np.random.default_rng(2).permutation(30)
    features, group, *_, prior, mean, inner = country(7, 30, 2, 0.3, 0.05)
    once = context.fit(mean, inner, prior, features, group)
    again = context.fit(mean[order], inner[order], prior, features[order], group[order])
    np.testing.assert_allclose(again.own_mean, once.own_mean[order], atol=1e-8)


def test_without_groups_there_is_no_variance_of_groups() -> None:
    features, group, *_, prior, mean, inner = country(9, 60, 2, 0.3, 0.0)
    found = context.fit(mean, inner, prior, features, np.full_like(group, context.NO_GROUP))
    assert (found.group_variance == 0).all() and found.coefficients.shape == (3, 2)
