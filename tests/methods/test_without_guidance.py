"""The forecast without guidance where the truth is known, of services that were chosen because they were worst."""

from dataclasses import dataclass

import numpy as np
import pytest
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
    """The country improves by itself; services differ for good and drift; the thirteen worst by bare shares are guided."""
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
    nothing = np.zeros(cases.shape)
    counts = Counts(
        observed.astype(float), cases.astype(float), nothing, nothing, nothing, ["binomial"] * 3, np.arange(PERIODS) * 1.0
    )  # fmt: skip
    return Drawn(counts, guided)


def told(of: Drawn) -> tuple[list[bool], list[Verdict], list[float]]:
    """For each guided service and indicator: is the observed within the 95 % forecast, the verdict, P(fell 5 points)."""
    counts, guided = of.counts, of.guided
    is_later = np.zeros(counts.denominator.shape, bool)
    is_later[guided, :, START:] = True
    blanked = without_later(counts, is_later)
    at = dynamic.fit(blanked)
    unguided, all_seen = (
        dynamic.posterior(at, each.changed(lambda array: array[guided])) for each in (blanked, counts)
    )
    rng, inside, words, fell = np.random.default_rng(1), [], [], []
    for place, service in enumerate(guided):
        ahead = rate_draws(at, unguided, counts.law, place, DRAWS, rng)
        known = rate_draws(at, all_seen, counts.law, place, DRAWS, rng)
        for j in range(INDICATORS):
            y, n = counts.numerator[service, j], counts.denominator[service, j]
            expected = count_draws(ahead[:, j, SCORED], n[SCORED], "binomial", rng).sum(1) / n[SCORED].sum()
            low, high = np.quantile(expected, [0.025, 0.975])
            share, base = y[SCORED].sum() / n[SCORED].sum(), y[BASELINE].sum() / n[BASELINE].sum()
            inside.append(bool(low <= share <= high))
            limits = share_difference_interval(y[SCORED].sum(), n[SCORED].sum(), y[BASELINE].sum(), n[BASELINE].sum())
            change = Interval(share - base, *map(float, limits))
            beyond = Interval(share - expected.mean(), min(share - high, share - expected.mean()), max(share - low, share - expected.mean()))  # fmt: skip
            words.append(judge(Evidence(change, beyond)).verdict)
            before, after = pooled(known[:, j, BASELINE], n[BASELINE]), pooled(known[:, j, SCORED], n[SCORED])
            fell.append(probability_fell(before, after, 0.05))
    return inside, words, fell


@pytest.fixture(scope="module")
def without_effect() -> tuple[list[bool], list[Verdict], list[float]]:
    found = [told(drawn(seed)) for seed in range(6)]
    return tuple(sum(parts, []) for parts in zip(*found, strict=True))  # type: ignore[return-value]


def test_the_forecast_covers_though_the_worst_were_chosen(
    without_effect: tuple[list[bool], list[Verdict], list[float]],
) -> None:
    inside, _, _ = without_effect
    assert len(inside) == 6 * GUIDED * INDICATORS
    assert 0.92 <= np.mean(inside) <= 0.985  # 234 services and indicators, so ± 0.03


def test_improved_more_than_expected_is_hardly_said_without_effect(
    without_effect: tuple[list[bool], list[Verdict], list[float]],
) -> None:
    _, words, _ = without_effect
    assert words.count(Verdict.IMPROVED_MORE) / len(words) <= 0.05


def test_a_halving_of_the_odds_is_seen() -> None:
    _, words, fell = told(drawn(0, odds_ratio=0.35))
    assert words.count(Verdict.IMPROVED_MORE) >= 10 and np.mean(np.array(fell) > 0.8) > 0.5


def test_a_guided_figure_after_the_start_moves_no_forecast() -> None:
    of = drawn(3)
    is_later = np.zeros(of.counts.denominator.shape, bool)
    is_later[of.guided, :, START:] = True
    doubled = of.counts.with_arrays(np.where(is_later, 2 * each, each) for each in of.counts.arrays)
    first, second = (dynamic.fit(without_later(each, is_later)) for each in (of.counts, doubled))
    assert np.array_equal(first.level, second.level) and np.array_equal(first.lasting, second.lasting)


def test_counts_scatter_as_their_law_says() -> None:
    rng = np.random.default_rng(5)
    shares = count_draws(np.full((20_000, 1), 0.3), np.array([50.0]), "binomial", rng)
    ratios = count_draws(np.full((20_000, 1), 0.3), np.array([50.0]), "poisson", rng, dispersion=3.0)
    assert [shares.mean(), shares.var()] == pytest.approx([15, 10.5], rel=0.05)
    assert [ratios.mean(), ratios.var()] == pytest.approx([15, 45], rel=0.05)


def test_a_rate_over_half_years_counts_every_case_once() -> None:
    assert pooled(np.array([[0.1, 0.4]]), np.array([30.0, 10.0])) == pytest.approx(0.175)
