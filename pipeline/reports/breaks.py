"""Breaks in what is drawn: where a line is cut, the stroke and the word that mark it, and what it means in words."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from textwrap import wrap

import pandas as pd

from pipeline.registry.breaks import Break
from pipeline.registry.load import Registry
from pipeline.registry.model import Indicator, Jurisdiction
from pipeline.reports import palette
from pipeline.reports.figures import Json
from pipeline.reports.tables import Cell, Column, Table, rows
from pipeline.reports.voice import Voice, sentence

ROW = 14  # pixels of a word above a drawing
LETTER, NARROW = 6.4, 260  # pixels of a letter, and of a drawing on a narrow screen: where words would first collide
HOVER = 44  # letters a line


@dataclass(frozen=True)
class Marks:
    """The breaks of one drawing: strokes, words in `room` pixels above it, and a summary."""

    shapes: list[Json]
    words: list[Json]
    room: int
    summary: str


def drawn(registry: Registry, indicator: Indicator, periods: list[str]) -> list[Break]:
    """The breaks of an indicator within the drawn periods; also those that are why its series starts or ends there."""
    place = registry.jurisdiction
    start, end, year = place.start_of(periods[0]), place.end_of(periods[-1]), place.start_of(periods[0][:4])
    return [
        each
        for each in registry.breaks_of(indicator.id)
        if each.parts(start, end) or (each.effect == "not_comparable" and year <= each.day <= end)
    ]


def pooled(registry: Registry, indicators: Iterable[Indicator], first: str, last: str) -> list[Break]:
    """The breaks within a span of periods that are added up, each once, by day."""
    start, end = registry.jurisdiction.start_of(first), registry.jurisdiction.end_of(last)
    found = {each.id: each for indicator in indicators for each in registry.breaks_of(indicator.id)}
    return sorted((each for each in found.values() if each.parts(start, end)), key=lambda each: each.day)


def marks(say: Voice, place: Jurisdiction, breaks: list[Break], periods: list[str]) -> Marks:
    """A thin stroke and a word for each break, on an axis that has the periods as categories."""
    shapes, words = [], []
    taken: list[list[tuple[float, float]]] = []
    for each in breaks:
        x = _place_of(place, each, periods)
        is_left = x < (len(periods) - 1) / 2
        row = _free_row(taken, (x + 0.5) / len(periods) * NARROW, LETTER * len(say.of(each.word)), is_left)
        dash = "solid" if each.effect == "not_comparable" else "dot"
        stroke = {"color": palette.INK, "width": 1, "dash": dash}
        shapes.append({"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper", "line": stroke})
        words.append(
            {
                "text": say.of(each.word),
                "hovertext": "<br>".join(wrap(told(say, each), HOVER)),
                "x": x,
                "y": 1,
                "yref": "paper",
                "xanchor": "left" if is_left else "right",
                "yanchor": "bottom",
                "yshift": ROW * row,
                "borderpad": 0,
                "showarrow": False,
                "font": {"size": 11, "color": palette.INK},
            }
        )
    return Marks(shapes, words, ROW * len(taken), " ".join(_short(say, each) for each in breaks))


def _free_row(taken: list[list[tuple[float, float]]], at: float, width: float, is_left: bool) -> int:
    """The lowest row in which a word beside `at` covers no other; takes it."""
    low, high = (at, at + width) if is_left else (at - width, at)
    for row, spans in enumerate(taken):
        if all(high < start or end < low for start, end in spans):
            spans.append((low, high))
            return row
    taken.append([(low, high)])
    return len(taken) - 1


def _place_of(place: Jurisdiction, each: Break, periods: list[str]) -> float:
    """Where a break lies among the periods: between two of them, or upon the one that holds its day."""
    ended = sum(place.end_of(period) <= each.day for period in periods)
    return ended - (0 if _neither(place, each, periods[ended : ended + 1]) else 0.5)


def _neither(place: Jurisdiction, each: Break, periods: list[str]) -> bool:
    return bool(periods) and each.parts(place.start_of(periods[0]), place.end_of(periods[-1]))


def cut(place: Jurisdiction, breaks: list[Break], line: pd.DataFrame) -> pd.DataFrame:
    """A line, one row a period, with a row of nothing wherever a break may not be compared across: there it ends."""
    hard = [each for each in breaks if each.effect == "not_comparable"]
    pieces: list[pd.DataFrame] = []
    for number, period in enumerate(line.index):
        step = list(line.index[max(number - 1, 0) : number + 1])
        if number and any(_neither(place, each, step) for each in hard):
            pieces.append(line.iloc[[number]].map(lambda cell: None))
        pieces.append(line.loc[[period]])
    return pd.concat(pieces) if len(pieces) > len(line) else line


def told(say: Voice, each: Break) -> str:
    """A break in full: the day, what changed, and whether figures may be compared."""
    effect = say(f"break.effect_{each.effect}")
    return say("break.told", day=say.date(each.day), word=say.of(each.word), reason=say.of(each.reason), effect=effect)


def _short(say: Voice, each: Break) -> str:
    effect = say(f"break.effect_{each.effect}")
    return say("break.short", day=say.date(each.day), word=say.of(each.word), effect=effect[:1].lower() + effect[1:])


def table(say: Voice, registry: Registry) -> Table:
    """All breaks that are declared, newest first."""
    headings = ("break", "valid_from", "concerns", "comparable", "reason")
    body = [
        (
            Cell(sentence(say.of(each.word)), [say(f"break.kind_{each.kind}")]),
            say.date(each.day),
            _concerns(say, registry, each),
            Cell(say(f"break.effect_{each.effect}"), _own_days(say, each)),
            Cell(say.of(each.reason), [say(f"break.sure_{each.sure}")]),
        )
        for each in sorted(registry.breaks, key=lambda each: each.day, reverse=True)
    ]
    columns = [Column(say(f"column.{each}"), is_wide=each in ("concerns", "reason")) for each in headings]
    return Table("breaks", say("table.breaks"), columns, rows(body))


def _concerns(say: Voice, registry: Registry, each: Break) -> str:
    if each.concerns:
        return say.of(each.concerns)
    if each.indicators == "all":
        return say("break.all")
    return say.list(say.of(indicator.short_label) for indicator in registry.touched_by(each))


def _own_days(say: Voice, each: Break) -> list[str]:
    return [say("break.own_days", n=len(each.services))] if each.services else []


def of_drawn(say: Voice, registry: Registry, path: pd.DataFrame) -> Iterator[str]:
    """What the strokes in the figures of a path mean, each once. path: one row an indicator and period."""
    found = {
        each.id: each
        for indicator, rows in path.groupby("indicator_id")
        for each in drawn(registry, registry.indicators[str(indicator)], sorted(set(rows["period"])))
    }
    yield from sentences(say, sorted(found.values(), key=lambda each: each.day))


def sentences(say: Voice, found: list[Break]) -> Iterator[str]:
    """One sentence a break."""
    yield from (say("section.break", text=told(say, each)) for each in found)
