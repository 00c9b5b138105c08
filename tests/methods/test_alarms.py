import numpy as np
import pytest

from pipeline.methods.alarms import departures, log_ratio


def test_a_unit_like_the_others_seldom_departs() -> None:
    """Without any difference a one-sided limit of 1.645 is passed by about one in twenty, chance and spread together."""
    rng = np.random.default_rng(1)
    variance = rng.uniform(0.005, 0.1, (400, 60))
    change = -0.1 + rng.normal(0, 0.15, variance.shape) + rng.normal(0, np.sqrt(variance))
    reference = np.arange(60) >= 10
    found = np.array([departures(*each, reference) for each in zip(change, variance, strict=True)])
    assert np.mean(found[:, :10] > 1.645) == pytest.approx(0.05, abs=0.015)


def test_a_unit_far_from_the_others_is_told_and_the_country_s_own_change_is_none() -> None:
    change = np.r_[np.log(0.5), np.full(20, np.log(0.9))]
    found = departures(change, np.full(21, 0.01), np.arange(21) > 0)
    assert found[0] == pytest.approx(np.log(0.5 / 0.9) / 0.1) and found[1] == pytest.approx(0)


def test_without_others_nothing_is_told() -> None:
    assert np.isnan(departures([0.1, np.nan, 0.2], [0.1, 0.1, 0.1], [False, True, True])).all()


def test_the_variance_of_a_log_ratio_is_that_of_drawn_counts() -> None:
    rng = np.random.default_rng(2)
    change, variance = log_ratio(rng.poisson(30, 20_000), rng.poisson(60, 20_000), 100, 100)
    assert change.mean() == pytest.approx(np.log(0.5), abs=0.01) and variance.mean() == pytest.approx(
        change.var(), rel=0.05
    )
    assert np.isnan(log_ratio(1, 1, 0, 5)[0])
