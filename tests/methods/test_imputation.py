"""The primary estimate: the reference, a slow twin, and what leaving out the selection window is for."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.methods.imputation import (
    NEVER,
    Windows,
    average_effect,
    average_effect_within,
    by_event_time,
    imputed_effects,
    solved,
    summed,
    sums,
    totals,
)
from tests.slow_ways import two_stage_effect

ALL = Windows((-99, -1), (0, 99))


def test_the_reference(golden: Any, wages: Any) -> None:
    y, start, _ = wages
    table = golden("did/imputation.csv").set_index("periods_since_start")["effect"]
    assert average_effect(y, 1.0, start, ALL) == pytest.approx(table[np.nan], abs=1e-9)
    by_event = by_event_time(*imputed_effects(y, 1.0, start, ALL), start)
    for event in range(4):
        assert by_event[event] == pytest.approx(table[event], abs=1e-9)


def drawn(seed: int, units: int = 14, periods: int = 12) -> tuple[Any, Any, Any]:
    """Figures, weights and starts with gaps."""
    rng = np.random.default_rng(seed)
    y = rng.normal(size=(units, periods)) + rng.normal(size=(units, 1)) + np.linspace(0, 2, periods)
    y[rng.random(y.shape) < 0.1] = np.nan
    return y, rng.lognormal(0, 1, y.shape), np.where(np.arange(units) < 5, rng.integers(5, 9, units), NEVER)


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_agrees_with_two_regressions_written_out(seed: int) -> None:
    y, weight, start = drawn(seed)
    windows = Windows((-6, -3), (1, 4))
    slow = two_stage_effect(y.tolist(), weight.tolist(), start.tolist(), windows.baseline, windows.scored)
    assert average_effect(y, weight, start, windows) == pytest.approx(slow, abs=1e-9, nan_ok=True)


@given(st.integers(0, 10_000), st.floats(-5, 5))
@settings(max_examples=25, deadline=None)
def test_an_effect_is_found_whole_and_units_and_periods_are_taken_out(seed: int, effect: float) -> None:
    y, weight, start = drawn(seed)
    windows = Windows((-5, -2), (1, 3))
    rng = np.random.default_rng(seed + 1)
    moved = y + rng.normal(size=(len(y), 1)) * 9 + rng.normal(size=y.shape[1]) * 9
    moved = moved + effect * windows.scored_cells(start, y.shape[1])
    before = average_effect(y, weight, start, windows)
    assert average_effect(moved, weight, start, windows) == pytest.approx(before + effect, abs=1e-8, nan_ok=True)


def test_what_lies_between_the_windows_moves_nothing_and_is_shown() -> None:
    y, weight, start = drawn(3)
    y = np.nan_to_num(y)
    windows = Windows((-5, -3), (2, 4))
    since = np.arange(12) - start[:, None]
    spoilt = np.where((since >= -2) & (since <= 1), y + 50, y)
    assert average_effect(spoilt, weight, start, windows) == pytest.approx(average_effect(y, weight, start, windows))
    seen = by_event_time(*imputed_effects(spoilt, weight, start, windows), start)
    assert seen[-1] > 40 and seen[1] > 40 and abs(seen[2]) < 10


def test_a_guided_unit_without_a_baseline_is_left_out() -> None:
    y, weight, start = drawn(4)
    y = np.nan_to_num(y)
    windows = Windows((-4, -3), (1, 2))
    early = start.copy()
    early[0] = 1
    rest = np.arange(len(y)) != 0
    assert average_effect(y, weight, early, windows) == pytest.approx(
        average_effect(y[rest], weight[rest], start[rest], windows)
    )
    assert np.isnan(average_effect(y, weight, np.full(len(y), NEVER), windows))


def test_inside_groups_what_happens_to_a_group_is_taken_out() -> None:
    """Where groups have periods of their own, only the comparison inside them finds the effect that is there."""
    rng = np.random.default_rng(8)
    group, start = np.repeat([0, 1, 2], 10), np.full(30, NEVER)
    start[[0, 1, 10]] = 6
    windows = Windows((-4, -2), (1, 3))
    own = rng.normal(size=(3, 12)).cumsum(1)[group] * 5
    y = rng.normal(size=(30, 1)) + own - 2.0 * (np.arange(12) >= start[:, None])
    assert average_effect_within(y, 1.0, start, windows, group) == pytest.approx(-2)
    assert abs(average_effect(y, 1.0, start, windows) + 2) > 0.5
    assert average_effect_within(y, 1.0, start, windows, np.zeros(30)) == pytest.approx(
        average_effect(y, 1.0, start, windows)
    )


def test_periods_that_nothing_links_are_told() -> None:
    y = np.ones((4, 4))
    y[:2, 2:] = np.nan
    y[2:, :2] = np.nan
    with pytest.raises(ValueError, match="some periods share no unit"):
        average_effect(y, 1.0, np.full(4, NEVER), ALL)


@pytest.mark.parametrize("windows", [((-1, -4), (0, 1)), ((-4, 0), (1, 2)), ((-4, -2), (-1, 2)), ((-4, -2), (3, 2))])
def test_windows_lie_on_their_sides_of_the_start(windows: Any) -> None:
    with pytest.raises(ValueError, match="must lie before 0"):
        Windows(*windows)


def test_units_chosen_for_bad_figures_improve_by_chance_and_the_window_removes_it() -> None:
    """No effect anywhere; the worst 15 of 240 over four half-years are guided. Mean over 150 countries, in points."""
    rng = np.random.default_rng(20261122)
    naive, outside = [], []
    for _ in range(150):
        noise = rng.normal(0, 3, (240, 22))
        for t in range(1, 22):
            noise[:, t] = 0.6 * noise[:, t - 1] + 0.8 * noise[:, t]
        y = 25 + rng.normal(0, 8, (240, 1)) + noise + rng.normal(0, 5, (240, 22))
        start = np.full(240, NEVER)
        start[np.argsort(-y[:, 10:14].mean(1))[:15]] = 14
        naive.append(average_effect(y, 1.0, start, Windows((-4, -1), (2, 5))))
        outside.append(average_effect(y, 1.0, start, Windows()))
    assert np.mean(naive) < -2
    assert abs(np.mean(outside)) < 0.5


def test_totals_are_the_sums_of_each_unit_summed() -> None:
    questions = [drawn(seed) for seed in (1, 2, 3)]
    start, windows = questions[0][2], Windows((-6, -3), (1, 4))
    y = np.stack([each for each, _, _ in questions])
    weight = np.where(np.isnan(y), 0.0, np.stack([each for _, each, _ in questions]))
    filled = np.stack([np.nan_to_num(y), np.nan_to_num(y) ** 2])  # two outcomes that share their cells
    cells = (
        np.broadcast_to(each(start, y.shape[2]), y.shape) & (weight > 0)
        for each in (windows.baseline_cells, windows.scored_cells)
    )
    baseline, scored = cells
    found = solved(totals(filled, weight, baseline, scored))
    for number in range(3):
        slow = solved(summed(sums(filled[:, number], weight[number], baseline[number], scored[number])))
        np.testing.assert_allclose(found[number], slow, rtol=1e-10)
