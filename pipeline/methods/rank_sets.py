"""Confidence sets for ranks: which places a unit's figures rule out, without any prior.

Mogstad, Romano, Shaikh & Wilhelm (2024), Review of Economic Studies 91:476.
"""

from typing import Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Side = Literal["both", "best", "worst"]

# Replicates held at once; at 360 units a block is about 10 million differences.
BLOCK_CELLS = 8_000_000


def rank_sets(
    estimate: ArrayLike,
    covariance: ArrayLike,
    rng: Generator,
    level: float = 0.95,
    is_simultaneous: bool = True,
    has_steps: bool = True,
    replicates: int = 1000,
    side: Side = "both",
) -> tuple[Ints, Ints]:
    """The ranks that cannot be excluded for each unit; rank 1 is the highest estimate.

    Every pair is compared; a unit is at place 1 + (units surely above it) at best, n - (units surely below it) at
    worst. How far apart is sure, is read from normal replicates of the largest difference. Simultaneous sets hold for
    all units at once with probability `level`, marginal ones for each unit by itself. Steps repeat the comparison
    among the pairs that are not yet told apart, which narrows the sets and keeps the level.

    estimate: shape (n_units,), none missing. covariance: of the estimates, shape (n_units, n_units), or their
    variances, shape (n_units,). side: 'best' asks only which places above are ruled out, 'worst' only below; the other
    end is then the last or the first place. That narrows marginal sets; simultaneous ones ask the same pairs anyway.
    Returns (best, worst), each of shape (n_units,).
    """
    value = np.asarray(estimate, float)
    spread, noise = _pairs(np.asarray(covariance, float), rng, replicates)
    off = (value[:, None] - value) / spread
    # [i, j] of the first: is i above j still open? Of the second: is j above i? Row i has its own critical value.
    is_other = ~np.eye(value.size, dtype=bool)
    asked_above, asked_below = is_other & (side != "best"), is_other & (side != "worst")
    open_above, open_below = asked_above.copy(), asked_below.copy()
    rows = np.arange(value.size)
    while rows.size:
        largest = _largest(noise, spread, open_above, open_below, rows)
        critical = np.quantile(largest.max(axis=1), level) if is_simultaneous else np.quantile(largest, level, axis=0)
        limit = np.broadcast_to(critical, rows.shape)[:, None]
        above, below = open_above[rows] & (off[rows] > limit), open_below[rows] & (-off[rows] > limit)
        open_above[rows] &= ~above
        open_below[rows] &= ~below
        is_news = (above | below).any(axis=1)
        if not has_steps or not is_news.any():
            break
        rows = rows if is_simultaneous else rows[is_news]
    surely_above = (asked_below & ~open_below).sum(axis=1)
    surely_below = (asked_above & ~open_above).sum(axis=1)
    return surely_above + 1, value.size - surely_below


def possibly_among(best: Ints, k: int) -> Flags:
    """Which units cannot be excluded from the k highest, given the best places of simultaneous sets."""
    return best <= k


def possibly_among_last(worst: Ints, k: int) -> Flags:
    """Which units cannot be excluded from the k lowest, given the worst places of simultaneous sets."""
    return worst > worst.size - k


def _pairs(covariance: Floats, rng: Generator, replicates: int) -> tuple[Floats, Floats]:
    """Standard deviation of every difference, shape (n, n), and normal replicates, shape (replicates, n)."""
    full = np.diag(covariance) if covariance.ndim == 1 else covariance
    own = np.diag(full)
    spread = np.sqrt(np.maximum(own[:, None] + own - 2 * full, 0))
    np.fill_diagonal(spread, np.inf)
    if np.any(spread == 0):
        raise ValueError("Two estimates without any uncertainty between them cannot be compared.")
    noise = rng.standard_normal((replicates, own.size))
    if covariance.ndim == 1:
        return spread, noise * np.sqrt(own)
    size, direction = np.linalg.eigh(full)
    return spread, noise @ (direction * np.sqrt(np.maximum(size, 0))).T


def _largest(noise: Floats, spread: Floats, open_above: Flags, open_below: Flags, rows: Ints) -> Floats:
    """The largest standardised difference among each row's open pairs (0 at the least), shape (replicates, n_rows)."""
    scale = 1 / spread[rows]
    weight_above, weight_below = scale * open_above[rows], -scale * open_below[rows]
    result = np.empty((len(noise), rows.size))
    block = max(1, BLOCK_CELLS // scale.size)
    for start in range(0, len(noise), block):
        some = noise[start : start + block]
        apart = some[:, rows, None] - some[:, None, :]
        one, other = (apart * weight_above).max(axis=2), (apart * weight_below).max(axis=2)
        result[start : start + block] = np.maximum(one, other)
    return result
