"""Programmes simulated with all indicators at once: the quick way against the plain one, and the two powers against each other."""

import numpy as np
import pytest

from pipeline.methods.imputation import Windows, average_effect
from pipeline.methods.power import Design, Scatter, power
from pipeline.methods.programme_power import Plan, World, country, estimates, programme_power, true_effect

ONE = np.eye(1)


def world(cases: float = 40.0, kinds: int = 1, units: int = 120, periods: int = 16) -> World:
    """Shares of about a quarter, alike in size."""
    size = np.full((kinds, units, periods), cases)
    return World(
        size, np.ones(units), np.full(kinds, -1.1), 0.36 * np.eye(kinds), np.full(kinds, 0.35**2), 0.6,
        ["binomial"] * kinds, [1.0] * kinds, np.ones(kinds),
    )  # fmt: skip


PLAN = Plan(((8, 6), (10, 7)), None)


def test_one_share_has_the_power_that_the_simulation_of_one_share_gives() -> None:
    """`power` draws its own cases, so the two agree, not to the digit."""
    given = world()
    many = programme_power(given, PLAN, lambda rates: rates, runs=200, seed=1)
    single = power(given.cases[0], given.weight, Scatter(0.25, 0.6, 0.35), Design(PLAN.cohorts), (0.7, 0.5), runs=200)
    assert many.smallest_visible[0] == pytest.approx(single.smallest_visible, rel=0.15)
    np.testing.assert_allclose(many.effect[:, 0], single.effect, atol=0.006)
    np.testing.assert_allclose(many.detected[:, 0], single.detected, atol=0.15)
    assert abs(many.bias[0]) < 3 * many.sd[0] / np.sqrt(200)


def test_estimates_are_those_of_the_plain_function_and_gaps_stay_gaps() -> None:
    given = world(cases=5.0, kinds=2)
    given.cases[0, :10, 3] = 0
    drawn = country(np.random.default_rng(3), given, PLAN, np.array([1.0, 0.6]), lambda rates: rates)
    assert np.isnan(drawn.outcomes[:, 0, :10, 3]).all() and np.isfinite(drawn.outcomes[:, 1]).all()
    found = estimates(drawn.outcomes, given.weight, drawn.start, PLAN.windows)
    for ratio in range(2):
        for kind in range(2):
            slow = average_effect(drawn.outcomes[ratio, kind], given.weight[:, None], drawn.start, PLAN.windows)
            assert found[ratio, kind] == pytest.approx(slow, abs=1e-12)


def test_only_guided_cells_hang_on_the_odds_ratio_and_need_says_which_way() -> None:
    given = world(kinds=2)
    given = World(**{**vars(given), "worse": np.array([1.0, -1.0])})
    drawn = country(np.random.default_rng(4), given, PLAN, np.array([1.0, 0.5]), lambda rates: rates)
    since = np.arange(16) - drawn.start[:, None]
    changed = drawn.rates[1] != drawn.rates[0]
    assert (changed == (since >= 1)).all()  # nothing in the first half-year, half of it in the second
    assert (drawn.counts[1][~changed] == drawn.counts[0][~changed]).all()
    later = since >= 2
    odds = drawn.rates / (1 - drawn.rates)
    np.testing.assert_allclose(odds[1, 0][later] / odds[0, 0][later], 0.5)
    np.testing.assert_allclose(odds[1, 1][later] / odds[0, 1][later], 2.0)
    effect = true_effect(drawn, given.weight, PLAN.windows)
    assert effect[0].tolist() == [0, 0] and effect[1, 0] < 0 < effect[1, 1]


def test_places_go_by_lot_to_those_in_most_need_before_the_start() -> None:
    plan = Plan(((8, 6), (10, 7)), 10)
    drawn = country(np.random.default_rng(5), world(), plan, np.array([1.0]), lambda rates: rates)
    need = drawn.outcomes[0, -1, :, 4:8].mean(1)
    assert set(np.flatnonzero(drawn.start == 8)) <= set(np.argsort(-need, kind="stable")[:10])
    assert (drawn.start == 10).sum() == 7 and drawn.eligible[np.isfinite(drawn.start)].all()


def test_the_same_seed_gives_the_same_answer_and_every_run_is_told() -> None:
    told: list[int] = []

    def say(numbers):  # type: ignore[no-untyped-def]
        told.extend(numbers)
        return iter(numbers)

    one, other = (programme_power(world(), PLAN, lambda rates: rates, runs=20, seed=2, told=say) for _ in range(2))
    assert one.detected.tolist() == other.detected.tolist() and told == [*range(20)] * 2


def test_ratios_scatter_as_much_as_said() -> None:
    given = World(**{**vars(world(periods=200)), "law": ["poisson"], "dispersion": [4.0], "passing": np.zeros(1)})
    drawn = country(np.random.default_rng(6), given, Plan((), None, Windows()), np.array([1.0]), lambda rates: rates)
    expected = given.cases[0] * drawn.rates[0, 0]
    assert ((drawn.counts[0, 0] - expected) ** 2 / expected).mean() == pytest.approx(4.0, rel=0.1)
