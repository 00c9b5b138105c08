"""Single indicators put in order before they are compared: gaps filled, outliers drawn in, long tails shortened.

One indicator at a time, shape (n_units,); a missing value stays missing unless a function says that it fills it. The
ranking needs none of this (the model reads gaps, fixed goalposts are clipped); it serves to test the ranking and to
reproduce published composites.

Becker et al. (2022), COINr, J. Open Source Softw. 7:4567; OECD/JRC (2008), Handbook, steps 3 and 5.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

Floats = NDArray[np.float64]

# Both must be passed before an indicator is treated (COINr's default; the handbook's rule of thumb is 2 and 3.5).
MOST_SKEWNESS = 2.0
MOST_KURTOSIS = 3.5


@dataclass(frozen=True)
class Winsorised:
    """An indicator with its outermost values drawn in.

    values: shape (n_units,). moved: how many units now stand at a neighbour's value.
    """

    values: Floats
    moved: int


def skewness(values: ArrayLike) -> float:
    """Sample skewness G1 (as spreadsheets give it); NaN below three known values, and where all are equal."""
    known = _varied(values, 3)
    return float(stats.skew(known, bias=False)) if known.size else np.nan


def kurtosis(values: ArrayLike) -> float:
    """Sample excess kurtosis G2 (as spreadsheets give it; 0 for a normal curve).

    NaN below four known values, and where all are equal.
    """
    known = _varied(values, 4)
    return float(stats.kurtosis(known, bias=False)) if known.size else np.nan


def has_outliers(values: ArrayLike, most_skewness: float = MOST_SKEWNESS, most_kurtosis: float = MOST_KURTOSIS) -> bool:
    """Whether the skewness and the kurtosis are both beyond what is tolerated."""
    return abs(skewness(values)) > most_skewness and kurtosis(values) > most_kurtosis


def winsorise(
    values: ArrayLike,
    most: int = 5,
    most_skewness: float = MOST_SKEWNESS,
    most_kurtosis: float = MOST_KURTOSIS,
) -> Winsorised:
    """Draw the outermost value in to its neighbour, again and again, until there are no outliers or `most` are moved.

    The end is the one that the skewness points to; units that are tied there move together, so that a few more than
    `most` can be moved.
    """
    result = np.array(values, float)
    high, low = 0, 0
    while has_outliers(result, most_skewness, most_kurtosis) and high + low < most:
        sign = 1.0 if skewness(result) >= 0 else -1.0
        outermost = sign * result == np.nanmax(sign * result)
        result[outermost] = sign * np.nanmax(np.where(outermost, np.nan, sign * result))
        high, low = (int(outermost.sum()), low) if sign > 0 else (high, int(outermost.sum()))
    return Winsorised(result, high + low)


def winsorise_shares(values: ArrayLike, share: float = 0.1) -> Floats:
    """Values below the `share` quantile become that quantile, values above the 1 - `share` quantile become that one."""
    known = np.asarray(values, float)
    low, high = np.nanquantile(known, [share, 1 - share])
    return np.clip(known, low, high)


def shifted_log(values: ArrayLike) -> Floats:
    """log(v - smallest + 1 % of the range): the order stays, a long upper tail shortens."""
    known = np.asarray(values, float)
    smallest, largest = np.nanmin(known), np.nanmax(known)
    return np.log(known - smallest + 0.01 * (largest - smallest))


def box_cox(values: ArrayLike, power: float, positive: bool = True) -> Floats:
    """(v**power - 1) / power, log v at power 0; `positive` first moves the smallest value to 1.

    Box & Cox (1964), J. R. Stat. Soc. B 26:211.
    """
    known = np.asarray(values, float)
    return np.asarray(special.boxcox(known - np.nanmin(known) + 1 if positive else known, power))


def treat(values: ArrayLike, most: int = 5) -> Floats:
    """An indicator without outliers: as it is, else winsorised, else (that failing) the shifted log of the original."""
    drawn_in = winsorise(values, most).values
    return shifted_log(values) if has_outliers(drawn_in) else drawn_in


def fill_by_group(values: ArrayLike, group: ArrayLike) -> Floats:
    """Missing values filled with the mean of the known ones of the same group; missing where the group has none.

    group: shape (n_units,), a label each.
    """
    known = np.asarray(values, float)
    index = np.unique(np.asarray(group), return_inverse=True)[1]
    seen = ~np.isnan(known)
    number = np.bincount(index, seen)
    total = np.bincount(index, np.where(seen, known, 0.0))
    return np.where(seen, known, (total / np.where(number > 0, number, np.nan))[index])


def _varied(values: ArrayLike, fewest: int) -> Floats:
    """The known values; none where they are too few, or all equal, for a moment to exist."""
    given = np.asarray(values, float)
    known = given[~np.isnan(given)]
    return known if known.size >= fewest and known.min() < known.max() else known[:0]
