"""Weights of experts: what they declare is what is computed, apart from everything else."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from pipeline.analysis.experts import expert_rows
from pipeline.analysis.need import Ranked
from pipeline.analysis.rounds import need_tables
from pipeline.methods import ranking
from pipeline.registry.experts import Expert
from tests.analysis.small_release import ENGLAND, INDEX, drawn, ranking_of, release


@pytest.fixture(scope="module")
def base() -> Ranked:
    return ranking_of(drawn())


def expert(name: str, points: tuple[float, float, float], is_blind: bool = True) -> Expert:
    given = dict(zip([d.id for d in INDEX.dimensions], points, strict=True))
    return Expert(id=name, role="adviser at an office", filled_in_on=date(2026, 11, 2), is_blind=is_blind, points=given)


def rows(base: Ranked, *experts: Expert) -> pd.DataFrame:
    return expert_rows(base.needs, base.score, base.services, base.index, experts)


def by_weights(points: tuple[float, float, float]) -> np.ndarray:
    """The slow way: the whole ranking with these weights, on the same draws."""
    weights = {d.id: each for d, each in zip(INDEX.dimensions, points, strict=True)}
    other = ranking_of(drawn(), index=INDEX.otherwise(weights, None))
    return ranking.probability_top(ranking.rank_draws(other.score.draws[: INDEX.alternatives.draws]), 5)


def test_each_expert_is_a_ranking_with_those_weights(base: Ranked) -> None:
    one, two = (70.0, 20.0, 10.0), (10.0, 10.0, 80.0)
    slow = np.stack([by_weights(one), by_weights(two)])
    found = rows(base, expert("a", one), expert("b", two))
    np.testing.assert_allclose(found["probability"], slow.mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(found["probability_least"], slow.min(axis=0), atol=1e-12)
    np.testing.assert_allclose(found["probability_most"], slow.max(axis=0), atol=1e-12)
    assert (found["probability_most"] > found["probability_least"] + 0.1).any()
    assert found["share_in_top"].isin([0, 0.5, 1]).all() and found["share_in_top"].sum() == pytest.approx(5)


def test_experts_who_agree_leave_no_spread(base: Ranked) -> None:
    found = rows(base, *(expert(name, (40, 40, 20)) for name in "abc"))
    np.testing.assert_allclose(found["probability_least"], found["probability_most"])
    assert set(found["share_in_top"]) <= {0.0, 1.0} and (found["experts"] == 3).all()


def test_a_weight_of_nothing_leaves_a_dimension_out(base: Ranked) -> None:
    found = rows(base, expert("a", (100, 0, 0)))
    [timeliness] = [n for n, d in enumerate(base.score.dimensions) if d.id == "timeliness"]
    needs = base.score.by_dimension({name: draws[:512] for name, draws in base.needs.items()})[..., timeliness]
    slow = ranking.probability_top(ranking.rank_draws(needs), 5)
    np.testing.assert_allclose(found["probability"], slow, atol=1e-12)


def test_an_answer_given_after_the_result_does_not_count(base: Ranked) -> None:
    late = expert("late", (0, 0, 100), is_blind=False)
    assert rows(base, late).empty
    pd.testing.assert_frame_equal(rows(base, expert("a", (40, 40, 20)), late), rows(base, expert("a", (40, 40, 20))))


def test_experts_move_no_other_table_than_their_own() -> None:
    con, registry = release(drawn()), replace(ENGLAND, index=INDEX)
    without, with_ = (need_tables(con, replace(registry, experts=each)) for each in ((), (expert("a", (80, 10, 10)),)))
    assert without["result.need_expert"].empty and len(with_["result.need_expert"]) == 30
    for name in set(without) - {"result.need_expert"}:
        pd.testing.assert_frame_equal(without[name], with_[name])
