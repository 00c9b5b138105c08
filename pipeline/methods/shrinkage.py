"""Empirical Bayes: each unit's counts are read together with what is usual among all units.

The prior is fitted to all units (maximum marginal likelihood). A unit's posterior is a mixture with one
component per candidate total, so a hidden count widens the interval instead of being guessed.

Casella (1985), The American Statistician 39:83; Gelman et al., Bayesian Data Analysis (3rd ed.), section 5.3.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import optimize, special, stats
from scipy.optimize.elementwise import find_root
from scipy.stats.distributions import rv_frozen

from pipeline.methods.counts import PooledCounts

Floats = NDArray[np.float64]

FEWEST_UNITS = 3
# Bounds of the size of the prior, in imaginary cases. Units that differ no more than chance alone would push
# it to infinity; at 100,000 every unit already gets the common rate.
SIZE_BOUNDS = (0.5, 1e5)


class Prior(Protocol):
    """What is usual among the units, before a unit's own counts are seen."""

    def posterior(self, total: Floats, exposure: Floats) -> rv_frozen:
        """The distribution of the rate of a unit with this total and exposure; shapes broadcast."""

    def log_marginal(self, total: Floats, exposure: Floats) -> Floats:
        """Log probability of the total with the rate integrated out, up to a term without the prior in it."""

    def own_share(self, exposure: Floats) -> Floats:
        """The weight, 0..1, of the unit's own rate in the posterior mean."""


@dataclass(frozen=True)
class BetaPrior:
    """Beta distribution of a share 0..1; alpha and beta are imaginary cases with and without the event."""

    alpha: float
    beta: float

    def posterior(self, total: Floats, exposure: Floats) -> rv_frozen:
        """Beta(alpha + y, beta + n - y); see `Prior`."""
        return stats.beta(self.alpha + total, self.beta + _without(total, exposure))

    def log_marginal(self, total: Floats, exposure: Floats) -> Floats:
        """Beta-binomial without the number of combinations; see `Prior`."""
        after = special.betaln(self.alpha + total, self.beta + _without(total, exposure))
        return np.asarray(after - special.betaln(self.alpha, self.beta))

    def own_share(self, exposure: Floats) -> Floats:
        """Own cases per own and imaginary cases, n / (n + alpha + beta); see `Prior`."""
        return exposure / (exposure + self.alpha + self.beta)


@dataclass(frozen=True)
class GammaPrior:
    """Gamma distribution of events per exposure: `shape` imaginary events in an exposure of `rate`."""

    shape: float
    rate: float

    def posterior(self, total: Floats, exposure: Floats) -> rv_frozen:
        """Gamma(shape + y, rate + e); see `Prior`."""
        return stats.gamma(self.shape + total, scale=1 / (self.rate + exposure))

    def log_marginal(self, total: Floats, exposure: Floats) -> Floats:
        """Negative binomial without exposure**total / total!; see `Prior`."""
        before = self.shape * np.log(self.rate) - special.gammaln(self.shape)
        after = special.gammaln(self.shape + total) - (self.shape + total) * np.log(self.rate + exposure)
        return np.asarray(before + after)

    def own_share(self, exposure: Floats) -> Floats:
        """Own exposure per own and imaginary exposure, e / (e + rate); see `Prior`."""
        return exposure / (exposure + self.rate)


def fit_beta_binomial(pooled: PooledCounts) -> BetaPrior:
    """The Beta prior under which the units' totals are most likely.

    pooled: from `pool_binomial`; units without exposure are left out. The size alpha + beta is kept within
    0.5..100,000, and the mean at least half a case (of the whole country) away from 0 and from 1.
    Raises ValueError when fewer than three units have exposure.
    """
    seen = _with_exposure(pooled)
    cases, everyone = _expected_cases(seen), seen.exposure.sum()
    edge = special.logit(0.5 / (everyone + 1))
    start = special.logit(np.clip((cases + 0.5) / (everyone + 1), special.expit(edge), special.expit(-edge)))

    def prior_at(point: Sequence[float]) -> BetaPrior:
        mean, size = special.expit(point[0]), np.exp(point[1])
        return BetaPrior(float(mean * size), float((1 - mean) * size))

    return prior_at(_most_likely(prior_at, seen, float(start), (float(edge), float(-edge))))


def fit_gamma_poisson(pooled: PooledCounts) -> GammaPrior:
    """The Gamma prior under which the units' totals are most likely.

    pooled: from `pool_poisson`; units without exposure are left out. The shape is kept within 0.5..100,000,
    and the mean at or above half an event in the whole exposure. Rates are per unit of exposure.
    Raises ValueError when fewer than three units have exposure.
    """
    seen = _with_exposure(pooled)
    cases, everyone = _expected_cases(seen), seen.exposure.sum()

    def prior_at(point: Sequence[float]) -> GammaPrior:
        return GammaPrior(float(np.exp(point[1])), float(np.exp(point[1] - point[0])))

    start, edge = np.log((cases + 0.5) / everyone), np.log(0.5 / everyone)
    return prior_at(_most_likely(prior_at, seen, float(start), (float(edge), None)))


def log_likelihood(prior: Prior, pooled: PooledCounts) -> float:
    """Marginal log likelihood of all units, summed over their candidate totals, up to a constant."""
    return float(special.logsumexp(_log_component(prior, pooled), axis=1).sum())


def posterior_mean(prior: Prior, pooled: PooledCounts) -> Floats:
    """The expected share, or events per exposure, of each unit; shape (n_units,)."""
    component_mean = prior.posterior(pooled.totals, pooled.exposure[:, None]).mean()
    return np.asarray((_component_weight(prior, pooled) * component_mean).sum(axis=1))


def posterior_interval(prior: Prior, pooled: PooledCounts, level: float = 0.90) -> tuple[Floats, Floats]:
    """The interval that holds the middle `level` of each unit's posterior, equal tails.

    Returns (low, high), each of shape (n_units,), in the unit of the prior. A unit without exposure gets
    the interval of the prior.
    """
    tail = (1 - level) / 2
    return _quantile(prior, pooled, tail), _quantile(prior, pooled, 1 - tail)


def posterior_draws(prior: Prior, pooled: PooledCounts, n_draws: int, rng: Generator) -> Floats:
    """Random rates from each unit's posterior, shape (n_draws, n_units), in the unit of the prior."""
    total = _draw_totals(_component_weight(prior, pooled), pooled.totals, n_draws, rng)
    return np.asarray(prior.posterior(total, pooled.exposure).rvs(size=total.shape, random_state=rng))


def own_information_share(prior: Prior, pooled: PooledCounts) -> Floats:
    """How much of each unit's estimate is its own data rather than the prior, shape (n_units,), 0..1.

    A hidden count still counts with its whole denominator here, so the share is an upper limit where counts
    are hidden.
    """
    return prior.own_share(pooled.exposure)


def _without(total: Floats, exposure: Floats) -> Floats:
    """Cases without the event; a total that is not whole may pass its denominator by rounding."""
    return np.maximum(exposure - total, 0)


def _with_exposure(pooled: PooledCounts) -> PooledCounts:
    seen = pooled.exposure > 0
    if seen.sum() < FEWEST_UNITS:
        raise ValueError(
            f"A prior needs at least {FEWEST_UNITS} units with data; {seen.sum()} of {seen.size} have any."
        )
    return PooledCounts(pooled.totals[seen], pooled.log_weight[seen], pooled.exposure[seen])


def _expected_cases(pooled: PooledCounts) -> float:
    """The country's total with each unit's candidates averaged; good enough to start the search from."""
    return float((np.exp(pooled.log_weight) * pooled.totals).sum())


def _most_likely(
    prior_at: Callable[[Sequence[float]], Prior],
    pooled: PooledCounts,
    start: float,
    bounds: tuple[float, float | None],
) -> Sequence[float]:
    """The point (transformed mean, log size) of highest likelihood, searched from the best of a few sizes."""

    def misfit(point: Sequence[float]) -> float:
        return -log_likelihood(prior_at(point), pooled) / pooled.exposure.size

    log_bounds = (np.log(SIZE_BOUNDS[0]), np.log(SIZE_BOUNDS[1]))
    starts = [(start, log_size) for log_size in np.linspace(*log_bounds, 7)]
    found = optimize.minimize(
        misfit,
        min(starts, key=misfit),
        method="L-BFGS-B",
        jac="3-point",
        bounds=[bounds, log_bounds],
        options={"ftol": 1e-14, "gtol": 1e-8},
    )
    return [float(part) for part in found.x]


def _log_component(prior: Prior, pooled: PooledCounts) -> Floats:
    return pooled.log_weight + prior.log_marginal(pooled.totals, pooled.exposure[:, None])


def _component_weight(prior: Prior, pooled: PooledCounts) -> Floats:
    """Posterior probability of each candidate total, shape (n_units, m); each row sums to 1."""
    return np.asarray(special.softmax(_log_component(prior, pooled), axis=1))


def _quantile(prior: Prior, pooled: PooledCounts, share: float) -> Floats:
    """The `share` quantile of each unit's mixture, shape (n_units,)."""
    of_component = prior.posterior(pooled.totals, pooled.exposure[:, None]).ppf(share)
    result = np.array(of_component[:, 0])
    several = np.isfinite(pooled.log_weight).sum(axis=1) > 1
    if several.any():
        some = PooledCounts(pooled.totals[several], pooled.log_weight[several], pooled.exposure[several])
        result[several] = _mixture_quantile(prior, some, of_component[several], share)
    return result


def _mixture_quantile(prior: Prior, pooled: PooledCounts, of_component: Floats, share: float) -> Floats:
    """Invert the mixture's distribution function; its quantile lies between those of its components."""
    weight = _component_weight(prior, pooled)
    possible = np.isfinite(pooled.log_weight)
    # A hair wider: with nearly all weight on one candidate, rounding may leave both ends on the same side.
    low = np.where(possible, of_component, np.inf).min(axis=1) * (1 - 1e-6)
    high = np.where(possible, of_component, -np.inf).max(axis=1) * (1 + 1e-6)

    def excess(rate: Floats, row: Floats) -> Floats:
        unit = row.astype(int)
        posterior = prior.posterior(pooled.totals[unit], pooled.exposure[unit, None])
        return np.asarray((weight[unit] * posterior.cdf(rate[:, None])).sum(axis=1) - share)

    rows = np.arange(low.size, dtype=np.float64)
    return np.asarray(find_root(excess, (low, high), args=(rows,)).x)


def _draw_totals(weight: Floats, totals: Floats, n_draws: int, rng: Generator) -> Floats:
    """A candidate total for each draw and unit, shape (n_draws, n_units), with the given probabilities."""
    n_units, _ = totals.shape
    upper_edge = np.cumsum(weight, axis=1)
    upper_edge /= upper_edge[:, [-1]]
    uniform = rng.random((n_draws, n_units))
    component = np.zeros((n_draws, n_units), int)
    for edge in upper_edge.T[:-1]:
        component += uniform > edge
    return totals[np.arange(n_units), component]
