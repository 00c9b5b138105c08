import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pipeline.methods import composite, normalise, sensitivity
from pipeline.methods.ranking import need_rank, probability_top, rank_draws
from pipeline.methods.sensitivity import ARITHMETIC, GEOMETRIC_OF_PERFORMANCE, QUADRATIC, Choices
from pipeline.methods.sobol import sobol_indices
from tests import slow_ways

NAN = float("nan")
DIMENSION = np.array([0, 0, 1, 2])
MEANS = {ARITHMETIC: 1.0, QUADRATIC: 2.0}
CHOICES = Choices(
    normalisations=[
        lambda values: composite.need(values, 0.0, 1.0),
        lambda values: normalise.min_max(values, axis=1),
        lambda values: normalise.percentile(values, axis=1),
    ],
    dimension=DIMENSION,
    dropped=[None, 0, 3],
    means=[ARITHMETIC, QUADRATIC],
    weights=np.array([[1.0, 1.0, 1.0], [2.0, 1.0, 1.0]]) / 3,
)


@pytest.fixture
def draws():
    """Six draws of five units and four indicators; the third unit has no figure for the second indicator."""
    result = np.random.default_rng(8).beta(2, 5, (6, 5, 4))
    result[:, 2, 1] = NAN
    return result


def slow_score(draw, choices, normalisation, dropped, mean, weights):
    """One score per unit of one draw: means of means, of what is known and kept, one figure at a time."""
    points = choices.normalisations[normalisation](draw[None])[0]
    result = []
    for unit in points:
        needs, shares = [], []
        for place, share in enumerate(choices.weights[weights]):
            kept = [
                float(point)
                for indicator, point in enumerate(unit)
                if DIMENSION[indicator] == place and indicator != choices.dropped[dropped] and not np.isnan(point)
            ]
            if kept:
                needs.append(sum(kept) / len(kept))
                shares.append(float(share))
        result.append(round(slow_ways.power_mean(needs, shares, MEANS[choices.means[mean]]), 9))
    return result


def slow_top(score, k):
    return slow_ways.probability_top([score], k)


def test_every_variant_agrees_with_the_slow_way(draws):
    result = sensitivity.sensitivity(draws, CHOICES, 2)
    for variant in itertools.product(*(range(number) for number in CHOICES.shape())):
        tops = [slow_top(slow_score(draw, CHOICES, *variant), 2) for draw in draws]
        np.testing.assert_allclose(result.probability_top[variant], np.mean(tops, axis=0), atol=1e-12)
        middle = slow_score(draws.mean(axis=0), CHOICES, *variant)
        assert result.rank[variant].tolist() == slow_ways.need_rank(middle)


@pytest.mark.parametrize("outcome", sensitivity.OUTCOMES)
def test_indices_agree_with_the_slow_way(draws, outcome, monkeypatch):
    monkeypatch.setattr(sensitivity, "DRAWS_A_BLOCK", 4)
    result = sensitivity.sensitivity(draws, CHOICES, 2, outcome)
    of_score = {"top": lambda score: slow_top(score, 2), "rank": slow_ways.need_rank, "score": lambda score: score}

    def of_unit(unit):
        return lambda *point: of_score[outcome](slow_score(draws[point[-1]], CHOICES, *point[:-1]))[unit]

    for unit in (0, 2):
        first, total = slow_ways.sobol(of_unit(unit), [*CHOICES.shape(), len(draws)])
        np.testing.assert_allclose(result.indices.first[:, unit], first, atol=1e-8)
        np.testing.assert_allclose(result.indices.total[:, unit], total, atol=1e-8)


def test_the_share_of_the_variants_with_a_unit_in_the_top(draws):
    result = sensitivity.sensitivity(draws, CHOICES, 2)
    np.testing.assert_allclose(result.share_in_top(2), (result.rank <= 2).reshape(36, 5).mean(axis=0))
    assert (result.share_in_top(5) == 1).all()


def test_a_single_choice_owes_everything_to_the_data(draws):
    single = replace(
        CHOICES,
        normalisations=CHOICES.normalisations[:1],
        dropped=[None],
        means=[QUADRATIC],
        weights=CHOICES.weights[:1],
    )
    result = sensitivity.sensitivity(draws, single, 2)
    np.testing.assert_allclose(result.indices.total_overall, [0, 0, 0, 0, 1], atol=1e-12)
    known = draws[:, [0, 1, 3, 4]]
    needs = composite.grouped_mean(composite.need(known, 0.0, 1.0), DIMENSION, np.ones(4))
    scores = composite.power_mean(needs, single.weights[0])
    alone = sensitivity.sensitivity(known, single, 2)
    np.testing.assert_allclose(alone.probability_top[0, 0, 0, 0], probability_top(rank_draws(scores), 2))


def test_a_geometric_mean_of_performance_punishes_one_broken_duty():
    """methods.md, section 1.6: needs 90, 10, 10, 10 give 48.0; of need itself they would give 17.3."""
    needs = np.array([90.0, 10, 10, 10])
    mean = GEOMETRIC_OF_PERFORMANCE
    assert mean.backward(mean.forward(needs).mean()) == pytest.approx(48.0, abs=0.05)
    assert composite.power_mean(needs, np.ones(4), 0) == pytest.approx(17.3, abs=0.05)
    assert mean.backward(mean.forward(np.array([150.0, 150.0])).mean()) == pytest.approx(99)


@given(
    arrays.arrays(float, st.tuples(st.integers(1, 4), st.integers(1, 6)), elements=st.sampled_from([0.0, 1.0, 2.0])),
    st.integers(1, 7),
)
def test_membership_agrees_with_the_slow_way(score, k):
    expected = [slow_top(draw, k) for draw in score.tolist()]
    np.testing.assert_allclose(sensitivity.membership(score, k), expected, atol=1e-12)


def test_a_figure_that_is_missing_now_and_then_is_refused(draws):
    draws[0, 0, 0] = NAN
    with pytest.raises(ValueError, match="some draws only"):
        sensitivity.sensitivity(draws, CHOICES, 2)


def test_a_unit_with_nothing_left_is_refused(draws):
    draws[:, 1, :3] = NAN
    with pytest.raises(ValueError, match="no figure left"):
        sensitivity.sensitivity(draws, CHOICES, 2)


def test_an_unknown_outcome_is_refused(draws):
    with pytest.raises(ValueError, match="top, rank, score"):
        sensitivity.sensitivity(draws, CHOICES, 2, "places")


def test_removal_leaves_one_part_out():
    points = np.random.default_rng(3).uniform(0, 100, (6, 4))
    weights = np.array([1.0, 2, 3, 4])
    removed = sensitivity.removal(points, weights, 2.0)
    for part in range(4):
        kept = [place for place in range(4) if place != part]
        expected = [slow_ways.power_mean(list(unit[kept]), list(weights[kept]), 2.0) for unit in points]
        np.testing.assert_allclose(removed[part], expected)
    base = composite.power_mean(points, weights)
    moved = np.abs(need_rank(removed) - need_rank(base)).sum(axis=1) / 6
    np.testing.assert_allclose(sensitivity.rank_shift(removed, base), moved)


def test_the_table_of_outcomes_is_complete(draws):
    """The indices of the score are those of the whole table of scores."""
    table = sensitivity.scores(draws, CHOICES)
    assert table.shape == (3, 3, 2, 2, 6, 5)
    whole = sobol_indices(table, 5)
    result = sensitivity.sensitivity(draws, CHOICES, 2, "score")
    np.testing.assert_allclose(result.indices.total, whole.total, atol=1e-9)
