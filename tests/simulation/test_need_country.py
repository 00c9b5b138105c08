"""Each switch of the simulated countries does what its name says, and nothing else."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import special, stats

from pipeline.simulation.need_country import SWITCHES, Country, Known, draw

Floats = NDArray[np.float64]
SMALL = Country(services=400, indicators=4, median_children=4000)


def switched(name: str, country: Country = SMALL, seed: int = 5) -> tuple[Known, Known]:
    """The country without and with a switch, of the same seed."""
    return draw(country, seed), draw(SWITCHES[name](country), seed)


def lasting(known: Known) -> Floats:
    """Mean logit of each service and indicator over all half-years, about the country's."""
    logit = special.logit(known.rates).mean(axis=2)
    return np.asarray(logit - logit.mean(axis=0))


def test_the_same_seed_gives_the_same_country() -> None:
    one, same = draw(SMALL, 5), draw(SMALL, 5)
    for a, b in zip(one.counts.arrays, same.counts.arrays, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(one.rates, draw(SMALL, 6).rates)


def test_what_is_published_of_the_base_is_whole_hidden_or_missing() -> None:
    known = draw(SMALL, 5)
    seen = known.counts
    shown = seen.is_known & (seen.hidden_cases == 0)
    np.testing.assert_array_equal(seen.numerator[shown], known.complete[shown])
    hidden = seen.hidden_cases > 0
    assert hidden.any() and ((known.complete[hidden] >= 1) & (known.complete[hidden] <= 3)).all()
    assert not ((known.complete[shown] >= 1) & (known.complete[shown] <= 3)).any()
    np.testing.assert_allclose(known.true_rates, known.rates[..., 6:].mean(axis=2))


def test_heavy_tails_are_heavy_with_the_same_spread() -> None:
    base, heavy = switched("heavy tails", replace(SMALL, services=3000))
    assert np.abs(stats.kurtosis(lasting(base), axis=0)).max() < 0.3
    assert stats.kurtosis(lasting(heavy), axis=0).min() > 0.8
    assert lasting(heavy).std() == pytest.approx(lasting(base).std(), rel=0.1)


def test_no_correlation_leaves_none() -> None:
    base, apart = switched("no correlation")
    one, other = (np.corrcoef(lasting(each), rowvar=False) for each in (base, apart))
    assert one[0, 1] > 0.3 and one[0, 2] > 0.1
    assert np.abs(other[np.triu_indices(4, 1)]).max() < 0.15


def test_what_is_missing_is_missing_among_the_worst() -> None:
    base, hides = switched("missing not at random")
    need = special.logit(base.rates[..., :6]).mean(axis=(1, 2))
    worst = need > np.quantile(need, 0.84)
    gap = 1 - hides.counts.is_known.mean(axis=(1, 2))
    np.testing.assert_array_equal(base.rates, hides.rates)
    assert gap[worst].mean() == pytest.approx(0.37, abs=0.05)
    assert gap[~worst].mean() == pytest.approx(0.02, abs=0.02)


def test_half_the_half_years_are_three() -> None:
    base, half = switched("half the half-years")
    assert (base.counts.times.size, half.counts.times.size) == (6, 3)
    assert half.rates.shape[2] == 3 + SMALL.ahead


def test_merged_services_are_the_sum_of_two_and_split_ones_start_anew() -> None:
    country = replace(SMALL, services=60, mergers=5, splits=3, missing=0.0)
    plain, merged = draw(replace(country, mergers=0, splits=0), 5), draw(country, 5)
    assert len(merged.children) == 55
    left = np.setdiff1d(np.arange(60), np.arange(5) * 2 + 1)
    pairs = np.searchsorted(left, np.arange(5) * 2)
    for place, first in zip(pairs, range(0, 10, 2), strict=True):
        assert merged.children[place] == pytest.approx(plain.children[first : first + 2].sum())
        np.testing.assert_array_equal(merged.complete[place], plain.complete[first : first + 2].sum(axis=0))
        before = [each[first : first + 2, :, :3].sum(axis=0) for each in plain.counts.arrays]
        for got, expected in zip(merged.counts.arrays, before, strict=True):
            np.testing.assert_array_equal(got[place, :, :3], expected)  # two hidden ones: 2 to 6
        low, high, hidden = (each[place, :, 3:] for each in merged.counts.arrays[2:])
        np.testing.assert_array_equal((low, high), ((hidden > 0) * 1, (hidden > 0) * 3))  # from then on one publishes
    split = np.arange(55) >= 55 - 2 * 3
    assert not merged.counts.is_known[split, :, :3].any() and merged.counts.is_known[split, :, 3:].any()
    assert merged.counts.is_known[~split, :, :3].mean() > 0.9
    assert SWITCHES["mergers and splits"](Country()) == replace(Country(), services=280, mergers=40, splits=6)


def test_late_figures_are_a_tenth_short_in_the_last_half_year_alone() -> None:
    large = replace(SMALL, hidden=(1, 0), missing=0.0, log_sd_children=0.3)  # a tenth of nine would not be seen
    base, late = switched("late figures", large)
    np.testing.assert_array_equal(late.counts.numerator[..., :-1], base.counts.numerator[..., :-1])
    last, before = late.counts.denominator[..., -1], base.counts.denominator[..., -1]
    is_late = last < before
    assert is_late.mean() == pytest.approx(0.05, abs=0.02)
    np.testing.assert_array_equal(last[is_late], np.ceil(before[is_late] * 0.9))
    y, whole = late.counts.numerator[..., -1], late.complete[..., -1]
    np.testing.assert_array_equal(y[is_late], np.floor(whole[is_late] * 0.9))
    np.testing.assert_array_equal(y[~is_late], whole[~is_late])


def test_the_first_vintage_is_off_by_the_logit_spread_in_the_last_half_year_alone() -> None:
    base, first = switched("first vintage", replace(SMALL, hidden=(1, 0), missing=0.0, median_children=60_000))
    np.testing.assert_array_equal(first.counts.numerator[..., :-1], base.counts.numerator[..., :-1])
    np.testing.assert_array_equal(first.counts.denominator, base.counts.denominator)
    size = first.counts.denominator[..., -1]
    logit = [special.logit((y + 0.5) / (size + 1)) for y in (first.counts.numerator[..., -1], first.complete[..., -1])]
    assert (logit[0] - logit[1]).std() == pytest.approx(0.5, rel=0.1)


def test_a_new_definition_takes_the_older_half_of_the_first_indicator() -> None:
    base, anew = switched("a new definition")
    assert not anew.counts.is_known[:, 0, :3].any()
    np.testing.assert_array_equal(anew.counts.is_known[:, 0, 3:], base.counts.is_known[:, 0, 3:])
    for a, b in zip(anew.counts.arrays, base.counts.arrays, strict=True):
        np.testing.assert_array_equal(a[:, 1:], b[:, 1:])


def test_renamed_breaches_are_forty_per_cent_of_the_first_indicator_of_one_service_in_ten() -> None:
    base, renamed = switched("breaches renamed", replace(SMALL, hidden=(1, 0), missing=0.0))
    np.testing.assert_array_equal(renamed.counts.numerator[:, 1:], base.counts.numerator[:, 1:])
    np.testing.assert_array_equal(renamed.counts.numerator[:, 0, :-2], base.counts.numerator[:, 0, :-2])
    seen, whole = renamed.counts.numerator[:, 0, -2:], renamed.complete[:, 0, -2:]
    gaming = (seen != whole).any(axis=1)
    assert gaming.mean() == pytest.approx(0.1, abs=0.05)
    np.testing.assert_array_equal(seen[gaming], np.floor(whole[gaming] * 0.6))
    np.testing.assert_array_equal(renamed.complete, base.complete)  # what is true has not changed


def test_every_switch_is_tried_here() -> None:
    assert set(SWITCHES) == {
        "base", "heavy tails", "no correlation", "missing not at random", "half the half-years", "mergers and splits",
        "late figures", "first vintage", "a new definition", "breaches renamed",
    }  # fmt: skip
