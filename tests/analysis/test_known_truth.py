"""The ranking on a country whose truth is known: intervals hold what they say, and the list finds the neediest.

Bounds are those of a static method on pooled years (docs/methods.md); the truth is that of the pooled years themselves.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.registry.load import load
from pipeline.simulation import truth
from pipeline.synthetic import reference
from pipeline.warehouse.release import connect

REGISTRY = load("norway")


@pytest.fixture(scope="module")
def compared(releases: dict[str, Path]) -> pd.DataFrame:
    """One row a round, service and indicator: the estimate, and the true rate of the round's periods."""
    with connect(releases["norway"]) as con:
        estimates = con.execute("SELECT * FROM result.indicator_estimate").df()
        service_of = dict(con.execute("SELECT municipality_code, service_id FROM core.service_member").fetchall())
    rates = truth(REGISTRY, *reference(REGISTRY)).rates
    rates["service_id"] = rates["service_id"].map(lambda each: service_of.get(each, each))
    parts = []
    for each in REGISTRY.index.rounds:
        place = REGISTRY.jurisdiction
        start, end = place.start_of(each.first_period), place.end_of(each.last_period)
        inside = rates["period"].map(lambda p: place.start_of(p) >= start and place.end_of(p) <= end)  # noqa: B023
        chosen = rates[inside & (rates["era"] == each.era)]
        sums = chosen.assign(cases=chosen["rate"] * chosen["exposure"]).groupby(["service_id", "indicator_id"])
        pooled = sums["cases"].sum() / sums["exposure"].sum()
        parts.append(pooled.rename("true_value").reset_index().assign(round_id=each.id))
    return estimates.merge(pd.concat(parts), on=["round_id", "service_id", "indicator_id"], validate="one_to_one")


def test_ninety_per_cent_intervals_hold_the_truth_of_their_years(compared: pd.DataFrame) -> None:
    inside = (compared["value_low"] <= compared["true_value"]) & (compared["true_value"] <= compared["value_high"])
    coverage = inside.groupby([compared["round_id"], compared["indicator_id"]]).mean()
    assert coverage.between(0.80, 0.97).all(), coverage
    assert 0.86 <= inside.mean() <= 0.94


def test_shrinking_beats_the_bare_share(compared: pd.DataFrame) -> None:
    """Mean squared error of the shrunken value below that of the observed one, for every indicator."""
    seen = compared[compared["observed_value"].notna()]
    squared = pd.DataFrame(
        {
            "shrunken": (seen["value"] - seen["true_value"]) ** 2,
            "bare": (seen["observed_value"] - seen["true_value"]) ** 2,
            "indicator_id": seen["indicator_id"],
        }
    )
    errors = squared.groupby("indicator_id").mean()
    assert (errors["shrunken"] < errors["bare"]).all(), errors


def _true_score(compared: pd.DataFrame, round_id: str) -> "pd.Series[float]":
    """A slow plain twin of the score, from true rates."""
    [each] = [each for each in REGISTRY.index.rounds if each.id == round_id]
    posts = {post.indicator: post for post in REGISTRY.index.goalposts if post.era == each.era}
    scores = {}
    for service, rows in compared[compared["round_id"] == round_id].groupby("service_id"):
        needs: dict[str, list[float]] = {}
        for indicator, value in zip(rows["indicator_id"], rows["true_value"], strict=True):
            post = posts[indicator]
            need = 100 * (value - post.at_none) / (post.at_full - post.at_none)
            needs.setdefault(str(REGISTRY.indicators[indicator].dimension), []).append(min(max(need, 0), 150))
        scores[service] = np.sqrt(np.mean([np.mean(each_need) ** 2 for each_need in needs.values()]))
    return pd.Series(scores)


@pytest.mark.parametrize("round_id", [each.id for each in REGISTRY.index.rounds])
def test_the_list_finds_the_neediest_of_its_years(
    compared: pd.DataFrame, releases: dict[str, Path], round_id: str
) -> None:
    with connect(releases["norway"]) as con:
        ranks = (
            con.execute("SELECT * FROM result.need_rank WHERE round_id = ?", [round_id]).df().set_index("service_id")
        )
    true_score = _true_score(compared, round_id)
    ranks, true_score = ranks.align(true_score, join="inner", axis=0)  # Haram has no truth before it existed
    neediest = set(true_score.nlargest(15).index)
    probability = ranks["probability_top_15"]
    assert len(neediest & set(probability.nlargest(15).index)) >= 11
    alone = ranks["companion_probability_top_15"]  # the truth is of these years, and so is the companion
    assert len(neediest & set(alone.nlargest(15).index)) >= 11
    assert len(neediest & set(alone.nlargest(30).index)) >= 14
    assert len(neediest & set(probability.nlargest(30).index)) >= 13  # it looks to the next years
    is_in = true_score.index.isin(neediest)
    assert np.mean((probability - is_in) ** 2) <= 0.026
    true_rank = true_score.rank(ascending=False)
    covered = (ranks["rank_best"] <= true_rank) & (true_rank <= ranks["rank_worst"])
    assert 0.80 <= covered.mean() <= 0.97
