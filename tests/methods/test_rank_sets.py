import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pipeline.methods.rank_sets import possibly_among, possibly_among_last, rank_sets
from pipeline.methods.ranking import need_rank
from tests import slow_ways

KINDS = {
    "simul_step": (True, True),
    "simul_nostep": (True, False),
    "marg_step": (False, True),
    "marg_nostep": (False, False),
}


def rng():
    return np.random.default_rng(1)


@pytest.mark.parametrize("kind", KINDS)
def test_ranks_of_countries_in_mathematics(golden, kind):
    """csranks on PISA 2018: both are Monte Carlo, so two countries may be one place off."""
    table = golden("pisa/ranks.csv")
    best, worst = rank_sets(table["score"], table["se"] ** 2, rng(), 0.95, *KINDS[kind], replicates=5000)
    for found, expected in ((best, table[f"{kind}_L"]), (worst, table[f"{kind}_U"])):
        off = abs(found - expected)
        assert off.max() <= 1 and (off > 0).sum() <= 2


def test_countries_that_may_be_among_the_best_or_the_worst_five(golden):
    table = golden("pisa/ranks.csv")
    best, worst = rank_sets(table["score"], table["se"] ** 2, rng(), replicates=5000)
    assert (possibly_among(best, 5) == table["best5"]).all()
    assert (possibly_among_last(worst, 5) == table["worst5"]).all()


def test_two_units_need_no_replicates():
    """One pair: the critical value is the normal quantile, 1.96 on both sides."""
    for gap, expected in ((1.9, [2, 2]), (2.1, [1, 2])):
        _, worst = rank_sets([gap, 0.0], [0.5, 0.5], rng(), replicates=20_000)
        assert worst.tolist() == expected


@given(st.lists(st.tuples(st.floats(-9, 9), st.floats(0.1, 2)), min_size=2, max_size=8))
@settings(max_examples=30)
def test_single_steps_agree_with_the_slow_way(units):
    """The same normal replicates, one critical value from the largest difference in each."""
    values, deviations = (list(part) for part in zip(*units, strict=True))
    best, worst = rank_sets(values, np.square(deviations), rng(), 0.9, True, False, 200)
    noise = rng().standard_normal((200, len(values))) * deviations
    spread = np.hypot.outer(deviations, deviations)
    largest = [max(abs((one[i] - one[j]) / spread[i, j]) for i in range(len(one)) for j in range(i)) for one in noise]
    expected = slow_ways.rank_sets(values, deviations, float(np.quantile(largest, 0.9)))
    assert list(zip(best, worst, strict=True)) == expected


@given(st.lists(st.tuples(st.floats(-9, 9), st.floats(0.1, 2)), min_size=2, max_size=8), st.booleans())
@settings(max_examples=30)
def test_steps_only_narrow_and_the_estimate_is_inside(units, is_simultaneous):
    values, deviations = (np.array(part) for part in zip(*units, strict=True))
    best, worst = rank_sets(values, deviations**2, rng(), 0.9, is_simultaneous, True, 200)
    wide = rank_sets(values, deviations**2, rng(), 0.9, is_simultaneous, False, 200)
    assert (best >= wide[0]).all() and (worst <= wide[1]).all()
    ranks = need_rank(values)
    assert (best <= ranks).all() and (ranks <= worst).all()


@given(st.lists(st.tuples(st.floats(-9, 9), st.floats(0.1, 2)), min_size=2, max_size=8), st.booleans())
@settings(max_examples=30)
def test_one_side_alone_rules_out_no_less(units, has_steps):
    """The slow way for marginal sets in one step: a unit's own critical value, from the pairs of that side."""
    values, deviations = (np.array(part) for part in zip(*units, strict=True))
    both = rank_sets(values, deviations**2, rng(), 0.9, False, has_steps, 200)
    best, last = rank_sets(values, deviations**2, rng(), 0.9, False, has_steps, 200, side="best")
    first, worst = rank_sets(values, deviations**2, rng(), 0.9, False, has_steps, 200, side="worst")
    assert (best >= both[0]).all() and (worst <= both[1]).all()
    assert (first == 1).all() and (last == len(values)).all()
    if not has_steps:
        noise = rng().standard_normal((200, len(values))) * deviations
        spread = np.hypot.outer(deviations, deviations)
        for i in range(len(values)):
            others = [j for j in range(len(values)) if j != i]
            largest = [max(0, *((one[j] - one[i]) / spread[i, j] for j in others)) for one in noise]
            above = sum((values[j] - values[i]) / spread[i, j] > np.quantile(largest, 0.9) for j in others)
            assert best[i] == 1 + above
    simultaneous = [
        rank_sets(values, deviations**2, rng(), 0.9, True, has_steps, 200, side)[0] for side in ("both", "best")
    ]
    assert (simultaneous[0] == simultaneous[1]).all()


def test_a_covariance_is_read_as_such():
    """Two units that err together are told apart when two that err alone are not."""
    values, alone = [1.0, 0.0, 5.0], np.diag([1.0, 1.0, 1.0])
    together = alone.copy()
    together[0, 1] = together[1, 0] = 0.95
    assert rank_sets(values, alone, rng())[1][0] == 3
    assert rank_sets(values, together, rng())[1][0] == 2


def test_simultaneous_sets_hold_the_true_ranks():
    """Known truth, 300 experiments with 12 units: at least 95 % hold all true ranks (binomial error 1.3 points)."""
    truth = np.linspace(0, 3, 12)
    ranks, noise = need_rank(truth), rng()
    held = 0
    for _ in range(300):
        best, worst = rank_sets(truth + noise.normal(0, 0.5, 12), np.full(12, 0.25), noise, 0.95, replicates=300)
        held += ((best <= ranks) & (ranks <= worst)).all()
    assert stats.binomtest(held, 300, 0.95, alternative="less").pvalue > 0.01


def test_certain_estimates_cannot_be_compared():
    with pytest.raises(ValueError, match="without any uncertainty"):
        rank_sets([1.0, 2.0], [0.0, 0.0], rng())
