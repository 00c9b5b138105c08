"""The Technology Achievement Index of 23 countries, the worked example of the OECD/JRC handbook (2008)."""

import itertools

import numpy as np
import pytest

from pipeline.methods import composite, normalise, outranking, ranking, weighting


@pytest.fixture(scope="module")
def raw(golden):
    return golden("tai/raw.csv").set_index("country")


def test_normalisations_of_schooling(golden):
    table = golden("tai/normalisation.csv")
    values = table["raw"].to_numpy()
    ways = {
        "rank_ascending": normalise.ascending_rank(values),
        "zscore": normalise.z_score(values),
        "minmax": normalise.min_max(values, 0, 1),
        "ratio_to_mean": normalise.ratio_to_reference(values, values.mean()),
        "ratio_to_best": normalise.ratio_to_reference(values, values.max()),
        "ratio_to_worst": normalise.ratio_to_reference(values, values.min()),
        "above_below_mean_p20": normalise.above_or_below(values, values.mean(), 0.2),
        "percentile": np.round(normalise.percentile(values), 1),
        "categorical": normalise.category(values),
    }
    for name, result in ways.items():
        np.testing.assert_allclose(result, table[name], atol=0.005 + 1e-9, err_msg=name)


def test_principal_components(golden, raw):
    variance, loadings = weighting.principal_components(raw.to_numpy())
    table, expected = golden("tai/components.csv"), golden("tai/loadings.csv").set_index("indicator").to_numpy()
    percent = 100 * variance / variance.sum()
    np.testing.assert_allclose(variance, table["eigenvalue"], atol=0.06)
    np.testing.assert_allclose(percent.round(1), table["pct"], atol=0.1 + 1e-9)  # printed with one decimal
    np.testing.assert_allclose(np.cumsum(percent).round(1), table["cum"], atol=0.1 + 1e-9)
    for component, published in enumerate(expected.T):
        own = loadings[:, component]
        np.testing.assert_allclose(own * np.sign(own @ published), published, atol=0.015)


@pytest.mark.parametrize("weights, most_places_off", [("EW", 0), ("BAP", 0), ("FA", 2), ("AHP", 2)])
def test_ranks_by_weights(golden, raw, weights, most_places_off):
    """A country beyond a goalpost gets no further points. Weights of FA and AHP are published with two decimals only."""
    goalposts = golden("tai/goalposts.csv").set_index("indicator").loc[raw.columns]
    points = np.minimum(composite.need(raw.to_numpy(), goalposts["low"], goalposts["high"]), 100)
    share = golden("tai/weights.csv").set_index("indicator").loc[raw.columns, weights]
    ranks = ranking.need_rank(composite.power_mean(points, share, 1.0))
    expected = golden("tai/ranks.csv").set_index("country").loc[raw.index, weights]
    assert abs(ranks - expected).max() <= most_places_off


def test_benefit_of_the_doubt(golden, raw):
    scores = weighting.benefit_of_the_doubt(normalise.min_max(raw.to_numpy(), 0, 1), 0.10, 0.15)
    np.testing.assert_allclose(scores, golden("tai/benefit_of_the_doubt.csv")["score"], atol=0.01)
    expected = golden("tai/ranks.csv").set_index("country").loc[raw.index, "BOD"]
    assert (ranking.need_rank(np.round(scores, 6)) == expected).all()


def test_kemeny_of_five_countries(raw):
    """Tables 35 and 36: a tied indicator counts for neither, and three orders share the most support."""
    matrix = outranking.outranking(raw.to_numpy()[:5], np.ones(8), tie=0.0)
    best = [outranking.support(matrix, order) for order in itertools.permutations(range(5))]
    assert max(best) == 6.375
    assert best.count(6.375) == 3
    assert outranking.support(matrix, outranking.kemeny(matrix)) == 6.375


def test_kemeny_of_all_countries(raw):
    """The optimum by another solver; the handbook prints an order with 182.125, which is not the best."""
    matrix = outranking.outranking(raw.to_numpy(), np.ones(8))
    assert outranking.support(matrix, outranking.kemeny(matrix)) == pytest.approx(184.5)
