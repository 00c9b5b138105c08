"""The follow-up of a cohort: guided services against the rest of the country, as a figure and as tables."""

from typing import Any

import pandas as pd

from pipeline.registry.model import Indicator
from pipeline.registry.programme import Cohort
from pipeline.reports import breaks, palette, reasons
from pipeline.reports.facts import Facts, records
from pipeline.reports.figures import CONFIG, Figure, Json, Key, Panel, Synthetic, layout, listed, marked
from pipeline.reports.tables import Column, Table, rows
from pipeline.reports.voice import Voice


def follow_up(
    say: Voice, facts: Facts, cohort: Cohort, path: pd.DataFrame, table: Table, is_synthetic: Synthetic
) -> Figure:
    """Guided services against the rest of the country, one panel an indicator, the phases shaded and named."""
    indicators = [facts.registry.indicators[each] for each in sorted(path["indicator_id"].unique())]
    indicators.sort(key=lambda each: not each.duties)
    panels = [
        _course(say, facts, cohort, each, path[path["indicator_id"] == each.id], is_synthetic) for each in indicators
    ]
    legend = [Key(palette.GROUP[group], say(f"group.{group}")) for group in palette.GROUP]
    title = marked(say, say("figure.follow_up", cohort=say.of(cohort.label)), is_synthetic)
    return Figure(f"follow-up-{cohort.id}", title, " ".join(each.summary for each in panels), panels, table, legend)


def _course(
    say: Voice, facts: Facts, cohort: Cohort, indicator: Indicator, path: pd.DataFrame, is_synthetic: Synthetic
) -> Panel:
    periods = sorted(path["period"].unique())
    place = facts.registry.jurisdiction
    parted = breaks.drawn(facts.registry, indicator, periods)
    marks = breaks.marks(say, place, parted, periods)
    traces, ends = [], {}
    for group in palette.GROUP:
        part = path[path["group_name"] == group].set_index("period").reindex(periods)
        traces.append(_line(say, indicator, group, breaks.cut(place, parted, part)))
        known = part[part["value"].notna()]
        ends[group] = (
            say(
                "figure.follow_up_group",
                group=say(f"group.{group}"),
                first=say.value(known["value"].iloc[0], indicator),
                start=say.period(str(known.index[0])),
                last=say.value(known["value"].iloc[-1], indicator),
                end=say.period(str(known.index[-1])),
            )
            if len(known)
            else ""
        )
    summary = say("figure.follow_up_words", indicator=say.of(indicator.label), **ends)
    shapes, words = _phases(say, facts, cohort, periods, marks.room)
    axes = {
        "xaxis": {
            "type": "category",
            "categoryarray": periods,
            "categoryorder": "array",
            "tickangle": -60,
            "fixedrange": True,
            "range": [-0.5, len(periods) - 0.5],
            "showgrid": False,
            "automargin": True,
            "tickfont": {"size": 11},
        },
        "yaxis": {
            "rangemode": "tozero",
            "gridcolor": palette.RULE,
            "fixedrange": True,
            "automargin": True,
            "ticksuffix": " %" if indicator.unit == "percent" else "",
        },
    }
    drawing = layout(
        say,
        300 + marks.room,
        is_synthetic,
        shapes=shapes + marks.shapes,
        annotations=words + marks.words,
        margin={"l": 8, "r": 8, "t": 34 + marks.room, "b": 8},
        **axes,
    )
    summary = f"{summary} {marks.summary}".strip()
    return Panel(f"{cohort.id}-{indicator.id}", summary, traces, drawing, say.of(indicator.label), CONFIG)


def _line(say: Voice, indicator: Indicator, group: str, part: pd.DataFrame) -> Json:
    hover = [
        ""
        if pd.isna(row.value)
        else f"{say(f'group.{group}')}<br>{say.period(str(row.Index))}: "
        f"{say.value(row.value, indicator)} ({say.between(row.value_low, row.value_high, indicator.decimals)})"
        for row in records(part, with_index=True)
    ]
    colour = palette.GROUP[group]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": say(f"group.{group}"),
        "x": [str(each) for each in part.index],
        "y": listed(part["value"], 3),
        "text": hover,
        "hovertemplate": "%{text}<extra></extra>",
        "connectgaps": False,
        "line": {"color": colour, "width": 2, "dash": palette.DASH[group]},
        "marker": {"color": colour, "size": 6, "symbol": palette.SYMBOL[group]},
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": listed(part["value_high"] - part["value"], 3),
            "arrayminus": listed(part["value"] - part["value_low"], 3),
            "color": colour,
            "thickness": 1,
            "width": 0,
        },
    }


def _phases(say: Voice, facts: Facts, cohort: Cohort, periods: list[str], above: int) -> tuple[list[Json], list[Json]]:
    """The shades of the phases that the periods touch, and their words, so many pixels above the drawing."""
    shapes, words = [], []
    days = [facts.registry.jurisdiction.start_of(each) for each in periods]
    for number, phase in enumerate(cohort.phases):
        start = facts.registry.jurisdiction.start_of(phase.first_period)
        end = facts.registry.jurisdiction.end_of(phase.last_period)
        inside = [place for place, day in enumerate(days) if start <= day < end]
        if not inside:
            continue
        left, right = inside[0] - 0.5, inside[-1] + 0.5
        shapes.append(
            {
                "type": "rect",
                "layer": "below",
                "x0": left,
                "x1": right,
                "y0": 0,
                "y1": 1,
                "yref": "paper",
                "fillcolor": palette.PHASE[phase.id],
                "line": {"width": 0},
            }
        )
        is_last = inside[-1] == len(periods) - 1
        words.append(
            {
                "text": say(f"phase.{phase.id}"),
                "x": right if is_last else (left + right) / 2,
                "y": 1,
                "yref": "paper",
                "xanchor": "right" if is_last else "center",
                "yanchor": "bottom",
                "yshift": above + 13 * (number % 2),
                "showarrow": False,
                "font": {"size": 11, "color": palette.MUTED},
            }
        )
    return shapes, words


def change_table(say: Voice, facts: Facts, cohort: Cohort, is_synthetic: Synthetic) -> Table:
    """Guided services and the rest of the country, phase by phase; never one service alone."""
    table = facts.tables["result.change"]
    table = table[table["cohort_id"].eq(cohort.id) & table["service_id"].isna() & table["borders"].eq("as_of")]
    order = {phase.id: place for place, phase in enumerate(cohort.phases)}
    table = table.assign(place=table["phase"].map(order)).sort_values(["indicator_id", "group_name", "place"])
    body = [_change_row(say, facts, cohort, row) for row in records(table)]
    columns = [
        Column(say("column.indicator"), is_wide=True),
        Column(say("column.group")),
        Column(say("column.phase")),
        Column(say("column.services"), is_number=True),
        Column(say("column.count"), is_number=True),
        Column(say("column.value"), is_number=True),
        Column(say("column.change"), is_number=True),
    ]
    return Table(
        f"change-{cohort.id}",
        marked(say, say("table.change", cohort=say.of(cohort.label)), is_synthetic),
        columns,
        rows(body),
    )


def _change_row(say: Voice, facts: Facts, cohort: Cohort, row: Any) -> tuple[str, ...]:
    indicator = facts.registry.indicators[row.indicator_id]
    of = "number.of" if reasons.is_share(indicator, cohort.era) else "number.spread"
    moved = "" if pd.isna(row.change) else say.change(row.change, indicator)
    if pd.notna(row.change_low):
        moved += f" ({say.between(row.change_low, row.change_high, indicator.decimals)})"
    return (
        say.of(indicator.label),
        say(f"group.{row.group_name}"),
        say(f"phase.{row.phase}"),
        say.number(row.services),
        say(of, count=say.count(row.numerator, row.hidden_cells > 0), all=say.count(row.denominator)),
        f"{say.value(row.value, indicator)} ({say.between(row.value_low, row.value_high, indicator.decimals)})",
        moved or "–",
    )


def path_table(say: Voice, facts: Facts, cohort: Cohort, is_synthetic: Synthetic) -> Table:
    """The points of the follow-up figure."""
    table = facts.tables["mart.path"]
    table = table[table["cohort_id"] == cohort.id].sort_values(["indicator_id", "group_name", "period"])
    body = []
    for row in records(table):
        indicator = facts.registry.indicators[row.indicator_id]
        span = say.between(row.value_low, row.value_high, indicator.decimals)
        value = f"{say.value(row.value, indicator)} ({span})"
        body.append((say.of(indicator.label), say(f"group.{row.group_name}"), say.period(row.period), value))
    headings = [say("column.indicator"), say("column.group"), say("column.period")]
    columns = [*map(Column, headings), Column(say("column.value"), is_number=True)]
    return Table(
        f"path-{cohort.id}",
        marked(say, say("table.path", cohort=say.of(cohort.label)), is_synthetic),
        columns,
        rows(body),
    )
