import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pipeline.methods import outranking

tables = st.tuples(st.integers(1, 5), st.integers(1, 4)).flatmap(
    lambda shape: arrays.arrays(float, shape, elements=st.sampled_from([0.0, 1.0, 2.0, 5.0]))
)


@given(tables)
def test_a_pair_and_its_reverse_share_all_the_weight(values):
    matrix = outranking.outranking(values, np.arange(1.0, values.shape[1] + 1))
    both = matrix + matrix.T + np.eye(len(values))
    np.testing.assert_allclose(both, 1)


@given(tables)
@settings(max_examples=40)
def test_kemeny_finds_the_most_support_of_all_orders(values):
    matrix = outranking.outranking(values, np.arange(1.0, values.shape[1] + 1))
    best = max(outranking.support(matrix, order) for order in itertools.permutations(range(len(values))))
    order = outranking.kemeny(matrix)
    assert sorted(order) == list(range(len(values)))
    np.testing.assert_allclose(outranking.support(matrix, order), best, atol=1e-9)


def test_contests_by_hand():
    """Unit 0 beats both others on weight, unit 1 beats unit 2; the indicators are worth 1, 1 and 2."""
    matrix = outranking.outranking(np.array([[3.0, 1, 3], [2, 3, 2], [1, 2, 2]]), [1, 1, 2])
    np.testing.assert_allclose(matrix, [[0, 0.75, 0.75], [0.25, 0, 0.75], [0.25, 0.25, 0]])
    assert outranking.copeland(matrix).tolist() == [2, 0, -2]
    assert outranking.kemeny(matrix).tolist() == [0, 1, 2]
