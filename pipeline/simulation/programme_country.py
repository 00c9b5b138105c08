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

# Five shares; cases per child and half-year as in the half-yearly reports of 2018, simulated from published totals:
# investigations late, supervision missed, follow-up missed, no plan, plan not evaluated.
DIMENSION = np.array([0, 1, 1, 2, 2])
CASES_PER_CHILD = np.array([0.022, 0.0045, 0.0074, 0.025, 0.018])
SHARE = np.array([0.17, 0.20, 0.20, 0.18, 0.18])  # a middling service's; 27 to 30 % among the chosen
TOLD = [0, 1, 3]  # the shares told one by one
OUTCOMES = ("late", "supervision", "no plan", "dimension 1", "dimension 2", "dimension 3", "composite")
COMPOSITE = OUTCOMES.index("composite")
FULL_NEED = 0.4  # the share at which need is 100
ODDS = np.array([1.0, 0.7, 0.5])


@dataclass(frozen=True)
class Programme:
    """What is assumed; spreads on the logit scale, by lot among the `considered` with the highest composite.

    The switches: mergers of pairs half-way through the programme, small counts hidden, figures that come late or never,
    a break after which the first indicator is another.
    """

    sizes: tuple[int, ...] = (5, 4, 4)
    starts: tuple[int, ...] = (10, 12, 14)
    considered: int = 40
    services: int = 240
    half_years: int = 20
    median_children: float = 1900
    log_sd_children: float = 1.15
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

    outcomes, truth: shape (R, K, S, T), shares in percentage points, the others in index points; NaN where unknown.
    children, start, need: shape (S,); need: the composite of the periods before the start that saw it highest.
    """

    outcomes: Floats
    truth: Floats
    children: Floats
    start: Floats
    need: Floats

    @property
    def weight(self) -> Floats:
        """How a service counts: by the root of its children, as in the protocol of 2018."""
        return np.asarray(np.sqrt(self.children))


SCENARIOS: Mapping[str, Callable[[Programme], Programme]] = {
    "plain": lambda p: p,
    "mergers": lambda p: replace(p, services=280, mergers=40),
    "small counts hidden": lambda p: replace(p, hides=True),
    "late and missing": lambda p: replace(p, share_late=0.05, share_missing=0.02),
    "a break half-way": lambda p: replace(p, break_at=16),
    "all of these": lambda p: replace(
        p, services=280, mergers=40, hides=True, share_late=0.05, share_missing=0.02, break_at=16
    ),
}


def outcomes(shares: Floats) -> Floats:
    """The outcomes, shape (K, S, T), from shares of bad cases, shape (5, S, T)."""
    need = composite.need(shares, low=0, high=FULL_NEED)
    dimensions = np.stack([need[each == DIMENSION].mean(0) for each in range(3)])
    whole = composite.power_mean(dimensions, np.ones(3), 2, axis=0)
    return np.concatenate([100 * shares[TOLD], dimensions, whole[None]])


def seen(of: Programme, seed: int) -> Seen:
    """A country under each odds ratio; the same seed gives the same one."""
    random = np.random.default_rng(seed)
    world = _world(of, random)
    drawn = country(random, world, of.plan, ODDS, outcomes)
    is_hidden = (drawn.counts >= 1) & (drawn.counts <= 3) & of.hides
    low, high = (np.where(is_hidden, bound, drawn.counts) for bound in (1.0, 3.0))
    missing = (random.random(world.cases.shape) < of.share_missing).astype(float)
    late = (random.random(world.cases.shape[1:2]) < of.share_late).astype(float)
    figures = _Figures(low, high, world.cases, drawn.rates, missing, late)
    weight, start = world.weight, drawn.start
    if of.mergers:
        first, left = np.arange(of.mergers) * 2, np.setdiff1d(np.arange(of.services), np.arange(of.mergers) * 2 + 1)
        figures = figures.merged(first, left)
        start = np.where(np.isin(np.arange(of.services), first), np.minimum(start, np.roll(start, -1)), start)[left]
        weight = _summed(weight, first, left)
    shares = figures.shares(start)
    if of.break_at is not None:
        shares[:, 0, :, of.break_at :] = np.nan
    told, true = (np.stack([outcomes(one) for one in each]) for each in (shares, figures.rates))
    return Seen(told, true, weight, start, _need(told[0, -1], of))


@dataclass(frozen=True)
class _Figures:
    """What is published, and the true rates.

    low, high: shape (R, J, S, T), between what a count lies; the same where it is published. rates: the same shape.
    cases, missing: shape (J, S, T). late: shape (S,), above 0 where the last figures are short.
    """

    low: Floats
    high: Floats
    cases: Floats
    rates: Floats
    missing: Floats
    late: Floats

    def merged(self, first: NDArray[np.int_], left: NDArray[np.int_]) -> "_Figures":
        """The first services become one with the next; back in time their figures are summed."""
        size = np.maximum(self.cases, 1e-9)
        rates = _summed(self.rates * size, first, left, 2) / _summed(size, first, left, 1)
        low, high = (_summed(each, first, left, 2) for each in (self.low, self.high))
        cases, missing = (_summed(each, first, left, 1) for each in (self.cases, self.missing))
        return _Figures(low, high, cases, rates, missing, _summed(self.late, first, left))

    def shares(self, start: Floats) -> Floats:
        """Shares as an evaluation sees them; a hidden count has its expectation."""
        counts = _expected(self, start) if (self.low < self.high).any() else self.low
        shares = counts / np.where((self.missing == 0) & (self.cases > 0), self.cases, np.nan)
        shares[..., -1] *= np.where(self.late > 0, 0.9, 1.0)
        return np.asarray(shares)


def _summed(values: Floats, first: NDArray[np.int_], left: NDArray[np.int_], axis: int = 0) -> Floats:
    moved = np.moveaxis(values, axis, 0).copy()
    moved[first] += moved[first + 1]
    return np.moveaxis(moved[left], 0, axis)


def _expected(of: _Figures, start: Floats) -> Floats:
    """Counts, hidden ones with their expectation: service by service, before its start and since."""
    units, periods = of.cases.shape[1:]
    group = 2 * np.arange(units)[:, None] + (np.arange(periods) >= start[:, None])
    told = of.low.copy()
    for place in np.ndindex(told.shape[:2]):
        cases = of.cases[place[1]]
        there = cases > 0
        low, high = of.low[place][there], of.high[place][there]
        known = np.where(low < high, np.nan, low)
        told[place][there] = rates.expected_counts(known, cases[there], low, high, group[there], 2 * units, "binomial")
    return told


def _world(of: Programme, random: Generator) -> World:
    kinds = len(DIMENSION)
    children = of.median_children * np.exp(of.log_sd_children * random.standard_normal(of.services))
    size = CASES_PER_CHILD[:, None, None] * children[:, None] * np.ones(of.half_years)
    same = DIMENSION[:, None] == DIMENSION
    correlation = np.where(same, of.inside_correlation, of.between_correlation)
    np.fill_diagonal(correlation, 1)
    return World(
        cases=random.poisson(size).astype(float),
        weight=children,
        level=np.log(SHARE / (1 - SHARE)),
        lasting=correlation * of.lasting_sd**2,
        passing=np.full(kinds, of.passing_sd**2),
        memory=of.memory,
        law=["binomial"] * kinds,
        dispersion=[1.0] * kinds,
        worse=np.ones(kinds),
    )


def _need(whole: Floats, of: Programme) -> Floats:
    """The highest mean composite of the four half-years before a start, shape (S,)."""
    begun, ended = (round(each) for each in Windows().choice)
    windows = [whole[:, start + begun : start + ended + 1] for start in of.starts]
    means = [np.nansum(each, 1) / np.maximum(np.isfinite(each).sum(1), 1) for each in windows]
    return np.asarray(np.max(means, axis=0))
