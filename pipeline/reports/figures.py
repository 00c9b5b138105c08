"""What all figures share: a Plotly figure as plain JSON, with a title, a summary in words and a table behind it."""

import json
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from pipeline.reports import palette
from pipeline.reports.tables import Table
from pipeline.reports.voice import Voice

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif"
Json = dict[str, Any]

Synthetic = bool | Literal["list"]  # list: the figures are real, the list of who they are about is not


@dataclass(frozen=True)
class Key:
    """One entry of a legend: the word, and the colour that stands beside it."""

    colour: str
    word: str


@dataclass(frozen=True)
class Panel:
    """One drawing: an id that is the same in every run, its traces and layout, and what it shows in words."""

    id: str
    summary: str
    data: list[Json]
    layout: Json
    title: str = ""
    config: Json = field(default_factory=dict)
    shape: tuple[int, int] | None = None

    @property
    def style(self) -> str:
        """The room it takes: a height in pixels, or width to height for maps, which keep their shape."""
        if self.shape:
            return f"aspect-ratio:{self.shape[0]}/{self.shape[1]};max-width:42rem"
        return f"height:{self.layout['height']}px"

    @property
    def json(self) -> str:
        """For a <script>: nothing in it can end the element."""
        whole = {"id": self.id, "data": self.data, "layout": self.layout, "config": self.config}
        text = json.dumps(whole, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        return text.replace("<", "\\u003c")


@dataclass(frozen=True)
class Figure:
    """One or more panels under one title, one legend, one summary and one table."""

    id: str
    title: str
    summary: str
    panels: list[Panel]
    table: Table
    legend: list[Key] = field(default_factory=list)


def synthetic_word(say: Voice, is_synthetic: Synthetic) -> str:
    """What is synthetic, the figures or the list of who they are about."""
    return say("synthetic.list" if is_synthetic == "list" else "synthetic.word")


def marked(say: Voice, text: str, is_synthetic: Synthetic) -> str:
    """A title, which says so when the numbers, or the list of who they are about, are synthetic."""
    word = synthetic_word(say, is_synthetic)
    return say("synthetic.suffix", text=text, what=f"{word[:1].lower()}{word[1:]}") if is_synthetic else text


def listed(values: pd.Series, decimals: int) -> list[float | None]:
    """Numbers for JSON; unknown is nothing."""
    return [None if pd.isna(each) else round(float(each), decimals) for each in values]


def layout(say: Voice, height: int | None, is_synthetic: Synthetic, **more: Any) -> Json:
    """The common layout; a synthetic figure says so inside the drawing too, so that a screenshot says it."""
    annotations = list(more.pop("annotations", []))
    if is_synthetic:
        annotations.append(
            {"text": synthetic_word(say, is_synthetic), "xref": "paper", "yref": "paper", "x": 1, "y": 0,
             "xanchor": "right", "yanchor": "bottom", "showarrow": False, "bgcolor": palette.WARN_PAPER,
             "font": {"size": 11, "color": palette.WARN_INK}}
        )  # fmt: skip
    return {
        **({"height": height} if height else {}),
        "autosize": True,
        "font": {"family": FONT, "size": 12, "color": palette.INK},
        "paper_bgcolor": palette.PAPER,
        "plot_bgcolor": palette.PAPER,
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "separators": say.separators,
        "showlegend": False,
        "dragmode": False,
        "hoverlabel": {"bgcolor": palette.PAPER, "font": {"family": FONT, "color": palette.INK}},
        "annotations": annotations,
        **more,
    }


CONFIG: Json = {"displayModeBar": False, "responsive": True, "doubleClick": False, "scrollZoom": False}
