"""Classical intervals for a single share or a single rate."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special

Floats = NDArray[np.float64]

# Below ten events Byar's approximation is replaced by the exact limits, as PHEindicatormethods does.
EXACT_BELOW = 10


EM_ROUNDS = 500
DRIFT_ROUNDS = 10


def wilson_interval(numerator: ArrayLike, denominator: ArrayLike, level: float = 0.95) -> tuple[Floats, Floats]:
    """Wilson score interval of a share.

    numerator, denominator: counts of any shapes that broadcast; they need not be whole numbers.
    Returns (low, high) as shares 0..1. NaN where the denominator is 0 or missing, or where the numerator
    is missing or outside 0..denominator.

    Wilson (1927), J. Am. Stat. Assoc. 22:209.
    """
    y, n = _positive_denominator(numerator, denominator)
    y = np.where((y >= 0) & (y <= n), y, np.nan)
    z = normal_quantile(level)
    centre = (y + z**2 / 2) / (n + z**2)
    half = z / (n + z**2) * np.sqrt(y * (n - y) / n + z**2 / 4)
    # Rounding can carry the limits of 0 and of n cases a hair outside 0..1.
    return np.where(y == 0, 0.0, centre - half), np.where(y == n, 1.0, centre + half)


def byar_interval(count: ArrayLike, exposure: ArrayLike, level: float = 0.95) -> tuple[Floats, Floats]:
    """Interval of a Poisson rate: Byar's approximation, and the exact limits below ten events.

    count: number of events, at least 0. exposure: for example children or child-years; shapes broadcast.
    Returns (low, high) in events per unit of exposure. NaN where the exposure is 0 or either part is missing.

    Breslow & Day (1987), Statistical Methods in Cancer Research II, p. 69.
    """
    y, e = _positive_denominator(count, exposure)
    few = y < EXACT_BELOW
    exact_low, exact_high = exact_count_interval(y, level)
    byar_low, byar_high = _byar(y, level)
    return np.where(few, exact_low, byar_low) / e, np.where(few, exact_high, byar_high) / e


def exact_count_interval(count: ArrayLike, level: float = 0.95) -> tuple[Floats, Floats]:
    """Exact interval of a Poisson mean: which expectations a count does not stand out from.

    count: number of events, at least 0, any shape. Returns (low, high) in events; NaN where the count is missing.

    Garwood (1936), Biometrika 28:437.
    """
    y, tail = np.asarray(count, float), (1 - level) / 2
    # Quantiles of chi-square / 2, written as gamma quantiles.
    low = np.where(y > 0, special.gammaincinv(y, tail), 0.0)
    return np.where(np.isnan(y), np.nan, low), np.asarray(special.gammaincinv(y + 1, 1 - tail))


def dispersion(numerator: ArrayLike, exposure: ArrayLike, unit: ArrayLike) -> float:
    """How much counts scatter around their unit's own rate, as a multiple of Poisson scatter: Pearson's χ²/df.

    numerator, exposure, unit: shape (n_cells,), one cell a unit and period; unit an index; missing ones are left out.
    Returns 1 where no unit has two periods, and 0.01 at the least: figures that stand still are not known exactly.
    Below 1: steadier than counts (positions); above 1: less steady.

    McCullagh & Nelder (1989), Generalized Linear Models, §4.5.
    """
    y, e, u = np.asarray(numerator, float), np.asarray(exposure, float), np.asarray(unit)
    known = np.isfinite(y) & (e > 0)
    y, e, u = y[known], e[known], np.unique(u[known], return_inverse=True)[1]
    expected = e * (np.bincount(u, y) / np.bincount(u, e))[u]
    has_scatter = expected > 0
    freedom = has_scatter.sum() - np.unique(u[has_scatter]).size
    if freedom < 1:
        return 1.0
    return max(float(((y - expected)[has_scatter] ** 2 / expected[has_scatter]).sum() / freedom), 0.01)


def dispersion_beside_drift(numerator: ArrayLike, exposure: ArrayLike, unit: ArrayLike) -> float:
    """Scatter of counts as a multiple of Poisson scatter, apart from the drift of the rates themselves.

    Pearson's terms (y - e)² / e grow with e where rates drift, and do not where counts scatter: a straight line with no
    negative part tells the two apart. Arguments as in `dispersion`; 1 where no unit has two periods, 0.01 at the least.

    McCullagh & Nelder (1989), Generalized Linear Models, §4.5; Lawson & Hanson (1974), Solving Least Squares Problems.
    """
    y, e, u = np.asarray(numerator, float), np.asarray(exposure, float), np.asarray(unit)
    known = np.isfinite(y) & (e > 0)
    y, e, u = y[known], e[known], np.unique(u[known], return_inverse=True)[1]
    periods = np.bincount(u)[u]
    expected = e * (np.bincount(u, y) / np.bincount(u, e))[u] if y.size else e
    used = (periods > 1) & (expected > 0)
    if not used.any():
        return 1.0
    y, expected, periods = y[used], expected[used], periods[used]
    terms = (y - expected) ** 2 / expected * periods / (periods - 1)
    line = np.column_stack([np.ones_like(expected), expected])
    found = np.array([1.0, 0.0])
    for _ in range(DRIFT_ROUNDS):
        weight = 1 / np.maximum(line @ found, 0.01)  # the spread of a term grows with the term
        found = optimize.nnls(line * weight[:, None], terms * weight)[0]
    return max(float(found[0]), 0.01)


def expected_counts(
    numerator: ArrayLike,
    denominator: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    group: ArrayLike,
    groups: int,
    law: str,
) -> Floats:
    """The numerators, each hidden one with its expectation at its group's own rate; shape (n_cells,).

    That rate is the one that makes what is known of the group most likely (EM). Leaving hidden cells out would lean to
    one side, for it is the small counts that are hidden.

    numerator (NaN where hidden), denominator > 0, low, high: shape (n_cells,); group: an index per cell, below groups.
    law: 'binomial' (counts of a whole) or 'poisson'.

    Dempster, Laird & Rubin (1977), JRSS B 39:1.
    """
    y, n, g = np.array(numerator, float), np.asarray(denominator, float), np.asarray(group, int)
    hidden = np.isnan(y)
    known, size = np.bincount(g[~hidden], y[~hidden], groups), np.bincount(g, n, groups)
    cases, where = n[hidden, None], g[hidden]
    lowest = np.asarray(low, float)[hidden, None]
    highest = np.minimum(np.asarray(high, float)[hidden, None], cases if law == "binomial" else np.inf)
    steps = lowest + np.arange(int(np.max(highest - lowest, initial=0)) + 1)
    ways = _log_ways(np.minimum(steps, highest), cases, law)
    mean = ((lowest + highest) / 2)[:, 0]
    total = known + np.bincount(where, mean, groups)
    for _ in range(EM_ROUNDS):
        rate = np.divide(total, size, out=np.zeros(groups), where=size > 0)[where, None]
        against = special.xlog1py(cases - steps, -rate) if law == "binomial" else -cases * rate
        log_weight = np.where(steps <= highest, ways + special.xlogy(steps, rate) + against, -np.inf)
        mean = (special.softmax(log_weight, axis=1) * steps).sum(axis=1)
        before, total = total, known + np.bincount(where, mean, groups)
        if np.allclose(before, total, rtol=1e-10, atol=1e-10):
            break
    y[hidden] = mean
    return y


def expected_totals(
    numerator: ArrayLike,
    denominator: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    group: ArrayLike,
    groups: int,
    law: str,
) -> Floats:
    """Sum of the numerators of each group when some are hidden, shape (groups,); see `expected_counts`.

    A group without cells has 0.
    """
    counts = expected_counts(numerator, denominator, low, high, group, groups, law)
    return np.asarray(np.bincount(np.asarray(group, int), counts, groups), float)


def _log_ways(count: Floats, cases: Floats, law: str) -> Floats:
    """Log of the part of a probability that does not hang on the rate; cases need not be whole."""
    if law == "binomial":
        return np.asarray(-special.betaln(cases - count + 1, count + 1) - np.log(cases + 1))
    return np.asarray(special.xlogy(count, cases) - special.gammaln(count + 1))


def normal_quantile(level: float) -> float:
    """How many standard deviations each side hold the middle `level` (a share below 1) of a normal curve."""
    return float(special.ndtri((1 + level) / 2))


def _positive_denominator(numerator: ArrayLike, denominator: ArrayLike) -> tuple[Floats, Floats]:
    """Both parts as floats of one shape, with NaN for a denominator that is not above 0."""
    y, n = np.broadcast_arrays(np.asarray(numerator, float), np.asarray(denominator, float))
    return y, np.where(n > 0, n, np.nan)


def _byar(y: Floats, level: float) -> tuple[Floats, Floats]:
    z = normal_quantile(level)
    more = y + 1
    some = np.maximum(y, 1)  # zero events take the exact limits; this only keeps the division defined
    low = some * (1 - 1 / (9 * some) - z / (3 * np.sqrt(some))) ** 3
    return low, more * (1 - 1 / (9 * more) + z / (3 * np.sqrt(more))) ** 3
