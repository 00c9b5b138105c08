"""A country in which the worst were guided and the truth is known: what the method says of each guided service."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from pipeline.methods import dynamic
from pipeline.methods.change import share_difference_interval
from pipeline.methods.drift import drift, reached
from pipeline.methods.sites import Counts
from pipeline.methods.verdict import Evidence, Interval, Verdict, judge
from pipeline.methods.without_guidance import count_draws, pooled, probability_fell, rate_draws, without_later

Floats = NDArray[np.float64]
SERVICES, INDICATORS, PERIODS, GUIDED, START = 150, 3, 14, 13, 9
BASELINE, SELECTION, SCORED = slice(1, 5), slice(5, 9), slice(11, 14)
DRAWS = 600


@dataclass(frozen=True)
class Drawn:
    """A country in which the worst of the selection window were guided; the verdicts come from counts alone."""

    counts: Counts
    guided: NDArray[np.int64]


def drawn(seed: int, odds_ratio: float = 1.0) -> Drawn:
    """The country improves by itself, services differ for good and drift, and the worst by bare shares are guided."""
    rng = np.random.default_rng(seed)
    mix = 0.7 * np.array([[1, 0.3, 0.3], [0, 0.95, 0.2], [0, 0, 0.93]])
    lasting = rng.standard_normal((SERVICES, INDICATORS)) @ mix
    passing = np.stack([drift(rng, (SERVICES, PERIODS), 0.35, 0.6) for _ in range(INDICATORS)], 1)
    logit = -0.9 - 0.04 * np.arange(PERIODS) + lasting[..., None] + passing
    size = rng.lognormal(np.log(18), 0.9, (SERVICES, INDICATORS))[..., None]
    cases = np.maximum(rng.poisson(size, logit.shape), 1)
    before = rng.binomial(cases, special.expit(logit))
    chosen = before[..., SELECTION].sum(-1) / cases[..., SELECTION].sum(-1)
    guided = np.argsort(-chosen.mean(1))[:GUIDED]
    logit[guided] += np.log(odds_ratio) * reached(np.arange(PERIODS) - START)
    observed = before.copy()
    observed[guided] = np.where(
        np.arange(PERIODS) < START, before[guided], rng.binomial(cases[guided], special.expit(logit[guided]))
    )
    nothing, times = np.zeros(cases.shape), np.arange(PERIODS, dtype=np.float64)
    counts = Counts(
        observed.astype(float), cases.astype(float), nothing, nothing, nothing, ["binomial"] * 3, times
    )  # fmt: skip
    return Drawn(counts, guided)


@dataclass(frozen=True)
class Told:
    """inside: the observed lies within the 95 % forecast. verdicts. fell: P(the true rate fell by five points).

    naive: the bare share now less the bare share of the selection window.
    """

    inside: list[bool]
    verdicts: list[Verdict]
    fell: list[float]
    naive: list[float]


def told(of: Drawn) -> Told:
    """What is said of each guided service and indicator, in one row."""
    counts, guided = of.counts, of.guided
    is_later = np.zeros(counts.denominator.shape, bool)
    is_later[guided, :, START:] = True
    blanked = without_later(counts, is_later)
    at = dynamic.fit(blanked)
    unguided, all_seen = (
        dynamic.posterior(at, each.changed(lambda array: array[guided])) for each in (blanked, counts)
    )
    rng, found = np.random.default_rng(1), Told([], [], [], [])
    for place, service in enumerate(guided):
        ahead = rate_draws(at, unguided, counts.law, place, DRAWS, rng)
        known = rate_draws(at, all_seen, counts.law, place, DRAWS, rng)
        for j in range(INDICATORS):
            y, n = counts.numerator[service, j], counts.denominator[service, j]
            expected = count_draws(ahead[:, j, SCORED], n[SCORED], "binomial", rng).sum(1) / n[SCORED].sum()
            low, high = np.quantile(expected, [0.025, 0.975])
            share, base = y[SCORED].sum() / n[SCORED].sum(), y[BASELINE].sum() / n[BASELINE].sum()
            found.inside.append(bool(low <= share <= high))
            limits = share_difference_interval(y[SCORED].sum(), n[SCORED].sum(), y[BASELINE].sum(), n[BASELINE].sum())
            change = Interval(share - base, *map(float, limits))
            middle = float(expected.mean())
            beyond = Interval(share - middle, min(share - high, share - middle), max(share - low, share - middle))
            found.verdicts.append(judge(Evidence(change, beyond)).verdict)
            before, after = pooled(known[:, j, BASELINE], n[BASELINE]), pooled(known[:, j, SCORED], n[SCORED])
            found.fell.append(probability_fell(before, after, 0.05))
            found.naive.append(share - y[SELECTION].sum() / n[SELECTION].sum())
    return found
