"""What may be said of a group's effect: its course, the verdict, why there is none, and where a protocol was not followed."""

from datetime import date

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from pipeline.analysis.effect_methods import Question
from pipeline.analysis.effect_panel import COMPOSITE, Panel
from pipeline.methods.imputation import Windows, since_start
from pipeline.methods.verdict import Evidence, Interval, judge
from pipeline.registry.load import Registry
from pipeline.registry.protocol import Comparison, Protocol

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
    around = Question(**{**vars(others), "start": np.full(len(others.start), start)})
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


def why_not(reason: str, name: str, of: Panel, registry: Registry, windows: Windows, start: Floats) -> str:
    """A reason of having too few guided, put down to a break in the series where one parts the windows."""
    if reason != "too_few_guided" or not np.isfinite(start).any():
        return reason
    first = of.periods[0] + start[np.isfinite(start)].min() + windows.baseline[0]
    last = of.periods[0] + start[np.isfinite(start)].max() + windows.scored[1]
    place = registry.jurisdiction
    begin, end = place.start_of(_period(first, of.is_yearly)), place.end_of(_period(last, of.is_yearly))
    return "series_break" if _parted(name, of, registry, begin, end) else reason


def _parted(name: str, of: Panel, registry: Registry, begin: date, end: date) -> bool:
    """Whether a break after which nothing may be compared lies between two days, for an outcome or any part of it."""
    parts = [each for each in of.scale.indicators if name in (each.id, each.dimension) or name == COMPOSITE]
    return any(
        each.effect == "not_comparable" and each.parts(begin, end)
        for indicator in parts
        for each in registry.breaks_of(indicator.id)
    )


def _period(number: float, is_yearly: bool) -> str:
    whole = int(number)
    return str(whole) if is_yearly else f"{whole // 2}H{whole % 2 + 1}"


def departures(of: Panel, registry: Registry, protocol: Protocol, name: str, comparison: Comparison) -> list[str]:
    """Where a result does not follow its protocol, as words of docs/glossary.md."""
    found = []
    if comparison not in protocol.comparisons:
        found.append("comparison_not_declared")
    if name == COMPOSITE and set(protocol.primary.dimensions) - set(of.scale.dimensions):
        found.append("dimensions_missing")
    if _missing_periods(of, registry, protocol, name):
        found.append("periods_missing")
    if protocol.amended_late:
        found.append("amended_after_reading")
    return found


def _missing_periods(of: Panel, registry: Registry, protocol: Protocol, name: str) -> bool:
    """Whether no service has a figure in some period of the baseline or the scored phase."""
    parts = [each for each in of.scale.indicators if name in (each.id, each.dimension) or name == COMPOSITE]
    known = np.stack([of.denominator[each.id] > 0 for each in parts])
    series = [each.in_era(of.scale.era) for each in parts]
    step = 2 if not of.is_yearly and any(each and each.frequency == "year" for each in series) else 1
    seen = set(of.periods[known.all(0).any(0)].tolist())
    cohorts = [each for each in registry.cohorts if each.id in protocol.cohorts]
    wanted = set()
    for cohort in cohorts:
        windows = protocol.windows(cohort)
        zero = of.periods[0] + of.start[cohort.id][np.isfinite(of.start[cohort.id])].min(initial=np.inf)
        for first, last in (windows.baseline, windows.scored):
            if np.isfinite(zero):
                wanted |= set(range(int(zero + first), int(zero + last) + 1))
    return not {each for each in wanted if step == 1 or each % 2} <= seen
