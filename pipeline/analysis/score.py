"""The score of need from draws of the indicators: arithmetic inside a dimension, power mean across dimensions."""

from collections import Counter
from collections.abc import Collection, Mapping
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pipeline.methods import composite
from pipeline.registry.index import Index, Round
from pipeline.registry.model import Indicator
from pipeline.registry.programme import Cohort

Floats = NDArray[np.float64]


def need(draws: Floats, indicator: Indicator, index: Index, each: Round | Cohort) -> Floats:
    """Draws as need between the goalposts, 0 to 150; higher is more need, whatever the direction of the indicator."""
    post = next(p for p in index.goalposts if (p.indicator, p.era) == (indicator.id, each.era))
    return composite.need(draws, post.at_none, post.at_full)


class Score:
    """Draws of the score: arithmetic mean inside a dimension, power mean across dimensions.

    dimension_needs: mean over the draws, shape (S, D).
    A dimension that nobody has numbers for leaves everybody unranked, and the score to the others. An indicator that
    enters the round but was not delivered counts as not observed.
    """

    def __init__(
        self,
        index: Index,
        each: Round,
        entering: Collection[Indicator],
        observed: Mapping[str, Floats],
        needs: Mapping[str, Floats],
        services: int,
    ) -> None:
        """observed: indicator → 1 or 0 for each service, shape (S,). needs: indicator → draws, shape (n_draws, S)."""
        wanted = [d for d in index.dimensions if d.id in each.dimensions]
        self.members = {d.id: [e.id for e in entering if e.id in needs and e.dimension == d.id] for d in wanted}
        self.dimensions = [d for d in wanted if self.members[d.id]]
        self.weights = np.array([d.weight for d in self.dimensions])
        by_dimension = self.by_dimension(needs) if self.dimensions else np.empty((index.draws, services, 0))
        self.draws = (
            composite.power_mean(by_dimension, self.weights, index.power)
            if self.dimensions
            else np.full((index.draws, services), np.nan)
        )
        self.dimension_needs = by_dimension.mean(axis=0)
        self._needs, self._by_dimension, self._power = needs, by_dimension, index.power
        delivered = {
            d: len(self.members[d]) / count for d, count in Counter(e.dimension for e in entering).items() if d
        }
        reported = self.by_dimension(observed) if self.dimensions else np.empty((services, 0))
        seen = reported * np.array([delivered[d.id] for d in self.dimensions])
        self.observed_weight_share = seen @ self.weights / sum(d.weight for d in wanted)
        has_every_dimension = (seen > 0).all(axis=-1) & (len(self.dimensions) == len(wanted))
        self.is_ranked = has_every_dimension & (self.observed_weight_share >= index.minimum_weight_share)

    def by_dimension(self, values: Mapping[str, Floats]) -> Floats:
        """Per dimension the mean over its indicators; of the values' shape and one more axis, the dimensions."""
        means = [np.mean([values[one] for one in self.members[d.id]], axis=0) for d in self.dimensions]
        return np.stack(means, axis=-1)

    @cached_property
    def points(self) -> dict[str, Floats]:
        """Points of the score per indicator, mean over the draws; over indicators they add up to the mean score."""
        points = composite.contributions(self._by_dimension, self.weights, self._power)
        needs, found = self._needs, {}
        for place, dimension in enumerate(self.dimensions):
            siblings = np.sum([needs[one] for one in self.members[dimension.id]], axis=0)
            for one in self.members[dimension.id]:
                share = np.divide(needs[one], siblings, where=siblings > 0, out=np.zeros_like(siblings))
                found[one] = (points[..., place] * share).mean(axis=0)
        return found
