"""What an evaluation looks at: services × periods, from counts to shares in the direction of need and to the index."""

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.methods import composite, rates
from pipeline.methods.sites import Counts
from pipeline.registry.index import Index
from pipeline.registry.load import Registry
from pipeline.registry.model import Indicator
from pipeline.registry.programme import Cohort
from pipeline.registry.protocol import Protocol, Weight, ordinal

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Names = NDArray[np.object_]
COMPOSITE = "composite"
COUNTS = ["numerator", "denominator", "numerator_low", "numerator_high"]

CELLS = """
SELECT member.service_id, cell.indicator_id, cell.period, cell.is_split, cell.numerator, cell.denominator,
    cell.numerator_low, cell.numerator_high
FROM core.indicator_value AS cell
JOIN staging.member AS member ON member.municipality_code = cell.unit_code
ANTI JOIN core.period_apart AS apart
    ON apart.indicator_id = cell.indicator_id AND apart.service_id = member.service_id AND apart.period = cell.period
WHERE cell.era = ? AND cell.unit_kind = 'municipality' AND cell.is_newest AND cell.denominator > 0
    AND (cell.numerator IS NOT NULL OR cell.numerator_low IS NOT NULL)
ORDER BY ALL
"""
SERVICES = """
SELECT service_id, child_population AS children, coalesce(peer_group, '') AS peer_group
FROM core.service WHERE valid_to IS NULL AND not_ranked_reason IS NULL ORDER BY service_id
"""


@dataclass(frozen=True)
class Scale:
    """How shares become outcomes.

    indicators: those of the protocol's dimensions, in order. era: which goalposts hold.
    """

    indicators: tuple[Indicator, ...]
    dimensions: tuple[str, ...]
    index: Index
    era: str

    @property
    def names(self) -> list[str]:
        """The outcomes: each indicator, each dimension, the composite."""
        return [*(each.id for each in self.indicators), *self.dimensions, COMPOSITE]

    def outcomes(self, values: Mapping[str, Floats]) -> dict[str, Floats]:
        """Indicators in the direction of need, dimensions and the composite in index points; any shape.

        values: indicator → published values. What lacks a part is not known: an index of other parts now than then
        would tell of a change that nobody made.
        """
        posts = {each.indicator: each for each in self.index.goalposts if each.era == self.era}
        found = {each.id: in_need(values[each.id], each, self.era) for each in self.indicators}
        for name in self.dimensions:
            needs = [
                composite.need(values[each.id], posts[each.id].at_none, posts[each.id].at_full)
                for each in self.indicators
                if each.dimension == name
            ]
            found[name] = np.mean(needs, axis=0)
        weights = [each.weight for name in self.dimensions for each in self.index.dimensions if each.id == name]
        parts = np.stack([found[name] for name in self.dimensions], axis=-1)
        return found | {COMPOSITE: composite.power_mean(parts, weights, self.index.power)}


def in_need(value: Floats, indicator: Indicator, era: str) -> Floats:
    """A value turned so that more of it is more need: a share that should be high is told as what is missing."""
    series = indicator.in_era(era)
    if indicator.direction == "high_is_need":
        return value
    return indicator.per - value if series and series.likelihood == "binomial" else -value


@dataclass(frozen=True)
class Panel:
    """The services of today, with the counts of the municipalities they have now, back in time. S services, T periods.

    services, peer_group: shape (S,). children: shape (S,), the newest number, NaN where unknown. is_split: services
    that any count was shared out to over a split. periods: years or half-years as whole numbers, one more from each to
    the next. numerator, denominator: indicator → shape (S, T), hidden counts with their expectation, 0 cases where
    nothing is known. bounded: indicator → shape (5, S, T), the arrays of `sites.Counts`. start: cohort → shape (S,),
    number of the first guided period's column, infinite for the others; of every declared cohort. asked: answer → shape
    (S,), who could have been guided and was not.
    """

    scale: Scale
    is_yearly: bool
    services: Names
    peer_group: Names
    children: Floats
    is_split: Bools
    periods: NDArray[np.int_]
    numerator: Mapping[str, Floats]
    denominator: Mapping[str, Floats]
    bounded: Mapping[str, Floats]
    start: Mapping[str, Floats]
    asked: Mapping[str, Bools]

    def weight(self, by: Weight) -> Floats:
        """Shape (S,); NaN where it is not known how many children there are."""
        return {"children": self.children, "root_children": np.sqrt(self.children)}.get(by, np.ones(len(self.children)))

    def counts(self, before: int) -> Counts:
        """The counts of the columns before a start, for the joint model; hidden ones as their bounds."""
        arrays = [np.stack([part[:, :before] for part in self.bounded[each.id]], 0) for each in self.scale.indicators]
        parts = np.stack(arrays, 2)  # (part, S, J, T)
        series = [each.in_era(self.scale.era) for each in self.scale.indicators]
        times = np.asarray(self.periods[:before], float) * (2 if self.is_yearly else 1)
        numerator, denominator, low, high, hidden = parts
        law = [each.likelihood for each in series if each]
        return Counts(numerator, denominator, low, high, hidden, law, times)

    def values(self) -> dict[str, Floats]:
        """Indicator → published values, shape (S, T); NaN where nothing is known."""
        found = {}
        for each in self.scale.indicators:
            cases = self.denominator[each.id]
            found[each.id] = each.per * self.numerator[each.id] / np.where(cases > 0, cases, np.nan)
        return found

    def logits(self, name: str) -> Floats | None:
        """The logit of an indicator in the direction of need, shape (S, T), half a case added on either side.

        Nothing for an index or a ratio. Haldane (1956), Annals of Human Genetics 20:309.
        """
        indicator = next((each for each in self.scale.indicators if each.id == name), None)
        series = indicator.in_era(self.scale.era) if indicator else None
        if indicator is None or series is None or series.likelihood != "binomial":
            return None
        bad, cases = self.numerator[name], self.denominator[name]
        logit = np.log((bad + 0.5) / (cases - bad + 0.5))
        return np.where(cases > 0, indicator.need_sign * logit, np.nan)


def panel(con: duckdb.DuckDBPyConnection, registry: Registry, protocol: Protocol) -> Panel:
    """The panel of a protocol, in the periods of its cohorts' phases (half-years, or years)."""
    cohorts = {each.id: each for each in registry.cohorts}
    chosen = [cohorts[name] for name in protocol.cohorts]
    era = chosen[0].era
    is_yearly = len(_zero(chosen[0])) == 4
    known = con.execute(SERVICES).df()
    services = known["service_id"].to_numpy()
    cells = con.execute(CELLS, [era]).df()
    cells = cells[np.isin(cells["service_id"], services)]
    cells["at"] = cells["period"].map(lambda period: column(period, is_yearly))
    indicators = [
        each
        for each in registry.ranked
        if each.dimension in protocol.primary.dimensions
        and each.in_era(era)
        and (cells["indicator_id"] == each.id).any()
    ]
    dimensions = tuple(
        name for name in protocol.primary.dimensions if any(each.dimension == name for each in indicators)
    )
    used = cells[cells["indicator_id"].isin([each.id for each in indicators])]
    periods = np.arange(used["at"].min(), used["at"].max() + 1) if len(used) else np.zeros(0, int)
    guided = con.execute("SELECT DISTINCT cohort_id, service_id FROM staging.guided").df()
    start = {
        name: np.where(
            np.isin(services, guided.loc[guided["cohort_id"] == name, "service_id"]),
            column(_zero(each), is_yearly) - (periods[0] if len(periods) else 0),
            np.inf,
        )
        for name, each in cohorts.items()
    }
    first = np.min([start[name] for name in protocol.cohorts], axis=0)
    counts = {each.id: _counts(used, each, era, services, periods, first) for each in indicators}
    asked = con.execute("SELECT * FROM staging.asked").df()
    asked = asked[asked["cohort_id"].isin(protocol.cohorts)]
    return Panel(
        Scale(tuple(indicators), dimensions, registry.index, era),
        is_yearly,
        services,
        known["peer_group"].to_numpy(),
        known["children"].to_numpy(dtype=float),
        np.isin(services, used.loc[used["is_split"], "service_id"]),
        periods,
        {name: numerator for name, (numerator, _) in counts.items()},
        {name: bounded[1] for name, (_, bounded) in counts.items()},
        {name: bounded for name, (_, bounded) in counts.items()},
        start,
        {
            answer: np.isin(services, asked.loc[asked["answer"] == answer, "service_id"])
            for answer in ("not_offered", "declined")
        },
    )


def _zero(cohort: Cohort) -> str:
    """The first guided period of a cohort whose phases a protocol names; such a cohort has a start-up."""
    phase = cohort.phase("start_up")
    assert phase is not None
    return phase.first_period


def column(period: str, is_yearly: bool) -> int:
    """A period's number: of its year, or of its half-year; a year's figure stands in the half-year in which it ends."""
    if is_yearly:
        return int(period[:4])
    return ordinal(period) if period[4:] else 2 * int(period) + 1


def _counts(
    cells: pd.DataFrame, indicator: Indicator, era: str, services: Names, periods: NDArray[np.int_], first: Floats
) -> tuple[Floats, Floats]:
    """(numerator with expectations, shape (S, T); the arrays of `sites.Counts`, shape (5, S, T)).

    A hidden count has its expectation at the rate of its service, which for a guided one is another before the start
    and since.
    """
    own = cells[cells["indicator_id"] == indicator.id]
    series = indicator.in_era(era)
    assert series is not None
    row = np.searchsorted(services, own["service_id"].to_numpy())
    at = row, own["at"].to_numpy() - periods[0]
    numerator, denominator, low, high = own[COUNTS].to_numpy(dtype=float).T
    group = 2 * row + (at[1] >= first[row])
    counts = rates.expected_counts(numerator, denominator, low, high, group, 2 * len(services), series.likelihood)
    is_hidden = np.isnan(numerator)
    summed = np.zeros((6, len(services), len(periods)))
    for part, each in enumerate(
        (
            counts,
            np.where(is_hidden, 0, numerator),
            denominator,
            np.where(is_hidden, low, 0),
            np.where(is_hidden, high, 0),
            np.where(is_hidden, denominator, 0),
        )
    ):
        np.add.at(summed[part], at, each)
    return summed[0], summed[1:]
