"""Whether a count moved otherwise than elsewhere: for signs that a figure improved by being counted differently."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.methods.funnel import overdispersion

Floats = NDArray[np.float64]


def departures(change: ArrayLike, variance: ArrayLike, is_reference: ArrayLike) -> Floats:
    """How far each unit's change lies from that of the reference units, in standard deviations.

    change: shape (n_units,), of a logarithm; NaN where it is not known. variance: by chance alone. is_reference: the
    units that say what is usual; how they differ beyond chance is added to the variance. NaN with fewer than three of
    them.

    DerSimonian & Laird (1986), Controlled Clin. Trials 7:177 (variance between units).
    """
    d, v = np.asarray(change, float), np.asarray(variance, float)
    usual = np.asarray(is_reference, bool) & np.isfinite(d) & (v > 0)
    if usual.sum() < 3:
        return np.full(d.shape, np.nan)
    mean = np.average(d[usual], weights=1 / v[usual])
    between = overdispersion((d[usual] - mean) / np.sqrt(v[usual]), np.sqrt(v[usual])).tau2
    centre = np.average(d[usual], weights=1 / (v[usual] + between))
    return np.asarray((d - centre) / np.sqrt(v + between))


def log_ratio(
    after: ArrayLike, before: ArrayLike, exposure_after: ArrayLike, exposure_before: ArrayLike
) -> tuple[Floats, Floats]:
    """(log of the ratio of two rates, its variance by chance): counts over exposures; half a case is added to each.

    Counts below 0, or an exposure of 0, give NaN. Haldane (1956), Annals of Human Genetics 20:309.
    """
    y1, y0, n1, n0 = (np.asarray(each, float) for each in (after, before, exposure_after, exposure_before))
    known = (n1 > 0) & (n0 > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        change = np.log((y1 + 0.5) / n1) - np.log((y0 + 0.5) / n0)
    return np.where(known, change, np.nan), np.where(known, 1 / (y1 + 0.5) + 1 / (y0 + 0.5), np.nan)
