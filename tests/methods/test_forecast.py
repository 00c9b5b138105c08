import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.methods.forecast import brier, reliability

forecasts = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=30)


@given(forecasts)
def test_brier_is_the_mean_square(pairs):
    expected = sum((chance - happened) ** 2 for chance, happened in pairs) / len(pairs)
    assert brier(*zip(*pairs, strict=True)) == pytest.approx(expected)


@given(forecasts)
def test_classes_hold_all_forecasts(pairs):
    chance, happened = (np.array(part, float) for part in zip(*pairs, strict=True))
    table = reliability(chance, happened)
    assert table.number.sum() == len(pairs)
    assert np.nansum(table.number * table.forecast) == pytest.approx(chance.sum())
    assert np.nansum(table.number * table.happened) == pytest.approx(happened.sum())


def test_an_edge_belongs_to_the_class_above():
    table = reliability([0.0, 0.1, 0.19, 0.8, 1.0], [0, 0, 1, 1, 1])
    assert table.number.tolist() == [1, 2, 0, 0, 2]
    np.testing.assert_allclose(table.happened, [0, 0.5, np.nan, np.nan, 1])
    np.testing.assert_allclose(table.forecast, [0, 0.145, np.nan, np.nan, 0.9])
