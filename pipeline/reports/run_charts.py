"""Run charts of one guided service as drawings of the page itself, without a script; never counted as evidence.

A hidden count is a short stroke from the axis, as long whatever it may be, never a dot: no drawing tells more than the
tables.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import Any

import pandas as pd

from pipeline.registry.model import Indicator
from pipeline.reports import palette
from pipeline.reports.facts import Facts, records
from pipeline.reports.figures import Synthetic, synthetic_word
from pipeline.reports.funnels import round_steps
from pipeline.reports.voice import Voice

WIDTH, HEIGHT = 340, 170  # of a drawing, in its own units
LEFT, RIGHT, TOP, BOTTOM = 36, 332, 8, 140  # of the space between the axes
SHADED = ("selection", "during")
PLACES = ("low_99_8", "low_95", "high_95", "high_99_8", "hidden")


@dataclass(frozen=True)
class Chart:
    """A drawing, and all that it shows in words."""

    id: str
    title: str
    svg: str
    sentences: list[str]


def charts(
    say: Voice, facts: Facts, own: pd.DataFrame, series: pd.DataFrame, is_synthetic: Synthetic
) -> Iterator[Chart]:
    """One chart an indicator that is a share, of one service. own: of result.run_chart. series: of run_chart_series."""
    about = {row.indicator_id: row for row in records(series)}
    for indicator in facts.registry.ranked:
        part = own[own["indicator_id"] == indicator.id].sort_values("period_start")
        if len(part):
            row = about[indicator.id]
            name = f"run-{row.cohort_id}-{row.service_id}-{indicator.id}"
            sentences = list(_sentences(say, indicator, part, row))
            yield Chart(name, say.of(indicator.label), _drawing(say, part, is_synthetic), sentences)


def expected_by_chance(say: Voice, series: pd.DataFrame) -> str:
    """What charts are for, and how many of a cohort's would show a sign without any change at all."""
    known = series[series["false_improvement"].notna()]
    better, worse = (say.number(known[each].sum()) for each in ("false_improvement", "false_concern"))
    chance = say("chart.chance", better=better, worse=worse, n=say.number(len(known)))
    return f"{say('chart.lead')} {chance}" if len(known) else say("chart.lead")


def _drawing(say: Voice, part: pd.DataFrame, is_synthetic: Synthetic) -> str:
    """The points from left to right, the frozen mean and limits, the phases behind."""
    seen = part.loc[~part["is_hidden"], "value"]
    top = min(max([10.0, *seen.dropna(), *part["limit_high"].dropna()]) * 1.08, 100.0)
    step = (RIGHT - LEFT) / max(len(part), 1)
    x = [LEFT + step * (place + 0.5) for place in range(len(part))]

    def y(value: float) -> float:
        return BOTTOM - (BOTTOM - TOP) * min(max(value / top, 0.0), 1.0)

    lines = [*_shades(part, x, step), f'<path class="axis" d="M{LEFT} {TOP}V{BOTTOM}H{RIGHT}"/>']
    for name, kind in (("limit_low", "inner"), ("limit_high", "inner"), ("mean", "level")):
        value = part[name].iloc[0]
        if pd.notna(value):
            lines.append(f'<path class="{kind}" d="M{LEFT} {y(value):.1f}H{RIGHT}"/>')
    points = list(zip(x, records(part), strict=True))
    path, pen = "", "M"
    for place, row in points:
        if row.is_hidden:
            pen = "M"
            continue
        path, pen = f"{path}{pen}{place:.1f} {y(row.value):.1f}", "L"
    lines.append(f'<path class="run" d="{path}"/>')
    for place, row in points:
        if row.is_hidden:
            lines.append(f'<path class="range" d="M{place:.1f} {BOTTOM}V{BOTTOM - 14}"/>')
        elif isinstance(row.rule, str):
            lines.append(f'<rect class="flag" x="{place - 4:.1f}" y="{y(row.value) - 4:.1f}" width="8" height="8"/>')
        else:
            lines.append(f'<circle class="spot" cx="{place:.1f}" cy="{y(row.value):.1f}" r="3"/>')
    lines += [
        f'<text x="{LEFT - 4}" y="{y(each) + 4:.1f}" text-anchor="end">{say.percent(each / 100)}</text>'
        for each in round_steps(top)
    ]
    if is_synthetic:
        word = escape(synthetic_word(say, is_synthetic))
        lines.append(f'<text class="synthetic-word" x="{RIGHT}" y="{HEIGHT - 2}" text-anchor="end">{word}</text>')
    return "".join([*lines, *_years(part, x)])


def _shades(part: pd.DataFrame, x: list[float], step: float) -> Iterator[str]:
    for phase in SHADED:
        places = [place for place, each in zip(x, part["phase"], strict=True) if each == phase]
        if places:
            left, width, height = places[0] - step / 2, places[-1] - places[0] + step, BOTTOM - TOP
            colour = palette.RULE if phase == "selection" else palette.PHASE[phase]
            yield f'<rect x="{left:.1f}" y="{TOP}" width="{width:.1f}" height="{height}" fill="{colour}"/>'


def _years(part: pd.DataFrame, x: list[float]) -> Iterator[str]:
    """Every second year, below its first period."""
    years = part["period"].astype(str).str[:4]
    firsts = [place for place, year in enumerate(years) if place == 0 or years.iloc[place - 1] != year]
    for place in firsts[::2]:
        yield f'<text x="{x[place]:.1f}" y="{BOTTOM + 14}" text-anchor="middle">{years.iloc[place]}</text>'


def _sentences(say: Voice, indicator: Indicator, part: pd.DataFrame, about: Any) -> Iterator[str]:
    """The course, the rules that were met, how often such a chart cries wolf, and where the service stood."""
    seen = part[~part["is_hidden"]]
    if len(seen):
        (first, start), (last, end) = (
            (say.value(seen["value"].iloc[at], indicator), say.period(str(seen["period"].iloc[at]))) for at in (0, -1)
        )
        yield say("chart.course", first=first, start=start, last=last, end=end)
    if part["is_hidden"].any():
        yield say("chart.hidden", n=say.number(part["is_hidden"].sum()))
    if isinstance(about.reason, str):
        yield say("chart.no_limits")
    else:
        yield _flags(say, part)
    if pd.notna(about.false_improvement):
        better, worse = say.percent(about.false_improvement), say.percent(about.false_concern)
        yield say("chart.false_alarms", better=better, worse=worse)
    if about.is_short:
        yield say("chart.short", n=say.number(about.points))
    yield _funnel(say, part)


def _flags(say: Voice, part: pd.DataFrame) -> str:
    met = part[part["rule"].notna() & ~part["is_hidden"]]
    told = [
        say(
            "chart.flag",
            rule=say(f"chart.rule_{rule}"),
            side=say(f"chart.side_{side}"),
            periods=_periods(say, part, list(own.index)),
        )
        for (rule, side), own in met.groupby(["rule", "side"], sort=True)
    ]
    return say("chart.flags", told="; ".join(told)) if told else say("chart.no_flags")


def _funnel(say: Voice, part: pd.DataFrame) -> str:
    """Where the service stood among all services, period by period; a hidden count only as unsure."""
    place = (
        part["funnel"].str.replace(r"\W", "_", regex=True).mask(part["is_hidden"] & part["funnel"].notna(), "hidden")
    )
    told = [
        say(f"chart.place_{each}", periods=_periods(say, part, list(part.index[place == each])))
        for each in PLACES
        if place.eq(each).any()
    ]
    return say("chart.funnel", told="; ".join(told)) if told else say("chart.funnel_inside")


def _periods(say: Voice, part: pd.DataFrame, rows: list[Any]) -> str:
    """The periods of some rows of a series; those that follow upon one another as from the first to the last."""
    names = [say.period(str(each)) for each in part["period"]]
    places = [place for place, each in enumerate(part.index) if each in rows]
    runs = [[place for _, place in run] for _, run in groupby(enumerate(places), key=lambda each: each[1] - each[0])]
    return say.list("–".join(dict.fromkeys((names[run[0]], names[run[-1]]))) for run in runs)
