"""The forecast without guidance where the truth is known, of services that were chosen because they were worst."""

import numpy as np
import pytest

from pipeline.methods import dynamic
from pipeline.methods.verdict import Verdict
from pipeline.methods.without_guidance import count_draws, pooled, without_later
from pipeline.simulation.guided import GUIDED, INDICATORS, START, Told, drawn, told


@pytest.fixture(scope="module")
def without_effect() -> list[Told]:
    return [told(drawn(seed)) for seed in range(6)]


def test_the_forecast_covers_though_the_worst_were_chosen(without_effect: list[Told]) -> None:
    inside = np.concatenate([each.inside for each in without_effect])
    assert inside.size == 6 * GUIDED * INDICATORS
    assert 0.92 <= inside.mean() <= 0.985  # 234 services and indicators, so ± 0.03


def test_improved_more_than_expected_is_hardly_said_without_effect(without_effect: list[Told]) -> None:
    words = [word for each in without_effect for word in each.verdicts]
    assert words.count(Verdict.IMPROVED_MORE) / len(words) <= 0.05


def test_the_bare_change_from_the_selection_window_is_an_improvement_by_chance(without_effect: list[Told]) -> None:
    assert np.mean([each.naive for each in without_effect]) < -0.04


def test_a_halving_of_the_odds_is_seen() -> None:
    found = told(drawn(0, odds_ratio=0.35))
    assert found.verdicts.count(Verdict.IMPROVED_MORE) >= 10 and np.mean(np.array(found.fell) > 0.8) > 0.5


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
