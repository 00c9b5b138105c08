"""From scores to ranks, intervals of ranks, and the probability of being among those with most need."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Lowest probability of each tier but the last (methods.md, 1.8).
TIER_FLOOR = {"A": 0.8, "B": 0.5, "C": 0.2, "D": 0.1}
LAST_TIER = "E"

# Two units are called different when one is above the other in nine draws of ten.
SURE = 0.9


def need_rank(score: ArrayLike) -> Ints:
    """Ranks by need: 1 for the highest score; equal scores share the best rank, the next ranks are skipped.

    score: shape (n_units,), or (..., n_units) to rank along the last axis; higher means more need.
    Returns whole numbers of the same shape. Raises ValueError when a score is missing.
    """
    points = np.asarray(score, float)
    if np.isnan(points).any():
        raise ValueError("A unit without a score cannot be ranked; leave it out before ranking.")
    return np.asarray(stats.rankdata(-points, method="min", axis=-1), np.int64)


def rank_draws(draws: Floats) -> Ints:
    """The rank of every unit in every draw.

    draws: shape (n_draws, n_units), one score of need per draw and unit.
    Returns shape (n_draws, n_units), as `need_rank` gives for each draw alone.
    """
    return need_rank(draws)


def rank_interval(draws: Floats, level: float = 0.90) -> tuple[Ints, Ints]:
    """The ranks that hold at least the middle `level` of the draws.

    draws: shape (n_draws, n_units), one score of need per draw and unit.
    Returns (best, worst), each of shape (n_units,); best is the smaller number, nearer to most need.

    Goldstein & Spiegelhalter (1996), J. R. Stat. Soc. A 159:385.
    """
    ranks = rank_draws(draws)
    tail = (1 - level) / 2
    best = np.quantile(ranks, tail, axis=0, method="lower")
    worst = np.quantile(ranks, 1 - tail, axis=0, method="higher")
    return best.astype(np.int64), worst.astype(np.int64)


def probability_top(ranks: Ints, k: int) -> Floats:
    """The probability that a unit is among the k with most need.

    ranks: shape (n_draws, n_units) from `rank_draws`. Units that tie across place k share the places that
    are left equally, so the probabilities sum to k (to n_units when k is larger).
    Returns shape (n_units,), 0..1.

    Lin, Louis, Paddock & Ridgeway (2006), Bayesian Analysis 1:915.
    """
    last_of_tie = stats.rankdata(ranks, method="max", axis=1)
    tied = last_of_tie - ranks + 1
    places_left = k + 1 - ranks
    return np.asarray(np.clip(places_left / tied, 0, 1).mean(axis=0))


def tier(probability: ArrayLike) -> NDArray[np.str_]:
    """The tier of each probability of being among the k: A from 0.8, B 0.5, C 0.2, D 0.1, E below.

    probability: any shape, 0..1. Returns one letter each. Raises ValueError when a probability is missing.
    """
    chance = np.asarray(probability, float)
    if np.isnan(chance).any():
        raise ValueError("A unit without a probability has no tier.")
    return np.select([chance >= floor for floor in TIER_FLOOR.values()], list(TIER_FLOOR), LAST_TIER)


def probability_above(draws: Floats) -> Floats:
    """The probability that one unit has more need than another; a tie counts half to both.

    draws: shape (n_draws, n_units). Returns shape (n_units, n_units), row above column, 0.5 on the diagonal; a pair and
    its reverse sum to 1.
    """
    by_unit = np.ascontiguousarray(draws.T)
    result = np.empty((len(by_unit), len(by_unit)))
    for unit, own in enumerate(by_unit):
        more, less = (by_unit < own).sum(axis=1), (by_unit > own).sum(axis=1)
        result[unit] = (own.size + more - less) / (2 * own.size)
    return result


def cannot_be_told_apart(above: Floats, sure: float = SURE) -> NDArray[np.bool_]:
    """Which pairs of units the draws do not order with the certainty asked for.

    above: shape (n_units, n_units) from `probability_above`. Returns the same shape, symmetric, False on the
    diagonal: a row counts the others that its unit cannot be told from.
    """
    result = np.maximum(above, above.T) < sure
    np.fill_diagonal(result, False)
    return np.asarray(result)


def share_listed(probability: Floats, listed: ArrayLike, member: ArrayLike) -> tuple[float, float]:
    """A group's share of those on a list, and the share to expect from the probabilities of being among the k.

    Far apart, something is wrong: a rule works against small units, or for them.

    probability: P(top k), shape (n_units,). listed, member: shape (n_units,), whether a unit is on the list, and in the
    group. Returns (listed, expected), 0..1; NaN where nobody is listed, or none has any chance.
    """
    on, inside = np.asarray(listed, bool), np.asarray(member, bool)
    shares = [part[inside].sum() / part.sum() if part.sum() > 0 else np.nan for part in (on, probability)]
    return float(shares[0]), float(shares[1])
