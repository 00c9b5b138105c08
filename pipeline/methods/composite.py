"""From indicator values to one score of need, and back to what the score is made of."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

# Above 100 a unit is worse than the bad goalpost; beyond 150 it gets no further points (methods.md, 1.4).
MOST_NEED = 150.0


def need(value: ArrayLike, low: ArrayLike, high: ArrayLike) -> Floats:
    """Points of need: 0 at the good goalpost `low`, 100 at the bad goalpost `high`, kept within 0..150.

    value: any shape, in the unit of the goalposts; draws work like point values.
    low, high: goalposts that broadcast against value. Where a high value is good, low is the larger number.
    Raises ValueError where the two goalposts are the same.
    """
    good, bad = np.asarray(low, float), np.asarray(high, float)
    if np.any(good == bad):
        raise ValueError("The goalposts low and high must differ, or need has no scale.")
    points = 100 * (np.asarray(value, float) - good) / (bad - good)
    return np.asarray(np.clip(points, 0, MOST_NEED))


def power_mean(values: Floats, weights: ArrayLike, power: float = 2.0, axis: int = -1) -> Floats:
    """(sum of w * v**power) ** (1/power) along `axis`, with weights that sum to 1.

    A power above 1 lets one bad dimension weigh more than in the arithmetic mean (1); 0 is the geometric mean, -1 the
    harmonic, and both are 0 as soon as one value with weight is.
    values: any shape, in points, at least 0. weights: one per value along `axis`, or in the shape of the
        values; not negative. A missing value makes the mean missing unless its weight is 0; so do weights all 0.
    Raises ValueError for a negative weight.

    Hardy, Littlewood & Polya (1934), Inequalities, ch. 2.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        if power == 0:
            return np.exp(_weighted(np.log(np.asarray(values, float)), weights, axis).sum(axis=axis))
        return np.asarray(_powered_parts(values, weights, power, axis).sum(axis=axis) ** (1 / power))


def grouped_mean(values: Floats, group: ArrayLike, weights: ArrayLike, power: float = 1.0) -> Floats:
    """The power mean of each group of indicators (a dimension, a pillar), one level up in the index.

    values: shape (..., n_indicators), in points. group: shape (n_indicators,), 0..n_groups - 1. weights: shape
    (n_indicators,). Returns shape (..., n_groups). Missing values as in `power_mean`.
    """
    index, share = np.asarray(group), np.asarray(weights, float)
    members = [np.flatnonzero(index == place) for place in range(index.max() + 1)]
    return np.stack([power_mean(values[..., inside], share[inside], power) for inside in members], axis=-1)


def contributions(dimension_needs: Floats, weights: ArrayLike, power: float = 2.0) -> Floats:
    """How many points of the score (power mean) come from each dimension.

    dimension_needs: shape (..., D), points of need per dimension, at least 0. weights: shape (D,).
    Returns shape (..., D), in points; the last axis sums to the score. A score of 0 has no parts: zeros.
    Raises ValueError for a power that is not above 0: such a mean is no sum of parts.
    """
    if power <= 0:
        raise ValueError(f"Only a power mean with a power above 0 is a sum of parts (given: {power:g}).")
    parts = _powered_parts(dimension_needs, weights, power, -1)
    total = parts.sum(axis=-1, keepdims=True)
    share = np.divide(parts, total, out=np.zeros_like(parts), where=total != 0)
    return np.asarray(share * total ** (1 / power))


def _powered_parts(values: Floats, weights: ArrayLike, power: float, axis: int) -> Floats:
    """Each w * v**power, weights scaled to sum to 1 along `axis`; weight 0 removes even a missing value."""
    return _weighted(np.asarray(values, float) ** power, weights, axis)


def _weighted(values: Floats, weights: ArrayLike, axis: int) -> Floats:
    share = _scaled(_aligned(np.asarray(weights, float), np.ndim(values), axis), axis)
    return np.where(share == 0, 0.0, share * values)


def _aligned(weights: Floats, dimensions: int, axis: int) -> Floats:
    """Weights in one dimension are laid along `axis`; weights in full shape stay as they are."""
    if weights.ndim != 1 or dimensions == 1:
        return weights
    shape = np.ones(dimensions, int)
    shape[axis] = weights.size
    return weights.reshape(shape)


def _scaled(weights: Floats, axis: int) -> Floats:
    if np.any(weights < 0):
        raise ValueError("A weight must not be negative.")
    total = weights.sum(axis=axis, keepdims=True)
    return weights / np.where(total > 0, total, np.nan)
