"""What a count says about the rate behind it, on the scale of the model: expected slope and curvature.

Shares have a logit rate, ratios a log rate. A hidden count is an interval in the likelihood: the sum over the values it
may have. A cell without a denominator says nothing.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]
Law = Literal["binomial", "poisson"]

NODES = 9  # Gauss-Hermite: exact for polynomials up to the 17th degree
LARGEST_LOG_RATE = 50.0


@dataclass(frozen=True)
class Counts:
    """Counts of services, one entry each service, indicator and period: arrays of shape (S, J, T).

    denominator: 0 or NaN where nothing is known; there the others are not read. numerator: what is known of it; need
    not be whole. hidden_cases: the part of the denominator whose numerator is hidden, 0 where none is; of it between
    hidden_low and hidden_high, both included, come on top of the numerator.
    law: one an indicator; 'binomial' for a share, 'poisson' for a ratio. times: shape (T,), in half-years, ascending.
    dispersion: one an indicator, how much more a count scatters than its law says; 1 for all when left out.
    revision: shape (J, T), variance of what a later vintage will still move the logit or log rate by; None for nothing.
    """

    numerator: Floats
    denominator: Floats
    hidden_low: Floats
    hidden_high: Floats
    hidden_cases: Floats
    law: Sequence[Law]
    times: Floats
    dispersion: Sequence[float] = ()
    revision: Floats | None = None

    @property
    def is_known(self) -> NDArray[np.bool_]:
        """Whether a cell says anything, shape (S, J, T)."""
        return np.asarray(np.nan_to_num(self.denominator) > 0)

    @property
    def arrays(self) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        """The five arrays, in the order of the fields."""
        return self.numerator, self.denominator, self.hidden_low, self.hidden_high, self.hidden_cases

    def with_arrays(self, arrays: Iterable[Floats]) -> "Counts":
        """The same with other arrays, in the order of the fields."""
        numerator, denominator, low, high, hidden = arrays
        return replace(
            self,
            numerator=numerator,
            denominator=denominator,
            hidden_low=low,
            hidden_high=high,
            hidden_cases=hidden,
        )

    def changed(self, change: Callable[[Floats], Floats]) -> "Counts":
        """The counts with each of the five arrays changed in the same way."""
        return self.with_arrays(map(change, self.arrays))


class Sites:
    """The likelihood of counts, asked again and again as the model learns; the cells that say something, in a row.

    known: shape (S, J, T), whether a cell says anything. revision: shape (J, T), see `Counts`.
    """

    def __init__(self, counts: Counts) -> None:
        self.known = counts.is_known
        self.revision = np.zeros(self.known.shape[1:]) if counts.revision is None else counts.revision
        _, law, _ = np.nonzero(self.known)
        self._is_share = np.array([each == "binomial" for each in counts.law])[law]
        self._dispersion = np.array(counts.dispersion or [1.0] * len(counts.law), float)[law]
        self._count, self._cases = counts.numerator[self.known], counts.denominator[self.known]
        self._hidden = np.flatnonzero(counts.hidden_cases[self.known] > 0)
        nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
        self._nodes, self._weights = nodes, weights / weights.sum()
        self._values, self._ways = self._candidates(counts)

    def _candidates(self, counts: Counts) -> tuple[Floats, Floats]:
        """The values a hidden count may have, shape (n_hidden, m), and the log of the ways to each; -inf is padding."""
        low, high, cases = (
            each[self.known][self._hidden] for each in (counts.hidden_low, counts.hidden_high, counts.hidden_cases)
        )
        is_share = self._is_share[self._hidden]
        high = np.where(is_share, np.minimum(high, cases), high)
        if (low > high).any():
            raise ValueError("A hidden count has no value within its bounds.")
        values = low[:, None] + np.arange(int(np.max(high - low, initial=0)) + 1)
        inside = values <= high[:, None]
        values = np.minimum(values, high[:, None])
        of_share = -special.betaln(cases[:, None] - values + 1, values + 1) - np.log(cases[:, None] + 1)
        of_ratio = special.xlogy(values, cases[:, None]) - special.gammaln(values + 1)
        return values, np.where(inside, np.where(is_share[:, None], of_share, of_ratio), -np.inf)

    def slope_and_curvature(self, mean: Floats, variance: Floats) -> tuple[Floats, Floats]:
        """Expected slope of the log likelihood, and minus its expected curvature, where the rate is normal.

        mean, variance: shape (S, J, T), of the logit or log rate. Both results have that shape, with 0 where a cell
        says nothing. In the limit of no variance they are the terms of Newton's method.

        Opper & Archambeau (2009), Neural Computation 21:786, eq. 9-10 (Gaussian variational approximation).
        """
        m, spread = mean[self.known], np.sqrt(variance[self.known])
        rate = m[:, None] + spread[:, None] * self._nodes
        share = special.expit(rate[self._is_share])
        expected, scatter = np.empty_like(rate), np.empty_like(rate)
        expected[self._is_share], scatter[self._is_share] = share, share * (1 - share)
        ratio = np.exp(np.minimum(rate[~self._is_share], LARGEST_LOG_RATE))
        expected[~self._is_share] = scatter[~self._is_share] = ratio
        slope = self._count - self._cases * (expected @ self._weights)
        curvature = self._cases * (scatter @ self._weights)
        if self._hidden.size:
            hidden_mean, hidden_variance = self._hidden_count(rate[self._hidden])
            slope[self._hidden] += hidden_mean
            curvature[self._hidden] -= hidden_variance
        slopes, curvatures = np.zeros(self.known.shape), np.zeros(self.known.shape)
        slopes[self.known] = slope / self._dispersion
        curvatures[self.known] = np.maximum(curvature, 0) / self._dispersion
        return slopes, curvatures

    def _hidden_count(self, rate: Floats) -> tuple[Floats, Floats]:
        """Mean and variance of the hidden counts given that they lie within their bounds, averaged over the nodes."""
        is_share = self._is_share[self._hidden][:, None]
        slope = np.where(is_share, rate, np.minimum(rate, LARGEST_LOG_RATE))
        log_weight = self._ways[:, :, None] + self._values[:, :, None] * slope[:, None, :]
        weight = special.softmax(log_weight, axis=1)
        values = self._values[:, :, None]
        mean = (weight * values).sum(axis=1)
        variance = (weight * values**2).sum(axis=1) - mean**2
        return mean @ self._weights, variance @ self._weights
