"""Inference by chance: the draws against estimating each anew, the interval against the test, and both against the truth."""

from typing import Any

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from pipeline.methods.imputation import NEVER, Windows, average_effect, average_effect_within
from pipeline.methods.randomisation import (
    Reassigned,
    earlier_start,
    holm,
    reassigned,
    stand_in_start,
    without_each_start,
)  # fmt: skip

WINDOWS = Windows((-5, -3), (1, 3))


def country(seed: int, effect: float = 0.0, units: int = 40, guided: int = 6) -> tuple[Any, Any, Any]:
    """(outcome, weight, start): twelve periods, starts at 6 and 7 by lot, gaps."""
    rng = np.random.default_rng(seed)
    y = 20 + rng.normal(0, 4, (units, 1)) + rng.normal(0, 3, (units, 12)) + rng.normal(0, 2, 12)
    start = np.full(units, NEVER)
    start[rng.permutation(units)[:guided]] = 6 + np.arange(guided) % 2
    y = y + effect * (np.arange(12) >= start[:, None])
    y[rng.random(y.shape) < 0.03] = np.nan
    return y, np.broadcast_to(rng.lognormal(7, 0.5, (units, 1)), y.shape), start


def test_every_draw_is_what_estimating_it_anew_gives() -> None:
    y, weight, start = country(1)
    eligible = np.arange(40) % 4 != 3
    eligible |= np.isfinite(start)
    strata = np.arange(40) % 2
    found = reassigned(y, weight, start, WINDOWS, eligible, draws=40, seed=9, strata=strata)
    assert found.estimate == pytest.approx(average_effect(y, weight, start, WINDOWS), abs=1e-12)
    rng = np.random.default_rng(9)
    dealt = np.tile(start, (40, 1))
    for stratum in (0, 1):
        here = np.flatnonzero(eligible & (strata == stratum))
        dealt[:, here] = rng.permuted(dealt[:, here], axis=1)
    present = np.where(np.isfinite(y), (np.arange(12) >= start[:, None]).astype(float), np.nan)
    for drawn, share, other in zip(found.drawn, found.drawn_share, dealt, strict=True):
        assert drawn == pytest.approx(average_effect(y, weight, other, WINDOWS), abs=1e-10)
        assert share == pytest.approx(average_effect(present, weight, other, WINDOWS), abs=1e-10)
        assert (other[~eligible] == start[~eligible]).all()


def test_the_interval_holds_the_effects_that_the_test_keeps() -> None:
    """p just inside a limit is above 5 %, just outside it is not; in between it is never below."""
    y, weight, start = country(2, effect=-3)
    found = reassigned(y, weight, start, WINDOWS, np.ones(40, bool), draws=399, seed=1)
    low, high = found.interval()
    assert low < found.estimate < high
    assert found.p_value(low + 1e-6) > 0.05 >= found.p_value(low - 1e-6)
    assert found.p_value(high - 1e-6) > 0.05 >= found.p_value(high + 1e-6)
    assert min(found.p_value(effect) for effect in np.linspace(low + 1e-6, high - 1e-6, 200)) > 0.05


def test_p_is_counted_by_hand() -> None:
    found = Reassigned(-3.0, np.array([-4.0, 3.0, 1.0, 0.5, -3.0, 2.9, 0.0]), np.zeros(7))
    assert found.p_value() == pytest.approx((1 + 3) / 8)
    assert Reassigned(-3.0, np.zeros(7), np.zeros(7)).interval() == (-np.inf, np.inf)


def test_a_true_null_is_rejected_as_often_as_said_and_the_interval_holds_the_truth() -> None:
    """400 countries with an effect of -2: p at the truth below 5 % in 3–7 of 100, which is the interval's miss too."""
    p, held = [], []
    for seed in range(400):
        y, weight, start = country(1000 + seed, effect=-2)
        found = reassigned(y, weight, start, WINDOWS, np.ones(40, bool), draws=199, seed=seed)
        low, high = found.interval()
        p.append(found.p_value(-2.0))
        held.append(low <= -2 <= high)
    assert 0.03 <= np.mean(np.array(p) <= 0.05) <= 0.07
    assert 0.93 <= np.mean(held) <= 0.97


def test_somebody_must_have_been_eligible() -> None:
    y, weight, start = country(3)
    with pytest.raises(ValueError, match="no guided unit is eligible"):
        reassigned(y, weight, start, WINDOWS, np.isinf(start))


def test_a_period_without_anybody_to_compare_with_is_told() -> None:
    y, weight, start = country(3)
    y = np.nan_to_num(y, nan=20.0)
    y[np.isinf(start), 8] = np.nan
    with pytest.raises(ValueError, match="some scored periods have no unit to be compared with"):
        reassigned(y, weight, start, WINDOWS, np.isfinite(start) | (np.arange(40) < 20), draws=20)


def test_holm_is_that_of_statsmodels_and_leaves_gaps_alone() -> None:
    rng = np.random.default_rng(7)
    for _ in range(20):
        p = rng.random(6) ** 3
        np.testing.assert_allclose(holm(p), multipletests(p, method="holm")[1])
    assert holm([0.01, np.nan, 0.04]) == pytest.approx([0.02, np.nan, 0.04], nan_ok=True)


def test_each_start_is_left_out_in_turn() -> None:
    y, weight, start = country(4)
    found = without_each_start(y, weight, start, WINDOWS)
    assert list(found) == [6.0, 7.0]
    kept = start != 6
    assert found[6.0] == pytest.approx(average_effect(y[kept], weight[kept], start[kept], WINDOWS))


def test_a_placebo_in_time_does_not_see_the_guidance() -> None:
    y, weight, start = country(5)
    seen = np.where(np.arange(12) >= start[:, None], y + 100, y)
    windows = Windows((-2, -1), (0, 1))
    placebo = [
        average_effect(outcome, weight, first, windows)
        for outcome, first in (earlier_start(each, start, 3) for each in (y, seen))
    ]
    assert placebo[0] == pytest.approx(placebo[1])


def test_a_placebo_among_others_gives_the_next_in_line_the_starts() -> None:
    _, _, start = country(6)
    others = np.flatnonzero(np.isinf(start))
    kept, placebo = stand_in_start(start, np.isin(np.arange(40), others[:10]))
    assert not kept[np.isfinite(start)].any() and kept[others].all()
    assert sorted(placebo[np.isfinite(placebo)]) == sorted(start[np.isfinite(start)])
    assert set(np.flatnonzero(np.isfinite(placebo))) <= set(others[:10])
    assert np.isfinite(stand_in_start(start, np.isin(np.arange(40), others[:2]))[1]).sum() == 2


def test_inside_strata_the_estimate_and_every_draw_are_those_of_the_groups() -> None:
    y, weight, start = country(4)
    strata = np.arange(len(start)) % 2
    found = reassigned(y, weight, start, WINDOWS, np.ones(len(start), bool), 99, 1, strata, is_within=True)
    assert found.estimate == pytest.approx(average_effect_within(y, weight, start, WINDOWS, strata), abs=1e-12)
    assert len(found.drawn) == 99 and np.unique(found.drawn.round(9)).size > 50
    alone = reassigned(y, weight, start, WINDOWS, np.ones(len(start), bool), 99, 1, strata)
    assert alone.estimate == pytest.approx(average_effect(y, weight, start, WINDOWS), abs=1e-12)


def test_an_effect_of_the_smallest_visible_size_is_found_in_four_of_five() -> None:
    """Two hundred countries of independent noise, twelve of a hundred guided by lot, with just that effect."""
    found = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        y, start = rng.normal(0, 3, (100, 12)), np.full(100, NEVER)
        start[rng.permutation(100)[:12]] = 6
        without = reassigned(y, np.ones(y.shape), start, WINDOWS, np.ones(100, bool), 199, seed)
        y -= without.smallest_visible() * (np.arange(12) >= start[:, None])
        found.append(reassigned(y, np.ones(y.shape), start, WINDOWS, np.ones(100, bool), 199, seed).p_value() <= 0.05)
    assert 0.70 < np.mean(found) < 0.90
