"""What guided services were heading for without guidance: a forecast in which the regression to the mean lies.

The joint dynamic model (`dynamic`) is fitted with the guided services' figures after the agreement taken out. Its level
of those half-years is then the unguided services'; a guided service's own part is what its figures until then say,
fading towards its lasting part. That services were chosen by those very figures does no harm: given them, the choice
says nothing more of the rates to come (Rubin 1976, Biometrika 63:581). It would if somebody chose by what no figure
shows.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import special

from pipeline.methods.dynamic import Dynamics, Posterior
from pipeline.methods.sites import Counts, Law

Floats = NDArray[np.float64]


def without_later(counts: Counts, is_later: NDArray[np.bool_]) -> Counts:
    """The counts without the cells in which is_later, shape (S, J, T): a guided service's after the agreement."""
    return counts.with_arrays(np.where(is_later, 0.0, each) for each in counts.arrays)


def rate_draws(
    at: Dynamics, found: Posterior, law: Sequence[Law], service: int, n_draws: int, rng: np.random.Generator
) -> Floats:
    """Draws of one service's rates in each half-year, shape (n_draws, J, T): shares 0..1, ratios per unit."""
    indicators, periods = at.level.shape
    lasting_root = np.linalg.cholesky(found.lasting_covariance[service])
    passing_root = np.linalg.cholesky(found.passing_covariance[service]).swapaxes(-1, -2)
    lasting = found.lasting_mean[service] + rng.standard_normal((n_draws, indicators)) @ lasting_root.T
    passing = np.einsum("njt,jtu->nju", rng.standard_normal((n_draws, indicators, periods)), passing_root)
    passing += found.passing_own[service] - found.passing_pull[service] * lasting[..., None]
    scale = at.level + lasting[..., None] + passing
    is_share = np.array([each == "binomial" for each in law])[:, None]
    return np.where(is_share, special.expit(scale), np.exp(scale))


def count_draws(
    rates: Floats, denominator: Floats, law: Law, rng: np.random.Generator, dispersion: float = 1.0
) -> Floats:
    """Counts that might be observed at these rates, with the chance of small numbers.

    rates: shape (n_draws, T). denominator: shape (T,); whole cases for a share. dispersion: of a ratio's counts.
    """
    if law == "binomial":
        return rng.binomial(np.round(denominator).astype(int), rates).astype(float)
    return np.asarray(rng.poisson(rates * denominator / dispersion) * dispersion)


def pooled(rates: Floats, denominator: Floats) -> Floats:
    """The rate over some half-years together, each as heavy as its cases: shape (n_draws,) of (n_draws, T)."""
    return np.asarray(rates @ (denominator / denominator.sum()))


def probability_fell(before: Floats, after: Floats, by: float) -> float:
    """How probable it is that the need fell by at least so much; draws of one posterior, in need: higher is worse."""
    return float((before - after >= by).mean())
