"""The ranking and the coverage, as figures."""

from typing import Any

import numpy as np
import pandas as pd

from pipeline.registry.model import Indicator
from pipeline.reports import breaks, palette
from pipeline.reports.facts import TIERS, Facts, records
from pipeline.reports.figures import CONFIG, Figure, Json, Key, Panel, layout, listed, marked
from pipeline.reports.tables import Column, Table, rows
from pipeline.reports.voice import Voice, sentence

SHOWN = 30  # services in the ranking figure
ROW_HEIGHT = 24  # pixels
LONGEST_NAME = 26  # letters of a service's name beside the axis; the whole name stands in the table
LETTER = 6.4  # pixels a letter, on the safe side


def tier_counts(say: Voice, tiers: pd.Series, k: int) -> str:
    """How many are in each tier, in words."""
    counts = tiers.value_counts()
    held = [letter for letter in TIERS if counts.get(letter, 0)]
    return "; ".join(say("figure.tier_count", n=counts[each], tier=say.tier(each, k)) for each in held)


def ranking(say: Voice, facts: Facts) -> Figure:
    """The services most probable to be among the k: need with its interval, by tier, alphabetical inside a tier."""
    ranked = facts.current.ranked
    top = ranked.nlargest(min(SHOWN, len(ranked)), facts.chance).sort_index()
    level = say.percent(facts.registry.index.interval_level)
    title = say("figure.ranking", n=len(top), k=facts.k)
    summary = say(
        "figure.ranking_words",
        tiers=sentence(tier_counts(say, ranked["tier"], facts.k)),
        n=len(top),
        low=say.number(top["score_low"].min()) if len(top) else "–",
        high=say.number(top["score_high"].max()) if len(top) else "–",
    )
    panel = Panel("ranking", summary, *_ranking_drawing(say, facts, top, level), title=title, config=CONFIG)
    columns = [
        Column(sentence(say.of(facts.registry.jurisdiction.unit_word))),
        Column(say("column.tier")),
        Column(say("column.chance", k=facts.k), is_number=True),
        Column(say("column.score_interval", level=level), is_number=True),
    ]
    cells = [
        (row.name, say.tier(row.tier, facts.k), say.chance(getattr(row, facts.chance)), _need(say, row))
        for row in records(top)
    ]
    caption = marked(say, title, facts.current.is_synthetic)
    return Figure("ranking", caption, summary, [panel], Table("ranking-figure", caption, columns, rows(cells)))


def _need(say: Voice, row: Any) -> str:
    return f"{say.number(row.score, 1)} ({say.between(row.score_low, row.score_high)})"


def _ranking_drawing(say: Voice, facts: Facts, top: pd.DataFrame, level: str) -> tuple[list[Json], Json]:
    """One dot and one line a service; a tier's word stands above its services."""
    starts = top["tier"].ne(top["tier"].shift())
    place = np.arange(len(top)) + starts.cumsum().to_numpy()
    heads = place[starts.to_numpy()] - 1
    hover = [
        f"{row.name}<br>{_need(say, row)}<br>{sentence(say.tier(row.tier, facts.k))}: "
        f"{say.chance(getattr(row, facts.chance))}"
        for row in records(top)
    ]
    trace = {
        "type": "scatter",
        "mode": "markers",
        "x": listed(top["score"], 2),
        "y": place.tolist(),
        "text": hover,
        "hovertemplate": "%{text}<extra></extra>",
        "marker": {"color": palette.ACCENT, "size": 9},
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": listed(top["score_high"] - top["score"], 2),
            "arrayminus": listed(top["score"] - top["score_low"], 2),
            "color": palette.ACCENT,
            "thickness": 2,
            "width": 0,
        },
    }
    names = [_short(name) for name in top["name"]]
    margin = round(LETTER * max(map(len, names), default=0)) + 12
    words = [
        {
            "text": f"<b>{sentence(say.tier(letter, facts.k))}</b>",
            "xref": "paper",
            "x": 0,
            "xanchor": "left",
            "y": int(head),
            "yref": "y",
            "xshift": -margin,
            "showarrow": False,
            "font": {"size": 12},
        }
        for letter, head in zip(top["tier"][starts], heads, strict=True)
    ]
    words.append(
        {
            "text": say("figure.ranking_axis", level=level),
            "xref": "paper",
            "x": 1,
            "xanchor": "right",
            "yref": "paper",
            "y": 0,
            "yanchor": "top",
            "yshift": -22,
            "showarrow": False,
        }
    )
    last = int(place[-1]) if len(place) else 0
    axes = {
        "xaxis": {"gridcolor": palette.RULE, "zerolinecolor": palette.RULE, "fixedrange": True, "nticks": 6},
        "yaxis": {
            "tickvals": place.tolist(),
            "ticktext": names,
            "range": [last + 0.7, -0.7],
            "showgrid": False,
            "zeroline": False,
            "fixedrange": True,
            "ticks": "",
        },
        "margin": {"l": margin, "r": 14, "t": 8, "b": 48},
    }
    height = 70 + ROW_HEIGHT * (last + 1)
    return [trace], layout(say, height, facts.current.is_synthetic, annotations=words, **axes)


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1].rstrip() + "…"


def coverage(say: Voice, facts: Facts, table: Table) -> Figure:
    """How many municipalities have each status, one panel an indicator and era, stacked over the periods."""
    counts = facts.tables["mart.coverage"]
    is_synthetic, units = bool(counts["is_synthetic"].any()), say(f"unit.{facts.municipal_word}_many")
    known = set(zip(counts["indicator_id"], counts["era"], strict=True))
    rounds = [(each, era.round.era) for era in (facts.current, *facts.earlier) for each in era.indicators]
    shown = [(each, era) for each, era in dict.fromkeys((each.id, era) for each, era in rounds) if (each, era) in known]
    panels = [
        _stack(
            say,
            facts,
            facts.registry.indicators[each],
            counts[counts["indicator_id"].eq(each) & counts["era"].eq(era)],
            era,
            is_synthetic,
            units,
        )
        for each, era in shown
    ]
    held = [status for status in palette.STATUS if counts["status"].eq(status).any()]
    legend = [Key(palette.STATUS[status], say(f"status.{status}")) for status in held]
    title = marked(say, say("table.coverage", units=units), is_synthetic)
    return Figure("coverage", title, " ".join(each.summary for each in panels), panels, table, legend)


def _stack(
    say: Voice, facts: Facts, indicator: Indicator, counts: pd.DataFrame, era: str, is_synthetic: bool, units: str
) -> Panel:
    wide = counts.pivot_table(index="period", columns="status", values="municipalities", aggfunc="sum", fill_value=0)
    wide = wide.sort_index()
    traces = [
        {
            "type": "bar",
            "name": say(f"status.{status}"),
            "x": [str(each) for each in wide.index],
            "y": wide[status].tolist(),
            "marker": {
                "color": palette.STATUS[status],
                "line": {"color": palette.PAPER, "width": 0.5},
                "pattern": {
                    "shape": palette.PATTERN.get(status, ""),
                    "size": 6,
                    "solidity": 0.2,
                    "fillmode": "overlay",
                    "fgcolor": palette.PAPER,
                    "fgopacity": 1,
                },
            },
            "hovertemplate": "%{x}: %{y} " + say(f"status.{status}") + "<extra></extra>",
        }
        for status in palette.STATUS
        if status in wide
    ]
    periods = [str(each) for each in wide.index]
    parted = breaks.drawn(facts.registry, indicator, periods)
    marks = breaks.marks(say, facts.registry.jurisdiction, parted, periods)
    drawing = layout(
        say,
        230 + marks.room,
        is_synthetic,
        barmode="stack",
        bargap=0.15,
        shapes=marks.shapes,
        annotations=marks.words,
        margin={"l": 8, "r": 8, "t": 8 + marks.room, "b": 8},
        xaxis={
            "type": "category",
            "tickangle": -60,
            "fixedrange": True,
            "range": [-0.5, len(periods) - 0.5],
            "automargin": True,
            "tickfont": {"size": 11},
        },
        yaxis={"gridcolor": palette.RULE, "fixedrange": True, "automargin": True},
    )
    title = f"{say.of(indicator.label)}, {wide.index[0][:4]}–{wide.index[-1][:4]}"
    return Panel(
        f"coverage-{era}-{indicator.id}",
        f"{_least(say, indicator, wide, units)} {marks.summary}".strip(),
        traces,
        drawing,
        title,
        CONFIG,
    )


def _least(say: Voice, indicator: Indicator, wide: pd.DataFrame, units: str) -> str:
    """The newest and the thinnest period of an indicator, in words."""
    there = wide.drop(columns="unit_absent", errors="ignore")
    ok = there["ok"] if "ok" in there else there.sum(axis=1) * 0
    known, every = ok.astype(int), there.sum(axis=1).astype(int)
    worst = int((known / every.clip(lower=1)).to_numpy().argmin())
    return say(
        "figure.coverage_words",
        units=units,
        indicator=say.of(indicator.label),
        ok=say.number(known.iloc[-1]),
        all=say.number(every.iloc[-1]),
        period=say.period(str(wide.index[-1])),
        worst=say.period(str(wide.index[worst])),
        least=say.number(known.iloc[worst]),
        of=say.number(every.iloc[worst]),
    )
