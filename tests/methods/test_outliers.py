"""Outliers: the chance of a count, the scatter it is judged by, and how often nothing is taken for something."""

import math
from typing import Any

import numpy as np
import pytest
from scipy import integrate

from pipeline.methods.outliers import discoveries, expected_from, moved, scatter, surprise


def slow_surprise(count: int, expected: float, variation: float, whole: int | None = None) -> float:
    """Each count's chance as an integral over the rates there may be, added up one by one on the nearer side."""

    def chance(y: int) -> float:
        if whole is None:
            shape = 1 / variation

            def at(rate: float) -> float:
                log = (
                    y * math.log(rate * expected)
                    - rate * expected
                    - math.lgamma(y + 1)
                    + (shape - 1) * math.log(rate)
                    - shape * rate
                    + shape * math.log(shape)
                    - math.lgamma(shape)
                )
                return math.exp(log)

            return float(integrate.quad(at, 0, 12, limit=400)[0])
        share = expected / whole
        weight = (1 - share) / (share * variation) - 1
        a, b = share * weight, (1 - share) * weight
        beta = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
        return float(
            integrate.quad(
                lambda p: (
                    math.comb(whole, y)
                    * math.exp((y + a - 1) * math.log(p) + (whole - y + b - 1) * math.log1p(-p) + beta)
                ),
                0,
                1,
                limit=400,
            )[0]
        )

    below = sum(chance(y) for y in range(count + 1))
    return min(1.0, 2 * min(below, 1 - below + chance(count)))


@pytest.mark.parametrize(
    ("count", "expected", "variation"), [(0, 3.0, 0.05), (4, 4.0, 0.2), (12, 5.0, 0.1), (30, 9, 0.3)]
)
def test_a_poisson_surprise_is_the_slow_sum(count: int, expected: float, variation: float) -> None:
    assert surprise(count, expected, variation) == pytest.approx(slow_surprise(count, expected, variation), rel=1e-5)


@pytest.mark.parametrize(("count", "expected", "whole"), [(0, 3.0, 12), (9, 6.0, 10), (19, 14.0, 20)])
def test_a_binomial_surprise_is_the_slow_sum(count: int, expected: float, whole: int) -> None:
    given = surprise(count, expected, 0.02, whole, "binomial")
    assert given == pytest.approx(slow_surprise(count, expected, 0.02, whole), rel=1e-5)


def test_what_is_missing_is_not_judged() -> None:
    given = surprise([np.nan, 3, 3, 3], [2, np.nan, 0, 2], 0.1)
    assert np.isnan(given).tolist() == [True, True, True, False]


def test_scatter_is_found_again() -> None:
    rng = np.random.default_rng(1)
    expected = rng.uniform(5, 400, 4000)
    count = rng.poisson(expected * rng.gamma(1 / 0.04, 0.04, 4000))
    assert scatter(count, expected) == pytest.approx(0.04, rel=0.1)
    assert scatter(rng.poisson(expected), expected) == pytest.approx(0, abs=0.002)
    assert scatter([], []) == 0


def test_nothing_before_is_no_certainty_and_a_share_stays_below_one() -> None:
    expected, certain = expected_from([0, 20, 3], [100, 20, 0], [100, 20, 10], 1.0, "binomial")
    assert 0 < expected[0] < 1 and 19 < expected[1] < 20 and np.isnan(expected[2])
    assert certain[0] < 1 < certain[1]


def test_the_movement_of_all_is_not_moved_by_one() -> None:
    before, size = np.array([10, 20, 30, 40, 50]), np.full(5, 100)
    doubled = 2 * before + 0.5
    assert moved(doubled, size, before, size, "poisson") == pytest.approx(2)
    assert moved([*doubled[:4], 5000], size, before, size, "poisson") == pytest.approx(2)
    assert moved([np.nan], [10], [1], [10], "poisson") == 1


def test_one_case_more_in_a_small_place_is_no_surprise_though_the_percentage_doubles() -> None:
    small, large = surprise([2, 200], [1, 100], 0.01)
    assert small > 0.5 and large < 1e-6


@pytest.mark.parametrize("law", ["poisson", "binomial"])
def test_false_alarms_are_held(law: str) -> None:
    """Where nothing is wrong: at most one p-value in twenty is below 0.05, and hardly a country has a discovery.

    400 countries of 60 places, most of them small, whose rates wander by 15 per cent; judged as the analysis does it.
    """
    rng, places, variation = np.random.default_rng(20261122), 60, 0.15**2
    alarms, countries, tries = 0, 0, 400
    for _ in range(tries):
        p = _country(rng, places, law, variation)[0]
        alarms += int((p < 0.05).sum())
        countries += bool(discoveries(p).any())
    assert alarms / (tries * places) < 0.05
    assert countries / tries < 0.07


def test_a_planted_error_is_found_and_little_else() -> None:
    """A tenfold figure in one place of 60: found in nearly all of 200 countries, with few false ones beside."""
    rng = np.random.default_rng(3)
    found, false = 0, 0
    for _ in range(200):
        _, believed = _country(rng, 60, "poisson", 0.15**2, planted=30)
        found += int(believed[30])
        false += int(believed.sum() - believed[30])
    assert found > 190
    assert false / (found + false) < 0.07


def _country(rng: Any, places: int, law: str, variation: float, planted: int | None = None) -> tuple[Any, Any]:
    """p-values and what is believed, of counts in a new period beside four earlier ones."""
    size = np.round(rng.lognormal(4, 1, places)) + 5
    size[30] = 80
    rate = rng.uniform(0.1, 0.3, places)
    yearly = np.clip(rate * rng.gamma(1 / variation, variation, (5, places)), 0, 1)
    counts = rng.binomial(size.astype(int), yearly) if law == "binomial" else rng.poisson(size * yearly)
    if planted is not None:
        counts[4, planted] = max(10 * counts[4, planted], 10)
    told = {period: _foretold(counts, size, period, law) for period in (1, 2, 3, 4)}
    expected, certain = (np.concatenate([told[period][part] for period in (1, 2, 3)]) for part in (0, 1))
    share = expected / np.tile(size, 3) if law == "binomial" else 0
    spread = scatter(counts[1:4].ravel(), expected, certain, share)
    p = surprise(counts[4], told[4][0], spread + 1 / told[4][1], size, law)
    return p, discoveries(p)


def _foretold(counts: Any, size: Any, period: int, law: str) -> tuple[Any, Any]:
    before, exposure = counts[:period].sum(0), period * size
    return expected_from(before, exposure, size, moved(counts[period], size, before, exposure, law), law)


def test_discoveries_are_the_slow_rule() -> None:
    rng = np.random.default_rng(5)
    for _ in range(50):
        p = np.where(rng.random(30) < 0.3, rng.random(30) * 0.01, rng.random(30))
        ordered = sorted(p)
        limits = [value for k, value in enumerate(ordered, 1) if value <= k / 30 * 0.05]
        slow = [value <= max(limits, default=-1) for value in p]
        assert discoveries(p).tolist() == slow
    assert discoveries([np.nan, 0.001, np.nan]).tolist() == [False, True, False]
    assert discoveries([]).tolist() == []
