"""What the ranking owes to our own choices: every combination of the declared alternatives. Method: docs/methods.md.

Tables: result.need_variant, result.need_choice.
"""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.methods import composite, normalise, ranking, weighting
from pipeline.methods.sensitivity import (
    ARITHMETIC,
    FACTORS,
    GEOMETRIC_OF_PERFORMANCE,
    Choices,
    Mean,
    OnArray,
    sensitivity,
)
from pipeline.registry.index import Index, Round
from pipeline.registry.model import Indicator

Floats = NDArray[np.float64]
MIDDLE, DEVIATION = 50.0, 20.0  # z-scores as points, so that nearly all lie above 0

WEIGHT_BOX = (0.10, 0.40)  # what any weight of a dimension may be, when each service gets the weights it likes best

VARIANT = {
    "service_id": "str", "variants": "int64", "share_in_top": "float64", "rank_least": "int64", "rank_most": "int64",
    "is_in_top_at_best_weights": "bool",
}  # fmt: skip
CHOICE = {"choice": "str", "levels": "int64", "first_order": "float64", "total_order": "float64"}


def variant_tables(
    draws: Mapping[str, Floats],
    needs: Floats,
    indicators: Sequence[Indicator],
    services: NDArray[np.object_],
    index: Index,
    each: Round,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One row a ranked service, and one row a choice. draws: indicator → (n_draws, n_services) of the ranked ones.

    needs: mean need of each dimension, shape (n_services, D).
    share_in_top: of all variants, in how many the service is among the `tier_top`, at the mean of its draws.
    is_in_top_at_best_weights: still among them where every service has the weights that show it best.
    first_order, total_order: the share of the variance of being among them that is due to a choice, alone and with all
    it takes part in; `draw` is what is due to the data.
    """
    if not indicators or len(services) <= index.tier_top:
        return _empty(VARIANT), _empty(CHOICE)
    stacked = np.stack([draws[one.id][: index.alternatives.draws] for one in indicators], axis=-1)
    choices = _choices(indicators, index, each)
    found = sensitivity(stacked, choices, index.tier_top)
    ranks = found.rank.reshape(-1, len(services))
    by_service = pd.DataFrame(
        {
            "service_id": services,
            "variants": len(ranks),
            "share_in_top": found.share_in_top(index.tier_top),
            "rank_least": ranks.min(axis=0),
            "rank_most": ranks.max(axis=0),
            "is_in_top_at_best_weights": _in_top_at_best_weights(needs, index),
        }
    )
    by_choice = pd.DataFrame(
        {
            "choice": FACTORS,
            "levels": [*choices.shape(), index.alternatives.draws],
            "first_order": found.indices.first_overall,
            "total_order": found.indices.total_overall,
        }
    )
    return by_service.astype(VARIANT), by_choice.astype(CHOICE)


def _in_top_at_best_weights(needs: Floats, index: Index) -> NDArray[np.bool_]:
    """Benefit of the doubt, for all at once; the box is widened where its weights cannot sum to 1."""
    number = needs.shape[1]
    least, most = min(WEIGHT_BOX[0], 1 / number), max(WEIGHT_BOX[1], 1 / number)
    weights = weighting.most_favourable_weights(needs**index.power, least, most)
    score = composite.power_mean(needs, weights, index.power)
    return np.asarray(ranking.need_rank(score) <= index.tier_top)


def _empty(columns: Mapping[str, str]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in columns.items()})


def _choices(indicators: Sequence[Indicator], index: Index, each: Round) -> Choices:
    dimensions = [d for d in index.dimensions if any(one.dimension == d.id for one in indicators)]
    place = {d.id: number for number, d in enumerate(dimensions)}
    declared = np.array([d.weight for d in dimensions])
    heavier = 1 + (index.alternatives.heavier - 1) * np.eye(len(dimensions))
    members = [one.dimension for one in indicators]
    alone = [number for number, one in enumerate(indicators) if members.count(one.dimension) == 1]
    return Choices(
        normalisations=[_normalisation(name, indicators, index, each) for name in index.alternatives.normalisations],
        dimension=np.array([place[str(one)] for one in members]),
        dropped=[None, *(number for number in range(len(indicators)) if number not in alone or len(dimensions) > 1)],
        means=[_mean(name, index) for name in index.alternatives.means],
        weights=np.vstack([declared, declared * heavier]) if len(dimensions) > 1 else declared[None],
    )


def _mean(name: str, index: Index) -> Mean:
    means = {
        "power": Mean(lambda x: x**index.power, lambda x: x ** (1 / index.power)),
        "arithmetic": ARITHMETIC,
        "geometric_of_performance": GEOMETRIC_OF_PERFORMANCE,
    }
    return means[name]


def _normalisation(name: str, indicators: Sequence[Indicator], index: Index, each: Round) -> OnArray:
    """From draws in the indicators' units, shape (n_draws, n_services, J), to points; higher is more need."""
    posts = {post.indicator: post for post in index.goalposts if post.era == each.era}
    none, full = (np.array([getattr(posts[one.id], end) for one in indicators]) for end in ("at_none", "at_full"))
    if name == "goalposts":
        return partial(composite.need, low=none, high=full)
    scales: dict[str, OnArray] = {
        "min_max": partial(normalise.min_max, axis=1),
        "z_score": lambda x: np.maximum(normalise.z_score(x, MIDDLE, DEVIATION, axis=1), 0),
        "rank": partial(normalise.percentile, axis=1),
    }
    towards = np.sign(full - none)
    return lambda draws: scales[name](draws * towards)
