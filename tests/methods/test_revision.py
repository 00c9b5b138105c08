"""What a later vintage moves: found again where it is known, and read into the model as it should be."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import special

from pipeline.methods import dynamic, outlook
from pipeline.methods.revision import revision_variance
from pipeline.methods.sites import Sites
from pipeline.simulation.need_country import Country, Known, draw

Floats = NDArray[np.float64]


def test_figures_that_stand_still_have_no_revision() -> None:
    y, n = np.array([3.0, 40, 0, 12]), np.array([9.0, 200, 15, 12])
    assert revision_variance(y, n, y, n) == 0
    assert revision_variance(y, n, y, n, "poisson") == 0


def test_more_cases_of_the_same_rate_are_no_revision() -> None:
    """Half the cases come late, at the same rate: the figures move, by chance alone."""
    random = np.random.default_rng(3)
    n0 = random.integers(20, 200, 3000)
    rate = special.expit(-1 + 0.5 * random.standard_normal(3000))
    y0 = random.binomial(n0, rate)
    y1 = y0 + random.binomial(n0, rate)
    moved = special.logit((y1 + 0.5) / (2 * n0 + 1)) - special.logit((y0 + 0.5) / (n0 + 1))
    assert moved.std() > 0.15
    assert revision_variance(y0, n0, y1, 2 * n0) < 0.06**2  # the rates differ, the chance is reckoned at their mean


@pytest.mark.parametrize("law", ["binomial", "poisson"])
def test_a_known_revision_is_found_again_and_a_common_shift_is_not_in_it(law: str) -> None:
    random = np.random.default_rng(4)
    n = random.integers(300, 3000, 2000).astype(float)
    move = 0.2 * random.standard_normal(2000) + 0.3
    y0 = n * 0.3
    y1 = n * special.expit(special.logit(0.3) + move) if law == "binomial" else y0 * np.exp(move)
    found = revision_variance(np.round(y0), n, np.round(y1), n, law)  # type: ignore[arg-type]
    assert np.sqrt(found) == pytest.approx(0.2, rel=0.08)


def test_the_estimate_by_hand() -> None:
    """Two pairs of equal size: half the squared difference of the moves, less the chance of the cases that came later."""
    moves = [np.log(4.5 / 6.5) - np.log(2.5 / 8.5), np.log(10.5 / 20.5) - np.log(3.5 / 7.5)]
    chance = (1 / 10 - 1 / 30) / (19 / 60 * (1 - 19 / 60))
    expected = max((moves[0] - moves[1]) ** 2 / 2 - chance / 2, 0)
    assert revision_variance([2, 3], [10, 10], [4, 10], [10, 30]) == pytest.approx(expected)


def test_the_model_gives_what_the_whole_covariance_gives() -> None:
    """The slow twin: lasting, passing and revised parts of a service in one long vector."""
    seen = draw(Country(services=6, indicators=4, missing=0.2), seed=3).counts
    at = dynamic.fit(draw(Country(services=60, indicators=4), seed=4).counts)
    revision = np.zeros((4, 6))
    revision[:, -1], revision[1, 2] = 0.6, 0.2
    found = dynamic.posterior(at, replace(seen, revision=revision), rounds=200)
    steady = np.kron(at.lasting, np.ones((6, 6))) + np.kron(np.diag(at.passing), at.fading())
    prior = steady + np.diag(revision.ravel())
    for service in range(6):
        one = seen.changed(lambda each: each[[service]])  # noqa: B023
        mean, covariance = np.zeros(24), prior
        for _ in range(300):
            variance = np.diag(covariance).reshape(1, 4, 6)
            slope, curvature = Sites(one).slope_and_curvature(at.level + mean.reshape(1, 4, 6), variance)
            covariance = np.linalg.inv(np.linalg.inv(prior) + np.diag(curvature.ravel()))
            mean = 0.5 * mean + 0.5 * covariance @ (slope.ravel() + curvature.ravel() * mean)
        share = steady @ np.linalg.inv(prior)
        kept = steady - share @ steady + share @ covariance @ share.T
        np.testing.assert_allclose(found.effect_mean[service], (share @ mean).reshape(4, 6), atol=1e-6)
        np.testing.assert_allclose(found.effect_variance[service], np.diag(kept).reshape(4, 6), atol=1e-6)


def test_a_figure_that_may_still_move_says_less() -> None:
    seen = draw(Country(services=40, indicators=4, missing=0), seed=5).counts
    at = dynamic.fit(seen)
    size = []
    for variance in (0.0, 0.5, 5.0, 1e6):
        revision = np.zeros((4, 6))
        revision[:, -1] = variance
        size.append(dynamic.posterior(at, replace(seen, revision=revision)).effect_variance[..., -1].mean())
    assert size == sorted(size)
    unseen = seen.changed(lambda each: np.where(np.arange(6) == 5, 0, each))
    assert size[-1] == pytest.approx(dynamic.posterior(at, unseen).effect_variance[..., -1].mean(), rel=1e-3)


def coming(known: Known, revision: Floats | None) -> tuple[Floats, Floats]:
    """Posterior mean and variance of the logit in the first half-year to come."""
    seen = replace(known.counts, revision=revision)
    _, found = outlook.ahead(dynamic.fit(seen), seen, 1)
    return found.effect_mean[..., 0], found.effect_variance[..., 0]


def test_where_first_figures_are_known_to_move_the_outlook_is_nearer_to_the_truth() -> None:
    """The variance is estimated on one country and used on others, where the newest figures are of the first vintage."""
    country = Country(services=240, indicators=4, median_children=6000, revision_sd=0.8, hidden=(1, 0))
    past = draw(country, seed=21)
    revision = np.zeros((4, 6))
    for kind in range(4):
        first, final, cases = (a[:, kind, -1] for a in (past.counts.numerator, past.complete, past.counts.denominator))
        whole = cases > 0
        revision[kind, -1] = revision_variance(first[whole], cases[whole], final[whole], cases[whole])
    np.testing.assert_allclose(np.sqrt(revision[:, -1]), 0.8, rtol=0.15)
    errors, covered = [], []
    for seed in (22, 23):
        known = draw(country, seed)
        truth = special.logit(known.rates[..., 6])
        truth -= truth.mean(axis=0)
        for loose in (None, revision):
            mean, variance = coming(known, loose)
            off = mean - mean.mean(axis=0) - truth
            errors.append(np.sqrt((off**2).mean()))
            covered.append((np.abs(off) < 1.645 * np.sqrt(variance)).mean())
    assert (np.array(errors[1::2]) < np.array(errors[::2]) - 0.01).all(), errors
    assert np.mean(covered[1::2]) == pytest.approx(0.9, abs=0.03), covered
