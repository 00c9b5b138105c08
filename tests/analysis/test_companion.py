"""The companion's draws: the same counts give the same summaries, and services are independent of each other."""

import numpy as np
import pandas as pd
import pytest

from pipeline.analysis.companion import estimate
from pipeline.analysis.score import Score, need
from pipeline.registry.load import load

REGISTRY = load("england")
ROUND = REGISTRY.index.current_round
INDEX = REGISTRY.index.model_copy(update={"draws": 2000})


def companion(services: list[str]) -> tuple[Score, dict[str, np.ndarray]]:
    """The score of made-up services: the first two are alike, the others each have counts of their own."""
    needs, draws = {}, {}
    entering = REGISTRY.entering(ROUND)
    for one in entering:
        cells = pd.DataFrame({"service_id": services, "period": "2024", "denominator": 40.0})
        numerator = np.concatenate([[9.0, 9.0], np.arange(2, len(services)) * 3.0])
        cells = cells.assign(numerator=numerator, numerator_low=np.nan, numerator_high=np.nan)
        found = estimate(one, cells, np.array(services, dtype=object), INDEX, ROUND)
        draws[one.id], needs[one.id] = found.draws, need(found.draws, one, INDEX, ROUND)
    observed = {one.id: np.ones(len(services)) for one in entering}
    return Score(INDEX, ROUND, entering, observed, needs, len(services)), draws


def test_services_with_the_same_counts_have_the_same_score_and_are_not_tied() -> None:
    score, draws = companion(["a", "b", "c", "d", "e"])
    ends = np.quantile(score.draws, [0.05, 0.95], axis=0)
    assert score.draws.mean(axis=0)[0] == pytest.approx(score.draws.mean(axis=0)[1], rel=1e-12)
    assert ends[:, 0].tolist() == ends[:, 1].tolist()
    for each in [score.draws, *draws.values()]:
        between = np.corrcoef(each.T)[np.triu_indices(5, 1)]
        assert np.abs(between).max() < 0.1, "services move together"
    first, second = score.draws[:, :2].T
    assert (first > second).mean() == pytest.approx(0.5, abs=0.04)


def test_indicators_of_a_service_are_independent() -> None:
    _, draws = companion(["a", "b", "c", "d", "e"])
    for service in range(5):
        between = np.corrcoef([each[:, service] for each in draws.values()])
        assert np.abs(between - np.eye(len(draws))).max() < 0.1
