"""The ranking under other data: each refit is what it says it is."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipeline.analysis import refits
from pipeline.analysis.need import Ranked, tables
from pipeline.analysis.refits import _hidden_more, refit_tables
from pipeline.analysis.rounds import need_tables
from pipeline.progress import Step
from pipeline.registry.index import Index, LeftOut
from pipeline.registry.model import Text
from tests.analysis.small_release import ENGLAND, INDEX, YEARS, cells_of, drawn, ranking_of, release

LABEL = Text(nb="uåret", nn="uåret", en="the bad year")


def refitted(of: Ranked, index: Index = INDEX) -> dict[str, pd.DataFrame]:
    assert of.ahead is not None
    return refit_tables(of.ahead, of.score, of.cells, of.delivered, of.services, index, of.each, ENGLAND)


def with_spans(spans: Iterable[tuple[str, str]]) -> Index:
    declared = tuple(LeftOut(id=f"no_{a}", first_period=a, last_period=b, label=LABEL, reason="test") for a, b in spans)
    return INDEX.model_copy(update={"alternatives": INDEX.alternatives.model_copy(update={"left_out": declared})})


@pytest.fixture(scope="module")
def base() -> Ranked:
    """One service whose newest year alone is bad, so that something hangs on the years."""
    turned = pd.concat([cells_of("turned", 200, 0.1, YEARS[:2]), cells_of("turned", 200, 0.55, YEARS[2:])])
    return ranking_of(pd.concat([drawn(), turned]))


@pytest.fixture(scope="module")
def again(base: Ranked) -> dict[str, pd.DataFrame]:
    return refitted(base, with_spans([("2023", "2024"), ("2017", "2018"), ("2023", "2025")]))


def probability(found: dict[str, pd.DataFrame], refit: str) -> "pd.Series[float]":
    table = found["result.need_refit_rank"]
    return table[table["refit"] == refit].set_index("service_id")["probability"]


def test_each_year_each_span_that_touches_the_round_and_more_hidden(again: dict[str, pd.DataFrame]) -> None:
    """A span that leaves nothing, or is not of these years, makes no refit."""
    table = again["result.need_refit"]
    years = ["without_2023", "without_2024", "without_2025"]
    assert table["refit"].tolist() == ["as_it_is", *years, "without_no_2023", "hidden_more"]
    assert table["left_out"].tolist() == ["", *YEARS, "2023, 2024", "1 more"]
    assert table["position"].tolist() == [0, 1, 2, 3, 4, 5]


def test_nothing_left_out_is_the_ranking_itself(base: Ranked, again: dict[str, pd.DataFrame]) -> None:
    rank = tables(base)["result.need_rank"].set_index("service_id")["probability_top_5"]
    assert (probability(again, "as_it_is") - rank).abs().max() < 0.06  # 512 draws instead of 1,000
    first = again["result.need_refit"].iloc[0]
    assert (first["kept_top_3"], first["kept_top_5"], first["largest_change"]) == (3, 5, 0)
    sums = again["result.need_refit_rank"].groupby("refit")["probability"].sum()
    np.testing.assert_allclose(sums, 5, rtol=1e-9)


def test_a_year_left_out_gives_what_a_ranking_without_its_figures_gives(
    base: Ranked, again: dict[str, pd.DataFrame]
) -> None:
    """Fitted from the beginning, to the cells of the other two years."""
    cells = pd.concat(base.cells.values())
    cold = ranking_of(cells[cells["period"] != "2023"].drop(columns="era", errors="ignore"))
    rank = tables(cold)["result.need_rank"].set_index("service_id")["probability_top_5"]
    assert (probability(again, "without_2023") - rank).abs().max() < 0.08
    assert (probability(again, "without_2023") - probability(again, "as_it_is")).abs().max() > 0.02


def test_who_is_there_for_one_year_is_not_there_without_it(again: dict[str, pd.DataFrame]) -> None:
    change = probability(again, "without_2025") - probability(again, "as_it_is")
    assert change.idxmin() == "turned" and change["turned"] < -0.2
    row = again["result.need_refit"].set_index("refit").loc["without_2025"]
    assert row["largest_change"] == pytest.approx(change.abs().max())
    assert (
        row["rank_correlation"] < again["result.need_refit"].set_index("refit").loc["without_2023", "rank_correlation"]
    )
    assert probability(again, "without_no_2023")["turned"] == 1


def test_an_indicator_of_one_year_cannot_do_without_it() -> None:
    cells = drawn()
    cells = cells[(cells["indicator_id"] != "rereferrals") | (cells["period"] == "2024")]
    found = refitted(ranking_of(cells))["result.need_refit"].set_index("refit")
    assert found.loc["without_2024", "reason"] == "too_few_figures"
    assert found.index[found["rank_correlation"].isna()].tolist() == ["without_2024"]


def test_three_services_are_enough() -> None:
    found = refitted(ranking_of(drawn(services=3)))
    assert (found["result.need_refit"][["kept_top_3", "kept_top_5"]] == 3).all(axis=None)
    assert (found["result.need_refit_rank"]["probability"] == 1).all()


def test_counts_that_would_be_hidden_under_a_higher_limit_are() -> None:
    nan = np.nan
    cells = pd.DataFrame(
        {
            "numerator": [0.0, 4, 5, nan, nan, 4],
            "denominator": [9.0, 9, 9, 9, 20, 0],
            "numerator_low": [nan, nan, nan, 1, 7, nan],  # the last of two hidden parts and five known cases
            "numerator_high": [nan, nan, nan, 3, 11, nan],
        }
    )
    found = _hidden_more(cells, (1, 3), 1)
    np.testing.assert_array_equal(found["numerator"], [0, nan, 5, nan, nan, 4])
    np.testing.assert_array_equal(found["numerator_low"], [nan, 1, nan, 1, 7, nan])
    np.testing.assert_array_equal(found["numerator_high"], [nan, 4, nan, 4, 13, nan])
    assert _hidden_more(cells, None, 1) is cells


def test_more_hidden_counts_are_all_that_differs() -> None:
    """What a later vintage may still move stays as it was."""
    found = ranking_of(drawn(services=4).assign(numerator=lambda t: t["numerator"].mask(t.index < 15, 6)))
    assert found.ahead is not None
    counts = replace(found.ahead.counts, revision=np.full(found.ahead.counts.is_known.shape[1:], 0.1))
    made = refits._refits(counts, found.cells, found.delivered, found.services, INDEX, found.each, ENGLAND)
    [more] = [each.counts for each in made if each.id == "hidden_more"]
    assert (more.hidden_cases > 0).any()
    np.testing.assert_array_equal(more.revision, counts.revision)


def test_the_fit_the_draws_and_the_refits_tell_where_they_are() -> None:
    """Counted steps come to their end, so that no bar is left standing."""
    steps: list[Step] = []
    need_tables(release(drawn()), replace(ENGLAND, index=INDEX), lambda step: steps.append(step))  # type: ignore[arg-type]
    lines = [str(step) for step in steps]
    assert any(line.startswith("fitting round_2025, round 20") for line in lines)
    assert any("settled after" in line for line in lines)
    assert "drawing, 30 of 30 services" in lines
    counted = {step.what: step.done == step.total for step in steps if step.total is not None}
    assert counted == {"drawing": True, "fitting round_2025 again": True}
