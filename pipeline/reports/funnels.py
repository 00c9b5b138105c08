"""Funnel plots as drawings of the page itself, without a script: one an indicator, shared by all services.

Where a count is hidden, the service is a line from the lowest to the highest value that the publisher's limits allow,
so that no drawing tells more than the tables.
"""

from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.registry.model import Indicator
from pipeline.reports import reasons
from pipeline.reports.facts import RoundFacts, by_indicator, records
from pipeline.reports.voice import Voice

Floats = NDArray[np.float64]

WIDTH, HEIGHT = 340, 230  # of a drawing, in its own units
LEFT, RIGHT, TOP, BOTTOM = 40, 332, 10, 186  # of the space between the axes
TICKS = (1, 3, 10, 30, 100, 300, 1000, 3000, 10000, 30000, 100000)
LIMITS = ("middle", "low_95", "high_95", "low_998", "high_998")
OUTSIDE = ("more_need", "less_need")


@dataclass(frozen=True)
class Marked:
    """A drawing with one service marked. mark: what is drawn on top. text: the same in words."""

    symbol: str
    title: str
    text: str
    mark: str


@dataclass(frozen=True)
class Funnel:
    """One indicator: services as points, and the limits within which services like all others lie.

    limits: one row a size. services: one row a service with figures: denominator, low, high, others.
    """

    indicator: Indicator
    is_share: bool
    limits: pd.DataFrame
    services: pd.DataFrame

    @property
    def id(self) -> str:
        """Of the shared drawing."""
        return f"funnel-{self.indicator.id}"

    @cached_property
    def top(self) -> float:
        """The highest value with room for it: that of a service, or of the inner limits."""
        seen = max(self.services["high"].max(), self.limits["high_95"].median(), 1e-9)
        return min(float(seen) * 1.05, float(self.indicator.per)) if self.is_share else float(seen) * 1.05

    def symbol(self, say: Voice) -> str:
        """The drawing that all services share, as SVG."""
        open_ones = self.services["others"].isin(OUTSIDE)
        is_hidden = self.services["low"] < self.services["high"]
        lines = [
            f'<path class="axis" d="M{LEFT} {TOP}V{BOTTOM}H{RIGHT}"/>',
            *self._ticks(say),
            *(f'<path class="outer" d="{self._line(name)}"/>' for name in ("low_998", "high_998")),
            *(f'<path class="inner" d="{self._line(name)}"/>' for name in ("low_95", "high_95")),
            f'<path class="middle" d="{self._line("middle")}"/>',
            f'<path class="range" d="{self._ranges(self.services[is_hidden])}"/>',
            f'<path class="dot" d="{self._dots(self.services[~is_hidden & ~open_ones])}"/>',
            f'<path class="odd" d="{self._dots(self.services[~is_hidden & open_ones])}"/>',
        ]
        words = escape(say("funnel.x_share" if self.is_share else "funnel.x_ratio"))
        lines.append(f'<text x="{RIGHT}" y="{HEIGHT - 6}" text-anchor="end">{words}</text>')
        return f'<symbol id="{self.id}" viewBox="0 0 {WIDTH} {HEIGHT}">{"".join(lines)}</symbol>'

    def marked(self, say: Voice, indicator: Indicator, row: Any, count: str) -> Marked:
        """The drawing with one service marked. row: of mart.estimate."""
        own = self._own[row.service_id]
        x = self._x(own.denominator)
        if own.low < own.high:
            value = say("funnel.hidden", span=say.between(own.low, own.high, indicator.decimals))
            mark = f'<path class="own-range" d="M{x:.1f} {self._y(own.low):.1f}V{self._y(own.high):.1f}"/>'
        else:
            value = say.value(own.low, indicator)
            mark = f'<circle class="own" cx="{x:.1f}" cy="{self._y(own.low):.1f}" r="5.5"/>'
        inside = self._inside(own)
        text = say("funnel.text", count=count, value=value, place=say(f"funnel.{inside}"))
        verdict = say("funnel.verdict", verdict=say(f"verdict.others_{row.others}"))
        return Marked(self.id, say.of(indicator.label), f"{text} {verdict}", mark)

    def usual(self, size: float) -> tuple[float, float]:
        """Between which values 95 in 100 services like all others lie at a size."""
        low, high = (np.interp(size, *self._curves[name]) for name in ("low_95", "high_95"))
        return float(low), float(high)

    @cached_property
    def _own(self) -> dict[str, Any]:
        return {str(row.service_id): row for row in records(self.services)}

    @cached_property
    def _curves(self) -> dict[str, tuple[Floats, Floats]]:
        sizes = self.limits["denominator"].to_numpy(dtype=float)
        return {name: (sizes, self.limits[name].to_numpy(dtype=float)) for name in LIMITS}

    def _inside(self, own: Any) -> str:
        """Between which limits a service lies, at either bound of a hidden count."""
        low, high = self.usual(own.denominator)
        if own.high < low or own.low > high:
            return "outside"
        return "inside" if own.low >= low and own.high <= high else "unsure"

    def _ticks(self, say: Voice) -> list[str]:
        first, last = self.limits["denominator"].iloc[0], self.limits["denominator"].iloc[-1]
        across = [
            f'<text x="{self._x(each):.1f}" y="{BOTTOM + 15}" text-anchor="middle">{say.number(each)}</text>'
            for each in TICKS
            if first <= each <= last
        ]
        decimals = 0 if self.top >= 3 else 1
        up = [
            f'<text x="{LEFT - 5}" y="{self._y(each) + 4:.1f}" text-anchor="end">{say.number(each, decimals)}</text>'
            for each in round_steps(self.top)
        ]
        return [*across, *up]

    def _x(self, size: float) -> float:
        sizes, _ = self._curves["middle"]
        first, last = np.log(sizes[0]), np.log(sizes[-1])
        return float(LEFT + 8 + (RIGHT - LEFT - 16) * (np.log(size) - first) / max(last - first, 1e-9))

    def _y(self, value: float) -> float:
        return float(BOTTOM - (BOTTOM - TOP) * min(max(value / self.top, 0), 1))

    def _line(self, name: str) -> str:
        points = zip(*self._curves[name], strict=True)
        return "M" + "L".join(f"{self._x(size):.1f} {self._y(value):.1f}" for size, value in points)

    def _dots(self, services: pd.DataFrame) -> str:
        """Lines of no length; their round ends are the dots."""
        return "".join(f"M{self._x(row.denominator):.1f} {self._y(row.low):.1f}h0" for row in records(services))

    def _ranges(self, services: pd.DataFrame) -> str:
        return "".join(
            f"M{self._x(row.denominator):.1f} {self._y(row.low):.1f}V{self._y(row.high):.1f}"
            for row in records(services)
        )


def funnels(facts: RoundFacts) -> dict[str, Funnel]:
    """Indicator → its funnel; none for an indicator without limits or services."""
    estimates, found = by_indicator(facts), {}
    for indicator in facts.indicators:
        limits = facts.funnel[facts.funnel["indicator_id"] == indicator.id].sort_values("denominator")
        seen = estimates[indicator.id].reset_index()
        seen = seen[seen["is_observed"].eq(True) & (seen["denominator"] > 0)]
        if len(limits) and len(seen):
            services = seen[["service_id", "denominator", "others"]].assign(
                low=seen["numerator_low"] / seen["denominator"] * indicator.per,
                high=seen["numerator_high"] / seen["denominator"] * indicator.per,
            )
            is_share = reasons.is_share(indicator, facts.round.era)
            found[indicator.id] = Funnel(indicator, is_share, limits.reset_index(drop=True), services)
    return found


def summaries(say: Voice, facts: RoundFacts) -> list[str]:
    """For each indicator how many stand out from the others, and how far apart services are anyway."""
    told = []
    for each in funnels(facts).values():
        low, high = each.usual(each.services["denominator"].median())
        told.append(
            say(
                "funnel.summary",
                indicator=say.of(each.indicator.label),
                outside=say.number(each.services["others"].isin(OUTSIDE).sum()),
                n=say.number(len(each.services)),
                span=say.between(low, high, each.indicator.decimals),
            )
        )
    return told


def outside(say: Voice, facts: RoundFacts) -> str:
    """One sentence on all indicators together, for the overview."""
    seen = facts.estimates[facts.estimates["is_observed"].eq(True)]
    count = seen["others"].isin(OUTSIDE)
    return say("funnel.all", outside=say.number(count.sum()), n=say.number(len(seen)))


def round_steps(top: float) -> list[float]:
    """Three or four round values from 0 up."""
    rough = top / 4
    power = 10.0 ** np.floor(np.log10(rough))
    step = power * next(each for each in (1, 2, 5, 10) if each * power >= rough)
    return [float(each) for each in np.arange(0, top, step)]
