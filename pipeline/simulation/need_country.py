"""A country of services whose true need is known, as bare counts: to measure a ranking by, again and again.

Every parameter is an assumption of the simulator (docs/methods.md); no ranking reads them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import special

from pipeline.methods.sites import Counts, Law

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Country:
    """What is assumed. Spreads are on the logit scale; indicators two by two belong to a dimension.

    The switches: t_effects (heavy tails), is_correlated, hides_the_worst (missing not at random), mergers and splits
    in the middle of the years seen, share_revised (of last half-year's cells that come late and are 10 % too low),
    revision_sd (by how much the logits of last half-year's figures are off, in the first vintage), has_break (the first
    indicator starts anew in the middle), share_gaming (of services that call 40 % of the breaches
    of the first indicator something else in the last two half-years).
    """

    services: int = 240
    indicators: int = 8
    half_years: int = 6
    ahead: int = 4
    median_children: float = 1900
    log_sd_children: float = 1.15
    cases_per_child: tuple[float, float] = (0.008, 0.02)
    rate: tuple[float, float] = (0.2, 0.35)
    lasting_sd: tuple[float, float] = (0.5, 0.95)
    inside_correlation: float = 0.5
    between_correlation: float = 0.25
    passing_sd: float = 0.35
    memory: float = 0.6
    level_sd: float = 0.05
    hidden: tuple[int, int] = (1, 3)
    missing: float = 0.02
    t_effects: bool = False
    is_correlated: bool = True
    hides_the_worst: bool = False
    mergers: int = 0
    splits: int = 0
    share_revised: float = 0.0
    revision_sd: float = 0.0
    has_break: bool = False
    share_gaming: float = 0.0


@dataclass(frozen=True)
class Known:
    """A country drawn: what is published, and what is true.

    counts: as published. true_rates: shape (S, J), mean over the half-years to come. rates: shape (S, J, T + ahead).
    children: shape (S,). complete: the counts before anything is hidden, missing, late or renamed, shape (S, J, T).
    """

    counts: Counts
    true_rates: Floats
    rates: Floats
    children: Floats
    complete: Floats = field(repr=False)


def draw(country: Country, seed: int) -> Known:
    """A country; the same seed gives the same one."""
    random = np.random.default_rng(seed)
    rates, children = _rates(country, random), _children(country, random)
    size = np.linspace(*country.cases_per_child, country.indicators)[:, None] * np.ones(country.half_years)
    cases = random.poisson(children[:, None, None] * size).astype(float)
    complete = random.binomial(cases.astype(int), rates[..., : country.half_years]).astype(float)
    counts = _published(country, complete, cases, rates, random)
    if country.mergers:
        rates, children, complete, counts = _merged(country, rates, children, complete, cases, counts, random)
    half_way = np.arange(country.half_years) < country.half_years // 2
    unused = np.zeros(complete.shape, bool)
    if country.splits:  # what was before cannot be shared out, and is not used
        unused[-2 * country.splits :] |= half_way
    if country.has_break:  # the indicator starts anew
        unused[:, 0] |= half_way
    counts = counts.changed(lambda each: np.where(unused, 0, each))
    return Known(counts, rates[..., country.half_years :].mean(axis=2), rates, children, complete)


def _children(country: Country, random: Generator) -> Floats:
    spread = country.log_sd_children * random.standard_normal(country.services)
    return np.asarray(country.median_children * np.exp(spread))


def _rates(country: Country, random: Generator) -> Floats:
    """Level, lasting and passing part of each service, indicator and half-year, as a share."""
    kinds, periods = country.indicators, country.half_years + country.ahead
    dimension = np.arange(kinds) // 2
    same = dimension[:, None] == dimension[None, :]
    correlation = np.where(same, country.inside_correlation, country.between_correlation) * country.is_correlated
    np.fill_diagonal(correlation, 1)
    spread = np.linspace(*country.lasting_sd, kinds)
    lasting = random.multivariate_normal(np.zeros(kinds), correlation * np.outer(spread, spread), country.services)
    if country.t_effects:  # t with 4 degrees of freedom, scaled to the same variance
        lasting *= np.sqrt(2 / random.chisquare(4, country.services))[:, None]
    passing = np.empty((country.services, kinds, periods))
    shocks = country.passing_sd * random.standard_normal(passing.shape)
    passing[..., 0] = shocks[..., 0]
    for period in range(1, periods):
        kept = country.memory * passing[..., period - 1]
        passing[..., period] = kept + np.sqrt(1 - country.memory**2) * shocks[..., period]
    level = special.logit(np.linspace(*country.rate, kinds))[:, None] + country.level_sd * random.standard_normal(
        periods
    )
    return np.asarray(special.expit(level + lasting[..., None] + passing))


def _published(country: Country, complete: Floats, cases: Floats, rates: Floats, random: Generator) -> Counts:
    """Small counts hidden, some cells missing, some late, some called something else."""
    seen, cases = complete.copy(), cases.copy()
    gaming = random.random(len(seen)) < country.share_gaming
    seen[gaming, 0, -2:] = np.floor(seen[gaming, 0, -2:] * 0.6)
    late = random.random(seen.shape[:2]) < country.share_revised
    seen[late, -1], cases[late, -1] = np.floor(seen[late, -1] * 0.9), np.ceil(cases[late, -1] * 0.9)
    if country.revision_sd:
        logit = special.logit((seen[..., -1] + 0.5) / (cases[..., -1] + 1))
        off = country.revision_sd * random.standard_normal(logit.shape)
        seen[..., -1] = np.round(special.expit(logit + off) * cases[..., -1])
    hidden = (seen >= country.hidden[0]) & (seen <= country.hidden[1])
    chance = np.full(seen.shape, country.missing)
    if country.hides_the_worst:
        need = special.logit(rates[..., : country.half_years]).mean(axis=(1, 2))
        chance[need > np.quantile(need, 0.84)] += 0.35
    missing = random.random(seen.shape) < chance
    low, high = (np.where(hidden, bound, 0.0) for bound in country.hidden)
    times = np.arange(float(country.half_years))
    law: list[Law] = ["binomial"] * country.indicators
    counts = Counts(np.where(hidden, 0, seen), cases, low, high, hidden * cases, law, times)
    return counts.changed(lambda each: np.where(missing, 0, each))


def _merged(
    country: Country,
    rates: Floats,
    children: Floats,
    complete: Floats,
    cases: Floats,
    published: Counts,
    random: Generator,
) -> tuple[Floats, Floats, Floats, Counts]:
    """The first services merge two by two half-way.

    Before, what the two published is summed, bounds of hidden counts too; from then on the new service publishes.
    """
    first, second = np.arange(country.mergers) * 2, np.arange(country.mergers) * 2 + 1
    left = np.setdiff1d(np.arange(country.services), second)

    def summed(values: Floats) -> Floats:
        out = values.copy()
        out[first] += values[second]
        return out[left]

    both = summed(children)
    rates = summed(rates * children[:, None, None]) / both[:, None, None]
    complete = summed(complete)
    after = _published(country, complete, summed(cases), rates, random)
    is_before = np.arange(country.half_years) < country.half_years // 2
    before = published.changed(summed).arrays
    counts = after.with_arrays(np.where(is_before, old, new) for old, new in zip(before, after.arrays, strict=True))
    return rates, both, complete, counts


SWITCHES: dict[str, Callable[[Country], Country]] = {
    "base": lambda c: c,
    "heavy tails": lambda c: replace(c, t_effects=True),
    "no correlation": lambda c: replace(c, is_correlated=False),
    "missing not at random": lambda c: replace(c, hides_the_worst=True),
    "half the half-years": lambda c: replace(c, half_years=3),
    "mergers and splits": lambda c: replace(c, services=280, mergers=40, splits=6),
    "late figures": lambda c: replace(c, share_revised=0.05),
    "first vintage": lambda c: replace(c, revision_sd=0.5),
    "a new definition": lambda c: replace(c, has_break=True),
    "breaches renamed": lambda c: replace(c, share_gaming=0.1),
}
