"""One guided unit beside a mix of others that went the same way before. Only with a long, firm baseline.

Abadie, Diamond & Hainmueller (2010), J. Am. Stat. Assoc. 105:493; Arkhangelsky, Athey, Hirshberg, Imbens & Wager
(2021), American Economic Review 111:4088.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize

Floats = NDArray[np.float64]
ROUNDS = 8000


@dataclass(frozen=True)
class Synthetic:
    """A mix and what the unit is beside it.

    weight: shape (n_donors,), ≥ 0, adding up to 1. gap: shape (n_periods,), the unit less the mix. before: how many of
    the periods lie before guidance.
    """

    weight: Floats
    gap: Floats
    before: int

    @property
    def fit(self) -> float:
        """Mean square of the gap before guidance."""
        return float((self.gap[: self.before] ** 2).mean())

    @property
    def effect(self) -> float:
        """Mean gap since guidance, in units of the outcome."""
        return float(self.gap[self.before :].mean())

    @property
    def ratio(self) -> float:
        """Mean square of the gap since guidance over that before: large where the paths part."""
        return float((self.gap[self.before :] ** 2).mean() / self.fit)


def synthetic_control(
    outcome: ArrayLike, unit: int, before: int, donors: ArrayLike | None = None, predictors: ArrayLike | None = None
) -> Synthetic:
    """The mix of donors nearest to a unit before it was guided.

    outcome: shape (n_units, n_periods), without gaps. before: how many of the first periods lie before guidance.
    donors: indices, none of them guided; all others when left out. predictors: shape (n_units, k); the mix is then
    nearest in these, weighted so that it is nearest in the outcome before guidance (the nested search of the first
    reference); without them it is nearest in that outcome itself.
    """
    y = np.asarray(outcome, float)
    others = np.delete(np.arange(len(y)), unit) if donors is None else np.asarray(donors)
    if predictors is None:
        weight = mix(y[others, :before].T, y[unit, :before])
    else:
        x = np.asarray(predictors, float)
        weight = _nested((x / x[[unit, *others]].std(0, ddof=1)), y[:, :before], unit, others)
    return Synthetic(weight, y[unit] - weight @ y[others], before)


def mix(parts: Floats, whole: Floats) -> Floats:
    """Weights ≥ 0 that add up to 1 and bring the parts nearest to the whole. parts: shape (n_rows, n_parts).

    With weights that add up to 1, parts @ w - whole is (parts - whole) @ w. A row of ones that should reach 1 then
    only sets the size of w, never its direction, so that dividing by the sum is exact.
    """
    rows = np.vstack([parts - whole[:, None], np.ones(parts.shape[1])])
    weight = optimize.nnls(rows, np.append(np.zeros(len(whole)), 1.0))[0]
    return np.asarray(weight / weight.sum())


def _nested(x: Floats, past: Floats, unit: int, others: NDArray[np.int_]) -> Floats:
    """Weights of donors for the weights of predictors that fit the past best: a search over the latter's logs."""

    def donors(logs: Floats) -> Floats:
        scale = np.exp((logs - logs.max()) / 2)
        return mix((x[others] * scale).T, x[unit] * scale)

    def miss(logs: Floats) -> float:
        return float(((past[unit] - donors(logs) @ past[others]) ** 2).mean())

    found = np.zeros(x.shape[1])
    for _ in range(3):  # a simplex that has collapsed starts anew from where it stands
        found = optimize.minimize(
            miss,
            found,
            method="Nelder-Mead",
            options={"maxfev": ROUNDS, "xatol": 1e-4, "fatol": 1e-8, "adaptive": True},
        ).x
    return donors(found)


def placebo_ratios(
    outcome: ArrayLike, unit: int, before: int, predictors: ArrayLike | None = None
) -> tuple[Floats, float]:
    """(ratio of each unit when it is taken for the guided one, p): p is the share of units with a ratio as large.

    With n units the smallest p there can be is 1/n. The guided unit is nobody's donor. Arguments as for
    `synthetic_control`.
    """
    y = np.asarray(outcome, float)
    units = range(len(y))
    donors = [[other for other in units if other not in (each, unit)] for each in units]
    ratios = np.array([synthetic_control(y, each, before, donors[each], predictors).ratio for each in units])
    return ratios, float((ratios >= ratios[unit]).mean())


def synthetic_difference(outcome: ArrayLike, guided: ArrayLike, before: int) -> float:
    """Synthetic difference-in-differences: the mean effect since guidance, in units of the outcome.

    outcome: shape (n_units, n_periods), without gaps. guided: shape (n_units,), units that start together. Donors are
    weighted so that their mean runs parallel to the guided, periods so that they are like those after.
    """
    y, is_guided = np.asarray(outcome, float), np.asarray(guided, bool)
    donors, path = y[~is_guided], y[is_guided].mean(0)
    noise = np.diff(donors[:, :before], axis=1).std(ddof=1)
    ridge = (is_guided.sum() * (y.shape[1] - before)) ** 0.25 * noise
    units = _parallel(donors[:, :before].T, path[:before], ridge * np.sqrt(before))
    times = _parallel(donors[:, :before], donors[:, before:].mean(1), 1e-6 * noise * np.sqrt(len(donors)))
    change = path[before:].mean() - times @ path[:before]
    return float(change - units @ (donors[:, before:].mean(1) - donors[:, :before] @ times))


def _parallel(parts: Floats, whole: Floats, ridge: float) -> Floats:
    """As `mix`, up to a constant, with the weights' size held down by the ridge."""
    rows = np.vstack([parts - parts.mean(0), ridge * np.eye(parts.shape[1])])
    # The ridge must not be measured from the whole, so that only its own rows are moved by it.
    target = np.append(whole - whole.mean(), np.zeros(parts.shape[1]))
    return mix(rows, target)
