"""The joint dynamic model against exact integrals, a slow dense twin, and countries whose truth is known."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import integrate, special, stats

from pipeline.methods import dynamic, outlook
from pipeline.methods.sites import Counts, Sites
from pipeline.simulation.need_country import Country, draw

Floats = NDArray[np.float64]


def counts(numerator: Floats, denominator: Floats, law: str = "binomial", hidden: Floats | None = None) -> Counts:
    """Counts of shape (S, J, T) without hidden ones, or with some of 1 to 3."""
    is_hidden = np.zeros(np.shape(numerator)) if hidden is None else np.asarray(hidden, float)
    y, n = np.where(is_hidden, 0, numerator).astype(float), np.asarray(denominator, float)
    kinds, periods = y.shape[1:]
    return Counts(y, n, is_hidden, 3 * is_hidden, is_hidden * n, [law] * kinds, np.arange(float(periods)))  # type: ignore[list-item]


def one_unknown(level: float, variance: float) -> dynamic.Dynamics:
    """A single lasting effect, and next to nothing that passes."""
    return dynamic.Dynamics(np.array([[level]]), np.array([[variance]]), np.array([1e-9]), 0.0, np.array([0.0]))


@pytest.mark.parametrize(
    ("cases", "size", "law"),
    [(0, 9, "binomial"), (3, 9, "binomial"), (9, 9, "binomial"), (240, 1000, "binomial"), (4, 2.5, "poisson")],
)
def test_one_service_against_the_exact_integral(cases: int, size: float, law: str) -> None:
    """Mean and spread of the effect; the normal approximation is off by a tenth of the spread where counts are few."""
    at = one_unknown(-1.0, 0.64)
    found = dynamic.posterior(at, counts([[[cases]]], [[[size]]], law))
    mean, spread = exact(lambda effect: likelihood(law, cases, size, special.expit(effect - 1), np.exp(effect - 1)))
    assert found.effect_mean.item() == pytest.approx(mean, abs=0.1 * spread)
    assert np.sqrt(found.effect_variance.item()) == pytest.approx(spread, rel=0.06)


def test_a_hidden_count_against_the_exact_integral() -> None:
    at = one_unknown(-1.0, 0.64)
    found = dynamic.posterior(at, counts([[[np.nan]]], [[[12]]], hidden=[[[1]]]))
    mean, spread = exact(lambda effect: sum(stats.binom.pmf(y, 12, special.expit(effect - 1)) for y in (1, 2, 3)))
    assert found.effect_mean.item() == pytest.approx(mean, abs=0.05 * spread)
    assert np.sqrt(found.effect_variance.item()) == pytest.approx(spread, rel=0.05)
    nearest = dynamic.posterior(at, counts([[[2]]], [[[12]]]))
    assert found.effect_variance.item() > nearest.effect_variance.item()


def likelihood(law: str, cases: int, size: float, share: float, ratio: float) -> float:
    return float(stats.binom.pmf(cases, size, share) if law == "binomial" else stats.poisson.pmf(cases, size * ratio))


def exact(likely: object) -> tuple[float, float]:
    """Mean and spread of a normal effect (variance 0.64) times a likelihood, by quadrature."""
    weight = lambda x, power: x**power * stats.norm.pdf(x, 0, 0.8) * likely(x)  # type: ignore[operator] # noqa: E731
    total, first, second = (integrate.quad(weight, -8, 8, args=(power,), epsabs=1e-14)[0] for power in (0, 1, 2))
    return first / total, float(np.sqrt(second / total - (first / total) ** 2))


def dense(at: dynamic.Dynamics, seen: Counts) -> tuple[Floats, Floats]:
    """The slow twin: all effects of a service in one long vector, its whole covariance inverted; mean and variance."""
    services, kinds, periods = seen.denominator.shape
    prior = np.kron(at.lasting, np.ones((periods, periods))) + np.kron(np.diag(at.passing), at.fading())
    means, variances = np.zeros((services, kinds, periods)), np.zeros((services, kinds, periods))
    for service in range(services):
        one = seen.changed(lambda each: each[[service]])  # noqa: B023
        mean, covariance = np.zeros(kinds * periods), prior
        for _ in range(200):
            variance = np.diag(covariance).reshape(1, kinds, periods)
            slope, curvature = Sites(one).slope_and_curvature(at.level + mean.reshape(1, kinds, periods), variance)
            covariance = np.linalg.inv(np.linalg.inv(prior) + np.diag(curvature.ravel()))
            mean = 0.5 * mean + 0.5 * covariance @ (slope.ravel() + curvature.ravel() * mean)
        means[service], variances[service] = mean.reshape(kinds, periods), np.diag(covariance).reshape(kinds, periods)
    return means, variances


def test_the_blocks_give_what_the_whole_covariance_gives() -> None:
    known = draw(Country(services=12, indicators=4, missing=0.2), seed=3)
    at = dynamic.fit(draw(Country(services=60, indicators=4), seed=4).counts)
    found = dynamic.posterior(at, known.counts, rounds=200)
    means, variances = dense(at, known.counts)
    np.testing.assert_allclose(found.effect_mean, means, atol=1e-6)
    np.testing.assert_allclose(found.effect_variance, variances, atol=1e-6)


def test_what_is_common_is_found_again() -> None:
    """A country of 1 500 services, so that chance is small: spreads, correlations and memory come out as put in."""
    country = Country(services=1500, indicators=4, median_children=4000)
    at = dynamic.fit(draw(country, seed=1).counts)
    assert at.rounds < dynamic.ROUNDS
    np.testing.assert_allclose(np.sqrt(np.diag(at.lasting)), np.linspace(0.5, 0.95, 4), rtol=0.08)
    np.testing.assert_allclose(np.sqrt(at.passing), 0.35, rtol=0.15)
    assert at.memory == pytest.approx(0.6, abs=0.15)
    correlation = at.lasting / np.sqrt(np.outer(np.diag(at.lasting), np.diag(at.lasting)))
    assert correlation[0, 1] == pytest.approx(0.5, abs=0.1)
    assert correlation[0, 2] == pytest.approx(0.25, abs=0.1)


def test_intervals_hold_the_truth_they_have_not_seen() -> None:
    """90 % intervals of the rates of the next four half-years, over three countries."""
    inside = []
    for seed in (11, 12, 13):
        known = draw(Country(), seed)
        at, found = outlook.ahead(dynamic.fit(known.counts), known.counts, 4)
        names = [str(number) for number in range(240)]
        draws = np.stack(list(outlook.Draws(at, known.counts.law, 1000, 1).rates(found, names)), axis=1)
        low, high = np.quantile(draws, [0.05, 0.95], axis=0)
        inside.append(((low <= known.true_rates) & (known.true_rates <= high)).mean())
    assert 0.86 <= np.mean(inside) <= 0.94


def test_large_counts_near_none_settle() -> None:
    """Where nearly nobody has a breach the likelihood is flat: full steps would overshoot without end."""
    country = Country(services=150, indicators=4, rate=(0.002, 0.01), lasting_sd=(1.5, 1.5), cases_per_child=(0.5, 1.0))
    known = draw(replace(country, median_children=20_000), seed=2)
    at = dynamic.fit(known.counts)
    assert at.rounds < dynamic.ROUNDS
    np.testing.assert_allclose(np.sqrt(np.diag(at.lasting)), 1.5, rtol=0.15)
    np.testing.assert_allclose(np.sqrt(at.passing), 0.35, rtol=0.15)


@pytest.fixture(scope="module")
def fitted() -> tuple[dynamic.Dynamics, Counts]:
    seen = draw(Country(services=80, indicators=4), seed=7).counts
    return dynamic.fit(seen), seen


def test_a_fit_that_starts_elsewhere_ends_where_the_other_ends(fitted: tuple[dynamic.Dynamics, Counts]) -> None:
    """From where it settled it is there at once; without a half-year, in fewer rounds than from the beginning."""
    at, seen = fitted
    assert dynamic.fit(seen, start=at).rounds < 10
    fewer = seen.changed(lambda each: np.where(np.arange(6) == 1, 0, each))
    warm, cold = dynamic.fit(fewer, start=at), dynamic.fit(fewer)
    assert warm.rounds <= cold.rounds
    np.testing.assert_allclose(np.diag(warm.lasting), np.diag(cold.lasting), rtol=0.03)
    means = [dynamic.posterior(each, fewer).effect_mean[..., -1] for each in (warm, cold)]
    np.testing.assert_allclose(*means, atol=0.03)


def test_a_service_without_anything_gets_what_is_usual(fitted: tuple[dynamic.Dynamics, Counts]) -> None:
    at, seen = fitted
    found = dynamic.posterior(at, seen.changed(lambda each: np.zeros_like(each[:1])))
    np.testing.assert_allclose(found.effect_mean, 0, atol=1e-12)
    np.testing.assert_allclose(found.lasting_covariance[0], at.lasting)
    np.testing.assert_allclose(found.own_precision, 0, atol=1e-12)


@pytest.mark.parametrize("kind", ["all hidden", "one half-year", "no cases", "all of them", "a million cases"])
def test_odd_services_get_a_sensible_answer(fitted: tuple[dynamic.Dynamics, Counts], kind: str) -> None:
    at, _ = fitted
    size, y, hidden = np.full((1, 4, 6), 10.0), np.full((1, 4, 6), 3.0), np.zeros((1, 4, 6))
    if kind == "all hidden":
        hidden[:] = 1
    elif kind == "one half-year":
        size[..., :5] = 0
    elif kind == "no cases":
        size[:], y[:] = 0, 0
    elif kind == "all of them":
        y[:] = 10
    else:
        size[:], y[:] = 1e6, 3e5
    found = dynamic.posterior(at, counts(y, size, hidden=hidden))
    share = special.expit(at.level + found.effect_mean)
    assert np.isfinite(share).all() and (found.effect_variance > 0).all()
    if kind == "all of them":
        assert (share > special.expit(at.level)).all() and (share < 1).all()
    if kind == "a million cases":
        np.testing.assert_allclose(share, 0.3, atol=0.002)
    if kind == "one half-year":
        more = dynamic.posterior(at, counts(y, np.full((1, 4, 6), 10.0)))
        assert (found.effect_variance > more.effect_variance).all()


def test_the_order_of_services_changes_nothing(fitted: tuple[dynamic.Dynamics, Counts]) -> None:
    _, seen = fitted
    order = np.random.default_rng(1).permutation(80)
    turned = seen.changed(lambda each: each[order])
    one, two = dynamic.fit(seen), dynamic.fit(turned)
    np.testing.assert_allclose(one.lasting, two.lasting, rtol=1e-8)
    np.testing.assert_allclose(
        dynamic.posterior(one, seen).effect_mean[order], dynamic.posterior(two, turned).effect_mean, atol=1e-8
    )


def test_more_breaches_never_mean_a_lower_rate(fitted: tuple[dynamic.Dynamics, Counts]) -> None:
    at, _ = fitted
    size = np.full((1, 4, 6), 20.0)
    means = [dynamic.posterior(at, counts(np.full((1, 4, 6), y), size)).effect_mean for y in (0.0, 3, 8, 15, 20)]
    assert all((after > before).all() for before, after in zip(means, means[1:], strict=False))


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_whatever_the_counts_the_answer_is_finite(fitted: tuple[dynamic.Dynamics, Counts], data: st.DataObject) -> None:
    at, _ = fitted
    size = np.array(data.draw(st.lists(st.integers(0, 5000), min_size=24, max_size=24)), float).reshape(1, 4, 6)
    part = np.array(data.draw(st.lists(st.floats(0, 1), min_size=24, max_size=24))).reshape(1, 4, 6)
    hide = np.array(data.draw(st.lists(st.booleans(), min_size=24, max_size=24))).reshape(1, 4, 6) & (size > 3)
    found = dynamic.posterior(at, counts(np.floor(size * part), size, hidden=hide))
    assert np.isfinite(found.effect_mean).all() and (found.effect_variance > 0).all()
    assert (np.linalg.eigvalsh(found.lasting_covariance) > 0).all()


def test_few_services_are_refused() -> None:
    with pytest.raises(ValueError, match="fewer than three"):
        dynamic.fit(counts(np.ones((2, 1, 3)), np.full((2, 1, 3), 5.0)))


def test_draws_have_the_mean_of_the_posterior_and_stay_when_others_come(
    fitted: tuple[dynamic.Dynamics, Counts],
) -> None:
    at, seen = fitted
    next_, found = outlook.ahead(at, seen, 2)
    law = ["poisson"] * 4  # the mean of exp(x) is known
    draws = outlook.Draws(next_, law, 4000, 5)  # type: ignore[arg-type]
    names = [f"s{number}" for number in range(80)]
    every = np.stack(list(draws.rates(found, names)), axis=1)
    known = np.exp(next_.level + found.effect_mean + found.effect_variance / 2).mean(axis=2)
    np.testing.assert_allclose(every.mean(axis=0), known, rtol=0.06)
    some = dynamic.Posterior(**{name: value[[40, 7]] for name, value in vars(found).items()})
    np.testing.assert_array_equal(np.stack(list(draws.rates(some, ["s40", "s7"])), axis=1), every[:, [40, 7]])


def test_equal_services_have_equal_means_and_are_drawn_apart(fitted: tuple[dynamic.Dynamics, Counts]) -> None:
    at, seen = fitted
    twice = seen.changed(lambda each: each[[5, 5]])
    next_, found = outlook.ahead(at, twice, 4)
    one, two = outlook.Draws(next_, seen.law, 2000, 5).rates(found, ["a", "b"])
    np.testing.assert_allclose(one.mean(axis=0), two.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(np.sort(one, axis=0), np.sort(two, axis=0), rtol=1e-9)
    assert abs(np.corrcoef(one[:, 0], two[:, 0])[0, 1]) < 0.1


def test_a_dispersion_above_one_widens(fitted: tuple[dynamic.Dynamics, Counts]) -> None:
    at, seen = fitted
    wide = dynamic.posterior(at, replace(seen, dispersion=[4.0] * 4))
    assert (wide.effect_variance >= dynamic.posterior(at, seen).effect_variance - 1e-12).all()
