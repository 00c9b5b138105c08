"""The deliveries as a whole, and the truth behind them against published national values."""

from datetime import UTC

import numpy as np
import pandas as pd
import pytest

from pipeline.simulation import deliveries, truth

KHR = ["khr_follow_up", "khr_investigations", "khr_plans", "khr_plans_evaluated", "khr_supervision"]
KOSTRA = ["ssb_12275", "ssb_12286", "ssb_12305", "ssb_12615", "ssb_12870"]


def test_the_same_seed_gives_the_same_bytes(registry, inputs, sent):
    again = deliveries(registry, *inputs)
    assert [each.dataset for each in again] == [each.dataset for each in sent]
    assert [each.body for each in again] == [each.body for each in sent]


def test_another_seed_gives_other_bytes_except_for_the_real_population(registry, inputs, sent, world):
    other = {(each.dataset, each.published): each.body for each in deliveries(registry, *inputs, seed=world.seed + 1)}
    same = {each.dataset for each in sent if other[each.dataset, each.published] == each.body}
    assert same == {"ssb_07459"}


def test_truth_and_deliveries_come_from_the_same_draw(registry, inputs, known):
    pd.testing.assert_frame_equal(truth(registry, *inputs).counts, known.counts)


def test_every_delivery_is_small_dated_and_says_that_it_is_synthetic(sent):
    assert sorted(each.dataset for each in sent) == sorted(["bufdir_monitor", "ssb_07459", *KHR, *KOSTRA, *KOSTRA])
    assert all(each.published.tzinfo == UTC and "SYNTHETIC" in each.note for each in sent)
    assert sum(len(each.body) for each in sent) < 8_000_000
    for each in sent:
        limit = {"zip": 1_500_000, "json": 700_000, "csv": 250_000}[each.extension]
        assert 50_000 < len(each.body) < limit, each.dataset
    dates = [each.published for each in sent]
    assert dates == sorted(dates)


def test_both_kostra_vintages_are_there(sent):
    days = {each.dataset: set() for each in sent}
    for each in sent:
        days[each.dataset].add(f"{each.published:%Y-%m-%dT%H:%MZ}")
    assert all(days[table] == {"2026-03-16T07:00Z", "2026-06-15T06:00Z"} for table in KOSTRA)
    assert days["ssb_07459"] == {"2026-02-25T07:00Z"}
    assert days["bufdir_monitor"] == {"2026-09-04T06:00Z"}
    assert days["khr_supervision"] == {"2021-03-01T08:00Z"}
    assert days["khr_plans"] == {"2021-02-26T08:00Z"}


MEASURES = ("ssb_12275", "KOSbvbarntiltaka0000", "KOKalder0000=F000-022;KOKbvfunksjon0000=0")
POSITIONS = ("ssb_12305", "KOSsumfunksjon240000", "")
CONCLUDED = ("khr_investigations", "Unders Avsl Siste Halvår", "")
INVESTIGATED = ("ssb_12286", "KOSbvbarnus0000", "")


# Published: ssb.no/barneverng (2017-2019), Bufdir (children investigated), Helsetilsynet citing Bufdir (2022).
@pytest.mark.parametrize(
    ("where", "year", "published"),
    [
        (CONCLUDED, "2017", 48235),
        (CONCLUDED, "2018", 48194),
        (CONCLUDED, "2019", 46946),
        (POSITIONS, "2017", 6004.6),
        (POSITIONS, "2018", 6153.4),
        (POSITIONS, "2019", 6243.4),
        (INVESTIGATED, "2018", 44402),
        (INVESTIGATED, "2019", 44131),
        (MEASURES, "2017", 55697),
        (MEASURES, "2018", 55623),
        (MEASURES, "2019", 54592),
        (MEASURES, "2022", 47034),
    ],
)
def test_national_counts_are_within_one_per_cent_of_the_published(known, where, year, published):
    rows = known.counts[(known.counts[["dataset", "measure", "selection"]] == list(where)).all(axis=1)]
    assert rows.loc[rows["period"].str[:4] == year, "value"].sum() == pytest.approx(published, rel=0.01)


# Published: 87 % and 92 % within three months (Bufdir, 2018 and 2019). The others are declared, not published.
@pytest.mark.parametrize(
    ("dataset", "year", "percent"),
    [
        ("khr_investigations", 2018, 13.0),
        ("khr_investigations", 2019, 8.0),
        ("khr_investigations", 2013, 25.0),
        ("khr_supervision", 2020, 15.0),
        ("khr_follow_up", 2013, 25.0),
        ("khr_plans", 2020, 88.0),
        ("khr_plans_evaluated", 2013, 70.0),
    ],
)
def test_national_shares_are_those_declared(registry, known, dataset, year, percent):
    rows = known.counts[(known.counts["dataset"] == dataset) & (known.counts["period"].str[:4] == str(year))]
    numerator, denominator = registry.datasets[dataset].measures
    total = rows.groupby("measure")["value"].sum()
    assert 100 * total[numerator] / total[denominator] == pytest.approx(percent, abs=0.5)


def test_a_cell_that_cannot_be_seen_has_a_reason_and_no_published_number(known):
    is_ok = known.counts["status"] == "ok"
    assert known.counts.loc[is_ok, "published"].notna().all()
    assert known.counts.loc[~is_ok, "published"].isna().all()
    assert set(known.counts["status"]) == {
        "ok",
        "not_reported",
        "suppressed_source",
        "zero_denominator",
        "incomplete_merger",
        "estimated_split",
        "not_applicable",
    }


def test_published_is_true_but_for_the_planted_error(known):
    shown = known.counts[known.counts["status"] == "ok"]
    wrong = shown[~np.isclose(shown["value"], shown["published"])]
    assert wrong[["dataset", "municipality_code", "period"]].values.tolist() == [
        ["khr_investigations", "1103", "2016H1"]
    ]


def test_drawn_counts_scatter_around_the_true_rates_as_binomial_counts_do(world):
    half_years = world.half_years
    n, p = half_years["deadline_breaches_denominator"], half_years["true_deadline_breaches"]
    large = n * p * (1 - p) > 5
    z = ((half_years["deadline_breaches_numerator"] - n * p) / np.sqrt(n * p * (1 - p)))[large]
    assert abs(z.mean()) < 0.05
    assert z.var() == pytest.approx(1, abs=0.1)


def test_persistent_effects_have_the_declared_spread_and_correlation(registry, world):
    effects = pd.DataFrame(world.effects.persistent)
    dimension = {each.id: each.dimension for each in registry.ranked}
    correlation = effects.corr()
    for one in effects:
        assert effects[one].std() == pytest.approx(world.parameters.indicators[one].sd, rel=0.2)
        for other in effects.columns.drop(one):
            expected = 0.5 if dimension[one] == dimension[other] else 0.25
            assert correlation.loc[one, other] == pytest.approx(expected, abs=0.22), (one, other)


def test_the_chosen_were_worse_while_they_were_chosen_and_only_then(registry, world):
    (cohort,) = registry.cohorts
    phases = {each.id: each for each in cohort.phases}
    municipality = world.years[world.years["year"] == 2018].set_index("code")["service_id"]
    chosen = {municipality[each.municipality_code] for each in cohort.members}
    assert 10 <= len(chosen) <= 13
    number = [world.effects.services.index(each) for each in sorted(chosen)]
    mean = {}
    for phase in ("baseline", "selection", "during"):
        spans = [
            phases[phase].first_period <= period <= phases[phase].last_period for period in world.parameters.periods
        ]
        moments = [
            (total[number] - world.effects.persistent[indicator][number][:, None])[:, spans].mean()
            / world.parameters.indicators[indicator].transient_sd
            for indicator, total in world.effects.total.items()
        ]
        mean[phase] = np.mean(moments)
    assert mean["selection"] == pytest.approx(1.5, abs=0.3)
    assert abs(mean["baseline"]) < 0.3
    assert abs(mean["during"]) < 0.3


def test_true_rates_cover_all_ranked_series(registry, known):
    for indicator in registry.ranked:
        for series in indicator.series:
            rows = known.rates[(known.rates["indicator_id"] == indicator.id) & (known.rates["era"] == series.era)]
            assert rows["period"].min() == series.first_period
            assert rows["rate"].between(0, 100).all() and not rows.duplicated(["service_id", "period"]).any()
