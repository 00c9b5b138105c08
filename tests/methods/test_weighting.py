import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.methods import weighting
from tests import slow_ways

needs = st.lists(st.floats(0, 150), min_size=2, max_size=5)


@given(needs, st.floats(0, 1), st.floats(0, 1))
def test_most_favourable_weights_agree_with_the_slow_way(v, down, up):
    least, most = down / len(v), (1 + up * (len(v) - 1)) / len(v)
    weights = weighting.most_favourable_weights(np.array(v), least, most)
    assert weights.sum() == pytest.approx(1)
    assert weights.min() >= least - 1e-12 and weights.max() <= most + 1e-12
    assert weights @ v == pytest.approx(slow_ways.best_box_mean(v, least, most), abs=1e-9)


def test_most_favourable_weights_of_many_units_and_draws():
    table = np.array([[[90.0, 10, 20, 30], [5.0, 5, 5, 5]]])
    weights = weighting.most_favourable_weights(table, 0.1, 0.4)
    np.testing.assert_allclose(weights[0, 0], [0.1, 0.4, 0.4, 0.1])
    np.testing.assert_allclose(weights.sum(axis=-1), 1)


def test_a_box_without_weights_is_refused():
    with pytest.raises(ValueError, match="sum to 1"):
        weighting.most_favourable_weights(np.ones(3), 0.4, 0.5)


def test_effective_weights_are_squared_correlations():
    rng = np.random.default_rng(2)
    parts = rng.normal(size=(50, 3)) * [1, 5, 0]
    score = parts.sum(axis=1)
    expected = [np.corrcoef(parts[:, place], score)[0, 1] ** 2 for place in (0, 1)]
    np.testing.assert_allclose(weighting.effective_weights(parts, score), [*expected, 0])


def test_a_unit_that_leads_anywhere_has_the_full_benefit_of_the_doubt():
    values = np.array([[1.0, 0.1], [0.1, 1.0], [0.5, 0.5]])
    np.testing.assert_allclose(weighting.benefit_of_the_doubt(values), [1, 1, 1 / 1.1], rtol=1e-9)
    np.testing.assert_allclose(weighting.benefit_of_the_doubt(values, 0.5, 0.5), [1, 1, 1 / 1.1], rtol=1e-9)


def test_components_give_back_the_correlations():
    values = np.random.default_rng(5).normal(size=(40, 4)) @ np.random.default_rng(6).normal(size=(4, 4))
    variance, loadings = weighting.principal_components(values)
    np.testing.assert_allclose(loadings @ loadings.T, np.corrcoef(values, rowvar=False), atol=1e-12)
    np.testing.assert_allclose((loadings**2).sum(axis=0), variance, atol=1e-12)
    assert (np.diff(variance) <= 0).all() and variance.sum() == pytest.approx(4)
