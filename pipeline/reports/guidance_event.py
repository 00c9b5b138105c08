"""The difference from the others, period by period since the start, as a figure."""

from typing import Any

import pandas as pd

from pipeline.registry.protocol import Protocol
from pipeline.reports import palette, verdicts
from pipeline.reports.facts import Facts, records
from pipeline.reports.figures import CONFIG, Figure, Json, Key, Panel, Synthetic, layout, listed, marked
from pipeline.reports.guidance_effect import label, of, primary
from pipeline.reports.tables import Column, Table, rows
from pipeline.reports.voice import Voice


def event_figure(say: Voice, facts: Facts, protocol: Protocol, is_synthetic: Synthetic) -> Figure | None:
    """The main question's estimate by periods since the start; nothing where there is none."""
    row = primary(facts, protocol)
    found = of(facts, protocol, "result.effect_by_period")
    if row is None or found.empty:
        return None
    own = found[found["outcome_id"].eq(row.outcome_id) & found["comparison"].eq(row.comparison)]
    own = own.sort_values("periods_since_start")
    scored = own[own["phase"] == protocol.scored_phase]
    if scored.empty:
        return None
    outcome = label(say, facts, protocol, row)
    comparison = say(f"effect.comparison_{row.comparison}")
    summary = say(
        "effect.event_words",
        outcome=outcome,
        comparison=comparison,
        n=say.number(len(scored)),
        phase=say(f"phase.{protocol.scored_phase}"),
        low=_amount(say, row, scored["estimate"].min()),
        high=_amount(say, row, scored["estimate"].max()),
        sure=say.number(((scored["low"] > 0) | (scored["high"] < 0)).sum()),
    )
    title = marked(say, say("effect.event", outcome=outcome), is_synthetic)
    phases = [each for each in palette.PHASE if own["phase"].eq(each).any()]
    legend = [Key(palette.PHASE[each], say(f"phase.{each}")) for each in phases]
    name = f"event-{protocol.id}"
    panel = Panel(name, summary, [_trace(say, row, own)], _layout(say, own, is_synthetic), config=CONFIG)
    return Figure(name, title, summary, [panel], _table(say, row, own, name, is_synthetic), legend)


def _trace(say: Voice, row: Any, own: pd.DataFrame) -> Json:
    hover = [
        f"{say(f'phase.{each.phase}')}, {say.number(each.periods_since_start)}: "
        f"{_amount(say, row, each.estimate)}{_limits(say, each)}"
        for each in records(own)
    ]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": own["periods_since_start"].tolist(),
        "y": listed(own["estimate"], 3),
        "text": hover,
        "hovertemplate": "%{text}<extra></extra>",
        "marker": {"color": palette.ACCENT, "size": 8},
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": listed((own["high"] - own["estimate"]).fillna(0), 3),
            "arrayminus": listed((own["estimate"] - own["low"]).fillna(0), 3),
            "color": palette.ACCENT,
            "thickness": 2,
            "width": 0,
        },
    }


def _layout(say: Voice, own: pd.DataFrame, is_synthetic: Synthetic) -> Json:
    shapes = [
        {
            "type": "rect", "layer": "below", "x0": int(part["periods_since_start"].min()) - 0.5,
            "x1": int(part["periods_since_start"].max()) + 0.5, "y0": 0, "y1": 1, "yref": "paper",
            "fillcolor": palette.PHASE[str(phase)], "line": {"width": 0},
        }
        for phase, part in own.groupby("phase", sort=False)
    ]  # fmt: skip
    words = [
        {
            "text": say("effect.event_axis"), "xref": "paper", "x": 1, "xanchor": "right", "yref": "paper", "y": 0,
            "yanchor": "top", "yshift": -22, "showarrow": False,
        }
    ]  # fmt: skip
    first, last = int(own["periods_since_start"].min()), int(own["periods_since_start"].max())
    axes = {
        "xaxis": {"dtick": 1, "range": [first - 0.5, last + 0.5], "showgrid": False, "fixedrange": True,
                  "zeroline": False},
        "yaxis": {
            "gridcolor": palette.RULE, "zerolinecolor": palette.INK, "zerolinewidth": 1.5, "fixedrange": True,
            "automargin": True,
        },
        "margin": {"l": 8, "r": 8, "t": 8, "b": 48},
    }  # fmt: skip
    return layout(say, 340, is_synthetic, shapes=shapes, annotations=words, **axes)


def _table(say: Voice, row: Any, own: pd.DataFrame, name: str, is_synthetic: Synthetic) -> Table:
    body = [
        (
            say.number(each.periods_since_start),
            say(f"phase.{each.phase}"),
            _amount(say, row, each.estimate) + _limits(say, each),
        )
        for each in records(own)
    ]
    columns = [
        Column(say("effect.since"), is_number=True),
        Column(say("column.phase")),
        Column(say("effect.estimate", level=say.percent(row.level)), is_number=True),
    ]
    return Table(f"{name}-points", marked(say, say("effect.event_table"), is_synthetic), columns, rows(body))


def _limits(say: Voice, each: Any) -> str:
    return "" if pd.isna(each.low) else f" ({say.between(each.low, each.high)})"


def _amount(say: Voice, row: Any, value: float) -> str:
    return verdicts.points(say, "percent" if row.unit == "percent" else "points", value)
