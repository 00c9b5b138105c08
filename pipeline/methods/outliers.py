"""Figures to look at again: counts that are unlikely beside what was expected, however few the cases."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Floats = NDArray[np.float64]
SMALLEST = 1e-9


def scatter(count: ArrayLike, expected: ArrayLike, certain: ArrayLike = np.inf, share: ArrayLike = 0.0) -> float:
    """How much rates differ beyond chance: τ², the squared coefficient of variation of the rate around the expected.

    count, expected: shape (n,); cells with a missing count, or nothing expected, are left out.
    certain: the count that the expectation itself rests on; expected² / certain is its own uncertainty.
    share: of counts of a whole, the share expected; chance then moves them by expected · (1 - share).
    Returns τ² ≥ 0 so that Σ (count - expected)² / expected is what chance, uncertainty and τ² together make of it: with
    mean m a Poisson count has variance m + m²/certain + τ² m².

    DerSimonian & Laird (1986), Controlled Clinical Trials 7:177; Spiegelhalter (2005), Qual. Saf. Health Care 14:347.
    """
    y, m, c, s = np.broadcast_arrays(*(np.asarray(each, float) for each in (count, expected, certain, share)))
    known = np.isfinite(y) & (m > 0) & (c > 0)
    y, m, c, s = y[known], m[known], c[known], s[known]
    if not len(y):
        return 0.0
    return max(0.0, float((((y - m) ** 2 / m) - (1 - s) - m / c).sum() / m.sum()))


def surprise(
    count: ArrayLike, expected: ArrayLike, variation: ArrayLike, whole: ArrayLike = np.inf, law: str = "poisson"
) -> Floats:
    """The chance of a count at least as far out, on its own side, twice: a two-sided p-value, 1 at the most.

    count: whole numbers (others are rounded). expected: what was expected of them. variation: squared coefficient of
    variation of the rate itself (scatter, and how well the expectation is known). Shapes broadcast.
    law: 'poisson' counts are then negative binomial; 'binomial' counts, of `whole`, beta-binomial. Counts come in
    steps, so the chance is too large rather than too small where there are few cases. NaN where anything is missing.

    Spiegelhalter, Abrams & Myles (2004), Bayesian Approaches to Clinical Trials, §3.13 (predictive checks).
    """
    y, m, v, n = np.broadcast_arrays(
        *(np.asarray(each, float) for each in (np.round(np.asarray(count, float)), expected, variation, whole))
    )
    known = np.isfinite(y) & np.isfinite(m) & np.isfinite(v) & (m > 0) & ((law == "poisson") | (n > 0))
    result = np.full(y.shape, np.nan)
    y, m, v = y[known], m[known], np.maximum(v[known], SMALLEST)
    if law == "binomial":
        size = np.maximum(np.round(n[known]), y)
        share = np.clip(m / n[known], SMALLEST, 1 - SMALLEST)
        # Var(share) = v share²; a beta's variance is share (1 - share) / (weight + 1).
        weight = np.maximum((1 - share) / (share * v) - 1, SMALLEST)
        law_of = stats.betabinom(size, share * weight, (1 - share) * weight)
    else:
        law_of = stats.nbinom(1 / v, 1 / (1 + v * m))
    result[known] = np.minimum(1.0, 2 * np.minimum(law_of.cdf(y), law_of.sf(y - 1)))
    return result


def expected_from(
    before_count: ArrayLike, before_size: ArrayLike, size: ArrayLike, trend: float, law: str
) -> tuple[Floats, Floats]:
    """What a unit's own earlier figures let expect: (expected count, the count that this rests on).

    before_count, before_size: cases and exposure of earlier periods; size: exposure of the new one. trend: what rates
    (of shares: odds) were multiplied with since, as `moved` says. Half a case is added, and to shares half a
    case that is none, so that nothing before is not certainty. NaN where there was no exposure.

    Jeffreys' priors: Box & Tiao (1973), Bayesian Inference in Statistical Analysis, §1.3.
    """
    before, exposure, new = (np.asarray(each, float) for each in (before_count, before_size, size))
    exposure = np.where(exposure > 0, exposure, np.nan)
    if law == "poisson":
        return (before + 0.5) / exposure * trend * new, before + 0.5
    odds = (before + 0.5) / (exposure - before + 0.5) * trend
    # A share near 1 is known better than its cases say: what varies are the few that are not among them.
    return odds / (1 + odds) * new, odds * (exposure + 2)


def moved(count: ArrayLike, size: ArrayLike, before_count: ArrayLike, before_size: ArrayLike, law: str) -> float:
    """What rates (of shares: odds) were multiplied with since the earlier periods: the median over units, by size.

    All of shape (n_units,). A median, so that one wrong figure does not move what is expected of all the others.
    Units without exposure then or now are left out; 1 where there are no others.
    """
    y, n, before, exposure = (np.asarray(each, float) for each in (count, size, before_count, before_size))
    known = np.isfinite(y) & (n > 0) & (exposure > 0)
    y, n, before, exposure = y[known], n[known], before[known], exposure[known]
    if not len(y):
        return 1.0
    rest, rest_before = (n - y + 0.5, exposure - before + 0.5) if law == "binomial" else (n, exposure)
    ratio = (y + 0.5) / rest / ((before + 0.5) / rest_before)
    order = np.argsort(ratio)
    reached = np.cumsum(n[order])
    return float(ratio[order][np.searchsorted(reached, reached[-1] / 2)])


def discoveries(p: ArrayLike, rate: float = 0.05) -> NDArray[np.bool_]:
    """Which of many p-values to believe so that at most this share of the believed is false; NaN is never believed.

    p: shape (n,). Those up to the largest p(k) that is at most k/n · rate, n counting only those that are known.

    Benjamini & Hochberg (1995), JRSS B 57:289.
    """
    given = np.asarray(p, float)
    known = ~np.isnan(given)
    found = np.zeros(given.shape, bool)
    if known.any():
        found[known] = stats.false_discovery_control(given[known], method="bh") <= rate
    return found
