"""The ranking as a whole: services of every odd kind, and what must not change it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipeline.analysis.companion import Estimate
from pipeline.analysis.need import Ranked, tables
from pipeline.analysis.score import Score, need
from pipeline.analysis.verdicts import verdicts
from pipeline.analysis.what_if import missing_share
from pipeline.methods import outlook
from pipeline.methods.shrinkage import BetaPrior
from tests.analysis.small_release import ENGLAND, INDEX, INDICATORS, ROUND, cells_of, drawn, ranking_of


@pytest.fixture(scope="module")
def cells() -> pd.DataFrame:
    return drawn()


@pytest.fixture(scope="module")
def base(cells: pd.DataFrame) -> Ranked:
    return ranking_of(cells)


def scores(of: Ranked) -> "pd.Series[float]":
    return pd.Series(of.score.draws.mean(axis=0), of.services)


@pytest.fixture(scope="module")
def odd(cells: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The result tables with six odd services among the thirty, by service."""
    hidden = cells_of("all_hidden", 12, 0.25)
    bad = hidden["numerator"] == 3  # one to three breaches; where what was done is counted, nine to eleven
    hidden = hidden.assign(numerator=np.nan, numerator_low=np.where(bad, 1.0, 9), numerator_high=np.where(bad, 3.0, 11))
    some = [
        hidden,
        cells_of("one_year", 50, 0.4, ("2025",)),
        cells_of("three_years", 50, 0.4),
        cells_of("no_cases", 0, 0.0),
        cells_of("every_case", 60, 1.0),
        cells_of("no_breach", 60, 0.0),
        cells_of("a_hundred_thousand", 1e5, 0.3),
    ]
    found = tables(ranking_of(pd.concat([cells, *some], ignore_index=True), ["nothing"]))
    return {name: table.set_index("service_id") for name, table in found.items() if "service_id" in table}


def test_who_has_no_figures_or_no_cases_is_not_ranked_and_says_so(odd: dict[str, pd.DataFrame]) -> None:
    score, rank = odd["result.need_score"], odd["result.need_rank"]
    for service in ("nothing", "no_cases"):
        assert not score.loc[service, "is_ranked"] and service not in rank.index
        assert score.loc[service, "not_ranked_reason"] == "too_little_reported"
        assert score.loc[service, "observed_weight_share"] == 0
    assert len(rank) == 30 + 5 + 1


def test_odd_services_get_a_sensible_place(odd: dict[str, pd.DataFrame]) -> None:
    score, rank = odd["result.need_score"], odd["result.need_rank"]
    assert np.isfinite(score.loc[rank.index, ["score", "score_low", "score_high"]]).all(axis=None)
    assert rank.loc["every_case", "probability_top_3"] > 0.97
    assert score.loc["every_case", "score"] == score["score"].max() <= 150
    assert rank.loc["no_breach", "probability_top_5"] < 0.03
    assert score.loc["no_breach", "score"] > 0  # none of sixty is not none for ever


def test_a_hundred_thousand_cases_are_read_as_they_are(odd: dict[str, pd.DataFrame]) -> None:
    """Of the outlook only what passes is left: all but none of it is borrowed."""
    own = odd["result.indicator_estimate"].loc["a_hundred_thousand"]
    expected = np.where([one.direction == "high_is_need" for one in INDICATORS], 30, 70)
    by_indicator = own.set_index("indicator_id")
    np.testing.assert_allclose(by_indicator.loc[[one.id for one in INDICATORS], "value"], expected, atol=0.2)
    np.testing.assert_allclose(by_indicator.loc[[one.id for one in INDICATORS], "expected_value"], expected, atol=4)
    assert (own["own_information_share"] > 0.999).all()


def test_hidden_counts_are_neither_none_nor_the_midpoint(odd: dict[str, pd.DataFrame]) -> None:
    """One to three of twelve, three years: between 8 and 25 per cent, and less sure than two of twelve would be."""
    own = odd["result.indicator_estimate"].loc["all_hidden"].set_index("indicator_id")
    assert own["is_observed"].all() and (own["hidden_cells"] == 3).all()
    expected = own.loc["rereferrals"]
    assert 8 < expected["expected_value"] < 25
    assert (
        odd["result.need_rank"].loc["all_hidden", "rank_worst"] - odd["result.need_rank"].loc["all_hidden", "rank_best"]
        > 5
    )


def test_one_year_says_less_than_three(odd: dict[str, pd.DataFrame]) -> None:
    score, own = odd["result.need_score"], odd["result.indicator_estimate"]
    width = score["score_high"] - score["score_low"]
    assert score.loc["one_year", "is_ranked"] and width["one_year"] > width["three_years"]
    assert own.loc["one_year", "own_share"].mean() < own.loc["three_years", "own_share"].mean()
    country = score.loc[score["is_ranked"], "score"].mean()
    assert country < score.loc["one_year", "score"] < score.loc["three_years", "score"] + 3


def test_points_add_up_to_the_score(odd: dict[str, pd.DataFrame]) -> None:
    points = odd["result.indicator_estimate"]["contribution_points"].groupby(level=0).sum()
    np.testing.assert_allclose(points, odd["result.need_score"].loc[points.index, "score"], atol=1e-9)


def test_the_order_of_the_rows_does_not_matter(cells: pd.DataFrame, base: Ranked) -> None:
    again = ranking_of(cells.sample(frac=1, random_state=3))
    np.testing.assert_array_equal(again.score.draws, base.score.draws)


def test_other_names_change_nothing_but_the_chance_of_the_draws(cells: pd.DataFrame, base: Ranked) -> None:
    """The names turn the order of the services round, too."""
    renamed = {name: f"z{40 - int(name[1:]):02d}" for name in base.services}
    other = ranking_of(cells.assign(service_id=cells["service_id"].map(renamed)))
    np.testing.assert_allclose(scores(other)[list(renamed.values())], scores(base)[list(renamed)], atol=1e-6)
    one, two = (tables(each)["result.need_rank"].set_index("service_id")["probability_top_5"] for each in (base, other))
    np.testing.assert_allclose(two[list(renamed.values())], one[list(renamed)], atol=0.05)


def test_another_unit_of_measure_changes_nothing(cells: pd.DataFrame, base: Ranked) -> None:
    """Per thousand instead of per cent, with goalposts to match."""
    indicators = {name: one.model_copy(update={"unit": "per_1000"}) for name, one in ENGLAND.indicators.items()}
    posts = [p.model_copy(update={"at_none": 10 * p.at_none, "at_full": 10 * p.at_full}) for p in INDEX.goalposts]
    index = INDEX.model_copy(update={"goalposts": tuple(posts)})
    other = ranking_of(cells, registry=replace(ENGLAND, indicators=indicators), index=index)
    np.testing.assert_allclose(other.score.draws, base.score.draws, rtol=1e-9)


def test_weights_all_so_many_times_as_large_change_nothing(cells: pd.DataFrame, base: Ranked) -> None:
    other = ranking_of(cells, index=INDEX.otherwise({d.id: 7 * d.weight for d in INDEX.dimensions}, None))
    np.testing.assert_allclose(other.score.draws, base.score.draws, rtol=1e-12)


def test_the_order_turns_when_the_direction_turns(cells: pd.DataFrame) -> None:
    """Goalposts wide enough that nothing is clipped, arithmetic means: then each score is 100 less the other."""
    wide = [p.model_copy(update={"at_none": 100.0 * (p.at_none > p.at_full), "at_full": 100.0 * (p.at_full > p.at_none)})
            for p in INDEX.goalposts]  # fmt: skip
    turned = [p.model_copy(update={"at_none": p.at_full, "at_full": p.at_none}) for p in wide]
    one, other = (
        ranking_of(cells, index=INDEX.model_copy(update={"goalposts": tuple(posts), "power": 1.0}))
        for posts in (wide, turned)
    )
    np.testing.assert_allclose(other.score.draws, 100 - one.score.draws, atol=1e-9)
    assert scores(other).sort_values().index.tolist() == scores(one).sort_values(ascending=False).index.tolist()


def test_identical_services_have_identical_results(cells: pd.DataFrame) -> None:
    twin = cells[cells["service_id"] == "s04"].assign(service_id="twin")
    found = tables(ranking_of(pd.concat([cells, twin])))
    score = found["result.need_score"].set_index("service_id")
    for column in ("score", "score_low", "score_high"):
        assert score.loc["twin", column] == pytest.approx(score.loc["s04", column], rel=1e-9), column
    rank = found["result.need_rank"].set_index("service_id")
    assert rank.loc["twin", "probability_top_5"] == pytest.approx(rank.loc["s04", "probability_top_5"], abs=0.05)


def test_a_service_far_below_changes_nobody_above(cells: pd.DataFrame, base: Ranked) -> None:
    """What is common held fixed: not one draw. Fitted anew, all services are seen as a little less alike, no more."""
    more = pd.concat([cells, cells_of("best", 100, 0.03)])
    other = ranking_of(more)
    assert base.ahead is not None and other.ahead is not None
    at, found = outlook.ahead(base.ahead.dynamics, other.ahead.counts, 4)
    rates = np.stack(list(base.ahead.engine.rates(found, list(other.services))), axis=1)
    needs = {one.id: need(rates[..., n] * one.per, one, INDEX, ROUND) for n, one in enumerate(other.delivered)}
    seen = {one.id: np.ones(31) for one in other.delivered}
    draws = Score(INDEX, ROUND, other.delivered, seen, needs, 31).draws
    above = other.services != "best"
    np.testing.assert_allclose(draws[:, above], base.score.draws, rtol=1e-9)
    after, before = scores(other)[base.services], scores(base)
    assert np.abs(after - before).max() < 2
    assert after.nlargest(5).index.tolist() == before.nlargest(5).index.tolist()


def test_missing_figures_that_are_worse_lift_who_lacks_them(cells: pd.DataFrame) -> None:
    """Told for ranked services that lack some, at the declared shifts; the tipping shift lies where a half is passed."""
    some = pd.concat([cells, cells_of("lacks", 80, 0.2, ("2024",)), cells_of("lacks_too", 80, 0.18, ("2024", "2025"))])
    found = tables(ranking_of(some))
    shift = found["result.need_shift"]
    assert shift[["service_id", "shift"]].to_numpy().tolist() == [
        ["lacks", 0.5], ["lacks", 1.0], ["lacks_too", 0.5], ["lacks_too", 1.0],
    ]  # fmt: skip
    chance = found["result.need_rank"].set_index("service_id")["probability_top_5"]
    for name, rows in shift.groupby("service_id"):
        assert (rows["probability"] == chance[name]).all()
        assert rows["probability"].iloc[0] < rows["probability_then"].iloc[0] < rows["probability_then"].iloc[1]
        tipping = found["result.need_score"].set_index("service_id").loc[name, "tipping_shift"]
        for each in rows.itertuples():
            assert (each.probability_then >= 0.5) == (tipping <= each.shift), (name, tipping)


def test_a_yearly_figure_is_missing_only_in_its_years() -> None:
    """Six half-years; the second indicator has a figure in every other one: who lacks all three, lacks all."""
    known = np.ones((3, 2, 6), bool)
    known[:, 1, ::2] = False
    known[1, 1] = False
    known[2, :, 4:] = False
    np.testing.assert_allclose(missing_share(known), [[0, 0], [0, 1], [1 / 3, 1 / 3]])


def test_bounds_far_out_on_either_side_say_nothing_of_a_service() -> None:
    """Between them lies what is usual; a service whose bounds lie on one side stands out as before."""
    table = pd.DataFrame({"service_id": ["open", "high", "low"], "is_observed": True})
    own = Estimate(INDICATORS[0], table, np.empty((0, 3)), BetaPrior(40, 360))
    cells = pd.DataFrame(
        {"service_id": ["open", "high", "low"], "denominator": 300.0, "numerator": [np.nan, np.nan, 2]}
    )
    cells = cells.assign(numerator_low=[12.0, 70, np.nan], numerator_high=[60.0, 90, np.nan])
    post = next(each for each in INDEX.goalposts if each.indicator == INDICATORS[0].id)
    found = verdicts(own, cells, post).set_index("service_id")
    more, less = ("more_need", "less_need") if post.at_full > post.at_none else ("less_need", "more_need")
    assert found["others"].to_dict() == {"open": "like_others", "high": more, "low": less}
    assert found.loc["open", "chance"] > 0.9 > 0.01 > found.loc["high", "chance"]
