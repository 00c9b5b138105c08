"""A country with a programme whose true effect is known: to measure an estimate of it by, again and again.

Every parameter is an assumption of the simulator (docs/methods.md); no result reads them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from pipeline.methods import composite, rates
from pipeline.methods.imputation import Windows
from pipeline.methods.programme_power import Plan, World, country

Floats = NDArray[np.float64]

DIMENSION = np.array([0, 1, 1, 2, 2])  # of the five indicators
OUTCOMES = ("first indicator", "dimension 1", "dimension 2", "dimension 3", "composite")
FULL_NEED = 0.4  # the share at which need is 100
ODDS = np.array([1.0, 0.7, 0.5])


@dataclass(frozen=True)
class Programme:
    """What is assumed; spreads on the logit scale, by lot among the `considered` with the highest composite.

    The switches: mergers of pairs half-way through the programme, small counts hidden, figures that come late or never,
    a break after which the first indicator is another.
    """

    sizes: tuple[int, ...] = (5, 4, 4)
    starts: tuple[int, ...] = (8, 10, 12)
    considered: int = 40
    services: int = 240
    half_years: int = 18
    median_children: float = 1900
    log_sd_children: float = 1.15
    cases_per_child: tuple[float, float] = (0.008, 0.02)
    rate: tuple[float, float] = (0.17, 0.22)
    lasting_sd: float = 0.6
    inside_correlation: float = 0.5
    between_correlation: float = 0.25
    passing_sd: float = 0.35
    memory: float = 0.6
    mergers: int = 0
    hides: bool = False
    share_late: float = 0.0
    share_missing: float = 0.0
    break_at: int | None = None

    @property
    def plan(self) -> Plan:
        """Who is guided when."""
        return Plan(tuple(zip(self.starts, self.sizes, strict=True)), self.considered)


@dataclass(frozen=True)
class Seen:
    """A country as an evaluation sees it. Odds ratios R (`ODDS`), outcomes K (`OUTCOMES`), services S, periods T.

    outcomes, truth: shape (R, K, S, T), the first in percentage points, the others in index points; NaN where unknown.
    weight, start, need: shape (S,); need: the composite of the periods before the start that saw it highest.
    """

    outcomes: Floats
    truth: Floats
    weight: Floats
    start: Floats
    need: Floats


SCENARIOS: Mapping[str, Callable[[Programme], Programme]] = {
    "plain": lambda p: p,
    "mergers": lambda p: replace(p, services=280, mergers=40),
    "small counts hidden": lambda p: replace(p, hides=True),
    "late and missing": lambda p: replace(p, share_late=0.05, share_missing=0.02),
    "a break half-way": lambda p: replace(p, break_at=14),
    "all of these": lambda p: replace(
        p, services=280, mergers=40, hides=True, share_late=0.05, share_missing=0.02, break_at=14
    ),
}


def outcomes(shares: Floats) -> Floats:
    """The outcomes, shape (5, S, T), from shares of bad cases, shape (5, S, T)."""
    need = composite.need(shares, 0, FULL_NEED)
    dimensions = np.stack([need[DIMENSION == each].mean(0) for each in range(3)])
    whole = composite.power_mean(dimensions, np.ones(3), 2, axis=0)
    return np.concatenate([100 * shares[:1], dimensions, whole[None]])


def seen(of: Programme, seed: int) -> Seen:
    """A country under each odds ratio; the same seed gives the same one."""
    random = np.random.default_rng(seed)
    world = _world(of, random)
    drawn = country(random, world, of.plan, ODDS, outcomes)
    counts, rate, cases, weight, start = drawn.counts, drawn.rates, world.cases, world.weight, drawn.start
    hidden = (counts >= 1) & (counts <= 3) if of.hides else np.zeros(counts.shape, bool)
    low, high = np.where(hidden, 1.0, 0.0), np.where(hidden, 3.0, 0.0)
    known = random.random(cases.shape) >= of.share_missing
    late = random.random(cases.shape[:2]) < of.share_late
    if of.mergers:
        counts, low, high, hidden, cases, rate, known, weight, start, late = _merged(
            of.mergers, counts, low, high, hidden, cases, rate, known, weight, start, late
        )
    if of.hides:
        counts = _expected(counts, low, high, hidden, cases, start)
    shares = counts / np.where(known & (cases > 0), cases, np.nan)
    shares[..., -1] *= np.where(late, 0.9, 1.0)
    if of.break_at is not None:
        shares[:, 0, :, of.break_at :] = np.nan
    told = np.stack([outcomes(each) for each in shares])
    return Seen(told, np.stack([outcomes(each) for each in rate]), weight, start, _need(told[0, -1], of))


def _world(of: Programme, random: Generator) -> World:
    kinds = len(DIMENSION)
    children = of.median_children * np.exp(of.log_sd_children * random.standard_normal(of.services))
    size = np.linspace(*of.cases_per_child, kinds)[:, None, None] * children[:, None] * np.ones(of.half_years)
    same = DIMENSION[:, None] == DIMENSION
    correlation = np.where(same, of.inside_correlation, of.between_correlation)
    np.fill_diagonal(correlation, 1)
    share = np.linspace(*of.rate, kinds)
    return World(
        cases=random.poisson(size).astype(float),
        weight=children,
        level=np.log(share / (1 - share)),
        lasting=correlation * of.lasting_sd**2,
        passing=np.full(kinds, of.passing_sd**2),
        memory=of.memory,
        law=["binomial"] * kinds,
        dispersion=[1.0] * kinds,
        worse=np.ones(kinds),
    )


def _merged(
    pairs: int,
    counts: Floats,
    low: Floats,
    high: Floats,
    hidden: NDArray[np.bool_],
    cases: Floats,
    rate: Floats,
    known: NDArray[np.bool_],
    weight: Floats,
    start: Floats,
    late: NDArray[np.bool_],
) -> tuple[Floats, Floats, Floats, NDArray[np.bool_], Floats, Floats, NDArray[np.bool_], Floats, Floats, NDArray[np.bool_]]:  # fmt: skip
    """The first services become one, two by two; back in time their counts are summed, hidden ones as their bounds."""
    first, second = np.arange(pairs) * 2, np.arange(pairs) * 2 + 1
    left = np.setdiff1d(np.arange(len(weight)), second)

    def summed(values: Floats, axis: int) -> Floats:
        moved = np.moveaxis(values, axis, 0).copy()
        moved[first] += moved[second]
        return np.moveaxis(moved[left], 0, axis)

    both = summed(cases, 1)
    rate = summed(rate * np.maximum(cases, 1e-9), 2) / summed(np.maximum(cases, 1e-9), 1)
    low, high = (summed(np.where(hidden, bound, counts), 2) for bound in (low, high))
    return (
        summed(counts, 2),
        low,
        high,
        summed(hidden.astype(float), 2) > 0,
        both,
        rate,
        ~(summed((~known).astype(float), 1) > 0),
        summed(weight, 0),
        np.where(np.isin(np.arange(len(start)), first), np.minimum(start, np.roll(start, -1)), start)[left],
        summed(late.astype(float), 1) > 0,
    )


def _expected(counts: Floats, low: Floats, high: Floats, hidden: NDArray[np.bool_], cases: Floats, start: Floats) -> Floats:  # fmt: skip
    """Hidden counts with their expectation, service by service, before its start and since."""
    units, periods = cases.shape[1:]
    row = np.repeat(np.arange(units)[:, None], periods, axis=1)
    group = 2 * row + (np.arange(periods) >= start[:, None])
    told = counts.copy()
    for place in np.ndindex(counts.shape[:2]):
        there = cases[place[1]] > 0
        y = np.where(hidden[place], np.nan, counts[place])
        parts = (each[there] for each in (y, cases[place[1]], low[place], high[place], group))
        told[place][there] = rates.expected_counts(*parts, 2 * units, "binomial")
    return told


def _need(whole: Floats, of: Programme) -> Floats:
    """The highest mean composite of the four half-years before a start, shape (S,)."""
    windows = [whole[:, start + round(Windows().baseline[1]) + 1 : start] for start in of.starts]
    means = [np.nansum(each, 1) / np.maximum(np.isfinite(each).sum(1), 1) for each in windows]
    return np.asarray(np.max(means, axis=0))
