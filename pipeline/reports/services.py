"""Service by service: what the position of each rests on, with points that add up. One offline page a language."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd
from markupsafe import Markup

from pipeline.analysis.verdicts import FALSE_ALARMS
from pipeline.analysis.what_if import LISTED
from pipeline.registry.load import Registry
from pipeline.registry.model import Indicator
from pipeline.reports import context, funnels, pages, reasons
from pipeline.reports.facts import SHARED_TABLES, Facts, Tables, gather, records
from pipeline.reports.figures import marked
from pipeline.reports.overview_tables import cohort_names, members, office_name
from pipeline.reports.tables import Cell, Column, Row, Table
from pipeline.reports.voice import Voice, sentence

NAME = "services"
TABLES = SHARED_TABLES
MATTERS = 0.05  # a change of the probability that is worth a sentence


@dataclass(frozen=True)
class Entry:
    """A service on the page. marks: what the filter reads."""

    id: str
    name: str
    facts: list[str]
    points: list[str]
    exits: list[str]
    context: list[str]
    table: Table
    funnels: list[funnels.Marked]
    marks: dict[str, str]


def render(tables: Tables, registry: Registry) -> dict[str, bytes]:
    """The pages by file name; the first language of the jurisdiction without its letters."""
    facts = gather(tables, registry)
    drawn = funnels.funnels(facts.current)
    return pages.in_all_languages(registry, NAME, lambda say: _page(facts, say, drawn))


def _page(facts: Facts, say: Voice, drawn: dict[str, funnels.Funnel]) -> dict[str, object]:
    return {
        "offices": facts.offices.values(),
        "round": say.of(facts.current.round.label),
        "is_synthetic": facts.is_synthetic,
        "others": funnels.summaries(say, facts.current),
        "others_why": say("funnel.why", share=say.percent(FALSE_ALARMS)),
        "symbols": [Markup(each.symbol(say)) for each in drawn.values()],
        "entries": list(_entries(facts, say, drawn)),
        "script": Markup((pages.TEMPLATES / "filter.js").read_text(encoding="utf-8")),
    }


def _entries(facts: Facts, say: Voice, drawn: dict[str, funnels.Funnel]) -> Iterator[Entry]:
    """The ranked services in the order of the ranking, then the others that have figures."""
    estimates = dict(iter(facts.current.estimates.groupby("service_id")))
    adjusted = {row.service_id: row for row in records(facts.current.adjusted)}
    exits = dict(iter(facts.current.exits.groupby("service_id")))
    for row in records(pd.concat([facts.current.ranked, facts.current.not_ranked])):
        own = estimates.get(row.service_id)
        if own is not None:
            yield _Service(facts, say, row, own, drawn).entry(exits.get(row.service_id), adjusted.get(row.service_id))


class _Service:
    """One service in one language. row: of mart.ranking. estimates: its rows of mart.estimate."""

    def __init__(
        self, facts: Facts, say: Voice, row: Any, estimates: pd.DataFrame, drawn: dict[str, funnels.Funnel]
    ) -> None:
        self.facts, self.say, self.row, self.estimates, self.drawn = facts, say, row, estimates, drawn
        self.indicators = {each.id: each for each in facts.current.indicators}
        self.has_context = len(facts.current.context_model) > 0

    def entry(self, exits: pd.DataFrame | None, adjusted: Any) -> Entry:
        row, office = self.row, office_name(self.say, self.facts, self.row.office_id)
        cohorts = cohort_names(self.say, self.facts, row.cohorts)
        children = (
            [] if pd.isna(row.child_population) else [self._said("children", n=self.say.number(row.child_population))]
        )
        return Entry(
            row.service_id,
            row.name,
            [*members(row), office, *children, *([f"{self.say('column.cohorts')}: {cohorts}"] if cohorts else [])],
            list(self._points()),
            [] if exits is None else self._exits(exits),
            [] if adjusted is None else context.of_service(self.say, self.facts, row, adjusted),
            self._table(),
            list(self._funnels()),
            {"name": f"{row.name} {row.member_names}".casefold(), "office": office},
        )

    def _said(self, key: str, **values: object) -> str:
        return self.say(f"services.{key}", **values)

    def _points(self) -> Iterator[str]:
        """Where it stands, and how that holds."""
        say, row, k = self.say, self.row, self.facts.k
        if not row.is_ranked:
            yield reasons.not_ranked(say, self.facts.registry, row)
            return
        yield self._said(
            "position",
            tier=sentence(say.tier(row.tier, k)),
            chance=say.chance(getattr(row, self.facts.chance)),
            rank=say.rank(row.rank_best, row.rank_worst),
            score=say.number(row.score, 1),
            span=say.between(row.score_low, row.score_high, 0),
        )
        yield self._said(
            "alone",
            k=k,
            chance=say.chance(getattr(row, self.facts.chance_alone)),
            score=say.number(row.companion_score, 1),
            span=say.between(row.companion_low, row.companion_high, 0),
        )
        if pd.notna(row.share_in_top):
            place = say.rank(row.rank_least, row.rank_most)
            share = say.percent(row.share_in_top)
            yield self._said("variants", k=k, share=share, n=say.number(row.variants), rank=place)
        alike = self._said("alike", n=say.number(row.alike)) if row.alike else self._said("alike_none")
        yield alike + (" " + self._said("dialogue") if row.is_dialogue else "")
        little = {"borrowed": say("note.borrowed")} if row.own_share < reasons.BORROWED_BELOW else {}
        yield self._said("own_little" if little else "own", share=say.percent(row.own_share), **little)
        if pd.notna(row.tipping_shift):
            yield self._said("tipping", k=k, n=say.number(row.tipping_shift, 1), chance=say.percent(LISTED))

    def _exits(self, exits: pd.DataFrame) -> list[str]:
        """What the probability would be with single indicators at a middling service's rate, the furthest first."""
        told = exits[exits["probability"] - exits["probability_then"] >= MATTERS]
        change = self.say("number.percent_points", value=self.say.number(100 * MATTERS))
        return [self._exit(row) for row in records(told)] or [self._said("exits_none", change=change)]

    def _exit(self, row: Any) -> str:
        indicator = self.indicators[row.indicator_id]
        text = self._said(
            "exit_fewer" if indicator.need_sign > 0 else "exit_more",
            indicator=self.say.of(indicator.label),
            n=self.say.number(row.fewer_cases),
            then=self.say.chance(row.probability_then),
            score=self.say.number(row.score_then),
        )
        return self._said("exit_off", text=text) if row.probability_then < LISTED else text

    def _funnels(self) -> Iterator[funnels.Marked]:
        """One drawing an indicator that the service has figures of."""
        era = self.facts.current.round.era
        for row in records(self._listed()):
            if row.indicator_id in self.drawn and row.is_observed is True:
                indicator = self.indicators[row.indicator_id]
                count = reasons.counted(self.say, indicator, era, row)
                yield self.drawn[row.indicator_id].marked(self.say, indicator, row, count)

    def _listed(self) -> pd.DataFrame:
        order = list(self.indicators)
        return self.estimates.assign(place=self.estimates["indicator_id"].map(order.index)).sort_values("place")

    def _table(self) -> Table:
        """One row an indicator; the points add up to the last row."""
        say, listed = self.say, self._listed()
        longest = max(listed["contribution_points"].max(), 1.0)
        body = [self._row(row, longest) for row in records(listed)]
        if self.row.is_ranked:
            total = Cell(say.number(self.row.score, 1), [say.between(self.row.score_low, self.row.score_high, 0)])
            body.append(Row([self._said("sum"), total, "", "", "", *([""] if self.has_context else []), "", ""]))
        level = say.percent(self.facts.registry.index.interval_level)
        columns = [
            Column(say("column.indicator")),
            Column(self._said("points"), is_number=True),
            Column(self._said("observed")),
            Column(self._said("by_itself", level=level)),
            Column(self._said("expected", level=level)),
            *([Column(say("context.expected"))] if self.has_context else []),
            Column(self._said("law")),
            Column(self._said("others")),
        ]
        caption = marked(say, self._said("table", name=self.row.name), self.facts.current.is_synthetic)
        return Table(f"service-{self.row.service_id}", caption, columns, body)

    def _row(self, row: Any, longest: float) -> Row:
        say, indicator = self.say, self.indicators[row.indicator_id]
        points: Cell | str = "–"
        if self.row.is_ranked:
            points = Cell(say.number(row.contribution_points, 1), bar=row.contribution_points / longest)
        expected = Cell(
            self._value(row.expected_value, row.expected_low, row.expected_high, indicator),
            [self._said("own_part", share=say.percent(row.own_share))],
        )
        return Row(
            [
                say.of(indicator.label),
                points,
                *self._observed(row, indicator),
                expected,
                *([context.cell(say, indicator, row)] if self.has_context else []),
                say(f"verdict.duty_{row.duty}"),
                say(f"verdict.others_{row.others}"),
            ]
        )

    def _observed(self, row: Any, indicator: Indicator) -> tuple[Cell, Cell | str]:
        """The count with what is missing of it, and the companion's reading with what it borrows."""
        say = self.say
        if row.is_observed is not True:
            return Cell(reasons.missing(say, row), is_missing=True), "–"
        count = reasons.counted(say, indicator, self.facts.current.round.era, row)
        seen = count if pd.isna(row.observed_value) else say.value(row.observed_value, indicator)
        own = reasons.gaps(say, row) if seen == count else [count, *reasons.gaps(say, row)]
        borrowed = [self._said("borrowed", count=count, n=say.number(row.borrowed_cases))]
        is_share = reasons.is_share(indicator, self.facts.current.round.era)
        return (
            Cell(seen, own),
            Cell(self._value(row.value, row.value_low, row.value_high, indicator), borrowed if is_share else []),
        )

    def _value(self, value: float, low: float, high: float, indicator: Indicator) -> str:
        return f"{self.say.value(value, indicator)} ({self.say.between(low, high, indicator.decimals)})"
