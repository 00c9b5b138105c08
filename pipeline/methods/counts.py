"""Counts pooled over periods when some of them are hidden.

A suppressed count is known only to lie in low..high. It is neither 0 nor the midpoint: a unit with hidden
counts has several candidate totals, each with the joint weight of the hidden values that lead to it. Whoever
reads a unit sums over its candidates.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Floats = NDArray[np.float64]
LogTerm = Callable[[Floats, Floats], Floats]


@dataclass(frozen=True)
class PooledCounts:
    """What is known about each unit's total over all periods.

    totals: shape (n_units, m), candidate totals in ascending steps of 1 as pooled; m is 1 where nothing is hidden.
    log_weight: shape (n_units, m), log weight of each candidate apart from the unknown rate, scaled so that
        the weights of a unit sum to 1; -inf marks padding.
    exposure: shape (n_units,), sum of the denominators; 0 for a unit without any cell.
    """

    totals: Floats
    log_weight: Floats
    exposure: Floats

    def divided_by(self, dispersion: float) -> "PooledCounts":
        """Read as if there were fewer cases: totals and exposure divided by the dispersion, weights as they are."""
        return PooledCounts(self.totals / dispersion, self.log_weight, self.exposure / dispersion)


@dataclass(frozen=True)
class _Cells:
    """One entry per unit and period in every array, each of shape (n_cells,)."""

    numerator: Floats
    exposure: Floats
    low: Floats
    high: Floats
    unit: NDArray[np.int64]

    def take(self, chosen: NDArray[np.integer] | NDArray[np.bool_]) -> "_Cells":
        numerator, exposure, low, high = self.numerator, self.exposure, self.low, self.high
        return _Cells(numerator[chosen], exposure[chosen], low[chosen], high[chosen], self.unit[chosen])

    def sum_by_unit(self, values: Floats, n_units: int) -> Floats:
        return np.bincount(self.unit, weights=values, minlength=n_units).astype(np.float64)


def pool_binomial(
    numerator: ArrayLike,
    denominator: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    unit: ArrayLike,
    n_units: int,
) -> PooledCounts:
    """Pool shares: within a unit all periods have the same probability.

    All but n_units are flat arrays with one entry per unit and period (a single bound may stand for all).
    numerator: counts, NaN where suppressed; need not be whole. denominator: counts; a cell whose denominator
    is NaN or 0 carries no information and is left out. low, high: bounds of a suppressed numerator, both
    included (read only there); high is lowered to the denominator. unit: index 0..n_units-1.
    A candidate total weighs the sum, over all ways to reach it, of the product of C(denominator, hidden
    value).
    Raises ValueError for a suppressed cell that no value within its bounds can fill, and for a unit index
    outside the range.
    """
    highest = np.minimum(np.asarray(high, float), np.asarray(denominator, float))
    return _pool(_cells(numerator, denominator, low, highest, unit), n_units, _log_choose)


def pool_poisson(
    numerator: ArrayLike,
    exposure: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    unit: ArrayLike,
    n_units: int,
) -> PooledCounts:
    """Pool counts per exposure: within a unit all periods have the same rate.

    Arguments and errors as in `pool_binomial`, with an exposure (children, child-years) for the denominator.
    A candidate total weighs the sum, over all ways to reach it, of the product of e**j / j! with exposure e
    and hidden value j.
    """
    return _pool(_cells(numerator, exposure, low, high, unit), n_units, _log_poisson_term)


def _cells(numerator: ArrayLike, exposure: ArrayLike, low: ArrayLike, high: ArrayLike, unit: ArrayLike) -> _Cells:
    index = np.asarray(unit, np.int64)

    def column(part: ArrayLike) -> Floats:
        return np.broadcast_to(np.asarray(part, np.float64), index.shape)

    return _Cells(column(numerator), column(exposure), column(low), column(high), index)


def _log_choose(value: Floats, denominator: Floats) -> Floats:
    rest = denominator - value
    ways = special.gammaln(denominator + 1) - special.gammaln(value + 1) - special.gammaln(rest + 1)
    return np.asarray(ways)


def _log_poisson_term(value: Floats, exposure: Floats) -> Floats:
    return np.asarray(special.xlogy(value, exposure) - special.gammaln(value + 1))


def _pool(cells: _Cells, n_units: int, log_term: LogTerm) -> PooledCounts:
    _check_units(cells.unit, n_units)
    known = cells.take(cells.exposure > 0)
    is_hidden = np.isnan(known.numerator)
    _check_bounds(known.take(is_hidden))
    smallest = np.where(is_hidden, known.low, known.numerator)
    by_unit = known.take(np.argsort(known.unit, kind="stable"))
    log_weight = _candidate_weights(by_unit.take(np.isnan(by_unit.numerator)), n_units, log_term)
    totals = known.sum_by_unit(smallest, n_units)[:, None] + np.arange(log_weight.shape[1])
    return PooledCounts(totals, log_weight, known.sum_by_unit(known.exposure, n_units))


def _check_units(unit: NDArray[np.int64], n_units: int) -> None:
    if unit.size and not 0 <= unit.min() <= unit.max() < n_units:
        raise ValueError(f"unit should be 0..{n_units - 1} (given: {unit.min()}..{unit.max()}).")


def _check_bounds(hidden: _Cells) -> None:
    impossible = np.flatnonzero(~(hidden.high >= hidden.low))
    if impossible.size:
        unit, low, high = (part[impossible[0]] for part in (hidden.unit, hidden.low, hidden.high))
        raise ValueError(
            f"No value fits in {impossible.size} suppressed cells; the first is of unit {unit}, "
            f"low {low:g}, high {high:g} (the denominator, if that is smaller)."
        )


def _candidate_weights(hidden: _Cells, n_units: int, log_term: LogTerm) -> Floats:
    """Log weights of the candidate totals, shape (n_units, m), from the least possible total upwards.

    hidden: the suppressed cells, ordered by unit. The first cell of every unit is taken at once, then the
    second of every unit that has one, and so on.
    """
    terms = _cell_terms(hidden, log_term)
    turn = np.arange(hidden.unit.size) - np.searchsorted(hidden.unit, hidden.unit)
    log_weight = np.zeros((n_units, 1))
    for layer in range(turn.max(initial=-1) + 1):
        now = turn == layer
        step = np.full((n_units, terms.shape[1]), -np.inf)
        step[:, 0] = 0
        step[hidden.unit[now]] = terms[now]
        log_weight = _convolve(log_weight, step)
    return _scaled(log_weight)


def _cell_terms(hidden: _Cells, log_term: LogTerm) -> Floats:
    """Log weight of each value a hidden cell may have, shape (n_hidden, width); -inf beyond its high."""
    width = int(np.max(hidden.high - hidden.low, initial=0)) + 1
    value = hidden.low[:, None] + np.arange(width)
    return np.where(value <= hidden.high[:, None], log_term(value, hidden.exposure[:, None]), -np.inf)


def _convolve(first: Floats, second: Floats) -> Floats:
    """Row by row, the log weights of the sum of two independent whole numbers; shape (n, a + b - 1)."""
    width = first.shape[1]
    result = np.full((first.shape[0], width + second.shape[1] - 1), -np.inf)
    for shift in range(second.shape[1]):
        window = result[:, shift : shift + width]
        np.logaddexp(window, first + second[:, [shift]], out=window)
    return result


def _scaled(log_weight: Floats) -> Floats:
    """Without the columns that are padding for every unit, and with weights that sum to 1 for each unit."""
    used = np.flatnonzero(np.isfinite(log_weight).any(axis=0))
    kept = log_weight[:, : used.max(initial=0) + 1]
    return np.asarray(kept - special.logsumexp(kept, axis=1, keepdims=True))
