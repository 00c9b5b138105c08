"""How well the ranking finds the services that are truly worst, in countries whose truth is known.

python benchmarks/need_ranking.py [countries] [switch ...]     200 of each take half an hour
"""

import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from pipeline.methods import composite, counts, dynamic, outlook, ranking, shrinkage
from pipeline.methods.sites import Counts
from pipeline.simulation.need_country import SWITCHES, Country, Known, draw

Floats = NDArray[np.float64]
PLACES, DRAWS, SEED, LEVEL = 15, 2000, 20261122, 0.90


def score(rates: Floats, goalpost: Floats) -> Floats:
    """Shares of shape (..., S, J) to points of shape (..., S): two indicators a dimension, then the power mean."""
    need = composite.need(rates, 0, goalpost)
    dimensions = need.reshape(*need.shape[:-1], -1, 2).mean(axis=-1)
    return composite.power_mean(dimensions, np.ones(dimensions.shape[-1]))


def bare(seen: Counts, last: int, hidden_as: float) -> Floats:
    """Shares of the last half-years together, with one number for a hidden count; without any, the country's."""
    y = (seen.numerator + hidden_as * (seen.hidden_cases > 0))[..., -last:].sum(axis=2)
    cases = seen.denominator[..., -last:].sum(axis=2)
    return np.where(cases > 0, y / np.maximum(cases, 1), y.sum(axis=0) / cases.sum(axis=0))


def companion(seen: Counts, last: int = 4) -> Floats:
    """Draws of beta-binomial shrinkage of the last half-years together, one indicator at a time, shape (D, S, J)."""
    services, kinds, periods = seen.numerator.shape
    unit = np.repeat(np.arange(services), min(last, periods))
    found = []
    for kind in range(kinds):
        known = seen.is_known[:, kind, -last:].ravel()
        parts = (seen.numerator, seen.denominator, seen.hidden_low, seen.hidden_high, seen.hidden_cases)
        y, cases, low, high, hidden = (each[:, kind, -last:].ravel()[known] for each in parts)
        pooled = counts.pool_binomial(np.where(hidden > 0, np.nan, y), cases, low, high, unit[known], services)
        random = np.random.default_rng([SEED, kind])
        found.append(shrinkage.posterior_draws(shrinkage.fit_beta_binomial(pooled), pooled, DRAWS, random))
    return np.stack(found, axis=-1)


def joint(seen: Counts) -> Floats:
    """Draws of the joint dynamic model's forecast, shape (D, S, J)."""
    at, found = outlook.ahead(dynamic.fit(seen), seen, 4)
    names = [f"service {number}" for number in range(seen.numerator.shape[0])]
    return np.stack(list(outlook.Draws(at, seen.law, DRAWS, SEED).rates(found, names)), axis=1)


def judge(known: Known, points: Floats, true: Floats) -> dict[str, float]:
    """Draws of the score, shape (D, S), or one score each, shape (1, S), against the true scores."""
    probability = ranking.probability_top(ranking.rank_draws(points), PLACES)
    order = np.argsort(-probability if len(points) > 1 else -points[0], kind="stable")
    true_rank = stats.rankdata(-true)
    worst, small = true_rank <= PLACES, known.children <= np.median(known.children)
    found = {
        **{f"in_{k}": worst[order[:k]].sum() / PLACES for k in (15, 30, 45)},
        "beyond_60": (true_rank[order[:PLACES]] > 60).mean(),
        "small_share_minus_true": small[order[:PLACES]].mean() - small[worst].mean(),
        "found_among_small": worst[order[:PLACES]][small[order[:PLACES]]].sum() / max((worst & small).sum(), 1),
    }
    if len(points) == 1:
        return found
    low, high = np.quantile(points, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    best, last = ranking.rank_interval(points, LEVEL)
    sure, likely = probability >= 0.8, probability >= 0.5
    return found | {
        "score_covers": ((low <= true) & (true <= high)).mean(),
        "rank_covers": ((best <= true_rank) & (true_rank <= last)).mean(),
        "brier": ((probability - worst) ** 2).mean(),
        "n_sure": sure.sum(),
        "right_if_sure": worst[sure].sum(),
        "n_likely": likely.sum(),
        "right_if_likely": worst[likely].sum(),
    } | {
        f"said_{ten}": probability[np.minimum((probability * 10).astype(int), 9) == ten].sum() for ten in range(10)
    } | {
        f"came_{ten}": worst[np.minimum((probability * 10).astype(int), 9) == ten].sum() for ten in range(10)
    }  # fmt: skip


def one(country: Country, seed: int) -> list[dict[str, float | str]]:
    """All methods on one country."""
    known = draw(country, seed)
    goalpost = np.quantile(known.rates[..., : country.half_years].mean(axis=2), 0.95, axis=0)
    true = score(known.true_rates, goalpost)
    methods = {
        "last half-year, hidden as 0": lambda: score(bare(known.counts, 1, 0), goalpost)[None],
        "last half-year, hidden as midpoint": lambda: score(bare(known.counts, 1, 2), goalpost)[None],
        "two years together": lambda: score(bare(known.counts, 4, 2), goalpost)[None],
        "beta-binomial, two years": lambda: score(companion(known.counts), goalpost),
        "joint dynamic": lambda: score(joint(known.counts), goalpost),
        "true rates of today": lambda: score(known.rates[..., country.half_years - 1], goalpost)[None],
    }
    return [{"method": name, **judge(known, run(), true)} for name, run in methods.items()]


def main(countries: int, switches: list[str]) -> None:
    """Prints one table a switch."""
    for switch in switches or list(SWITCHES):
        country = SWITCHES[switch](Country())
        rows = []
        with ProcessPoolExecutor() as pool:
            for number, found in enumerate(pool.map(partial(one, country), range(1, countries + 1)), start=1):
                rows += found
                print(f"\r{switch}: {number} of {countries}", end="", file=sys.stderr)
        print(file=sys.stderr)
        table = pd.DataFrame(rows).groupby("method", sort=False).mean()
        table["right_if_sure"] /= table["n_sure"]
        table["right_if_likely"] /= table["n_likely"]
        bins = [each for each in table if each.startswith(("said_", "came_"))]
        print(f"\n{switch}, {countries} countries\n{table.drop(columns=bins).round(3).to_string()}")
        reliable = table.loc["joint dynamic", bins].to_numpy().reshape(2, 10).round(2)
        print("said and came, a tenth of probability each, worst services a country:", *reliable, sep="\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200, sys.argv[2:])
