"""What guided units' figures would have been: two-stage difference-in-differences where units start at different times.

Unit and period effects are read from cells that no guidance touched, outside the half-years in which units were chosen;
what a guided cell lies above them is its effect. Periods are counted 0, 1, 2 …; `start` is a unit's first guided
period, infinite for a unit that is never guided.

Borusyak, Jaravel & Spiess (2024), Review of Economic Studies 91:3253; Gardner (2022), arXiv 2207.05943.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
NEVER = np.inf
ROUNDING = 1e-11


@dataclass(frozen=True)
class Windows:
    """Which periods of a guided unit are read, counted from its start; both ends included.

    What lies between baseline and scored periods is left out: those of the choice, in which units were chosen because
    their figures were bad, and the first ones of guidance. Baseline and scored periods as far from the middle of the
    choice let the regression to the mean cancel (Daw & Hatfield 2018, Health Services Research 53:4138).
    """

    baseline: tuple[float, float] = (-10, -7)
    scored: tuple[float, float] = (2, 5)
    choice: tuple[float, float] = (-4, -1)

    def __post_init__(self) -> None:
        if not self.baseline[0] <= self.baseline[1] < 0 <= self.scored[0] <= self.scored[1]:
            raise ValueError(f"baseline {self.baseline} must lie before 0, scored {self.scored} at 0 or after")

    def baseline_cells(self, start: ArrayLike, periods: int) -> Bools:
        """Shape start.shape + (periods,): all cells of units never guided, and the baseline of the others."""
        since = since_start(start, periods)
        return np.isneginf(since) | (since >= self.baseline[0]) & (since <= self.baseline[1])

    def scored_cells(self, start: ArrayLike, periods: int) -> Bools:
        """Shape start.shape + (periods,): the cells whose effects are averaged."""
        since = since_start(start, periods)
        return (since >= self.scored[0]) & (since <= self.scored[1])


def since_start(start: ArrayLike, periods: int) -> Floats:
    """Periods since the start, shape start.shape + (periods,): 0 is the first guided one, -inf never guided."""
    return np.arange(periods) - np.asarray(start, float)[..., None]


@dataclass(frozen=True)
class Sums:
    """What a unit's cells bring to an estimate; sums over units give the estimate (`solved`). T periods, K outcomes.

    normal: (…, T, T) and moment: (…, K, T), the normal equations of the period effects, unit effects taken out.
    above: (…, K), the weighted sum of the scored cells above the unit's baseline mean.
    shift: (…, T), how much of each period effect is in `above`. mass: (…), the weight of the scored cells.
    """

    normal: Floats
    moment: Floats
    above: Floats
    shift: Floats
    mass: Floats


def sums(outcomes: ArrayLike, weight: ArrayLike, baseline: Bools, scored: Bools) -> Sums:
    """The sums of each unit. outcomes: shape (K, …, T), without gaps; the rest (…, T), weight 0 where nothing is known.

    Scored cells of a unit without a baseline are left out.
    """
    y, all_weight = np.asarray(outcomes, float), np.asarray(weight, float)
    w = np.where(baseline, all_weight, 0.0)
    total = w.sum(-1)
    share = w / np.where(total > 0, total, 1.0)[..., None]
    v = np.where(scored & (total > 0)[..., None], all_weight, 0.0)
    mass = v.sum(-1)
    above_mean = np.moveaxis(y - (share * y).sum(-1, keepdims=True), 0, -2)
    return Sums(
        normal=w[..., None] * np.eye(w.shape[-1]) - w[..., None] * share[..., None, :],
        moment=w[..., None, :] * above_mean,
        above=(v[..., None, :] * above_mean).sum(-1),
        shift=v - mass[..., None] * share,
        mass=mass,
    )


def summed(each: Sums) -> Sums:
    """The sums over units, which are the first axis."""
    return Sums(*(part.sum(0) for part in (each.normal, each.moment, each.above, each.shift, each.mass)))


def totals(outcomes: ArrayLike, weight: ArrayLike, baseline: Bools, scored: Bools) -> Sums:
    """The sums over all units at once, without those of each: `summed` of `sums`, faster.

    outcomes: shape (R, K, S, T), without gaps: K questions with cells of their own, which R outcomes of each share.
    The rest: shape (K, S, T). The sums have shape (K, …), their outcomes R.
    """
    y, all_weight = np.asarray(outcomes, float), np.asarray(weight, float)
    w = np.where(baseline, all_weight, 0.0)
    total = w.sum(-1, keepdims=True)
    share = w / np.where(total > 0, total, 1.0)
    v = np.where(scored & (total > 0), all_weight, 0.0)
    mass = v.sum(-1)
    above_mean = y - (share * y).sum(-1, keepdims=True)
    return Sums(
        normal=w.sum(1)[..., None] * np.eye(w.shape[-1]) - np.swapaxes(w, 1, 2) @ share,
        moment=np.moveaxis((w * above_mean).sum(2), 0, 1),
        above=(v * above_mean).sum((2, 3)).T,
        shift=v.sum(1) - (mass[..., None] * share).sum(1),
        mass=mass.sum(1),
    )


def solved(total: Sums) -> Floats:
    """The mean effect over the scored cells, shape (…, K), from sums over units.

    NaN without scored cells, and where one lies in a period without a baseline cell.
    """
    has_hole = (_is_empty(total) & (total.shift != 0)).any(-1)
    above = total.above - (period_effects(total) * total.shift[..., None, :]).sum(-1)
    return above / np.where((total.mass > 0) & ~has_hole, total.mass, np.nan)[..., None]


def period_effects(total: Sums) -> Floats:
    """Effects of the periods, shape (…, K, T), that add up to 0; 0 for a period without a baseline cell.

    The normal equations leave the level of the periods open, so a term that holds their sum at 0 is added.
    """
    empty = _is_empty(total)
    pair = empty[..., :, None] | empty[..., None, :]
    level = total.normal.max((-2, -1), keepdims=True)
    matrix = np.where(pair, 0.0, total.normal + level) + empty[..., None] * np.eye(empty.shape[-1])
    return np.swapaxes(np.linalg.solve(matrix, np.swapaxes(total.moment, -1, -2)), -1, -2)


def _is_empty(total: Sums) -> Bools:
    """Periods without a baseline cell; sums that were added and taken off again leave a trace of rounding."""
    own = np.diagonal(total.normal, axis1=-2, axis2=-1)
    return own <= ROUNDING * own.max(-1, keepdims=True)


def average_effect(outcome: ArrayLike, weight: ArrayLike, start: ArrayLike, windows: Windows) -> float:
    """The mean effect over the scored cells, by weight, in units of the outcome.

    outcome: shape (n_units, n_periods), NaN where unknown. weight: the same shape, or (n_units, 1); ≥ 0, such as
    children. start: shape (n_units,). NaN without scored cells. Raises ValueError where periods hang on nothing.
    """
    effects, w = imputed_effects(outcome, weight, start, windows)
    used = windows.scored_cells(start, effects.shape[1]) & np.isfinite(effects)
    return float((effects[used] * w[used]).sum() / w[used].sum()) if w[used].any() else np.nan


def average_effect_within(
    outcome: ArrayLike, weight: ArrayLike, start: ArrayLike, windows: Windows, group: ArrayLike
) -> float:
    """As `average_effect`, each guided unit compared with its own group only, such as a KOSTRA group.

    group: shape (n_units,). Periods then have an effect of their own in each group. NaN where a group with guided units
    has nobody to compare with.
    """
    y, first, groups = np.asarray(outcome, float), np.asarray(start, float), np.asarray(group)
    w = np.broadcast_to(np.asarray(weight, float), y.shape)
    effects, masses = [], []
    for each in np.unique(groups[np.isfinite(first)]):
        here = groups == each
        effects.append(average_effect(y[here], w[here], first[here], windows))
        scored = windows.scored_cells(first[here], y.shape[1]) & np.isfinite(y[here])
        masses.append(w[here][scored].sum())
    return float(np.average(effects, weights=masses)) if sum(masses) else np.nan


def imputed_effects(outcome: ArrayLike, weight: ArrayLike, start: ArrayLike, windows: Windows) -> tuple[Floats, Floats]:
    """How far each cell lies above its unit's and its period's effect: (effect, weight), shape (n_units, n_periods).

    Of guided units all cells are given, those of the selection window and the start-up too, so that they can be shown.
    NaN where the cell, its unit's baseline or its period's effect is unknown. Arguments as for `average_effect`.
    """
    y, w = known(outcome, weight)
    periods = y.shape[1]
    baseline = windows.baseline_cells(start, periods) & (w > 0)
    total = summed(sums(y[None], w, baseline, np.zeros_like(baseline)))
    seen = baseline.any(0)
    if np.linalg.matrix_rank(total.normal) < seen.sum() - 1:
        raise ValueError("some periods share no unit with the others: their effects cannot be told apart")
    effect = np.where(seen, period_effects(total)[0], np.nan)
    has_baseline = baseline.any(1)
    share = np.where(baseline, w, 0.0) / np.where(has_baseline, np.where(baseline, w, 0.0).sum(1), np.nan)[:, None]
    level = (share * (y - np.where(seen, effect, 0.0))).sum(1, keepdims=True)
    return np.where(w > 0, y - level - effect, np.nan), w


def by_event_time(effects: Floats, weight: Floats, start: ArrayLike) -> dict[int, float]:
    """The mean effect for each number of periods since the start, over guided units, by weight (an event study)."""
    since = since_start(start, effects.shape[1])
    is_known = np.isfinite(effects) & np.isfinite(since)
    return {
        int(each): float(np.average(effects[is_known & (since == each)], weights=weight[is_known & (since == each)]))
        for each in np.unique(since[is_known])
    }


def known(outcome: ArrayLike, weight: ArrayLike) -> tuple[Floats, Floats]:
    """Outcome with 0 where it is unknown, and weight with 0 there."""
    y, w = np.broadcast_arrays(np.asarray(outcome, float), np.asarray(weight, float))
    is_known = np.isfinite(y) & (w > 0)
    return np.where(is_known, y, 0.0), np.where(is_known, w, 0.0)
