"""What a programme could have shown: how often an effect would be seen, and the smallest that can be."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from pipeline.methods.drift import RAMP, drift, reached
from pipeline.methods.imputation import NEVER, Windows, solved, summed, sums

Floats = NDArray[np.float64]
Estimator = Callable[[Floats, Floats, Floats], float]  # outcome and weight (n_units, n_periods), start (n_units,)
CHOSEN_ON = 4  # periods before the start whose figures decide who is eligible


@dataclass(frozen=True)
class Scatter:
    """How a share of bad cases differs between units and wanders, logit scale: level 0..1, SDs, AR(1) coefficient."""

    level: float
    persistent_sd: float
    transient_sd: float
    memory: float = 0.6


@dataclass(frozen=True)
class Design:
    """Who is guided when. cohorts: (start, size) pairs, periods counted 0, 1, 2 …; a later cohort takes from the rest.

    eligible: how many, of those with the worst figures in the four periods before the start, the places are drawn
    among; all units when left out. ramp: the parts of the effect in the first guided periods.
    """

    cohorts: tuple[tuple[int, int], ...]
    eligible: int | None = None
    windows: Windows = Windows()
    ramp: tuple[float, ...] = RAMP


@dataclass(frozen=True)
class Power:
    """What was found in simulated countries.

    odds_ratio: shape (k,). effect: shape (k,), the true mean difference over the scored cells, as a share -1..1.
    detected: shape (k,), how often the estimate lay beyond what chance gives in 1 - level of countries without effect.
    bias, sd: of the estimate without effect. smallest_visible: the difference seen with the power wanted.
    """

    odds_ratio: Floats
    effect: Floats
    detected: Floats
    bias: float
    sd: float
    smallest_visible: float


def power(
    cases: Floats,
    weight: Floats,
    scatter: Scatter,
    design: Design,
    odds_ratios: tuple[float, ...] = (0.9, 0.8, 0.7, 0.6, 0.5),
    level: float = 0.95,
    wanted: float = 0.80,
    runs: int = 300,
    seed: int = 0,
    estimator: Estimator | None = None,
) -> Power:
    """The power of an estimate in simulated countries: of `imputation.average_effect` when no other is given.

    cases: shape (n_units, n_periods), the denominators to expect; each country draws its own. weight: shape (n_units,),
    such as children, or ones. The smallest visible effect is (z of level + z of wanted) standard deviations of the
    estimate without effect (Bloom 1995, Evaluation Review 19:547). The same seed gives the same answer.
    """
    rng = np.random.default_rng(seed)
    odds = np.array([1.0, *odds_ratios])
    found = np.empty((runs, len(odds)))
    truth = np.empty((runs, len(odds)))
    for run in range(runs):
        found[run], truth[run] = _country(rng, cases, weight, scatter, design, odds, estimator)
    null = found[:, 0]
    critical = np.quantile(np.abs(null), level)
    sd = float(null.std(ddof=1))
    z = special.ndtri((1 + level) / 2) + special.ndtri(wanted)
    detected = (np.abs(found[:, 1:]) > critical).mean(0)
    return Power(odds[1:], truth[:, 1:].mean(0), detected, float(null.mean()), sd, float(z * sd))


def _country(
    rng: np.random.Generator,
    cases: Floats,
    weight: Floats,
    scatter: Scatter,
    design: Design,
    odds: Floats,
    estimator: Estimator | None,
) -> tuple[Floats, Floats]:
    """(estimate, true mean effect) under each odds ratio in one country; they share all but the guided cells."""
    units, periods = cases.shape
    logit = special.logit(scatter.level) + rng.normal(0, scatter.persistent_sd, (units, 1))
    logit = logit + drift(rng, (units, periods), scatter.transient_sd, scatter.memory)
    size = rng.poisson(cases)
    bad = rng.binomial(size, special.expit(logit))
    start = _chosen(rng, bad, size, design)
    since = np.arange(periods) - start[:, None]
    guided = since >= 0
    part = reached(np.where(guided, since, -1), design.ramp)
    w = np.where(size > 0, weight[:, None], 0.0)
    scored = design.windows.scored_cells(start, periods)
    rates, truth = [], []
    for ratio in odds:
        chance = special.expit(logit + np.log(ratio) * part)
        counts = np.where(guided & (ratio != 1), rng.binomial(size, chance), bad)
        rates.append(counts / np.maximum(size, 1))
        truth.append(np.average((chance - special.expit(logit))[scored], weights=w[scored]))
    if estimator:
        return np.array([estimator(np.where(size > 0, rate, np.nan), w, start) for rate in rates]), np.array(truth)
    each = sums(np.stack(rates), w, design.windows.baseline_cells(start, periods), scored)
    return solved(summed(each)), np.array(truth)


def _chosen(rng: np.random.Generator, bad: NDArray[np.int_], size: NDArray[np.int_], design: Design) -> Floats:
    """The start of each unit: by lot among the eligible of those not yet chosen."""
    start = np.full(len(bad), NEVER)
    for first, places in design.cohorts:
        window = slice(first - CHOSEN_ON, first)
        rate = bad[:, window].sum(1) / np.maximum(size[:, window].sum(1), 1)
        left = np.flatnonzero(np.isinf(start))
        worst = left[np.argsort(-rate[left], kind="stable")][: design.eligible]
        start[rng.choice(worst, places, replace=False)] = first
    return start
