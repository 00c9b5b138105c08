"""Figures about the tracking methods: speed, coverage, placebos, power, and programmes whose effect is known.

Usage: tracking.py [countries] for all; tracking.py programmes [countries, and under each switch] for the last alone;
tracking.py bias [countries] for their bias alone, in more of them and by windows.
"""

import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.analysis.effect_methods import Question, answer, tested
from pipeline.analysis.effect_words import course, judged
from pipeline.methods.drift import drift
from pipeline.methods.imputation import NEVER, Windows, average_effect
from pipeline.methods.power import Design, Scatter, power
from pipeline.methods.programme_power import estimates
from pipeline.methods.randomisation import holm, reassigned
from pipeline.methods.synthetic_control import placebo_ratios
from pipeline.methods.verdict import Verdict
from pipeline.simulation.programme_country import COMPOSITE, ODDS, OUTCOMES, SCENARIOS, Programme, seen

Floats = NDArray[np.float64]
SERVICES, HALF_YEARS, COHORTS = 240, 18, ((8, 5), (10, 5), (12, 5))
SIZES = ((5, 4, 4), (7, 6, 6))
ASKED = (0, 1, 2, COMPOSITE)  # of the outcomes of a programme
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


def programmes(countries: int, switched: int) -> None:
    """Means over countries; so many of them plain, so many under each switch.

    naive: before and after. DiD: the half-years of the choice as baseline.
    """
    for sizes in SIZES:
        for name, switch in SCENARIOS.items():
            seeds = range(countries if name == "plain" else switched)
            begun = time.perf_counter()
            found = pd.DataFrame([measured(switch(Programme(sizes)), seed) for seed in seeds])
            print(f"{sizes} {name}, {len(seeds)} countries, {time.perf_counter() - begun:.0f} s")
            errors = found.astype(float).std() / np.sqrt(len(found))
            print(pd.DataFrame({"mean": found.mean(), "error": errors}).astype(float).round(3).to_string(), flush=True)


def bias(countries: int) -> None:
    """Mean estimates without effect, by switch, windows and weight: estimates alone are quick."""
    choices = (Windows(), Windows((-8, -6), (2, 4)), Windows((-8, -5), (2, 5)), Windows((-4, -1), (2, 5)))
    for name, switch in SCENARIOS.items():
        number = countries // (5 if switch(Programme()).hides else 1)
        for sizes in SIZES:
            drawn = [seen(switch(Programme(sizes)), 60_000 + seed) for seed in range(number)]
            for windows in choices:
                for by, root in (("root of children", 2), ("children", 1)):
                    each = [estimates(o.outcomes[:1], o.children ** (1 / root), o.start, windows)[0] for o in drawn]
                    mean, error = np.nanmean(each, 0), np.nanstd(each, 0) / np.sqrt(number)
                    told = ", ".join(f"{OUTCOMES[at]} {mean[at]:.2f} ± {error[at]:.2f}" for at in ASKED)
                    print(f"{name} {sizes} {windows.baseline} {windows.scored} by {by}: {told}", flush=True)


def measured(programme: Programme, seed: int, draws: int = 399) -> dict[str, float]:
    """What an evaluation says of one country; means over countries are bias, rejection, coverage and power."""
    of = seen(programme, seed)
    units = np.arange(len(of.start))
    considered = np.isin(units, np.argsort(-of.need, kind="stable")[:45]) | np.isfinite(of.start)
    nothing = np.zeros(len(units), int)
    told: dict[str, float] = {}

    def ask(ratio: int, outcome: int, weight: Floats = of.weight) -> Question:
        y = of.outcomes[ratio, outcome]
        return Question(y, weight, of.start, considered, of.need, nothing, Windows(), draws, seed, 0.95).told()

    for outcome, name, weight in (
        *((each, OUTCOMES[each], of.weight) for each in ASKED),
        *((each, f"{OUTCOMES[each]}, by children", of.children) for each in (ASKED[0], ASKED[-1])),
    ):
        y = of.outcomes[0, outcome]
        told[f"{name}: naive"] = course(replace(ask(0, outcome, weight), windows=Windows((-1, -1), (2, 5))))["change"]
        told[f"{name}: DiD"] = average_effect(y, weight[:, None], of.start, Windows((-4, -1), (2, 5)))
        for ratio, odds in enumerate(ODDS):
            asked = ask(ratio, outcome, weight)
            found = tested(asked, draws)
            if isinstance(found, str):
                continue
            low, high = found.interval()
            cells = Windows().scored_cells(of.start, y.shape[1]) & np.isfinite(y)
            mass = cells * weight[:, None]
            true = float(((of.truth[ratio, outcome] - of.truth[0, outcome]) * mass).sum() / mass.sum())
            told[f"{name}: effect at {odds:g}"] = true
            told[f"{name}: bias at {odds:g}"] = found.estimate - true
            told[f"{name}: rejected at {odds:g}"] = found.p_value() <= 0.05
            told[f"{name}: held at {odds:g}"] = low <= true <= high
    told |= falsely_said([ask(0, outcome) for outcome in range(3, len(OUTCOMES))], draws)
    return told


def falsely_said(asked: list[Question], draws: int) -> dict[str, float]:
    """Whether a dimension, after Holm, or the composite is said to have improved more than expected."""
    found = [tested(each, draws) for each in asked]
    known = [each for each in found if not isinstance(each, str)]
    p = np.array([each.p_value() for each in known])
    adjusted = np.append(holm(p[:-1]), p[-1])
    said = [
        judged(question, answer(each, 1 - 0.05 * own / after).effect) == Verdict.IMPROVED_MORE
        for question, each, own, after in zip(asked, known, p, adjusted, strict=True)
    ]
    return {"said of a dimension": any(said[:-1]), "said of the index": said[-1]}


if __name__ == "__main__":
    if sys.argv[1:2] == ["bias"]:
        bias(int(sys.argv[2]) if len(sys.argv) > 2 else 2000)
    elif sys.argv[1:2] == ["programmes"]:
        programmes(*map(int, sys.argv[2:4] or (300, 300)))
    else:
        randomisation(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
        programme_power()
        placebos()
        programmes(300, 300)
