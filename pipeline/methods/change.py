"""Differences between two shares."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.methods.rates import byar_interval, wilson_interval

Floats = NDArray[np.float64]


def share_difference_interval(
    n1: ArrayLike, d1: ArrayLike, n2: ArrayLike, d2: ArrayLike, level: float = 0.95
) -> tuple[Floats, Floats]:
    """Interval of the difference n1/d1 - n2/d2 between two independent shares.

    n1, n2: numerators; d1, d2: denominators; counts of any shapes that broadcast.
    Returns (low, high) as differences of shares, -1..1; positive when the first share is the larger.
    NaN where a denominator is 0 or a part is missing.

    Newcombe (1998), Statistics in Medicine 17:873, method 10 (hybrid of two Wilson intervals).
    """
    return _square_and_add((n1, d1), (n2, d2), wilson_interval(n1, d1, level), wilson_interval(n2, d2, level))


def rate_difference_interval(
    n1: ArrayLike, d1: ArrayLike, n2: ArrayLike, d2: ArrayLike, level: float = 0.95
) -> tuple[Floats, Floats]:
    """As `share_difference_interval`, of two rates of events per exposure, with Byar's limits of each.

    Donner & Zou (2012), Statistical Methods in Medical Research 21:347 (the same hybrid for any two intervals).
    """
    return _square_and_add((n1, d1), (n2, d2), byar_interval(n1, d1, level), byar_interval(n2, d2, level))


def _square_and_add(
    first: tuple[ArrayLike, ArrayLike],
    second: tuple[ArrayLike, ArrayLike],
    limits1: tuple[Floats, Floats],
    limits2: tuple[Floats, Floats],
) -> tuple[Floats, Floats]:
    """Each side of the difference from the two distances that make it, as if at right angles."""
    (low1, high1), (low2, high2) = limits1, limits2
    share1, share2 = _share(*first), _share(*second)
    difference = share1 - share2
    below = np.hypot(share1 - low1, high2 - share2)
    above = np.hypot(high1 - share1, share2 - low2)
    return difference - below, difference + above


def _share(numerator: ArrayLike, denominator: ArrayLike) -> Floats:
    """The share itself; NaN without a denominator."""
    n = np.asarray(denominator, float)
    return np.asarray(numerator, float) / np.where(n > 0, n, np.nan)
