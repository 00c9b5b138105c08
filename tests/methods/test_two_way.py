"""Two-way regressions: R's numbers, an independent estimator, and why the plain one is only shown."""

from typing import Any

import numpy as np
import pytest

from pipeline.methods.group_time import group_time_effects
from pipeline.methods.two_way import sun_abraham, two_way_effect


def test_the_plain_regression_is_that_of_fixest(wages: Any) -> None:
    """R's fixest 0.14.2, feols(lemp ~ post | county + year), clustered on counties."""
    y, start, _ = wages
    found = two_way_effect(y, 1.0, start)
    assert found.effect == pytest.approx(-0.0365489366740666, abs=1e-9)
    assert found.standard_error == pytest.approx(0.0132651554293387, abs=1e-9)


def test_sun_and_abraham_is_that_of_fixest(wages: Any) -> None:
    """R's fixest 0.14.2, sunab(…, att = TRUE): -0.0399513 (0.0117963)."""
    y, start, _ = wages
    found, _ = sun_abraham(y, 1.0, start)
    assert found.effect == pytest.approx(-0.0399513, abs=5e-8)
    assert found.standard_error == pytest.approx(0.0117963, abs=5e-8)


def test_saturated_regression_and_group_time_effects_agree_without_gaps(wages: Any) -> None:
    y, start, _ = wages
    overall, by_event = sun_abraham(y, 1.0, start)
    each = group_time_effects(y, start)
    assert overall.effect == pytest.approx(each.aggregated("simple").overall, abs=1e-12)
    dynamic = each.aggregated("dynamic")
    for key, effect in zip(dynamic.key, dynamic.effect, strict=True):
        if key >= 0:
            assert by_event[int(key)].effect == pytest.approx(effect, abs=1e-12)


def test_weights_count_like_copies_and_gaps_like_nothing() -> None:
    rng = np.random.default_rng(6)
    y, start = rng.normal(size=(20, 6)), np.repeat([3.0, 4.0, np.inf, np.inf], 5)
    weight = 1.0 + (np.arange(20) % 2)
    twice = np.repeat(np.arange(20), weight.astype(int))
    assert two_way_effect(y, weight[:, None], start).effect == pytest.approx(
        two_way_effect(y[twice], 1.0, start[twice]).effect
    )
    with_gap = y.copy()
    with_gap[2, 1] = np.nan
    design = np.ones((20, 6))
    design[2, 1] = 0
    assert sun_abraham(with_gap, 1.0, start)[0] == sun_abraham(y, design, start)[0]


def test_where_effects_grow_the_plain_regression_leans_and_the_saturated_one_does_not() -> None:
    """Effects of 1, 2, 3 … since the start: the mean over guided cells is known."""
    start = np.repeat([2.0, 5.0, np.inf], 10)
    since = np.arange(8) - start[:, None]
    y = np.where(since >= 0, since + 1.0, 0.0) + np.arange(8) * 0.3
    truth = y[since >= 0].mean() - (0.3 * np.broadcast_to(np.arange(8), y.shape)[since >= 0]).mean()
    assert sun_abraham(y, 1.0, start)[0].effect == pytest.approx(truth)
    assert two_way_effect(y, 1.0, start).effect < truth - 0.2


def test_scored_periods_are_averaged_by_the_weight_of_their_cells(wages: Any) -> None:
    y, start, _ = wages
    whole, by_event = sun_abraham(y, 1.0, start)
    for event in (0, 1, 2):
        assert sun_abraham(y, 1.0, start, (event, event))[0] == by_event[event]
    assert sun_abraham(y, 1.0, start, (0, 99))[0].effect == pytest.approx(whole.effect, abs=1e-14)
    with pytest.raises(ValueError, match="no scored cell"):
        sun_abraham(y, 1.0, start, (40, 50))
