"""What COINr's ASEM index does not try (its stages stand in test_asem.py)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.methods import treatment
from pipeline.methods.normalise import ascending_rank

NAN = float("nan")
values = st.lists(st.integers(-1000, 1000).map(float), min_size=4, max_size=20, unique=True)
LONG_TAIL = [*range(1, 11), 30.0, 100.0]


def test_outliers_are_drawn_in_one_by_one():
    assert treatment.has_outliers(LONG_TAIL)
    once = treatment.winsorise(LONG_TAIL, most=1)
    assert (once.values[-2:].tolist(), once.moved) == ([30, 30], 1)
    done = treatment.winsorise(LONG_TAIL)
    assert not treatment.has_outliers(done.values)
    assert done.moved == 1


def test_low_outliers_are_drawn_up_and_gaps_stay():
    low = treatment.winsorise([*(-np.array(LONG_TAIL)), NAN])
    high = treatment.winsorise([*LONG_TAIL, NAN])
    np.testing.assert_allclose(low.values, -high.values)
    assert low.moved == high.moved and np.isnan(low.values[-1])


def test_what_winsorising_cannot_mend_is_logged():
    stubborn = np.array([0.0] * 60 + [50.0, 60, 70, 80, 90, 100, 110])
    assert treatment.has_outliers(treatment.winsorise(stubborn).values)
    np.testing.assert_allclose(treatment.treat(stubborn), np.log(stubborn + 1.1))


@given(values)
def test_the_logs_keep_the_order(v):
    for log in (treatment.shifted_log(v), treatment.box_cox(v, 0.0), treatment.box_cox(v, 0.5)):
        assert ascending_rank(log).tolist() == ascending_rank(v).tolist()


@given(values)
def test_box_cox_from_its_formula(v):
    moved = np.array(v) - min(v) + 1
    np.testing.assert_allclose(treatment.box_cox(v, 2.0), (moved**2 - 1) / 2, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(treatment.box_cox(v, 0.0), np.log(moved), rtol=1e-12)
    np.testing.assert_allclose(treatment.box_cox(moved, 1.0, positive=False), moved - 1, atol=1e-9)


@given(values)
def test_winsorised_shares_stay_between_their_quantiles(v):
    drawn_in = treatment.winsorise_shares([*v, NAN], 0.25)
    assert (drawn_in.min(initial=np.inf, where=~np.isnan(drawn_in)), np.nanmax(drawn_in)) == pytest.approx(
        tuple(np.quantile(v, [0.25, 0.75]))
    )
    assert np.isnan(drawn_in[-1])


def test_gaps_are_filled_with_the_mean_of_the_group():
    filled = treatment.fill_by_group([1.0, NAN, 3.0, NAN, 8.0, NAN], list("aaabbc"))
    np.testing.assert_allclose(filled, [1, 2, 3, 8, 8, NAN])


@pytest.mark.parametrize("v", [[], [NAN, NAN], [1.0, 9.0], [2.0] * 9])
def test_what_does_not_vary_has_no_outliers(v):
    assert np.isnan(treatment.skewness(v)) and np.isnan(treatment.kurtosis(v))
    np.testing.assert_array_equal(treatment.treat(v), v)
