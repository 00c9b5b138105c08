"""The estimators an evaluation is asked of: the primary one, the checks beside it, and the placebos."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from pipeline.methods import imputation, randomisation
from pipeline.methods.group_time import Control, group_time_effects
from pipeline.methods.imputation import Windows
from pipeline.methods.rates import normal_quantile
from pipeline.methods.two_way import sun_abraham, two_way_effect
from pipeline.methods.verdict import Interval
from pipeline.registry.protocol import Check, Placebo

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
FEWEST = 3  # units on either side, below which nothing is told apart
CHECK_DRAWS = 499  # a check is looked at, the primary estimate is tested
UNKNOWN = Interval(np.nan, np.nan, np.nan)


@dataclass(frozen=True)
class Question:
    """One outcome of the guided and of those they are compared with. S units, T periods.

    outcome: shape (S, T), more is worse; NaN where unknown. weight, start, eligible, need: shape (S,); start infinite
    for those never guided, need of the selection phase. strata: shape (S,), groups such as KOSTRA's, as whole numbers.
    """

    outcome: Floats
    weight: Floats
    start: Floats
    eligible: Bools
    need: Floats
    strata: NDArray[np.int_]
    windows: Windows
    draws: int
    seed: int
    level: float

    def only(self, kept: Bools) -> "Question":
        """Of some of the units."""
        arrays = ("outcome", "weight", "start", "eligible", "need", "strata")
        return replace(self, **{name: getattr(self, name)[kept] for name in arrays})

    def with_start(self, start: Floats) -> "Question":
        """With other starts, of units with figures around them."""
        return replace(self, start=start).told()

    @property
    def guided(self) -> Bools:
        """Shape (S,)."""
        return np.asarray(np.isfinite(self.start))

    def told(self) -> "Question":
        """Of the units with figures: the guided in their baseline and scored periods, the others in both of some start.

        Only who has figures in the windows of every start can have been dealt one.
        """
        known = np.isfinite(self.outcome) & (self.weight > 0)[:, None]
        told = self.guided & self._both(known, self.start)
        starts = np.unique(self.start[told])
        if not starts.size:
            return self.only(told | ~self.guided)
        both = np.stack([self._both(known, np.full(len(known), each)) for each in starts], axis=1)
        could = replace(self, eligible=self.eligible & (both.all(1) | told))
        return could.only(told | (~self.guided & both.any(1)))

    def _both(self, known: Bools, start: Floats) -> Bools:
        """Whether there are figures before and after a start, shape (S,)."""
        since = imputation.since_start(start, known.shape[1])
        before = (since >= self.windows.baseline[0]) & (since <= self.windows.baseline[1])
        after = self.windows.scored_cells(start, known.shape[1])
        return np.asarray((known & before).any(1) & (known & after).any(1))


@dataclass(frozen=True)
class Answer:
    """An estimate with its interval and p-value, of a part of the method (a cohort left out, say).

    reason: why there is none, as a word of docs/glossary.md.
    """

    effect: Interval = UNKNOWN
    p_value: float = np.nan
    part: str = ""
    reason: str = ""


def imputed(asked: Question, draws: int = CHECK_DRAWS) -> Answer:
    """The imputation estimate with randomisation inference."""
    return answer(tested(asked, draws), asked.level)


def tested(asked: Question, draws: int, is_within: bool = False) -> randomisation.Reassigned | str:
    """The estimate and what it is under other assignments; or why there is none."""
    if reason := too_few(asked):
        return reason
    weight = np.repeat(asked.weight[:, None], asked.outcome.shape[1], axis=1)
    strata = asked.strata if is_within else None
    try:
        return randomisation.reassigned(
            asked.outcome, weight, asked.start, asked.windows, asked.eligible, draws, asked.seed, strata, is_within
        )
    except ValueError:  # periods that hang on nothing, or that nobody is left in to compare with
        return "periods_without_comparison"


def answer(found: randomisation.Reassigned | str, level: float, part: str = "") -> Answer:
    """Estimate, interval by test inversion at a level, and p-value."""
    if isinstance(found, str):
        return Answer(reason=found, part=part)
    low, high = found.interval(level)  # with few draws infinite; rounding never puts the estimate outside
    effect = Interval(found.estimate, min(low, found.estimate), max(high, found.estimate))
    return Answer(effect, found.p_value(), part)


def too_few(asked: Question) -> str:
    """Why there are not enough units to tell anything; nothing where there are."""
    if asked.guided.sum() < FEWEST:
        return "too_few_guided"
    return "too_few_to_compare_with" if (~asked.guided).sum() < FEWEST else ""


def callaway_santanna(asked: Question, control: Control) -> Answer:
    """Group-time effects, their base the last period before the selection phase, over the scored periods."""
    if reason := too_few(asked):
        return Answer(reason=reason)
    skipped = round(-1 - asked.windows.baseline[1])
    found = group_time_effects(asked.outcome, asked.start, asked.weight, control=control, skipped=skipped)
    return _normal(*found.scored(*asked.windows.scored), asked.level)


def sun_and_abraham(asked: Question) -> Answer:
    """The event study over the scored periods; its reference is the last period before the selection phase."""
    if reason := too_few(asked):
        return Answer(reason=reason)
    skipped = -1 - asked.windows.baseline[1]
    since = imputation.since_start(asked.start, asked.outcome.shape[1])
    outcome = np.where((since > asked.windows.baseline[1]) & (since < 0), np.nan, asked.outcome)
    scored = asked.windows.scored[0] + skipped, asked.windows.scored[1] + skipped
    found, _ = sun_abraham(outcome, asked.weight[:, None], asked.start - skipped, scored)
    return _normal(found.effect, found.standard_error, asked.level)


def two_way(asked: Question) -> Answer:
    """The plain regression on all periods, the selection phase among them: to show what it would have said."""
    if reason := too_few(asked):
        return Answer(reason=reason)
    found = two_way_effect(asked.outcome, asked.weight[:, None], asked.start)
    return _normal(found.effect, found.standard_error, asked.level)


def _normal(effect: float, error: float, level: float) -> Answer:
    if not np.isfinite([effect, error]).all():
        return Answer(reason="periods_without_comparison")
    z = normal_quantile(level)
    p = 2 * stats.norm.sf(abs(effect) / error) if error > 0 else np.nan
    return Answer(Interval(effect, effect - z * error, effect + z * error), float(p))


def unweighted(asked: Question) -> Answer:
    """Every service counts the same."""
    return imputed(replace(asked, weight=(asked.weight > 0).astype(float)))


def within_strata(asked: Question) -> Answer:
    """Each group of like services with periods of its own; guided ones without enough others in theirs are left out."""
    others = np.array([((asked.strata == each) & ~asked.guided).sum() for each in asked.strata])
    own = asked.only(~asked.guided | (others >= FEWEST))
    part = f"{own.guided.sum()} of {asked.guided.sum()} guided"
    return answer(tested(own, CHECK_DRAWS, is_within=True), own.level, part)


def without_columns(asked: Question, columns: Bools) -> Answer:
    """Some periods left out. columns: shape (T,)."""
    return imputed(replace(asked, outcome=np.where(columns, np.nan, asked.outcome)).told())


def earlier_start(asked: Question) -> Answer:
    """A placebo in time: the second half of the baseline against the first, before anybody was chosen."""
    first, last = asked.windows.baseline
    half = (last - first + 1) // 2
    if half < 1:
        return Answer(reason="baseline_too_short")
    middle = first + half
    outcome, start = randomisation.earlier_start(asked.outcome, asked.start, round(-middle))
    since = imputation.since_start(asked.start, outcome.shape[1])
    outcome[(since > last) & (since < 0)] = np.nan  # their selection phase tells of the choice
    windows = Windows((first - middle, -1), (0, last - middle))
    return imputed(replace(asked, outcome=outcome, start=start, windows=windows).told())


def next_in_line(asked: Question, places: int = 25) -> Answer:
    """A placebo among those not guided: the ones with the highest need in the selection phase get the starts."""
    need = np.where(asked.guided | np.isnan(asked.need), -np.inf, asked.need)
    order = np.argsort(-need, kind="stable")[: min(places, int(np.isfinite(need).sum()))]
    stand_in = np.isin(np.arange(len(need)), order)
    if stand_in.sum() < FEWEST:
        return Answer(reason="too_few_guided")
    kept, start = randomisation.stand_in_start(asked.start, stand_in, asked.seed)
    eligible = (asked.eligible | stand_in) & ~asked.guided
    return imputed(replace(asked, eligible=eligible).only(kept).with_start(start[kept]))


def drift_bounds(asked: Question, effect: Interval) -> Answer:
    """How far the estimate could be off, drifted the two groups apart every period as in the baseline at most.

    The bounds of Rambachan & Roth (2023), Review of Economic Studies 90:2555, for relative magnitudes with M = 1, put
    around the interval of the estimate: the largest step between two baseline periods, times the mean number of periods
    from the baseline to the scored ones. They are not the confidence sets of that paper; the largest step is
    taken as it is seen. part: the M up to which the estimate keeps its sign.
    """
    if not effect.is_known:
        return Answer(reason="no_estimate")
    effects, weight = imputation.imputed_effects(asked.outcome, asked.weight[:, None], asked.start, asked.windows)
    by_event = imputation.by_event_time(effects, weight, asked.start)
    first, last = asked.windows.baseline
    before = [by_event[each] for each in range(round(first), round(last) + 1) if each in by_event]
    if len(before) < FEWEST:
        return Answer(reason="baseline_too_short")
    far = float(np.abs(np.diff(before)).max()) * (sum(asked.windows.scored) / 2 - (first + last) / 2)
    keeps = f"sign holds to M = {abs(effect.value) / far:.2f}" if far > 0 else ""
    return Answer(Interval(effect.value, effect.low - far, effect.high + far), part=keeps)


def by_event(asked: Question, first: int, last: int) -> dict[int, Interval]:
    """The effect so many periods since the start, each tested by itself; the baseline's own have no interval.

    Periods of the selection phase and the start-up are there too: to be shown, not scored.
    """
    effects, weight = imputation.imputed_effects(asked.outcome, asked.weight[:, None], asked.start, asked.windows)
    before, end = asked.windows.baseline
    back = round(-1 - end)  # starts that much earlier have a baseline that ends just before them
    found = {}
    for event, effect in imputation.by_event_time(effects, weight, asked.start).items():
        if not first <= event <= last:
            continue
        found[event] = Interval(effect, np.nan, np.nan)
        if event > end:
            windows = Windows((before + back, -1), (event + back, event + back))
            moved = replace(asked, start=asked.start - back, windows=windows).told()
            drawn = imputed(moved)
            found[event] = drawn.effect if drawn.effect.is_known else found[event]
    return found


CHECKS: Mapping[Check, Callable[[Question], Answer]] = {
    "callaway_santanna_never": lambda asked: callaway_santanna(asked, "never"),
    "callaway_santanna_not_yet": lambda asked: callaway_santanna(asked, "not_yet"),
    "sun_abraham": sun_and_abraham,
    "two_way_shown_only": two_way,
    "unweighted": unweighted,
    "peer_group_by_time": within_strata,
}
PLACEBOS: Mapping[Placebo, Callable[[Question], Answer]] = {
    "earlier_start": earlier_start,
    "next_in_line": next_in_line,
}
