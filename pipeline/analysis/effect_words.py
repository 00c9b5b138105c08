"""What may be said of a group's effect: its course, the verdict, why there is none, where a protocol was not kept."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from pipeline.analysis.effect_methods import Question
from pipeline.analysis.effect_panel import COMPOSITE, Panel
from pipeline.analysis.effect_questions import Questions
from pipeline.methods.imputation import since_start
from pipeline.methods.verdict import Evidence, Interval, judge
from pipeline.registry.load import Registry
from pipeline.registry.model import Indicator
from pipeline.registry.protocol import Comparison

Floats = NDArray[np.float64]


def course(asked: Question) -> dict[str, float]:
    """Before and now of the guided and of the others, and the guided's change with its interval, by the weights.

    The others are read in the periods of each start, which counts as much as the guided of that start do.
    """
    before, now = _means(asked, asked.windows.baseline), _means(asked, asked.windows.scored)
    own = asked.guided
    change = _change(now[own] - before[own], asked.weight[own], asked.level)
    others = {"before": 0.0, "now": 0.0}
    for each in np.unique(asked.start[own]):
        there = _others(asked, each)
        share = asked.weight[asked.start == each].sum() / asked.weight[own].sum()
        others = {name: value + share * there[name] for name, value in others.items()}
    nobody = np.nan if own.all() or not own.any() else 1.0
    return {
        "guided_before": _mean(before[own], asked.weight[own]),
        "guided_now": _mean(now[own], asked.weight[own]),
        "comparison_before": others["before"] * nobody,
        "comparison_now": others["now"] * nobody,
        "change": change.value,
        "change_low": change.low,
        "change_high": change.high,
    }


def _means(asked: Question, window: tuple[float, float]) -> Floats:
    """Each unit's mean in a window around its own start, shape (S,)."""
    since = since_start(asked.start, asked.outcome.shape[1])
    inside = (since >= window[0]) & (since <= window[1]) & np.isfinite(asked.outcome)
    seen = inside.sum(1)
    return np.asarray(np.where(inside, asked.outcome, 0.0).sum(1) / np.where(seen > 0, seen, np.nan))


def _others(asked: Question, start: float) -> dict[str, float]:
    """The mean of those not guided in the windows around a start."""
    others = asked.only(~asked.guided)
    around = replace(others, start=np.full(len(others.start), start))
    return {
        "before": _mean(_means(around, asked.windows.baseline), around.weight),
        "now": _mean(_means(around, asked.windows.scored), around.weight),
    }


def _mean(values: Floats, weight: Floats) -> float:
    known = np.isfinite(values) & (weight > 0)
    return float(np.average(values[known], weights=weight[known])) if known.any() else np.nan


def _change(change: Floats, weight: Floats, level: float) -> Interval:
    """The weighted mean change, with limits by how much units differ (t, one unit a degree of freedom)."""
    mean = _mean(change, weight)
    if len(change) < 2:
        return Interval(mean, np.nan, np.nan)
    share = weight / weight.sum()
    error = np.sqrt((share**2 * (change - mean) ** 2).sum() / (1 - (share**2).sum()))
    reach = stats.t.ppf((1 + level) / 2, len(change) - 1) * error
    return Interval(mean, mean - reach, mean + reach)


def judged(asked: Question, beyond: Interval, reason: str = "") -> str:
    """The verdict on a tested outcome. beyond: the effect, its interval at the level that Holm's rule leaves."""
    told = course(asked)
    change = Interval(told["change"], told["change_low"], told["change_high"])
    evidence = Evidence(change, beyond, has_enough_data=not reason, has_series_break=reason == "series_break")
    return str(judge(evidence).verdict)


def why_not(reason: str, name: str, of: Questions, registry: Registry) -> str:
    """A reason of having too few guided, put down to a break in the series where one parts the windows."""
    panel, known = of.of, of.start[np.isfinite(of.start)]
    if reason != "too_few_guided" or not known.size or not panel.periods.size:
        return reason
    first, last = panel.periods[0] + known.min() + of.windows.baseline[0], panel.periods[0] + known.max()
    place = registry.jurisdiction
    begin = place.start_of(_period(first, panel.is_yearly))
    end = place.end_of(_period(last + of.windows.scored[1], panel.is_yearly))
    is_parted = any(
        each.effect == "not_comparable" and each.parts(begin, end)
        for indicator in _parts(panel, name)
        for each in registry.breaks_of(indicator.id)
    )
    return "series_break" if is_parted else reason


def departures(of: Questions, name: str, comparison: Comparison) -> list[str]:
    """Where a result does not follow its protocol, as words of docs/glossary.md."""
    found = []
    if comparison not in of.protocol.comparisons:
        found.append("comparison_not_declared")
    if name == COMPOSITE and set(of.protocol.primary.dimensions) - set(of.of.scale.dimensions):
        found.append("dimensions_missing")
    if _has_gap(of, name):
        found.append("periods_missing")
    if of.twice.any():
        found.append("guided_elsewhere")
    if of.protocol.amended_late:
        found.append("amended_after_reading")
    return found


def _has_gap(of: Questions, name: str) -> bool:
    """Whether nobody has a figure in some period of a start's baseline or scored phase.

    A year's figure stands in its second half-year alone.
    """
    panel = of.of
    parts = _parts(panel, name)
    if not parts:
        return True
    known = np.all([panel.denominator[each.id] > 0 for each in parts], axis=0).any(0)
    series = [each.in_era(panel.scale.era) for each in parts]
    is_yearly_part = not panel.is_yearly and any(each and each.frequency == "year" for each in series)
    wanted = {
        round(start + since)
        for start in np.unique(of.start[np.isfinite(of.start)])
        for first, last in (of.windows.baseline, of.windows.scored)
        for since in range(round(first), round(last) + 1)
    }
    there = set(np.flatnonzero(known).tolist())
    return any(each not in there for each in wanted if not is_yearly_part or (panel.periods[0] + each) % 2)


def _parts(of: Panel, name: str) -> list[Indicator]:
    """The indicators an outcome is made of."""
    return [each for each in of.scale.indicators if name in (each.id, each.dimension) or name == COMPOSITE]


def _period(number: float, is_yearly: bool) -> str:
    whole = round(number)
    return str(whole) if is_yearly else f"{whole // 2}H{whole % 2 + 1}"
