import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pipeline.methods import funnel, rates
from pipeline.methods.treatment import winsorise_shares
from tests import slow_ways

LEVELS = {"95": 0.95, "998": 0.998}
OVERDISPERSED = {"waiting": "ae_PR", "shares": "phe_PR"}


def named(significance):
    """The published label in our words: 'High (0.001)' is 'high 0.001'."""
    return significance.str.lower().str.replace("[()]", "", regex=True).replace("not significant", "")


@pytest.mark.parametrize("case", ["all", "axis"])
@pytest.mark.parametrize("name, level", LEVELS.items())
def test_share_limits_of_the_public_health_agency(golden, case, name, level):
    table, shares = golden("funnel/share_limits.csv"), golden("funnel/shares.csv")
    rows = table[table["case"] == case]
    mean = shares["numerator"].sum() / shares["denominator"].sum() if case == "all" else rows["mean"].iloc[0] / 100
    low, high = funnel.score_limits(rows["denominator"], mean, level)
    np.testing.assert_allclose(100 * low, rows[f"low_{name}"], atol=5e-7)
    np.testing.assert_allclose(100 * high, rows[f"high_{name}"], atol=5e-7)


def test_labels_of_303_shares(golden):
    table = golden("funnel/shares.csv")
    mean = table["numerator"].sum() / table["denominator"].sum()
    limits = {
        "0.025": funnel.score_limits(table["denominator"], mean, 0.95),
        "0.001": funnel.score_limits(table["denominator"], mean, 0.998),
    }
    labels = funnel.labels(table["numerator"] / table["denominator"], limits)
    assert (labels == named(table["significance"])).sum() == 303


def test_labels_of_300_ratios(golden):
    """A ratio is high when what was expected lies below the limits of what was observed."""
    table = golden("funnel/ratios.csv")
    limits = {
        "0.025": rates.exact_count_interval(table["obs"], 0.95),
        "0.001": rates.exact_count_interval(table["obs"], 0.998),
    }
    labels = funnel.labels(-table["expected"], {name: (-high, -low) for name, (low, high) in limits.items()})
    assert (labels == named(table["significance"])).sum() == 300


@pytest.mark.parametrize("rate", ["crude", "dsr"])
def test_labels_of_40_rates(golden, rate):
    """A standardised rate rests on the exposure that it implies, count / rate; there is none for the area without events."""
    table = golden("funnel/rates.csv")
    exposure = table["pop"] if rate == "crude" else table["count"] / table["rate_dsr"]
    known = table[exposure.notna()]
    expected = exposure * known["count"].sum() / exposure.sum()
    limits = {"0.025": 0.95, "0.001": 0.998}
    limits = {name: rates.exact_count_interval(table["count"], level) for name, level in limits.items()}
    labels = funnel.labels(-expected, {name: (-high, -low) for name, (low, high) in limits.items()})
    assert (labels == named(table[f"{rate}_per_100000_with_0"]))[known.index].sum() == {"crude": 40, "dsr": 39}[rate]


@pytest.mark.parametrize("sigmas, level", [("2s", 0.95), ("3s", 0.998)])
def test_ratio_limits_of_the_public_health_agency(golden, sigmas, level):
    """One upper limit is printed for a single event with four figures only (0.001000547 for 0.001000500)."""
    table = golden("funnel/ratio_limits.csv")
    low, high = rates.exact_count_interval(table["observed"], level)
    exact = {"lower": 5e-6, "upper": np.where((table["observed"] == 1) & (sigmas == "3s"), 5e-5, 5e-6)}
    for side, limit in (("lower", high), ("upper", low)):
        for column, value in (("exp_events", limit), ("isr", 100 * table["observed"] / limit)):
            off = abs(value / table[f"{side}_{sigmas}_{column}"] - 1)
            assert (off <= exact[side]).all()


@pytest.mark.parametrize("name, level", LEVELS.items())
def test_rate_limits_of_the_public_health_agency(golden, name, level):
    table = golden("funnel/rate_limits.csv")
    low, high = rates.exact_count_interval(table["events"], level)
    for side, limit in (("low", high), ("high", low)):
        rate = table["events"] / limit * table["mean_per_100000"]
        off = abs(rate / table[f"{side}_{name}"] - 1)
        assert (off[table["events"] > 1] <= 5e-6).all() and (off <= 5e-5).all()


@pytest.mark.parametrize("name, case", OVERDISPERSED.items())
def test_overdispersion_of_shares(golden, name, case):
    table, expected = golden(f"funnel/{name}.csv"), golden(f"funnel/{name}_overdispersed.csv")
    table = table.set_axis(["group", "numerator", "denominator", *table.columns[3:]], axis=1)
    table = expected.merge(table, on="group", validate="1:1")
    score, error = funnel.share_scores(table["numerator"], table["denominator"])
    drawn_in = winsorise_shares(score)
    np.testing.assert_allclose(score, table["Uzscore"], rtol=1e-12, atol=2e-12)
    np.testing.assert_allclose(drawn_in, table["Wuzscore"], rtol=1e-12, atol=2e-12)
    found = funnel.overdispersion(drawn_in, error)
    published = golden("funnel/overdispersion.csv").set_index("case").loc[case]
    assert (found.phi, found.tau2) == pytest.approx((published["phi"], published["tau2"]), rel=1e-12)
    mean = table["numerator"].sum() / table["denominator"].sum()
    for level, deviations in (("95", 1.959964), ("99", 3.090232)):
        for prefix, tau2 in (("OD", found.tau2), ("", 0.0)):
            limits = funnel.share_limits(table["denominator"], mean, tau2, deviations)
            for side, limit in zip(("LCL", "UCL"), limits, strict=True):
                column = f"{prefix}{level}{side}" if prefix else f"{side}{level}"
                np.testing.assert_allclose(limit, table[column], rtol=0, atol=1e-12)
    low, high = funnel.share_limits(table["denominator"], mean, found.tau2, 3.090232)
    rate = table["numerator"] / table["denominator"]
    assert ((rate < low) | (rate > high)).sum() == published["outliers"]


@pytest.mark.parametrize(
    "case, scale, narrow", [("medpar_SHMI", "log", funnel.truncated), ("medpar_CQC", "root", winsorise_shares)]
)
def test_overdispersion_of_ratios(golden, case, scale, narrow):
    """The expected counts are our own Poisson regression of the same data, which agrees with R's to about 1e-11."""
    table = golden("funnel/length_of_stay.csv")
    score, error = funnel.ratio_scores(table["numerator"], table["denominator"], scale)
    found = funnel.overdispersion(narrow(score), error)
    published = golden("funnel/overdispersion.csv").set_index("case").loc[case]
    assert (found.phi, found.tau2) == pytest.approx((published["phi"], published["tau2"]), rel=1e-10)
    ratio = table["numerator"] / table["denominator"]
    low, high = funnel.ratio_limits(table["denominator"], found.tau2, 3.090232, scale)
    if scale == "root":  # the package draws these limits on the scale of the root without squaring them again
        low, high = 2 - np.sqrt(high), np.sqrt(high)
    assert ((ratio < low) | (ratio > high)).sum() == published["outliers"]


@pytest.mark.parametrize("scale", ["log", "root"])
@given(st.floats(0.5, 1000), st.floats(0, 0.5))
def test_a_ratio_on_its_limit_is_so_many_deviations_out(scale, expected, tau2):
    low, high = funnel.ratio_limits(expected, tau2, 1.2, scale)
    score, error = funnel.ratio_scores(expected * high, expected, scale)
    assert score * error == pytest.approx(1.2 * np.sqrt(error**2 + tau2))
    assert low < 1 < high


def test_a_ratio_of_two_counts_by_hand():
    score, error = funnel.count_ratio_scores([30, 0, 12], [20, 8, 10])
    slow = [(30 / 30.5**2 + 20 / 20.5**2) ** 0.5, (8 / 8.5**2) ** 0.5, (12 / 12.5**2 + 10 / 10.5**2) ** 0.5]
    assert error.tolist() == pytest.approx(slow)
    assert score[1] == pytest.approx((np.log(0.5 / 8.5) - np.log(42 / 38)) / slow[1])


def test_ratios_of_counts_scatter_as_said_and_limits_are_where_the_scores_are():
    """The same ratio everywhere: scores of variance one, and one in twenty beyond the limits."""
    random = np.random.default_rng(8)
    size = random.uniform(20, 300, 20_000)
    y, n = random.poisson(0.7 * size), random.poisson(size)
    score, error = funnel.count_ratio_scores(y, n)
    assert score.std() == pytest.approx(1, abs=0.03)
    assert funnel.overdispersion(score, error).tau2 < 0.001
    low, high = funnel.count_ratio_limits(error, y.sum() / n.sum())
    ratio = (y + 0.5) / (n + 0.5)
    np.testing.assert_array_equal((ratio < low) | (ratio > high), np.abs(score) > 1.959964)
    assert ((ratio < low) | (ratio > high)).mean() == pytest.approx(0.05, abs=0.01)


def test_no_more_than_chance_is_no_overdispersion():
    assert funnel.overdispersion([0.1, -0.2, 0.1, np.nan], [0.1, 0.2, 0.3, 0.1]).tau2 == 0


def test_overdispersion_finds_a_known_spread():
    """Known truth: 4,000 units whose arcsine shares differ with variance 0.01; the estimate's own error is about 3 %."""
    rng = np.random.default_rng(3)
    n = rng.integers(50, 400, 4000)
    share = np.sin(np.pi / 4 + rng.normal(0, 0.1, 4000)) ** 2
    score, error = funnel.share_scores(rng.binomial(n, share), n)
    assert funnel.overdispersion(score, error).tau2 == pytest.approx(0.01, rel=0.1)


@given(st.integers(1, 60), st.floats(0.05, 0.95), st.sampled_from([0.5, 4.0, 30.0, np.inf]))
@settings(max_examples=40)
def test_chance_limits_leave_the_same_tail_on_both_sides(cases, mean, size):
    """With a limit between two counts, the part of the upper one that the interpolation leaves in the tail makes it exact."""
    low, high = (float(limit) * cases for limit in funnel.chance_limits(cases, mean, size, 0.9))
    law = stats.binom(cases, mean) if np.isinf(size) else stats.betabinom(cases, mean * size, (1 - mean) * size)
    for limit, tail in ((low, 0.05), (high, 0.95)):
        count = np.ceil(round(limit, 9))
        reached = law.cdf(count) - (count - limit) * law.pmf(count)
        assert reached == pytest.approx(tail, abs=1e-9) or (limit == 0 and law.pmf(0) > tail)


@given(st.floats(0.5, 60), st.floats(0.05, 2), st.sampled_from([4.0, np.inf]))
@settings(max_examples=25)
def test_chance_limits_of_events_per_exposure_do_too(exposure, mean, size):
    limits = [float(limit) * exposure for limit in funnel.chance_limits(exposure, mean, size, 0.9, "poisson")]
    chance = mean * exposure
    law = stats.poisson(chance) if np.isinf(size) else stats.nbinom(mean * size, size / (size + exposure))
    for limit, tail in zip(limits, (0.05, 0.95), strict=True):
        count = np.ceil(round(limit, 9))
        reached = law.cdf(count) - (count - limit) * law.pmf(count)
        assert reached == pytest.approx(tail, abs=1e-8) or (limit == 0 and law.pmf(0) > tail)
        expected = slow_ways.chance(int(count), lambda y: float(law.pmf(y)), int(law.isf(1e-13)) + 1)
        assert funnel.chance(count, exposure, mean, size, "poisson") == pytest.approx(expected, abs=1e-8)


def test_chance_limits_widen_with_the_spread_and_narrow_with_the_size():
    n = np.array([[5, 20], [100, 1000]])
    plain = np.diff(funnel.chance_limits(n, 0.2), axis=0)[0]
    spread = np.diff(funnel.chance_limits(n, 0.2, 12.0), axis=0)[0]
    assert (plain < spread).all()
    assert (np.diff(plain.ravel()) < 0).all() and (np.diff(spread.ravel()) < 0).all()
    np.testing.assert_allclose(
        funnel.chance_limits(10**5, 0.2, 12.0), stats.beta(2.4, 9.6).ppf([0.001, 0.999]), atol=1e-4
    )
    np.testing.assert_allclose(funnel.chance_limits(10**5, 0.2), funnel.score_limits(10**5, 0.2, 0.998), atol=1e-4)


def test_no_denominator_no_limits():
    low, high = funnel.chance_limits([0, 5, np.nan], 0.3, 8.0)
    assert np.isnan(low).tolist() == np.isnan(high).tolist() == [True, False, True]


@given(st.integers(1, 12), st.data())
@settings(max_examples=25)
def test_chance_agrees_with_the_slow_way(cases, data):
    count = data.draw(st.integers(0, cases))
    expected = slow_ways.chance(count, lambda y: slow_ways.beta_binomial(y, cases, 0.3, 8.0), cases)
    assert funnel.chance(count, cases, 0.3, 8.0) == pytest.approx(expected, rel=1e-6)
    expected = slow_ways.chance(count, lambda y: stats.binom.pmf(y, cases, 0.3), cases)
    assert funnel.chance(count, cases, 0.3) == pytest.approx(expected, rel=1e-9)


def test_chance_is_uniform_among_units_like_the_others():
    """Known truth: 5,000 units from the very distribution; mid-p values below 0.1 come about a tenth of the time."""
    rng = np.random.default_rng(7)
    n = rng.integers(20, 200, 5000)
    p = funnel.chance(rng.binomial(n, rng.beta(2.4, 9.6, 5000)), n, 0.2, 12.0)
    assert (p < 0.1).mean() == pytest.approx(0.1, abs=0.015)
    assert np.isnan(funnel.chance([np.nan, 1], [5, 0], 0.2, 12.0)).all()


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.sampled_from([0.05, 0.1, 0.5]))
def test_discoveries_agree_with_the_slow_way(p_values, rate):
    assert funnel.discoveries(p_values, rate).tolist() == slow_ways.discoveries(p_values, rate)


def test_a_missing_p_value_is_no_discovery():
    assert funnel.discoveries([[0.001, np.nan], [0.2, 0.9]]).tolist() == [[True, False], [False, False]]
