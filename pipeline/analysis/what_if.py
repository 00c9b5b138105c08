"""What would move a service: the model asked again about one service with other counts, everything common held fixed.

Tables: result.need_exit, result.need_shift. Method: docs/methods.md.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from pipeline.analysis.joint import AHEAD, Joint
from pipeline.analysis.score import Score, need
from pipeline.methods import outlook
from pipeline.registry.index import Index, Round
from pipeline.registry.model import Indicator

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

LISTED = 0.5  # the probability from which a service is told what would take it off the list
SHIFTS = (0.5, 1.0, 1.5, 2.0, 3.0)  # standard deviations between services

EXIT = {
    "service_id": "str", "indicator_id": "str", "cases": "float64", "fewer_cases": "float64",
    "probability": "float64", "probability_then": "float64", "score_then": "float64",
}  # fmt: skip
SHIFT = {"service_id": "str", "shift": "float64", "probability": "float64", "probability_then": "float64"}


class WhatIf:
    """Asks again about single services. Positions of `services` are those of the joint model."""

    def __init__(
        self,
        ahead: Joint,
        score: Score,
        indicators: Sequence[Indicator],
        services: Sequence[str],
        index: Index,
        each: Round,
    ) -> None:
        self._ahead, self._indicators, self._services = ahead, list(indicators), list(services)
        self._index, self._each, self._score = index, each, score
        self._ranked = score.draws[:, score.is_ranked]
        top = index.tier_top
        padded = np.pad(self._ranked, ((0, 0), (top + 1, 0)), constant_values=-np.inf)  # a list with room has no edge
        self._next, self._last = np.partition(padded, (-top - 1, -top), axis=1)[:, [-top - 1, -top]].T
        self._place = {place: column for column, place in enumerate(np.flatnonzero(score.is_ranked).tolist())}

    def probability(self, place: int, points: Floats) -> float:
        """P(top `tier_top`) of a ranked service whose score is other than it was; points: shape (n_draws,)."""
        own = self._ranked[:, self._place[place]]
        edge = np.where(own >= self._last, self._next, self._last)  # the last place of the list without the service
        return float(((points > edge) + (points == edge) / 2).mean())

    def with_fewer(self, place: int, fewer: Mapping[str, float]) -> Floats:
        """Draws of the score, shape (n_draws,), had some indicators so many cases of need fewer, the newest first."""
        seen = self._ahead.counts.changed(lambda each: each[[place]].copy())
        for number, one in enumerate(self._indicators):
            if one.id in fewer:
                _take(seen.numerator[0, number], seen.denominator[0, number], fewer[one.id], one.direction)
        _, found = outlook.ahead(self._ahead.dynamics, seen, AHEAD)
        [rates] = self._ahead.engine.rates(found, [self._services[place]])
        return self._points({one.id: rates[:, [n]] * one.per for n, one in enumerate(self._indicators)})

    def shifted(self, place: int, shift: float, missing: Floats) -> Floats:
        """Draws of the score, shape (n_draws,), had the missing periods been worse by `shift` standard deviations.

        missing: share of an indicator's periods without a figure, one an indicator.
        """
        spread = np.sqrt(np.diag(self._ahead.dynamics.lasting))
        moved = {}
        for number, one in enumerate(self._indicators):
            worse = shift * spread[number] * missing[number] * one.need_sign
            rate = self._ahead.draws[one.id][:, [place]] / one.per
            is_share = self._ahead.counts.law[number] == "binomial"
            moved[one.id] = one.per * (special.expit(special.logit(rate) + worse) if is_share else rate * np.exp(worse))
        return self._points(moved)

    def _points(self, draws: Mapping[str, Floats]) -> Floats:
        needs = {one.id: need(draws[one.id], one, self._index, self._each) for one in self._indicators}
        observed = {one.id: np.ones(1) for one in self._indicators}
        return Score(self._index, self._each, self._indicators, observed, needs, 1).draws[:, 0]

    def exits(self, probability: Floats) -> pd.DataFrame:
        """One row a listed service and indicator: the list without the cases by which it exceeds a middling service.

        probability: P(top `tier_top`) of each service, NaN of those not ranked. Hidden counts are left as they are.
        """
        rows = []
        for place in np.flatnonzero(np.nan_to_num(probability) >= LISTED).tolist():
            for number, one in enumerate(self._indicators):
                fewer = self._excess(place, number, one)
                if fewer < 1:
                    continue
                points = self.with_fewer(place, {one.id: fewer})
                rows.append(
                    {
                        "service_id": self._services[place],
                        "indicator_id": one.id,
                        "cases": self._ahead.counts.denominator[place, number].sum(),
                        "fewer_cases": fewer,
                        "probability": probability[place],
                        "probability_then": self.probability(place, points),
                        "score_then": points.mean(),
                    }
                )
        return pd.DataFrame(rows, columns=list(EXIT)).astype(EXIT)

    def _excess(self, place: int, number: int, one: Indicator) -> float:
        """How many more cases of need than a middling service has, in whole cases; 0 where there are none."""
        counts = self._ahead.counts
        level = self._ahead.dynamics.level[number]
        rate = special.expit(level) if counts.law[number] == "binomial" else np.exp(level)
        seen = counts.denominator[place, number] - counts.hidden_cases[place, number]
        more = float((counts.numerator[place, number] - seen * rate).sum())
        return float(np.floor(one.need_sign * more))

    def tipping(self, probability: Floats) -> Floats:
        """For each service that is not listed but lacks figures: the smallest shift that lists it; NaN where none does.

        Missing figures may be missing because they are bad. In standard deviations between services.
        """
        missing = missing_share(self._ahead.counts.is_known)
        found = np.full(len(self._services), np.nan)
        for place in np.flatnonzero((missing > 0.01).any(axis=1) & (probability < LISTED)).tolist():
            for shift in SHIFTS:
                if self.probability(place, self.shifted(place, shift, missing[place])) >= LISTED:
                    found[place] = shift
                    break
        return found

    def shifts(self, probability: Floats) -> pd.DataFrame:
        """One row a ranked service that lacks figures and a declared shift (`alternatives.missing_shifts`)."""
        missing = missing_share(self._ahead.counts.is_known)
        places = np.flatnonzero((missing > 0.01).any(axis=1) & ~np.isnan(probability)).tolist()
        rows = [
            {
                "service_id": self._services[place],
                "shift": shift,
                "probability": probability[place],
                "probability_then": self.probability(place, self.shifted(place, shift, missing[place])),
            }
            for place in places
            for shift in self._index.alternatives.missing_shifts
        ]
        return pd.DataFrame(rows, columns=list(SHIFT)).astype(SHIFT)


def missing_share(known: Bools) -> Floats:
    """The share of an indicator's periods that a service lacks, shape (S, J); known: shape (S, J, T).

    As many periods as the service with most has: a yearly figure is not missing in the half-year without one.
    """
    seen = known.sum(axis=2)
    return np.asarray(1 - seen / seen.max(axis=0))


def _take(numerator: Floats, denominator: Floats, cases: float, direction: str) -> None:
    """Takes cases of need out of a service's counts, in place, from the newest period backwards."""
    left = cases
    for period in reversed(range(numerator.size)):
        at_hand = numerator[period] if direction == "high_is_need" else denominator[period] - numerator[period]
        taken = min(left, max(at_hand, 0))
        numerator[period] += taken if direction == "low_is_need" else -taken
        left -= taken
