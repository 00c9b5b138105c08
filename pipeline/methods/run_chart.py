"""Run charts with limits (XmR) and the rules of the NHS's "making data count", for a conversation about one unit.

With few points the rules cry wolf; `alarm_rates` says how often.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from pipeline.methods.drift import RAMP, drift, reached

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Signs = NDArray[np.int_]

LIMIT = 2.66  # 3 / 1.128: from the mean moving range to three standard deviations
LARGEST_RANGE = 3.267  # moving ranges above this many means are left out of the mean
RUN = 7
RULES = ("outside", "trend", "two_in_three", "shift")


@dataclass(frozen=True)
class RunChart:
    """Limits and signals, series by series.

    mean, low, high: shape (…), the limits fixed on the baseline. rule: shape (…, n), one of RULES, or '' for common
    cause. side: the same shape; 1 above the mean or rising, -1 below or falling, 0 without a signal.
    """

    mean: Floats
    low: Floats
    high: Floats
    rule: NDArray[np.str_]
    side: Signs


def run_chart(values: ArrayLike, baseline: int | None = None, is_screened: bool = True) -> RunChart:
    """An XmR chart of each series along the last axis.

    values: shape (…, n), in time order and without gaps: leave those out first. baseline: how many of the first points
    fix the mean and the limits (all of them when left out); they are never fixed anew. is_screened: very large
    moving ranges do not count for the limits. Of several rules the first of RULES is given.

    Rules and order as NHSRplotthedots 0.2.2 (NHS-R Community); limits: Shewhart (1931); Wheeler (1993).
    """
    y = np.asarray(values, float)
    first = y[..., :baseline]
    mean = first.mean(-1)
    spread = LIMIT * _mean_range(first, is_screened)
    low, high = mean - spread, mean + spread
    side = np.sign(y - mean[..., None]).astype(int)
    outside = (y < low[..., None]) | (y > high[..., None])
    far = ~outside & (np.abs(y - mean[..., None]) > 2 / 3 * spread[..., None])
    trend = _trend(y)
    found = [outside, trend != 0, far & _two_in_three(far, side), _run(side == 1) | _run(side == -1)]
    rule = np.select(found, RULES, "")
    return RunChart(mean, low, high, rule, np.where(rule == "trend", trend, np.where(rule == "", 0, side)))


def _mean_range(y: Floats, is_screened: bool) -> Floats:
    ranges = np.abs(np.diff(y, axis=-1))
    mean = ranges.mean(-1)
    if not is_screened:
        return mean
    kept = ranges < LARGEST_RANGE * mean[..., None]
    return (ranges * kept).sum(-1) / np.maximum(kept.sum(-1), 1)


def _spans(of: NDArray[np.generic], length: int) -> NDArray[np.generic]:
    """Every span of so many neighbours along the last axis, as a further axis."""
    return np.lib.stride_tricks.sliding_window_view(of, length, axis=-1)


def _run(is_so: Bools, length: int = RUN) -> Bools:
    """Which points belong to at least `length` neighbours of which it is so."""
    whole = np.zeros(is_so.shape, bool)
    if is_so.shape[-1] >= length:
        ends = _spans(is_so, length).all(-1)
        for place in range(length):
            whole[..., place : place + ends.shape[-1]] |= ends
    return whole


def _trend(y: Floats) -> Signs:
    """1 for points of at least seven that all rise, -1 for those that fall, 0 elsewhere; at a turn, what follows."""
    steps = np.sign(np.diff(y, axis=-1))
    after = np.zeros(y.shape, int)
    before = np.zeros(y.shape, int)
    for direction in (-1, 1):
        in_steps = _run(steps == direction, RUN - 1)
        after[..., :-1][in_steps] = direction
        before[..., 1:][in_steps] = direction
    return np.where(after != 0, after, before)


def _two_in_three(far: Bools, side: Signs) -> Bools:
    """Which points belong to three neighbours on one side of the mean of which two or more are far from it."""
    whole = np.zeros(far.shape, bool)
    if far.shape[-1] >= 3:
        is_so = (_spans(far, 3).sum(-1) >= 2) & (np.abs(_spans(side, 3).sum(-1)) == 3)
        for place in range(3):
            whole[..., place : place + is_so.shape[-1]] |= is_so
    return whole


@dataclass(frozen=True)
class AlarmRates:
    """Shares of series with some signal after the baseline: to the better, to the worse."""

    improvement: float
    concern: float


def alarm_rates(
    share: float,
    cases: float,
    baseline: int,
    later: int,
    transient_sd: float = 0.0,
    memory: float = 0.6,
    odds_ratio: float = 1.0,
    ramp: tuple[float, ...] = RAMP,
    runs: int = 2000,
    seed: int = 0,
) -> AlarmRates:
    """How often a chart of a share of bad cases signals after its baseline; false alarms where odds_ratio is 1.

    share: the level, 0..1. cases: how many are expected a period; they are Poisson, and one at the least. baseline,
    later: numbers of points. transient_sd, memory: standard deviation (logit scale) and AR(1) coefficient of the unit's
    ordinary drift. odds_ratio: a true change after the baseline, of which the first points have the parts in `ramp`.
    The same seed gives the same answer.
    """
    rng = np.random.default_rng(seed)
    logit = special.logit(share) + drift(rng, (runs, baseline + later), transient_sd, memory)
    logit[:, baseline:] += np.log(odds_ratio) * reached(np.arange(later), ramp)
    size = np.maximum(rng.poisson(cases, logit.shape), 1)
    side = run_chart(rng.binomial(size, special.expit(logit)) / size, baseline).side[:, baseline:]
    return AlarmRates(float((side == -1).any(1).mean()), float((side == 1).any(1).mean()))
