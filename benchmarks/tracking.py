"""Figures about the tracking methods: speed, coverage, placebos, power. Usage: tracking.py [countries]."""

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.methods.drift import drift
from pipeline.methods.imputation import NEVER, Windows
from pipeline.methods.power import Design, Scatter, power
from pipeline.methods.randomisation import reassigned
from pipeline.methods.synthetic_control import placebo_ratios

SERVICES, HALF_YEARS, COHORTS = 240, 18, ((8, 5), (10, 5), (12, 5))
CHILDREN = np.exp(np.random.default_rng(0).normal(np.log(1900), 1.15, SERVICES))


def country(seed: int, effect: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """(shares in per cent, start): fifteen of the forty worst by lot, drift, and cases to be late or not."""
    rng = np.random.default_rng(seed)
    logit = -1.7 + rng.normal(0, 0.7, (SERVICES, 1)) + drift(rng, (SERVICES, HALF_YEARS), 0.35, 0.6)
    cases = np.maximum(rng.poisson(CHILDREN[:, None] * 0.02, logit.shape), 1)
    share = 100 * rng.binomial(cases, 1 / (1 + np.exp(-logit))) / cases
    worst = np.argsort(-share[:, 4:8].mean(1))[:40]
    start = np.full(SERVICES, NEVER)
    for (first, size), units in zip(COHORTS, np.split(rng.permutation(worst)[:15], [5, 10]), strict=True):
        start[units[:size]] = first
    return share + effect * (np.arange(HALF_YEARS) >= start[:, None]), start


def randomisation(countries: int) -> None:
    weight = np.repeat(CHILDREN[:, None], HALF_YEARS, axis=1)
    y, start = country(0)
    eligible = np.ones(SERVICES, bool)
    for periods in (12, 18):
        begun = time.perf_counter()
        reassigned(
            y[:, -periods:], weight[:, -periods:], start - HALF_YEARS + periods, Windows((-99, -5)), eligible, 1999
        )
        print(f"1,999 draws, 240 services x {periods} half-years: {time.perf_counter() - begun:.3f} s")
    rejected, held = 0, 0
    for seed in range(countries):
        y, start = country(seed, effect=-4.0)
        worst = np.argsort(-y[:, 4:8].mean(1))[:40]
        found = reassigned(y, weight, start, Windows(), np.isin(np.arange(SERVICES), worst), 399, seed)
        low, high = found.interval()
        rejected += found.p_value(-4.0) <= 0.05
        held += low <= -4 <= high
    print(f"{countries} countries, fifteen of the forty worst by lot, an effect of -4 points that is there:")
    print(f"rejected {rejected / countries:.3f}, held by the interval {held / countries:.3f}")


def placebos() -> None:
    table = pd.read_csv(Path(__file__).parents[1] / "tests/golden/methods/cigarettes.csv")
    packs = table.filter(like="packs").to_numpy()
    predictors = np.column_stack([table[["income", "price", "young", "beer"]], packs[:, [5, 10, 18]]])
    california = table["state"].tolist().index("California")
    begun = time.perf_counter()
    ratios, p = placebo_ratios(packs, california, 19, predictors)
    rank = int((ratios >= ratios[california]).sum())
    seconds = time.perf_counter() - begun
    print(f"California: ratio {ratios[california]:.1f}, rank {rank} of {len(ratios)}, p {p:.4f}, {seconds:.0f} s")


def programme_power() -> None:
    cases = np.repeat(CHILDREN[:, None] * 0.02, HALF_YEARS, axis=1)
    for sizes in ((5, 4, 4), (5, 5, 5), (7, 6, 6), (15, 15, 15)):
        design = Design(tuple(zip((8, 10, 12), sizes, strict=True)))
        for name, weight in (("unweighted", np.ones(SERVICES)), ("by children", CHILDREN)):
            begun = time.perf_counter()
            found = power(cases, weight, Scatter(0.25, 0.6, 0.35), design, (0.7, 0.5), runs=300)
            print(
                f"{sum(sizes)} services, {name}: smallest visible {100 * found.smallest_visible:.1f} points, "
                f"detected at odds ratios 0.7 and 0.5 {found.detected.round(2).tolist()}, "
                f"{time.perf_counter() - begun:.1f} s"
            )


if __name__ == "__main__":
    randomisation(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
    programme_power()
    placebos()
