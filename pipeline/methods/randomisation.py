"""Inference by chance alone: what the estimate would be, had other eligible units been guided."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from pipeline.methods.imputation import NEVER, Sums, Windows, average_effect, known, solved, sums

Floats = NDArray[np.float64]
SAME = 1e-9  # estimates nearer to each other than this share are taken for one: the same assignment, summed otherwise


@dataclass(frozen=True)
class Reassigned:
    """An estimate and what it is under other assignments.

    estimate: of the assignment there was. drawn: shape (n_draws,), the estimate of each assignment drawn.
    drawn_share: shape (n_draws,), what each would find of an effect of 1 that is there: the guided units of the data
    stay among its comparisons.
    """

    estimate: float
    drawn: Floats
    drawn_share: Floats

    def p_value(self, effect: float = 0.0) -> float:
        """Two-sided p-value of a constant effect: the share of assignments that find as much beyond it."""
        beyond = np.abs(self.drawn - effect * self.drawn_share) >= np.abs(self.estimate - effect) * (1 - SAME)
        return float((1 + beyond.sum()) / (1 + len(self.drawn)))

    def smallest_visible(self, level: float = 0.95, wanted: float = 0.80) -> float:
        """The effect that this test would find in the share `wanted` of cases, as the draws scatter.

        Beyond what they give by chance, and then so far that the estimate's own scatter seldom takes it back
        (Bloom 1995, Evaluation Review 19:547).
        """
        return float(np.quantile(np.abs(self.drawn), level) + special.ndtri(wanted) * self.drawn.std())

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """The constant effects that the test at 1 - level does not reject; infinite where there are too few draws.

        An assignment finds as much beyond an effect τ as the one there was while (a - τ b)² ≥ (e - τ)², which for
        |b| < 1 holds between two roots around e. So p falls on both sides of e, and no search is needed.
        """
        a, b, e = self.drawn, self.drawn_share, self.estimate
        inside = np.abs(b) < 1 - SAME
        b = np.where(inside, b, 0.0)
        roots = np.sort([(e - a) / (1 - b), (e + a) / (1 + b)], axis=0)
        low, high = np.where(inside, roots[0], -np.inf), np.where(inside, roots[1], np.inf)
        must = int((1 - level) * (len(a) + 1) * (1 + SAME))
        if must == 0:
            return -np.inf, np.inf
        return float(np.sort(low)[must - 1]), float(np.sort(high)[-must])


def reassigned(
    outcome: ArrayLike,
    weight: ArrayLike,
    start: ArrayLike,
    windows: Windows,
    eligible: ArrayLike,
    draws: int = 1999,
    seed: int = 0,
    strata: ArrayLike | None = None,
    is_within: bool = False,
) -> Reassigned:
    """The mean effect (`imputation.average_effect`), and what it is when the starts are dealt anew among the eligible.

    eligible: shape (n_units,), the units that could have been guided, the guided ones among them; others keep their
    start. strata: shape (n_units,), whole numbers; starts are dealt inside one. is_within: units are also compared
    inside their stratum only, as by `imputation.average_effect_within`. The sums of every unit under every start are
    made once, so that a draw is a sum and a solution of n_periods equations.

    Fisher (1935), The Design of Experiments, §21; Rosenbaum (2002), Observational Studies, ch. 2;
    MacKinnon & Webb (2020), J. Econometrics 218:435, on few guided units.
    """
    y, w = known(outcome, weight)
    periods = y.shape[1]
    first = np.asarray(start, float)
    may = np.asarray(eligible, bool)
    if not may[np.isfinite(first)].any():
        raise ValueError("no guided unit is eligible: there is nothing to deal anew")
    starts = np.append(np.unique(first[np.isfinite(first)]), NEVER)
    kind = np.searchsorted(starts, first)
    # The effect of 1 that is there: in all periods since the start. Its weight is that of the outcome.
    present = (np.arange(periods) >= first[:, None]).astype(float)
    under = sums(
        np.stack([y, present])[:, :, None, :],
        w[:, None, :],
        windows.baseline_cells(starts, periods)[None],
        windows.scored_cells(starts, periods)[None],
    )
    everything = np.vstack([kind, _dealt(kind, may, draws, seed, strata)])
    if strata is None or not is_within:
        found = solved(_totals(under, kind, everything))
        estimate = average_effect(outcome, weight, start, windows)
    else:
        found = _within(under, kind, everything, np.asarray(strata))
        estimate = float(found[0, 0])
    if not np.isfinite(found).all():
        raise ValueError("some scored periods have no unit to be compared with: leave them out")
    return Reassigned(estimate, found[1:, 0], found[1:, 1])


def _within(under: Sums, kind: NDArray[np.int_], dealt: NDArray[np.int_], strata: NDArray[np.int_]) -> Floats:
    """The estimate of each draw, shape (n_draws, 2), each stratum with period effects of its own."""
    above, mass = np.zeros((len(dealt), 2)), np.zeros((len(dealt), 1))
    for stratum in np.unique(strata[kind < under.mass.shape[1] - 1]):
        here = strata == stratum
        own = Sums(*(part[here] for part in (under.normal, under.moment, under.above, under.shift, under.mass)))
        total = _totals(own, kind[here], dealt[:, here])
        above += np.where(total.mass[:, None] > 0, solved(total), 0.0) * total.mass[:, None]
        mass += total.mass[:, None]
    return above / np.where(mass > 0, mass, np.nan)


def _dealt(
    kind: NDArray[np.int_], may: NDArray[np.bool_], draws: int, seed: int, strata: ArrayLike | None
) -> NDArray[np.int_]:
    """Kinds of start, shape (n_draws, n_units), dealt anew among those that may have them, inside their strata."""
    rng = np.random.default_rng(seed)
    groups = np.zeros(len(kind), int) if strata is None else np.asarray(strata)
    dealt = np.tile(kind, (draws, 1))
    for group in np.unique(groups[may]):
        here = np.flatnonzero(may & (groups == group))
        dealt[:, here] = rng.permuted(dealt[:, here], axis=1)
    return dealt


def _totals(under: Sums, kind: NDArray[np.int_], dealt: NDArray[np.int_]) -> Sums:
    """Sums over units, one a draw: those with everybody never guided, and what each guided unit changes."""
    never = under.mass.shape[1] - 1
    draws = len(dealt)
    guided = (dealt != never).sum(1).max()
    # A row of units a draw: the guided ones first, so that a few columns hold them all.
    units = np.argsort(dealt == never, axis=1, kind="stable")[:, :guided]
    kinds = np.take_along_axis(dealt, units, axis=1)
    parts = []
    for part in (under.normal, under.moment, under.above, under.shift, under.mass):
        change = part - part[:, -1:]
        total = np.tile(part[:, -1].sum(0), (draws, *[1] * (part.ndim - 2)))
        for column in range(guided):
            total += change[units[:, column], kinds[:, column]]
        parts.append(total)
    return Sums(*parts)


def holm(p: ArrayLike) -> Floats:
    """p-values of several questions, adjusted so that the chance of any false answer stays below the level.

    p: shape (n,), NaN where a question could not be asked; it then counts for none. Holm (1979), Scand. J. Stat. 6:65.
    """
    given = np.asarray(p, float)
    adjusted = np.full(given.shape, np.nan)
    order = [place for place in np.argsort(given) if np.isfinite(given[place])]
    highest = 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, float(given[place]) * (len(order) - rank)))
        adjusted[place] = highest
    return adjusted


def without_each_start(outcome: ArrayLike, weight: ArrayLike, start: ArrayLike, windows: Windows) -> dict[float, float]:
    """The mean effect without the units of one start at a time, by the start left out."""
    y, w, first = np.asarray(outcome, float), np.asarray(weight, float), np.asarray(start, float)
    return {
        float(each): average_effect(y[first != each], w[first != each], first[first != each], windows)
        for each in np.unique(first[np.isfinite(first)])
    }


def earlier_start(outcome: ArrayLike, start: ArrayLike, periods: int) -> tuple[Floats, Floats]:
    """(outcome, start) of a placebo in time: every start so many periods earlier, and nothing seen since the true one.

    Where the placebo's scored periods reach into those in which units were chosen, it shows the choice.
    """
    y, first = np.array(outcome, float), np.asarray(start, float)
    y[np.arange(y.shape[1]) >= first[:, None]] = np.nan
    return y, first - periods


def stand_in_start(start: ArrayLike, stand_ins: ArrayLike, seed: int = 0) -> tuple[NDArray[np.bool_], Floats]:
    """(kept, start) of a placebo among units that were not guided: the guided are left out, stand-ins get their starts.

    stand_ins: shape (n_units,), such as the next in line. When they are fewer, starts are left over. Take
    outcome[kept], weight[kept], start[kept].
    """
    first, chosen = np.asarray(start, float), np.flatnonzero(np.asarray(stand_ins, bool) & np.isinf(start))
    given = np.random.default_rng(seed).permutation(first[np.isfinite(first)])[: len(chosen)]
    placebo = np.full(first.shape, NEVER)
    placebo[np.random.default_rng(seed + 1).permutation(chosen)[: len(given)]] = given
    return np.isinf(first), placebo
