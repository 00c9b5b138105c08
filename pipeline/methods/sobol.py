"""Shares of variance in a complete table of outcomes: Sobol indices as exact sums.

Saltelli et al. (2008), Global Sensitivity Analysis: The Primer.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Indices:
    """Shares of the variance of one outcome per unit; shapes (n_factors, n_units), or (n_factors,) over all units.

    first: due to the factor alone. total: with everything it takes part in. variance: shape (n_units,), all of it.
    Where nothing varies the shares are 0. Over all units the variances are summed before they are divided.
    """

    first: Floats
    total: Floats
    variance: Floats
    first_overall: Floats
    total_overall: Floats


def sobol_indices(outcome: Floats, factors: int) -> Indices:
    """Exact first- and total-order indices of a complete table of outcomes.

    outcome: the first `factors` axes are the levels of one factor each, all combinations, equally likely; what follows
    are units (none: one outcome). Returns indices of shape (factors, *units).

    Sobol' (1993), Math. Model. Comput. Exp. 1:407; Homma & Saltelli (1996), Reliab. Eng. Syst. Saf. 52:1.
    """
    axes = tuple(range(factors))
    variance = outcome.var(axis=axes)
    first = [outcome.mean(axis=axes[:axis] + axes[axis + 1 :]).var(axis=0) for axis in axes]
    total = [outcome.var(axis=axis).mean(axis=axes[:-1]) for axis in axes]
    return _shares(np.array(first), np.array(total), variance, np.square(outcome).mean(axis=axes))


@dataclass(frozen=True)
class Sums:
    """Sums over some draws, from which the indices of all draws follow without keeping every outcome.

    draws: how many. by_variant: of the outcome, shape (*choices, n_units). squares, by_draw: of the outcome squared,
    and of its mean over the variants squared, shape (n_units,). without: of its mean over one choice squared, for
    each choice in turn, shape (n_choices, n_units).
    """

    draws: int
    by_variant: Floats
    squares: Floats
    by_draw: Floats
    without: Floats

    @classmethod
    def of(cls, outcome: Floats) -> "Sums":
        """From outcomes of every variant in some draws, shape (*choices, n_draws, n_units)."""
        choices = tuple(range(outcome.ndim - 2))
        without = [_mean_square(outcome.mean(axis=axis)) for axis in choices]
        by_draw = _mean_square(outcome.mean(axis=choices))
        return cls(outcome.shape[-2], outcome.sum(axis=-2), _mean_square(outcome), by_draw, np.array(without))

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))

    def indices(self) -> Indices:
        """The indices of every choice, and of the draws as the last factor."""
        by_variant, square = self.by_variant / self.draws, self.squares / self.draws
        axes = tuple(range(by_variant.ndim - 1))
        centre = np.square(by_variant.mean(axis=axes))
        first = [by_variant.mean(axis=axes[:axis] + axes[axis + 1 :]).var(axis=0) for axis in axes]
        total = [square - part / self.draws for part in self.without]
        first.append(self.by_draw / self.draws - centre)
        total.append(square - np.square(by_variant).mean(axis=axes))
        return _shares(np.array(first), np.array(total), square - centre, square)


def _mean_square(outcome: Floats) -> Floats:
    """The squares of each unit, mean over the variants and sum over the draws (the last axis but one)."""
    rows = outcome.reshape(-1, outcome.shape[-1])
    return np.asarray(np.einsum("ru,ru->u", rows, rows) / (len(rows) / outcome.shape[-2]))


def _shares(first: Floats, total: Floats, variance: Floats, square: Floats) -> Indices:
    # What rounding alone leaves of squares of this size is no variance.
    varies = variance > 1e-12 * square
    divisor = np.where(varies, variance, np.inf)
    everything = float(np.where(varies, variance, 0.0).sum())
    units = tuple(range(1, first.ndim))
    overall = [part.sum(axis=units) / (everything or np.inf) for part in (first, total)]
    return Indices(first / divisor, total / divisor, variance, *overall)
