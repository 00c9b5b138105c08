"""Effects by group and period: each group of units that start together, against units not (yet) guided.

Callaway & Sant'Anna (2021), J. Econometrics 225:200; Sant'Anna & Zhao (2020), J. Econometrics 219:101.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Control = Literal["never", "not_yet"]
Method = Literal["doubly_robust", "weighting", "regression"]
Base = Literal["varying", "universal"]
ROUNDS, HIGHEST, TRIMMED = 25, 1 - 1e-6, 0.995


@dataclass(frozen=True)
class GroupTime:
    """Effects of each group in each period, in units of the outcome.

    group, period: shape (n_cells,), the group's start and the period. effect: the same shape. influence: shape
    (n_units, n_cells), what each unit brings; `standard_error` of any mix follows. weight: shape (n_units,), mean 1.
    start: shape (n_units,).
    """

    group: Floats
    period: Floats
    effect: Floats
    influence: Floats
    weight: Floats
    start: Floats

    def aggregated(
        self, by: Literal["simple", "group", "dynamic", "calendar"], balanced: int | None = None
    ) -> "Aggregated":
        """Means of the effects since the start, as R's `did::aggte` forms them.

        simple: over all cells, by the size of the group. group: each group's mean over its periods. dynamic: by periods
        since the start (negative ones too; the overall mean is of 0 and later). calendar: by period. balanced: by
        periods since the start up to so many, of the groups alone that have them (R's `balance_e`). The standard error
        of the overall mean by group differs from that of R's did 2.1.2, which there takes the sizes of other groups.
        """
        since, after = self.period - self.group, self.period >= self.group
        if balanced is not None:
            if by != "dynamic":
                raise ValueError(f"balanced belongs to the means by periods since the start, not to those by {by}")
            last = self.period.max()
            kept = (last - self.group >= balanced) & (since <= balanced) & (since >= balanced - last)
            part = replace(self, **{n: getattr(self, n)[..., kept] for n in ("group", "period", "effect", "influence")})
            return part.aggregated(by)
        if by == "simple":
            return Aggregated(np.array([]), np.array([]), np.array([]), *self._mean(after))
        key = {"group": self.group, "dynamic": since, "calendar": self.period}[by]
        keys = np.unique(key if by == "dynamic" else key[after])
        cells = [(key == each) & (after | (by == "dynamic")) for each in keys]
        parts = [self._mean(each, by_size=by != "group") for each in cells]
        effects = np.array([effect for effect, _ in parts])
        influence = np.column_stack([each for _, each in parts])
        errors = np.array([standard_error(each) for _, each in parts])
        if by == "group":
            overall = self._weighed(effects, influence, keys)
        else:
            late = keys >= 0
            overall = float(effects[late].mean()), influence[:, late].mean(1)
        return Aggregated(keys, effects, errors, *overall)

    def scored(self, first: float, last: float) -> tuple[float, float]:
        """(mean effect of the cells so many periods since the start, by size; its standard error); NaN without any."""
        since = self.period - self.group
        cells = (since >= first) & (since <= last)
        if not cells.any():
            return np.nan, np.nan
        effect, influence = self._mean(cells)
        return effect, standard_error(influence)

    def _mean(self, cells: Bools, by_size: bool = True) -> tuple[float, Floats]:
        """(mean effect of some cells, its influence); a plain mean when not by size."""
        if by_size:
            return self._weighed(self.effect[cells], self.influence[:, cells], self.group[cells])
        return float(self.effect[cells].mean()), self.influence[:, cells].mean(1)

    def _weighed(self, effect: Floats, influence: Floats, group: Floats) -> tuple[float, Floats]:
        """The mean by the groups' sizes; that sizes are themselves a sample is in its influence."""
        member = self.weight[:, None] * (self.start[:, None] == group)
        size = member.mean(0)
        share = size / size.sum()
        sizes = ((member - size) - share * (member - size).sum(1, keepdims=True)) / size.sum()
        return float(effect @ share), influence @ share + sizes @ effect


@dataclass(frozen=True)
class Aggregated:
    """Means by a key, each with its standard error, and the overall mean with its influence, shape (n_units,)."""

    key: Floats
    effect: Floats
    standard_error: Floats
    overall: float
    influence: Floats

    @property
    def overall_error(self) -> float:
        """The standard error of the overall mean."""
        return standard_error(self.influence)


def standard_error(influence: Floats) -> float:
    """From what each unit brings: root of the mean square over the number of units."""
    return float(np.sqrt((influence**2).mean() / len(influence)))


def group_time_effects(
    outcome: ArrayLike,
    start: ArrayLike,
    weight: ArrayLike = 1.0,
    covariates: ArrayLike | None = None,
    control: Control = "never",
    method: Method = "doubly_robust",
    skipped: int = 0,
    base_period: Base = "varying",
) -> GroupTime:
    """Effects of each group in each period: its change since its base period, less that of the comparison units.

    outcome: shape (n_units, n_periods), NaN where unknown: such a unit is left out of the comparisons that need it.
    start: shape (n_units,), infinite for never guided; groups without a base period are left out. weight: one a unit,
    such as children. covariates: shape (n_units, k). control: units never guided, or also those not yet guided.
    skipped: periods before the start that are no base (R's `anticipation`): the selection window. Periods before that
    are compared with the one before them, or with the same base as the later ones where base_period is universal.
    """
    y, first = np.asarray(outcome, float), np.asarray(start, float)
    units, periods = y.shape
    w = np.broadcast_to(np.asarray(weight, float), (units,)) / np.mean(np.broadcast_to(weight, (units,)))
    x = np.ones((units, 1)) if covariates is None else np.column_stack([np.ones(units), covariates])
    cells, effects, influences = [], [], []
    for group in np.unique(first[np.isfinite(first) & (first > skipped)]):
        last_before = int(group) - 1 - skipped
        for period in range(base_period == "varying", periods):
            base = last_before if period >= group - skipped or base_period == "universal" else period - 1
            if period == base:  # 0 by definition
                cells.append((group, period))
                effects.append(0.0)
                influences.append(np.zeros(units))
                continue
            waiting = first > max(period, base) + skipped if control == "not_yet" else np.isinf(first)
            used = ((first == group) | (waiting & (first != group))) & np.isfinite(y[:, period] - y[:, base])
            is_group = first[used] == group
            if not is_group.any() or is_group.all():
                continue
            effect, influence = _two_by_two((y[:, period] - y[:, base])[used], is_group, x[used], w[used], method)
            whole = np.zeros(units)
            whole[used] = influence * units / used.sum()
            cells.append((group, period))
            effects.append(effect)
            influences.append(whole)
    keys = np.array(cells, float).reshape(-1, 2)
    influence = np.column_stack(influences) if influences else np.zeros((units, 0))
    return GroupTime(keys[:, 0], keys[:, 1], np.array(effects), influence, np.asarray(w), first)


def _two_by_two(change: Floats, group: Bools, x: Floats, w: Floats, method: Method) -> tuple[float, Floats]:
    """(effect, influence of each unit) for one group, its comparison units, and one change; as R's `DRDID`."""
    n = len(change)
    d = group.astype(float)
    untouched = w * (1 - d)
    expected, of_outcome = np.zeros(n), np.zeros_like(x)
    if method != "weighting":
        bread = np.linalg.inv((untouched[:, None] * x).T @ x / n)
        expected = x @ (bread @ (x.T @ (untouched * change) / n))
        of_outcome = (untouched * (change - expected))[:, None] * x @ bread
    left = change - expected
    treated = w * d
    mean = (treated * left).sum() / treated.sum()
    influence = (treated * (left - mean) - of_outcome @ (treated @ x / n)) / treated.mean()
    if method == "regression":
        return float(mean), influence
    chance, of_chance = _chance(d, x, w)
    like = np.where(chance < TRIMMED, untouched * chance / (1 - chance), 0.0)
    other = (like * left).sum() / like.sum()
    comparison = like * (left - other)
    comparison = comparison + of_chance @ (comparison @ x / n) - of_outcome @ (like @ x / n)
    return float(mean - other), influence - comparison / like.mean()


def _chance(d: Floats, x: Floats, w: Floats) -> tuple[Floats, Floats]:
    """The chance of being in the group by logistic regression, and the influence of each unit on its coefficients."""
    beta = np.zeros(x.shape[1])
    for _ in range(ROUNDS):
        p = special.expit(x @ beta)
        step = np.linalg.solve((x.T * (w * p * (1 - p))) @ x, x.T @ (w * (d - p)))
        beta = beta + step
        if np.abs(step).max() < 1e-12:
            break
    p = np.minimum(special.expit(x @ beta), HIGHEST)
    spread = np.linalg.inv((x.T * (w * p * (1 - p))) @ x) * len(d)
    return p, (w * (d - p))[:, None] * x @ spread
