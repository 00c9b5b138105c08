"""What the ranking owes to our own choices: every combination of them is computed, none is sampled.

A variant is one normalisation, one drop-out of an indicator, one mean across dimensions and one set of weights. Because
all combinations are there, the shares of variance (Sobol indices) are exact sums, without Monte Carlo error. The data
draws are one factor more. Method choice is never folded into the posterior: it is told beside it.

Saltelli et al. (2008), Global Sensitivity Analysis: The Primer; Saisana, Saltelli & Tarantola (2005), J. R. Stat.
Soc. A 168:307.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np
from numpy.typing import NDArray

from pipeline.methods.composite import power_mean
from pipeline.methods.ranking import need_rank
from pipeline.methods.sobol import Indices, Sums

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
OnArray = Callable[[Floats], Floats]

OUTCOMES = ("top", "rank", "score")
FACTORS = ("normalisation", "dropped", "mean", "weights", "draw")
# Scores that agree in so many decimals are equal; rank points tie often, and rounding must not break a tie.
DECIMALS = 9
# Draws that one worker takes at a time; 540 variants of 360 units make 1.5 MB a draw.
DRAWS_A_BLOCK = 16
WORKERS = 2


@dataclass(frozen=True)
class Mean:
    """A mean of the form backward(Σ w forward(x)), with both functions rising."""

    forward: OnArray
    backward: OnArray


def _performance_log(needs: Floats) -> Floats:
    """Minus the log of the performance 100 - need, kept at 1 at the least."""
    return -np.log(np.maximum(100 - needs, 1.0))


ARITHMETIC = Mean(lambda needs: needs, lambda mean: mean)
QUADRATIC = Mean(np.square, np.sqrt)
# The geometric mean belongs to the scale on which a high value is good; of need it would hide one broken duty.
GEOMETRIC_OF_PERFORMANCE = Mean(_performance_log, lambda mean: 100 - np.exp(-mean))


@dataclass(frozen=True)
class Choices:
    """What could have been chosen otherwise.

    normalisations: functions from draws, shape (n_draws, n_units, n_indicators), to points of need of the same shape;
    each draw by itself. dimension: shape (n_indicators,), 0..D-1. dropped: indicators left out one at a time, None
    for none. means: across dimensions. weights: shape (n_weights, D), of the dimensions; inside one, indicators weigh
    the same.
    """

    normalisations: Sequence[OnArray]
    dimension: Ints
    dropped: Sequence[int | None]
    means: Sequence[Mean]
    weights: Floats

    def shape(self) -> tuple[int, int, int, int]:
        """How many levels each choice has, in the order of `FACTORS`."""
        return len(self.normalisations), len(self.dropped), len(self.means), len(self.weights)


@dataclass(frozen=True)
class Sensitivity:
    """What comes of every variant.

    probability_top: P(top k) in each variant, shape (normalisations, dropped, means, weights, n_units).
    rank: at the mean of the draws, same shape. indices: of the outcome asked for, over the variants and the draws.
    """

    probability_top: Floats
    rank: Ints
    indices: Indices

    def share_in_top(self, k: int) -> Floats:
        """The share of the variants in which each unit, at the mean of its draws, has rank k or better; (n_units,)."""
        return np.asarray((self.rank <= k).mean(axis=(0, 1, 2, 3)))


def sensitivity(draws: Floats, choices: Choices, k: int, outcome: str = "top") -> Sensitivity:
    """Every variant of the ranking, over all draws.

    draws: shape (n_draws, n_units, n_indicators), in the indicators' own units. A figure missing in all draws is left
    out of its unit's dimension; a dimension without any is left out of the unit's score, and the weights of the
    others are scaled up. outcome: whose variance the indices share out: being among the k ('top'), 'rank', or 'score'
    (only where all normalisations give points of one size). Raises ValueError where a unit has nothing left in some
    variant, where a figure is missing in some draws only, and for an unknown outcome.
    """
    _check(draws, outcome)
    blocks = [draws[start : start + DRAWS_A_BLOCK] for start in range(0, len(draws), DRAWS_A_BLOCK)]

    def parts(block: Floats) -> tuple[Floats, Sums]:
        score = scores(block, choices)
        top = membership(score, k)
        return top.sum(axis=-2), Sums.of(_outcome(outcome, score, top))

    with ThreadPoolExecutor(WORKERS) as pool:
        tops, sums = zip(*pool.map(parts, blocks), strict=True)
    middle = scores(draws.mean(axis=0, keepdims=True), choices)[..., 0, :]
    return Sensitivity(sum(tops) / len(draws), need_rank(middle), reduce(add, sums).indices())


def scores(draws: Floats, choices: Choices) -> Floats:
    """The score of each variant, draw and unit; shape (normalisations, dropped, means, weights, n_draws, n_units)."""
    n_draws, n_units, _ = draws.shape
    result = np.empty((*choices.shape(), n_draws, n_units))
    seen = np.isfinite(draws[0])
    for one, normalise in enumerate(choices.normalisations):
        points = np.moveaxis(normalise(draws), -1, 0)
        for two, dropped in enumerate(choices.dropped):
            kept = np.arange(len(points)) != (-1 if dropped is None else dropped)
            needs, known = _dimension_needs(points, choices.dimension, seen.T & kept[:, None])
            share = choices.weights[:, :, None] * known
            in_all = share.sum(axis=1, keepdims=True)
            if not (in_all > 0).all():
                raise ValueError("A unit has no figure left in some variant; leave the unit or the variant out.")
            share /= in_all
            for three, mean in enumerate(choices.means):
                score = mean.backward(_weighted_sums(share, mean.forward(needs)))
                np.round(score, DECIMALS, out=result[one, two, three])
    return result


def membership(score: Floats, k: int) -> Floats:
    """1 among the k highest of the last axis, 0 beyond; units that tie across place k share the places left."""
    n_units = score.shape[-1]
    if k >= n_units:
        return np.ones_like(score)
    edge = np.partition(score, n_units - k, axis=-1)[..., [n_units - k]]
    result = (score >= edge).astype(float)
    too_many = result @ np.ones(n_units) > k
    if too_many.any():
        tied = score[too_many] == edge[too_many]
        above = score[too_many] > edge[too_many]
        left = (k - above.sum(axis=-1, keepdims=True)) / tied.sum(axis=-1, keepdims=True)
        result[too_many] = above + tied * left
    return result


def removal(points: Floats, weights: Floats, power: float = 1.0) -> Floats:
    """The score with each part left out in turn and the weights of the others scaled up.

    points: shape (n_units, D), of need; weights: shape (D,). Returns shape (D, n_units); see `rank_shift`.
    """
    kept = np.asarray(weights, float) * (1 - np.eye(len(weights)))
    return power_mean(points[None], kept[:, None, :], power)


def rank_shift(score: Floats, base: Floats) -> Floats:
    """The mean over units of how many places a unit moves from the base; score (..., n_units), base (n_units,)."""
    return np.asarray(np.abs(need_rank(score) - need_rank(base)).mean(axis=-1))


def _outcome(name: str, score: Floats, top: Floats) -> Floats:
    if name == "rank":
        return need_rank(score).astype(float)
    return top if name == "top" else score


def _check(draws: Floats, outcome: str) -> None:
    if outcome not in OUTCOMES:
        raise ValueError(f"outcome should be one of {', '.join(OUTCOMES)} (given: {outcome}).")
    seen = np.isfinite(draws)
    if np.any(seen != seen[0]):
        raise ValueError("A figure that is missing in some draws only cannot be read.")


def _dimension_needs(points: Floats, dimension: Ints, known: NDArray[np.bool_]) -> tuple[Floats, NDArray[np.bool_]]:
    """The plain mean of each dimension's known indicators, and where there is one.

    points: (n_indicators, n_draws, n_units); known: (n_indicators, n_units). Returns shapes (D, n_draws, n_units) and
    (D, n_units).
    """
    n_dimensions = int(dimension.max()) + 1
    share = (dimension == np.arange(n_dimensions)[:, None])[:, :, None] * known
    number = share.sum(axis=1)
    share = share / np.maximum(number, 1)[:, None, :]
    return _weighted_sums(share, np.where(known[:, None, :], points, 0.0)), number > 0


def _weighted_sums(share: Floats, values: Floats) -> Floats:
    """Σ_d share[w, d, unit] * values[d, draw, unit], shape (w, draw, unit)."""
    return np.asarray(np.einsum("wdu,dmu->wmu", share, values))
