"""What a programme of several cohorts could have shown in each of its outcomes: simulated as it is declared.

Unlike `power`, which asks of one share, countries are drawn with all indicators at once, correlated, with the cases
that services really have; so the power of a dimension and of the composite is that of their own noise.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from pipeline.methods.drift import RAMP, drift, reached
from pipeline.methods.imputation import NEVER, Windows, since_start, solved, totals
from pipeline.methods.sites import Law

Floats = NDArray[np.float64]
Outcomes = Callable[[Floats], Floats]  # rates (J, S, T) → outcomes (K, S, T), the last of them what units are chosen on


@dataclass(frozen=True)
class World:
    """A country to draw. J indicators, S units, T periods.

    cases: shape (J, S, T), 0 where nothing is known. weight: shape (S,). level: shape (J,), logit or log rate. lasting:
    covariance of the lasting parts, shape (J, J). passing: variance of the passing ones, shape (J,). memory: from one
    period to the next. law, dispersion: one an indicator, as in `sites.Counts`. worse: 1 where a higher rate is more
    need, -1 where a lower is.
    """

    cases: Floats
    weight: Floats
    level: Floats
    lasting: Floats
    passing: Floats
    memory: float
    law: Sequence[Law]
    dispersion: Sequence[float]
    worse: Floats


@dataclass(frozen=True)
class Plan:
    """Who is guided when: (start, places) of each cohort, by lot among so many of those in most need before it."""

    cohorts: tuple[tuple[int, int], ...]
    eligible: int | None
    windows: Windows = Windows()
    ramp: tuple[float, ...] = RAMP


@dataclass(frozen=True)
class Drawn:
    """One country. R odds ratios, the first of them 1: no effect.

    counts: shape (R, J, S, T); rates: the same shape, true. outcomes, truth: shape (R, K, S, T), of the counts and of
    the true rates. start, need: shape (S,), need: what they were chosen on, of the last cohort.
    """

    counts: Floats
    rates: Floats
    outcomes: Floats
    truth: Floats
    start: Floats
    eligible: NDArray[np.bool_]


@dataclass(frozen=True)
class ProgrammePower:
    """What was found in simulated countries, of K outcomes in their own units.

    odds_ratio: shape (R,). effect: shape (R, K), the true mean difference. detected: shape (R, K), how often the
    estimate lay beyond what chance gives in 1 - level of countries without effect. bias, sd, smallest_visible: shape
    (K,), without effect.
    """

    odds_ratio: Floats
    effect: Floats
    detected: Floats
    bias: Floats
    sd: Floats
    smallest_visible: Floats


def country(rng: np.random.Generator, world: World, plan: Plan, odds: Floats, outcomes: Outcomes) -> Drawn:
    """A country under each odds ratio of a bad outcome; they share all but the guided cells. odds: starts with 1."""
    kinds, units, periods = world.cases.shape
    lasting = rng.multivariate_normal(np.zeros(kinds), world.lasting, units, method="cholesky").T[..., None]
    passing = np.stack([drift(rng, (units, periods), float(np.sqrt(each)), world.memory) for each in world.passing])
    latent = world.level[:, None, None] + lasting + passing
    plain = _rates(world, latent)
    counted = _counts(rng, world, plain, world.cases)
    seen = np.where(world.cases > 0, world.cases, np.nan)
    start, eligible = _chosen(rng, outcomes(counted / seen)[-1], plan)
    counts, rates = (np.repeat(each[None], len(odds), axis=0) for each in (counted, plain))
    own = np.isfinite(start)  # only their figures hang on the odds ratio
    part = reached(since_start(start[own], periods).clip(-1), plan.ramp)
    for place, ratio in enumerate(odds[1:], 1):
        rates[place][:, own] = _rates(world, latent[:, own] + world.worse[:, None, None] * np.log(ratio) * part)
        drawn = _counts(rng, world, rates[place][:, own], world.cases[:, own])
        counts[place][:, own] = np.where(part > 0, drawn, counted[:, own])
    return Drawn(counts, rates, _told(counts / seen, own, outcomes), _told(rates, own, outcomes), start, eligible)


def _told(rates: Floats, own: NDArray[np.bool_], outcomes: Outcomes) -> Floats:
    """Outcomes of each odds ratio, shape (R, K, S, T)."""
    told = np.repeat(outcomes(rates[0])[None], len(rates), axis=0)
    for place in range(1, len(rates)):
        told[place][:, own] = outcomes(rates[place][:, own])
    return told


def _rates(world: World, latent: Floats) -> Floats:
    is_share = np.array([law == "binomial" for law in world.law])[:, None, None]
    return np.where(is_share, special.expit(latent), np.exp(np.minimum(latent, 50)))


def _counts(rng: np.random.Generator, world: World, rates: Floats, cases: Floats) -> Floats:
    counts = np.empty(rates.shape)
    for kind, (law, scatter) in enumerate(zip(world.law, world.dispersion, strict=True)):
        if law == "binomial":
            counts[kind] = rng.binomial(np.round(cases[kind]).astype(int), rates[kind])
        else:
            counts[kind] = scatter * rng.poisson(cases[kind] * rates[kind] / scatter)
    return counts


def _chosen(rng: np.random.Generator, need: Floats, plan: Plan) -> tuple[Floats, NDArray[np.bool_]]:
    """(start, who was considered), shape (S,): by lot among those in most need in the periods of the choice."""
    start, considered = np.full(len(need), NEVER), np.zeros(len(need), bool)
    for first, places in plan.cohorts:
        begun, ended = (first + round(end) for end in plan.windows.choice)
        window = need[:, max(begun, 0) : max(ended + 1, 0)]
        known = np.isfinite(window)
        mean = np.where(known, window, 0).sum(1) / np.maximum(known.sum(1), 1)
        left = np.flatnonzero(np.isinf(start) & known.any(1))
        worst = left[np.argsort(-mean[left], kind="stable")][: plan.eligible]
        start[rng.choice(worst, min(places, len(worst)), replace=False)] = first
        considered[worst] = True
    return start, considered


def estimates(outcomes: Floats, weight: Floats, start: Floats, windows: Windows) -> Floats:
    """The imputation estimate of each outcome, shape (R, K). outcomes: shape (R, K, S, T), NaN where unknown."""
    periods = outcomes.shape[-1]
    known = np.isfinite(outcomes[0])  # who is known does not hang on the odds ratio
    baseline, scored = windows.baseline_cells(start, periods), windows.scored_cells(start, periods)
    y, cell_weight = np.where(known, outcomes, 0.0), known * weight[:, None]
    return solved(
        totals(y, cell_weight, np.broadcast_to(baseline, known.shape), np.broadcast_to(scored, known.shape))
    ).T


def true_effect(drawn: Drawn, weight: Floats, windows: Windows) -> Floats:
    """The mean difference that the effect makes in the scored cells that are known, shape (R, K)."""
    cells = windows.scored_cells(drawn.start, drawn.outcomes.shape[-1]) & np.isfinite(drawn.outcomes[0])
    mass = cells * weight[:, None]
    return np.asarray(((drawn.truth - drawn.truth[0]) * mass).sum((-2, -1)) / mass.sum((-2, -1)))


def programme_power(
    world: World,
    plan: Plan,
    outcomes: Outcomes,
    odds_ratios: tuple[float, ...] = (0.7, 0.5),
    level: float = 0.95,
    wanted: float = 0.80,
    runs: int = 300,
    seed: int = 0,
    told: Callable[[Sequence[int]], Iterator[int]] = iter,
) -> ProgrammePower:
    """The power of the imputation estimate of each outcome, and the smallest effect it could show.

    That is (z of level + z of wanted) standard deviations of the estimate without effect (Bloom 1995, Evaluation Review
    19:547). told: hands out the numbers of the runs, to say how far it is. The same seed gives the same answer.
    """
    rng, odds = np.random.default_rng(seed), np.array([1.0, *odds_ratios])
    found, truth = [], []
    for _ in told(range(runs)):
        drawn = country(rng, world, plan, odds, outcomes)
        found.append(estimates(drawn.outcomes, world.weight, drawn.start, plan.windows))
        truth.append(true_effect(drawn, world.weight, plan.windows))
    every = np.array(found)
    null = every[:, 0]
    critical = np.nanquantile(np.abs(null), level, axis=0)
    sd = np.nanstd(null, axis=0, ddof=1)
    detected = (np.abs(every[:, 1:]) > critical).mean(0)
    z = special.ndtri((1 + level) / 2) + special.ndtri(wanted)
    return ProgrammePower(odds[1:], np.nanmean(truth, axis=0)[1:], detected, np.nanmean(null, axis=0), sd, z * sd)
