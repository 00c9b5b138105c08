"""Funnel plots: how far from the others a unit of its size may stand by chance.

Three kinds of limits. Those around one common rate (`score_limits`, `rates.exact_count_interval`, `chance_limits`
with an endless size) know of chance alone, and with large units nearly everyone is outside. `chance_limits` with the
fitted spread among the units is the one to use: one formula, right for small units and for units that differ.
`overdispersion` and its limits are Spiegelhalter's additive correction, the known standard, shown beside; normal
limits do not hold below about 20 cases.

Spiegelhalter (2005), Statistics in Medicine 24:1185, and Qual. Saf. Health Care 14:347.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from scipy.stats.distributions import rv_frozen

from pipeline.methods.rates import normal_quantile

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Overdispersion:
    """How much more units differ than chance would have it.

    phi: mean squared z-score, 1 when only chance is at work. tau2: variance between units on the transformed scale.
    """

    phi: float
    tau2: float


def score_limits(denominator: ArrayLike, mean: float, level: float = 0.95) -> tuple[Floats, Floats]:
    """Limits of a share around the common `mean` from the score test: where a unit's Wilson interval just reaches it.

    denominator: any shape, above 0. Returns (low, high) as shares within 0..1.

    Wilson (1927), J. Am. Stat. Assoc. 22:209; PHE (2017), Technical Guide: Funnel plots.
    """
    half = normal_quantile(level) * np.sqrt(mean * (1 - mean) / np.asarray(denominator, float))
    return np.clip(mean - half, 0, 1), np.clip(mean + half, 0, 1)


def chance_limits(
    denominator: ArrayLike, mean: float, size: float = np.inf, level: float = 0.998, law: str = "binomial"
) -> tuple[Floats, Floats]:
    """Limits of a share, or of events per exposure, at each denominator when units differ as the fitted prior says.

    Quantiles of the beta-binomial (law 'binomial') or of the gamma-Poisson ('poisson'), interpolated between the two
    nearest counts, so that each side keeps (1 - level) / 2 on the average. denominator: cases (rounded) or exposure,
    any shape, above 0. mean: of the prior. size: its imaginary cases (alpha + beta) or exposure (rate); endless for one
    common rate. Returns (low, high) in the unit of the mean; NaN where there is no denominator.

    Spiegelhalter (2005), Statistics in Medicine 24:1185, appendix A.1.1.
    """
    n = np.asarray(denominator, float)
    whole, place = np.unique(np.round(n) if law == "binomial" else n, return_inverse=True)
    tails = np.array([(1 - level) / 2, (1 + level) / 2])
    limits = np.array([_quantiles(cases, mean, size, law, tails) for cases in whole]).reshape(-1, 2)
    found = limits[place].reshape(*n.shape, 2)
    return found[..., 0], found[..., 1]


def chance(
    numerator: ArrayLike, denominator: ArrayLike, mean: ArrayLike, size: float = np.inf, law: str = "binomial"
) -> Floats:
    """How likely a figure at least as far out on its own side is, twice; a count as far out counts half (mid-p).

    numerator: whole numbers (others are rounded); shapes broadcast. denominator, mean, size, law: as in
    `chance_limits`, of the peers. Returns p-values 0..1; NaN where either is missing or there is no denominator.

    Lancaster (1961), J. Am. Stat. Assoc. 56:223; Spiegelhalter et al. (2012), J. R. Stat. Soc. A 175:1.
    """
    y, n, m = np.broadcast_arrays(*(np.asarray(part, float) for part in (numerator, denominator, mean)))
    known = np.isfinite(y) & (n > 0)
    result = np.full(y.shape, np.nan)
    count, distribution = np.round(y[known]), _distribution(n[known], m[known], size, law)
    here = distribution.pmf(count) / 2
    result[known] = np.minimum(1, 2 * np.minimum(distribution.cdf(count) - here, distribution.sf(count) + here))
    return result


def discoveries(p_value: ArrayLike, rate: float = 0.10) -> Flags:
    """Which units stand out when at most `rate` of those named may be false alarms; a missing p-value never does.

    p_value: any shape; all of them are one family.

    Benjamini & Hochberg (1995), J. R. Stat. Soc. B 57:289.
    """
    p = np.asarray(p_value, float)
    known = np.isfinite(p)
    result = np.zeros(p.shape, bool)
    result[known] = stats.false_discovery_control(p[known]) <= rate
    return result


def labels(value: ArrayLike, limits: dict[str, tuple[ArrayLike, ArrayLike]]) -> NDArray[np.str_]:
    """'low' or 'high' with the name of the widest limits that a value is outside of, '' inside them all or missing.

    value: any shape. limits: name -> (low, high), narrowest first; shapes broadcast to the value's.
    """
    known = np.asarray(value, float)
    result = np.full(known.shape, "", dtype=object)
    for name, (low, high) in limits.items():
        result = np.where(known < low, f"low {name}", np.where(known > high, f"high {name}", result))
    return result.astype(str)


def share_scores(numerator: ArrayLike, denominator: ArrayLike) -> tuple[Floats, Floats]:
    """Each share's z-score around the common share on the arcsine scale, and its standard error there.

    numerator, denominator: shape (n_units,), none missing, every denominator above 0.
    """
    y, n = np.asarray(numerator, float), np.asarray(denominator, float)
    error = 1 / (2 * np.sqrt(n))
    return (np.arcsin(np.sqrt(y / n)) - np.arcsin(np.sqrt(y.sum() / n.sum()))) / error, error


def ratio_scores(observed: ArrayLike, expected: ArrayLike, scale: str = "log") -> tuple[Floats, Floats]:
    """Each ratio's z-score around 1, and its standard error, on the 'log' scale or the 'root' (square root) scale.

    observed, expected: shape (n_units,), expected above 0; on the log scale observed too.
    """
    y, e = np.asarray(observed, float), np.asarray(expected, float)
    if scale == "log":
        return np.log(y / e) * np.sqrt(e), 1 / np.sqrt(e)
    return (np.sqrt(y / e) - 1) * 2 * np.sqrt(e), 1 / (2 * np.sqrt(e))


def count_ratio_scores(numerator: ArrayLike, denominator: ArrayLike) -> tuple[Floats, Floats]:
    """Each ratio's z-score around the common ratio of two counts, and its standard error, on the log scale.

    Both are counts with chance of their own, unlike an expectation; half a case is added to each.
    numerator, denominator: shape (n_units,), none missing; not both 0.

    Spiegelhalter (2005), Statistics in Medicine 24:1185, appendix A.1.2 (ratio of rates).
    """
    y, n = np.asarray(numerator, float), np.asarray(denominator, float)
    error = np.sqrt(y / (y + 0.5) ** 2 + n / (n + 0.5) ** 2)
    return (np.log((y + 0.5) / (n + 0.5)) - np.log(y.sum() / n.sum())) / error, error


def truncated(score: ArrayLike, share: float = 0.1) -> Floats:
    """Scores without the lowest and the highest `share` of the units, which become NaN (the rule of England's SHMI)."""
    z = np.asarray(score, float)
    part = np.floor(stats.rankdata(z) * (1 / share) / (z.size + 1))
    return np.where((part > 0) & (part < 1 / share - 1), z, np.nan)


def overdispersion(score: ArrayLike, error: ArrayLike) -> Overdispersion:
    """Phi and tau² of z-scores (winsorised or truncated first, so that true outliers do not hide themselves).

    score, error: shape (n_units,); units with a missing score are left out. tau² is 0 where phi is no larger than
    chance.

    Spiegelhalter (2005), Qual. Saf. Health Care 14:347; DerSimonian & Laird (1986), Controlled Clin. Trials 7:177.
    """
    z, s = np.asarray(score, float), np.asarray(error, float)
    known = np.isfinite(z)
    z, weight = z[known], 1 / s[known] ** 2
    phi = float((z**2).mean())
    excess = z.size * phi - (z.size - 1)
    return Overdispersion(phi, max(0.0, float(excess / (weight.sum() - (weight**2).sum() / weight.sum()))))


def share_limits(
    denominator: ArrayLike, mean: float, tau2: float = 0.0, deviations: float = 1.959964
) -> tuple[Floats, Floats]:
    """Limits of a share on the arcsine scale with the variance between units added; (low, high) within 0..1.

    deviations: how many standard deviations wide; 1.959964 for 95 %, 3.090232 for 99.8 %.
    """
    centre = np.arcsin(np.sqrt(mean))
    half = deviations * np.sqrt(1 / (4 * np.asarray(denominator, float)) + tau2)
    low, high = np.clip(centre - half, 0, np.pi / 2), np.clip(centre + half, 0, np.pi / 2)
    return np.sin(low) ** 2, np.sin(high) ** 2


def ratio_limits(
    expected: ArrayLike, tau2: float = 0.0, deviations: float = 1.959964, scale: str = "log"
) -> tuple[Floats, Floats]:
    """Limits of observed / expected around 1 with the variance between units added, on the scale of `ratio_scores`."""
    e = np.asarray(expected, float)
    if scale == "log":
        half = deviations * np.sqrt(1 / e + tau2)
        return np.exp(-half), np.exp(half)
    half = deviations * np.sqrt(1 / (4 * e) + tau2)
    return np.maximum(1 - half, 0) ** 2, (1 + half) ** 2


def count_ratio_limits(
    error: ArrayLike, mean: float, tau2: float = 0.0, deviations: float = 1.959964
) -> tuple[Floats, Floats]:
    """Limits of a ratio of two counts around the common one, on the log scale; error: from `count_ratio_scores`."""
    half = deviations * np.sqrt(np.asarray(error, float) ** 2 + tau2)
    return mean * np.exp(-half), mean * np.exp(half)


def _distribution(denominator: ArrayLike, mean: ArrayLike, size: float, law: str) -> rv_frozen:
    """Of the count that is to be expected among the peers; all parts broadcast."""
    n, m = np.asarray(denominator, float), np.asarray(mean, float)
    if law == "poisson":
        return stats.poisson(n * m) if np.isinf(size) else stats.nbinom(m * size, size / (size + n))
    cases = np.round(n)
    return stats.binom(cases, m) if np.isinf(size) else stats.betabinom(cases, m * size, (1 - m) * size)


def _quantiles(denominator: float, mean: float, size: float, law: str, tails: Floats) -> Floats:
    """The interpolated quantiles of one unit's rate; between count - 1 and count by how much is left."""
    if not denominator > 0:
        return np.full(tails.size, np.nan)
    distribution = _distribution(denominator, mean, size, law)
    most = denominator if law == "binomial" else distribution.isf((1 - tails[-1]) / 100)
    count = np.arange(most + 1)
    probability = distribution.pmf(count)
    up_to = np.cumsum(probability)
    reached = np.minimum(np.searchsorted(up_to, tails), count.size - 1)
    surplus = (up_to[reached] - tails) / np.where(probability[reached] > 0, probability[reached], 1.0)
    return np.clip(count[reached] - surplus, 0, most) / denominator
