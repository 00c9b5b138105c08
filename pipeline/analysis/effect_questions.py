"""What a protocol asks of its panel: who is held against whom, in which periods, and who could have been guided."""

from typing import get_args

import numpy as np
from numpy.typing import NDArray

from pipeline.analysis.effect_methods import Question
from pipeline.analysis.effect_panel import COMPOSITE, Panel, column
from pipeline.registry.programme import Cohort
from pipeline.registry.protocol import Comparison, Protocol, Weight

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
COMPARISONS: tuple[Comparison, ...] = get_args(Comparison)


class Questions:
    """The questions of a protocol. outcomes: name → shape (S, T). start: shape (S,), of its own cohorts.

    twice: shape (S,), who was guided in another protocol's cohort too, before the scored periods ended; left out.
    """

    def __init__(self, of: Panel, protocol: Protocol, cohorts: list[Cohort]) -> None:
        """cohorts: those of the protocol."""
        self.of, self.protocol, self.cohorts = of, protocol, cohorts
        self.windows = protocol.windows(cohorts[0])
        nothing = {COMPOSITE: np.full((len(of.services), len(of.periods)), np.nan)}
        self.outcomes = of.scale.outcomes(of.values()) if of.scale.dimensions else nothing
        own: Floats = np.min([of.start[each.id] for each in cohorts], axis=0)
        rest = [start for name, start in of.start.items() if name not in protocol.cohorts]
        elsewhere = np.min([np.full(own.shape, np.inf), *rest], axis=0)
        self.twice: Bools = np.isfinite(own) & (elsewhere <= own + self.windows.scored[1])
        self.start: Floats = np.where(self.twice, np.inf, own)
        self.never: Bools = np.isinf(own) & np.isinf(elsewhere)
        self.need = self._need()

    def ask(
        self,
        outcome: Floats,
        comparison: Comparison,
        with_splits: bool = False,
        kept: Bools | bool = True,
        weight: Weight | None = None,
    ) -> Question:
        """An outcome asked of a comparison: the guided and those they are held against, as far as they have figures.

        Who was guided in a cohort of another protocol is in neither; split services only where they are asked for.
        weight: another than the protocol's.
        """
        of, inference = self.of, self.protocol.inference
        guided, others = np.isfinite(self.start), self.others(comparison)
        whole = Question(
            outcome,
            of.weight(weight or self.protocol.weight),
            self.start,
            guided | (others & self._could(comparison)),
            self.need,
            np.unique(of.peer_group, return_inverse=True)[1],
            self.windows,
            inference.draws,
            inference.seed,
            inference.level_percent / 100,
        )
        return whole.only((guided | others) & (with_splits | ~of.is_split) & kept).told()

    def others(self, comparison: Comparison) -> Bools:
        """Who is compared with, shape (S,)."""
        if comparison == "all_not_guided":
            return self.never
        return self.never & self.of.asked["declined" if comparison == "declined" else "not_offered"]

    @property
    def covid(self) -> Bools:
        """The columns that the protocol leaves out of a check, shape (T,)."""
        numbers = [column(each, self.of.is_yearly) for each in self.protocol.covid_periods]
        return np.isin(self.of.periods, numbers)

    def phase(self, event: int) -> str:
        """The phase so many periods since the start; a negative number lies before it."""
        for phase, (first, last) in (("baseline", self.windows.baseline), ("selection", self.windows.choice)):
            if first <= event <= last:
                return phase
        if event < 0:
            return "between"
        return "start_up" if event < self.windows.scored[0] else self.protocol.scored_phase

    def _could(self, comparison: Comparison) -> Bools:
        """Who could have been guided: who was asked where that is known, else so many with the highest need."""
        asked = self.of.asked["not_offered"] | self.of.asked["declined"]
        places = self.protocol.inference.eligible
        if comparison != "all_not_guided" or (places is None and not asked.any()):
            return np.ones(len(self.start), bool)
        order = np.argsort(-np.nan_to_num(self.need, nan=-np.inf), kind="stable")[:places]
        return asked if asked.any() else np.isin(np.arange(len(self.need)), order) & np.isfinite(self.need)

    def _need(self) -> Floats:
        """The highest mean composite of the periods in which units were chosen, over the starts; shape (S,)."""
        y = self.outcomes[COMPOSITE]
        found = [np.full(len(y), np.nan)]
        for each in np.unique(self.start[np.isfinite(self.start)]).astype(int):
            first, last = (each + round(end) for end in self.windows.choice)
            window = y[:, max(first, 0) : max(last + 1, 0)]
            seen = np.isfinite(window).sum(1)
            found.append(np.nansum(window, axis=1) / np.where(seen > 0, seen, np.nan))
        return np.asarray(np.fmax.reduce(found))
