import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.methods.sobol import Sums, sobol_indices
from tests import slow_ways

LEVELS = (2, 3, 2, 4)


@given(st.integers(0, 1000))
@settings(max_examples=20)
def test_indices_agree_with_the_slow_way(seed):
    table = np.random.default_rng(seed).normal(size=LEVELS) ** 3
    first, total = slow_ways.sobol(lambda *point: float(table[point]), list(LEVELS))
    indices = sobol_indices(table, 4)
    np.testing.assert_allclose(indices.first, first, atol=1e-12)
    np.testing.assert_allclose(indices.total, total, atol=1e-12)


def test_a_sum_has_no_interactions_and_a_product_of_signs_nothing_else():
    one, other = np.meshgrid([-1.0, 1.0], [-2.0, 0.0, 2.0], indexing="ij")
    indices = sobol_indices(one + other, 2)
    np.testing.assert_allclose(indices.first, [3 / 11, 8 / 11])
    np.testing.assert_allclose(indices.total, indices.first)
    indices = sobol_indices(one * other, 2)
    np.testing.assert_allclose(indices.first, [0, 0], atol=1e-15)
    np.testing.assert_allclose(indices.total, [1, 1])


def test_units_are_told_together_by_their_variances():
    table = np.zeros((2, 2, 3))
    table[1, :, 0] = 2.0  # the first unit hangs on the first factor, the second on the second, the third on nothing
    table[:, 1, 1] = 1.0
    indices = sobol_indices(table, 2)
    np.testing.assert_allclose(indices.first, [[1, 0, 0], [0, 1, 0]])
    np.testing.assert_allclose(indices.first_overall, [0.8, 0.2])
    np.testing.assert_allclose(indices.total_overall, [0.8, 0.2])
    assert sobol_indices(table[..., 2:], 2).total_overall.tolist() == [0, 0]


@given(st.integers(0, 1000))
@settings(max_examples=20)
def test_sums_over_blocks_of_draws_give_the_indices_of_all(seed):
    outcome = np.random.default_rng(seed).normal(5, 1, (2, 3, 8, 4))
    whole = sobol_indices(outcome, 3)
    parts = (Sums.of(outcome[:, :, :3]) + Sums.of(outcome[:, :, 3:])).indices()
    for name in ("first", "total", "variance", "first_overall", "total_overall"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), atol=1e-9)
