"""The ranking under the weights of experts: their disagreement, beside the data's uncertainty and never in it.

Table: result.need_expert. Method: docs/methods.md.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.analysis.score import Score
from pipeline.methods import composite, ranking
from pipeline.registry.experts import Expert
from pipeline.registry.index import Index

Floats = NDArray[np.float64]

EXPERT = {
    "service_id": "str", "experts": "int64", "probability": "float64", "probability_least": "float64",
    "probability_most": "float64", "share_in_top": "float64",
}  # fmt: skip


def expert_rows(
    needs: Mapping[str, Floats], score: Score, services: NDArray[np.object_], index: Index, experts: Sequence[Expert]
) -> pd.DataFrame:
    """One row a ranked service; none where no expert has answered blind.

    needs: indicator → draws of all services; the first `alternatives.draws` are used. probability: of being among the
    `tier_top`, over draws and experts; least and most: under the weights of one expert. share_in_top: of the experts,
    for how many it is among them by its mean score.
    """
    blind = [each for each in experts if each.is_blind]
    if not blind or not score.is_ranked.any():
        return pd.DataFrame(columns=list(EXPERT)).astype(EXPERT)
    some = {name: draws[: index.alternatives.draws, score.is_ranked] for name, draws in needs.items()}
    by_dimension = score.by_dimension(some)
    chance, is_in = [], []
    for each in blind:
        weights = np.array([each.points[dimension.id] for dimension in score.dimensions])
        points = composite.power_mean(by_dimension, weights, index.power)
        chance.append(ranking.probability_top(ranking.rank_draws(points), index.tier_top))
        is_in.append(ranking.need_rank(points.mean(axis=0)) <= index.tier_top)
    return pd.DataFrame(
        {
            "service_id": services[score.is_ranked],
            "experts": len(blind),
            "probability": np.mean(chance, axis=0),
            "probability_least": np.min(chance, axis=0),
            "probability_most": np.max(chance, axis=0),
            "share_in_top": np.mean(is_in, axis=0),
        }
    ).astype(EXPERT)
