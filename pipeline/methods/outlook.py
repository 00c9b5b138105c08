"""What services are heading for if nothing is done: draws of their rates over the next half-years."""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import special

from pipeline.methods.dynamic import SMALLEST_VARIANCE, Dynamics, Posterior, posterior
from pipeline.methods.sites import Counts, Law

Floats = NDArray[np.float64]


def ahead(at: Dynamics, counts: Counts, half_years: int, rounds: int = 30) -> tuple[Dynamics, Posterior]:
    """What is common, and the posterior of each service, in so many half-years after the last.

    Nothing is known of them. The level stays at that of the last half-year in which the indicator was seen. rounds: of
    the approximation; each brings it about ten times nearer.
    """
    known = counts.is_known.any(axis=0)
    last = np.where(known, np.arange(at.times.size), 0).max(axis=1)
    level = np.repeat(at.level[np.arange(last.size), last][:, None], half_years, axis=1)
    later = at.times[-1] + 1 + np.arange(half_years)
    both = replace(at, level=np.hstack([at.level, level]), times=np.concatenate([at.times, later]))
    empty = np.zeros((*counts.denominator.shape[:2], half_years))
    revision = None if counts.revision is None else np.hstack([counts.revision, np.zeros(level.shape)])
    padded = counts.changed(lambda each: np.concatenate([each, empty], axis=2))
    padded = replace(padded, times=both.times, revision=revision)
    found = posterior(both, padded, rounds)
    future = slice(at.times.size, None)
    return replace(both, level=level, times=later), replace(
        found,
        passing_own=found.passing_own[..., future],
        passing_pull=found.passing_pull[..., future],
        passing_covariance=found.passing_covariance[..., future, future],
    )


class Draws:
    """Random rates of services, the mean of some half-years; the same for a service whoever else is there.

    The random numbers are the same for all services, in an order of the service's own: so services with the same
    posterior have the same mean and interval to the last digit, and differ from each other by chance alone.
    """

    def __init__(self, at: Dynamics, law: Sequence[Law], n_draws: int, seed: int) -> None:
        indicators, periods = at.level.shape
        self._level, self._n, self._seed = at.level, n_draws, seed
        self._is_share = np.array([each == "binomial" for each in law])
        random = np.random.default_rng([seed, zlib.crc32(b"draws")])
        self._lasting = _centred(random.standard_normal((n_draws, indicators)))
        self._passing = _centred(random.standard_normal((indicators, n_draws, periods)), axis=1)

    def rates(self, found: Posterior, services: Sequence[str]) -> Iterator[Floats]:
        """For each service its rates, shape (n_draws, J): shares 0..1, ratios per unit of the denominator."""
        lasting_root = np.linalg.cholesky(found.lasting_covariance)
        passing_root = np.linalg.cholesky(found.passing_covariance).swapaxes(-1, -2)
        left = 1 - found.passing_pull
        has_passing = found.passing_covariance.max() > 2 * SMALLEST_VARIANCE
        for place, service in enumerate(services):
            lasting = found.lasting_mean[place] + self._lasting @ lasting_root[place].T
            if has_passing:
                rate = self._passing @ passing_root[place]
                rate += (self._level + found.passing_own[place])[:, None]
                rate += lasting.T[..., None] * left[place][:, None]
            else:
                rate = (lasting + self._level[:, 0]).T[..., None]
            order = np.random.default_rng([self._seed, zlib.crc32(service.encode())]).permutation(self._n)
            yield self._unscaled(rate).mean(axis=2).T[order]

    def _unscaled(self, rate: Floats) -> Floats:
        """Logits to shares, logs to ratios, in place; shape (J, ...)."""
        for kind, is_share in zip(rate, self._is_share, strict=True):
            (special.expit if is_share else np.exp)(kind, out=kind)
        return rate


def _centred(normals: Floats, axis: int = 0) -> Floats:
    """With mean 0 and variance 1 in the sample too, which takes most of the chance out of means and spreads."""
    mean, spread = normals.mean(axis=axis, keepdims=True), normals.std(axis=axis, keepdims=True)
    return np.asarray((normals - mean) / spread)
