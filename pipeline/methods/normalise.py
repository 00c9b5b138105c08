"""Indicators with different units brought onto one scale by what the units themselves show.

Fixed goalposts (`composite.need`) stand still when another unit moves; nothing here does, so these serve as a test of
the ranking, not as the ranking. Values keep their direction: turn an indicator of which more is better before or after.
Units lie along `axis`; draws work like point values. A missing value stays missing and counts for nothing.

OECD/JRC (2008), Handbook on Constructing Composite Indicators, step 5 and table 15.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Floats = NDArray[np.float64]

# A unit whose percentile is at most 5 belongs to the first category, at most 15 to the second, ... (handbook, p. 86).
CATEGORY_EDGES = (5.0, 15.0, 35.0, 65.0, 85.0, 95.0)
CATEGORY_POINTS = (0.0, 20.0, 40.0, 50.0, 60.0, 80.0, 100.0)


def min_max(values: ArrayLike, low: float = 0.0, high: float = 100.0, axis: int = 0) -> Floats:
    """`low` at the smallest value, `high` at the largest, in points; where all are equal, midway."""
    known = np.asarray(values, float)
    smallest, largest = _known_range(known, axis)
    width = largest - smallest
    share = np.where(width == 0, 0.5, (known - smallest) / np.where(width == 0, 1.0, width))
    return np.where(np.isnan(known), np.nan, low + (high - low) * share)


def z_score(values: ArrayLike, mean: float = 0.0, deviation: float = 1.0, axis: int = 0) -> Floats:
    """`mean` at the mean of the units and one `deviation` for each of theirs (divisor n - 1).

    Where all are equal, everyone gets the `mean`. Raises ValueError where fewer than two units are known.
    """
    known = np.asarray(values, float)
    seen = ~np.isnan(known)
    number = seen.sum(axis=axis, keepdims=True)
    if np.any(number < 2):
        raise ValueError("A standard deviation needs two units with a value.")
    off = known - np.where(seen, known, 0.0).sum(axis=axis, keepdims=True) / number
    spread = np.sqrt(np.square(np.where(seen, off, 0.0)).sum(axis=axis, keepdims=True) / (number - 1))
    smallest, largest = _known_range(known, axis)
    is_same = smallest == largest
    return np.asarray(mean + deviation * np.where(is_same, 0 * known, off / np.where(is_same, 1, spread)))


def ascending_rank(values: ArrayLike, axis: int = 0) -> Floats:
    """1 for the smallest value, equal values share the lowest rank; the largest gets the most points."""
    return np.asarray(stats.rankdata(values, method="min", axis=axis, nan_policy="omit"), float)


def percentile(values: ArrayLike, axis: int = 0) -> Floats:
    """The ascending rank as a percentage of the number of units, above 0 and up to 100."""
    known = np.asarray(values, float)
    return 100 * ascending_rank(known, axis) / (~np.isnan(known)).sum(axis=axis, keepdims=True)


def percent_rank(values: ArrayLike, axis: int = 0) -> Floats:
    """The share of the other units that a unit stands above, 0..1; NaN where it is the only one."""
    known = np.asarray(values, float)
    others = (~np.isnan(known)).sum(axis=axis, keepdims=True) - 1
    return (ascending_rank(known, axis) - 1) / np.where(others > 0, others, np.nan)


def between(values: ArrayLike, low: ArrayLike, high: ArrayLike, points: float = 100.0, is_cut: bool = True) -> Floats:
    """0 at `low`, `points` at `high`, straight between them; beyond them cut where `is_cut`.

    low may lie above high, where less is more. They broadcast against the values. (`composite.need` is the ranking's.)
    """
    start, end = np.asarray(low, float), np.asarray(high, float)
    share = (np.asarray(values, float) - start) / np.where(start == end, np.nan, end - start)
    return np.asarray(points * (np.clip(share, 0, 1) if is_cut else share))


def ratio_to_reference(values: ArrayLike, reference: ArrayLike) -> Floats:
    """How many times the reference (the mean, the best unit, a target) each value is; NaN where that is 0."""
    level = np.asarray(reference, float)
    return np.asarray(values, float) / np.where(level == 0, np.nan, level)


def distance_to_reference(values: ArrayLike, reference: ArrayLike, axis: int = 0) -> Floats:
    """0 at the smallest value, 1 at the reference, above 1 beyond it; NaN where the two are the same."""
    known = np.asarray(values, float)
    smallest, _ = _known_range(known, axis)
    way = np.asarray(reference, float) - smallest
    return (known - smallest) / np.where(way == 0, np.nan, way)


def above_or_below(values: ArrayLike, reference: ArrayLike, margin: float = 0.2) -> Floats:
    """1 above, -1 below, 0 within `margin` (a share) of the reference; NaN where missing."""
    off = ratio_to_reference(values, reference) - 1
    return np.where(np.isnan(off), np.nan, np.sign(off) * (np.abs(off) > margin))


def category(values: ArrayLike, axis: int = 0) -> Floats:
    """Points by percentile: 100 to the top 5 %, then 80, 60, 50, 40, 20, and 0 to the bottom 5 %."""
    place = percentile(values, axis)
    points = np.asarray(CATEGORY_POINTS)[np.searchsorted(CATEGORY_EDGES, place, side="left")]
    return np.where(np.isnan(place), np.nan, points)


def _known_range(values: Floats, axis: int) -> tuple[Floats, Floats]:
    """The smallest and the largest known value along an axis; inf and -inf where none is known."""
    seen = ~np.isnan(values)
    smallest = np.min(values, axis=axis, keepdims=True, where=seen, initial=np.inf)
    return smallest, np.max(values, axis=axis, keepdims=True, where=seen, initial=-np.inf)
