"""COINr's ASEM index, stage by stage: each stage from the published one before it, and all of them in one go."""

import numpy as np
import pytest

from pipeline.methods import composite, normalise, ranking, sensitivity, sobol, treatment

STEPS = ["denominated", "imputed", "treated", "normalised", "aggregated"]


@pytest.fixture(scope="module")
def asem(golden):
    """The published tables, each with one row per country in the same order."""
    names = ["raw", "denominated", "normalised", "aggregated", "alternatives", "ranks", "scores"]
    tables = {name: golden(f"asem/{name}.csv").set_index("unit").sort_index() for name in names}
    for name, before, changes in [("imputed", "denominated", "filled"), ("treated", "imputed", "treated")]:
        tables[name] = tables[before].astype(float)
        for row in golden(f"asem/{changes}.csv").itertuples():
            tables[name].loc[row.unit, row.indicator] = row.value
    tables["indicators"] = golden("asem/indicators.csv").set_index("indicator")
    tables["aggregates"] = golden("asem/aggregates.csv").set_index("aggregate")
    return tables


def denominated(asem):
    raw, denominator = asem["raw"], asem["indicators"]["denominator"]
    columns = [
        raw[name] if denominator.isna()[name] else normalise.ratio_to_reference(raw[name], raw[denominator[name]])
        for name in denominator.index
    ]
    return np.array(columns, float).T


def imputed(asem, values):
    return np.array([treatment.fill_by_group(column, asem["raw"]["group"]) for column in values.T]).T


def treated(asem, values, most=5):
    return np.array([treatment.treat(column, most) for column in values.T]).T


def turned(asem, values):
    return values * asem["indicators"]["direction"].to_numpy()


def normalised(asem, values):
    return normalise.min_max(turned(asem, values))


def aggregated(asem, values, power=1.0):
    """The pillars, the two sub-indices and the index, in the order of the table of aggregates."""
    levels = []
    for group in groups(asem):
        values = composite.grouped_mean(values, group, np.ones(len(group)), power)
        levels.append(values)
    return np.concatenate(levels, axis=-1)


def groups(asem):
    """For each level, the place of every part's parent one level up."""
    aggregates = asem["aggregates"]
    parents = [asem["indicators"]["parent"], *(aggregates["parent"][aggregates["level"] == level] for level in (2, 3))]
    return [
        np.array([list(aggregates.index[aggregates["level"] == level]).index(name) for name in parent])
        for level, parent in zip((2, 3, 4), parents, strict=True)
    ]


def indices_by_weights(asem, values, power, weights):
    """The index under every row of weights of the pillars and sub-indices; shape (n_rows, n_units)."""
    of_indicators, of_pillars, _ = groups(asem)
    pillars = composite.grouped_mean(values, of_indicators, np.ones(len(of_indicators)), power)[None]
    members = [np.flatnonzero(of_pillars == place) for place in (0, 1)]
    halves = [composite.power_mean(pillars[..., some], weights[:, None, some], power) for some in members]
    return composite.power_mean(np.stack(halves, axis=-1), weights[:, None, 8:], power)


STAGES = {
    "denominated": denominated,
    "imputed": imputed,
    "treated": treated,
    "normalised": normalised,
    "aggregated": aggregated,
}


@pytest.mark.parametrize("stage", STEPS)
def test_every_stage_from_the_published_one_before(asem, stage):
    before = [] if stage == "denominated" else [asem[STEPS[STEPS.index(stage) - 1]].to_numpy()]
    np.testing.assert_allclose(STAGES[stage](asem, *before), asem[stage].to_numpy(float), rtol=1e-12, atol=1e-13)


def test_all_stages_in_one_go(asem):
    values = denominated(asem)
    for stage in STEPS[1:]:
        values = STAGES[stage](asem, values)
    np.testing.assert_allclose(values, asem["aggregated"], rtol=1e-12)


def test_scores_and_ranks_of_every_level(asem):
    names = [*asem["aggregates"].index]
    values = aggregated(asem, asem["normalised"].to_numpy())
    np.testing.assert_allclose(values, asem["scores"][names], atol=1e-6)
    assert (asem["ranks"][names] == ranking.need_rank(values.T).T).all(axis=None)


def test_treatment_of_each_indicator(asem, golden):
    expected = golden("asem/treatment.csv").set_index("indicator")
    for name, row in expected.iterrows():
        before = asem["imputed"][name].to_numpy()
        assert treatment.has_outliers(before) != row["passed"]
        assert treatment.skewness(before) == pytest.approx(row["skewness"], rel=1e-12)
        assert treatment.kurtosis(before) == pytest.approx(row["kurtosis"], rel=1e-12)
        after = treatment.winsorise(before)
        assert after.moved == (0 if row["passed"] else row["winsorised"])
        if not row["passed"]:
            assert treatment.skewness(after.values) == pytest.approx(row["skewness_after"], rel=1e-12)
            assert treatment.kurtosis(after.values) == pytest.approx(row["kurtosis_after"], rel=1e-12)


def test_the_index_in_four_other_ways(asem):
    values = asem["treated"].to_numpy()
    once = treated(asem, asem["imputed"].to_numpy(), most=1)
    other = {
        "zscore": (normalise.z_score(turned(asem, values), 10, 2), 1.0, 0),
        "gmean_1_100": (normalise.min_max(turned(asem, values), 1, 100), 0.0, 0),
        "winmax1": (normalised(asem, once), 1.0, 0),
        "rank": (normalise.ascending_rank(turned(asem, values)), 1.0, 0.02),
    }
    for name, (points, power, tolerance) in other.items():
        index = aggregated(asem, points, power)[:, -1]
        np.testing.assert_allclose(index, asem["alternatives"][name], rtol=1e-12, atol=tolerance, err_msg=name)


def test_ranks_over_all_combinations(asem, golden):
    """COINr's uncertainty analysis: means of a sample lie within four standard errors of those of all 2,000."""
    filled = asem["imputed"].to_numpy()
    weights = golden("asem/noisy_weights.csv").set_index("rep")[list(asem["aggregates"].index[:-1])].to_numpy()
    ranks = []
    for most in range(1, 6):
        values = turned(asem, treated(asem, filled, most))
        for points in (normalise.min_max(values, 1, 100), normalise.z_score(values, 10, 2)):
            ranks += [ranking.need_rank(indices_by_weights(asem, points, power, weights)) for power in (0, 1)]
    every = np.concatenate(ranks)
    expected = golden("asem/rank_statistics.csv").set_index("unit").loc[asem["raw"].index]
    assert every.shape == (2000, 51)
    error = every.std(axis=0) / np.sqrt(200)
    for sample in ("ua", "sa"):
        assert (np.abs(every.mean(axis=0) - expected[f"mean_{sample}"]) <= 4 * error + 1e-9).all()
        assert np.abs(np.median(every, axis=0) - expected[f"median_{sample}"]).max() <= 2
        for name, part in (("q5", 0.05), ("q95", 0.95)):
            off = np.abs(np.quantile(every, part, axis=0) - expected[f"{name}_{sample}"])
            assert off.max() <= 2 and off.mean() < 0.5, (sample, name)


def test_exact_indices_of_all_combinations(asem, golden):
    """5 limits of winsorising, 2 normalisations, 100 sets of weights, 2 means; COINr's own are a Monte Carlo of them.

    Total orders as reckoned once by other code (three decimals). COINr's 90 % intervals are those of a sample of 200.
    """
    filled = asem["imputed"].to_numpy()
    weights = golden("asem/noisy_weights.csv").set_index("rep")[list(asem["aggregates"].index[:-1])].to_numpy()
    nominal = asem["aggregated"]["Index"].to_numpy()
    outcome = np.empty((5, 2, 2, len(weights)))
    for most in range(1, 6):
        values = turned(asem, treated(asem, filled, most))
        for place, points in enumerate([normalise.min_max(values, 1, 100), normalise.z_score(values, 10, 2)]):
            for power in (0, 1):
                index = indices_by_weights(asem, points, power, weights)
                outcome[most - 1, place, power] = sensitivity.rank_shift(index, nominal)
    indices = sobol.sobol_indices(outcome, 4)
    np.testing.assert_allclose(indices.total, [0.057, 0.248, 0.729, 0.204], atol=0.0005)
    published = golden("asem/sobol.csv").iloc[[0, 1, 3, 2]].reset_index()
    assert ((published["first_q05"] <= indices.first) & (indices.first <= published["first_q95"])).all()
    inside = (published["total_q05"] <= indices.total) & (indices.total <= published["total_q95"])
    assert inside.tolist() == [False, True, True, True]
    assert indices.total[0] == pytest.approx(published["total_q95"][0], abs=0.006)
