"""Service by service: the frozen baseline, what came, what was expected anyway, the verdict and what may lie behind."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from pipeline.methods.verdict import Judgement, Verdict
from pipeline.registry.model import Indicator
from pipeline.registry.programme import Cohort
from pipeline.reports import run_charts, verdicts
from pipeline.reports.facts import Facts, records
from pipeline.reports.figures import marked
from pipeline.reports.guidance_effect import COMPOSITE, primary
from pipeline.reports.tables import Cell, Column, Row, Table, rows
from pipeline.reports.voice import Voice, alphabetical, sentence

LEVEL = 0.95  # of the intervals of single services
WHOLE = 0.995  # of the children: less is said
SCORED = ("during", "after", "long_after")


@dataclass(frozen=True)
class Entry:
    """A service on the page."""

    id: str
    name: str
    facts: list[str]
    points: list[str]
    table: Table
    charts: list[run_charts.Chart]
    milestones: Table


def entries(say: Voice, facts: Facts, cohort: Cohort, is_synthetic: bool) -> Iterator[Entry]:
    """The services of a cohort, in alphabetical order."""
    changes = _of(facts, cohort, "mart.service_change")
    named = changes.drop_duplicates("service_id")[["service_id", "service_name"]]
    rest = _rest_of_country(facts, cohort)
    for row in sorted(records(named), key=lambda each: alphabetical(each.service_name)):
        yield _Service(say, facts, cohort, row, rest, is_synthetic).entry()


def _rest_of_country(facts: Facts, cohort: Cohort) -> dict[tuple[str, str], Any]:
    """(indicator, phase) → the row of result.change of those who were not guided."""
    table = _of(facts, cohort, "result.change")
    chosen = table[table["borders"].eq("as_of") & table["group_name"].eq("rest") & table["service_id"].isna()]
    return {(str(row.indicator_id), str(row.phase)): row for row in records(chosen)}


def points(say: Voice, facts: Facts, cohort: Cohort) -> Iterator[str]:
    """How many got which word in the main question, and whether any could be held against a mix of others."""
    changes = _of(facts, cohort, "mart.service_change")
    whole = changes[changes["outcome"] == COMPOSITE]
    for phase, own in whole.groupby(whole["phase"].map(SCORED.index)):
        words = [verdicts.verdict(say, Judgement(Verdict(row.verdict), row.is_confirmed)) for row in records(own)]
        counts = pd.Series(words).value_counts().sort_index()
        told = "; ".join(say("single.count", verdict=word, n=n) for word, n in counts.items())
        yield say(
            "single.counts",
            phase=sentence(say(f"phase.{SCORED[int(phase)]}")),
            outcome=say("effect.composite").lower(),
            counts=told,
        )
    controls = _of(facts, cohort, "result.synthetic_control")
    if len(controls) and controls["reason"].notna().all():
        counts = controls["reason"].value_counts()
        reasons = say.list(
            say("single.control_reason", reason=say(f"single.no_control_{each}"), n=n) for each, n in counts.items()
        )
        yield say("single.control_none", reasons=reasons)


class _Service:
    """One service of a cohort in one language."""

    def __init__(
        self, say: Voice, facts: Facts, cohort: Cohort, row: Any, rest: dict[tuple[str, str], Any], is_synthetic: bool
    ) -> None:
        self.say, self.facts, self.cohort, self.is_synthetic = say, facts, cohort, is_synthetic
        self.rest = rest
        self.id, self.name = str(row.service_id), str(row.service_name)
        self.level = say.percent(LEVEL)

    def entry(self) -> Entry:
        charts = run_charts.charts(
            self.say, self.facts, self._own("result.run_chart"), self._own("result.run_chart_series"), self.is_synthetic
        )
        return Entry(
            f"{self.cohort.id}-{self.id}",
            self.name,
            list(self._facts()),
            list(self._points()),
            self._table(),
            list(charts),
            self._milestones(),
        )

    def _own(self, name: str) -> pd.DataFrame:
        table = _of(self.facts, self.cohort, name)
        return table[table["service_id"] == self.id]

    @cached_property
    def changes(self) -> pd.DataFrame:
        """Rows of mart.service_change: the main question first, then as the registry has the indicators."""
        order = [COMPOSITE, *(each.id for each in self.facts.registry.ranked)]
        own = self._own("mart.service_change")
        place = own["outcome"].map(order.index)
        return own.assign(place=place, phase_place=own["phase"].map(SCORED.index)).sort_values(["phase_place", "place"])

    @cached_property
    def shown(self) -> pd.DataFrame:
        """Those with something to show: any figure, or the reason for none during guidance."""
        return self.changes[self.changes["reason"].isna() | self.changes["phase"].eq(SCORED[0])]

    def _facts(self) -> Iterator[str]:
        """As what it was in the cohort, and the municipality codes it has had."""
        timeline = _of(self.facts, self.cohort, "core.cohort_timeline")
        current = timeline[timeline["valid_to"].isna() & timeline["service_id"].eq(self.id)]
        for name in current["member_name"].drop_duplicates():
            yield self.say("single.was", name=name)
            own = timeline[timeline["member_name"] == name].groupby("municipality_code", sort=False)
            told = [f"{code} ({_years(part)})" for code, part in own]
            yield self.say("single.codes", told=self.say.list(told))

    def _points(self) -> Iterator[str]:
        share = self.changes["guided_share"].iloc[0]
        if share < WHOLE:
            yield self.say("single.wider", share=self.say.percent(share))
        yield from self._baseline()
        yield from self._beside()
        yield from self._alarms()
        yield from self._controls()
        yield from self._silent()

    def _baseline(self) -> Iterator[str]:
        """As of which files the baseline is frozen, and where its source has moved since."""
        own = self._own("result.baseline")
        for reason, part in own.groupby("frozen_reason"):
            days = [self.say.date(each.date()) for each in sorted(set(part["frozen_on"]))]
            yield self.say(f"single.frozen_{reason}", day=self.say.list(days))
        moved = [
            self.say(
                "single.moved_one",
                indicator=self._label(row.indicator_id).lower(),
                then=self._value(row.indicator_id, row.baseline_frozen),
                now=self._value(row.indicator_id, row.baseline_now),
            )
            for row in records(own[own["has_source_moved"]])
        ]
        if moved:
            yield self.say("single.moved", told=self.say.list(moved))

    def _beside(self) -> Iterator[str]:
        declared = self.facts.tables["mart.measure_timeline"].drop_duplicates("measure_id").set_index("measure_id")
        reached = self._own("core.guided_measure")["measure_id"].drop_duplicates()
        named = [
            declared.loc[each, f"label_{self.say.language}"]
            for each in reached
            if any(hasattr(declared.loc[each, where], "__len__") for where in ("offices", "municipalities"))
        ]
        if named:
            yield self.say("single.beside", told=self.say.list(named))

    def _alarms(self) -> Iterator[str]:
        own = self._own("result.alarm")
        labels = {each.id: self.say.of(each.label).lower() for each in self.facts.registry.alarms}
        for alarm, part in own[own["status"] == "raised"].groupby("alarm_id", sort=True):
            outcomes = self.say.list(self._label(each).lower() for each in dict.fromkeys(part["outcome"]))
            yield self.say("single.alarm", alarm=labels[str(alarm)], outcomes=outcomes)

    def _controls(self) -> Iterator[str]:
        own = self._own("result.synthetic_control")
        for row in records(own[own["reason"].isna()]):
            indicator = self.facts.registry.indicators[row.indicator_id]
            yield self.say(
                "single.control",
                donors=self.say.number(row.donors),
                indicator=self._label(row.indicator_id).lower(),
                effect=self.say.change(row.effect, indicator),
                p=self.say.number(row.p_value, 3),
                least=self.say.number(row.smallest_p_value, 3),
            )

    def _silent(self) -> Iterator[str]:
        """The later phases of which nothing can be said, with the reason."""
        rest = self.changes[self.changes["reason"].notna() & self.changes["phase"].ne(SCORED[0])]
        phases: dict[tuple[str, str], list[str]] = {}
        for (_, phase, reason), part in rest.groupby(["phase_place", "phase", "reason"]):
            outcomes = self.say.list(self._label(each).lower() for each in part["outcome"])
            phases.setdefault((str(reason), outcomes), []).append(self.say(f"phase.{phase}"))
        for (reason, outcomes), named in phases.items():
            words = {"phase": sentence(self.say.list(named)), "reason": self.say(f"single.reason_{reason}")}
            yield self.say("single.silent", **words, outcomes=outcomes)

    def _table(self) -> Table:
        """One row an outcome and phase; the verdict stands before the numbers."""
        say, level = self.say, self.level
        columns = [Column(say("effect.outcome")), Column(say("single.verdict"))]
        columns += [Column(say("single.baseline"), is_number=True), Column(say("single.observed"), is_number=True)]
        columns += [Column(say(f"single.{each}", level=level)) for each in ("change", "expected", "rest")]
        columns.append(Column(say("single.fell"), is_number=True))
        body = [Row(self._row(row)) for row in records(self.shown)]
        phases = say.list(say(f"phase.{each}") for each in self.shown["phase"].drop_duplicates())
        caption = marked(say, say("single.table", name=self.name, phase=phases), self.is_synthetic)
        return Table(f"single-{self.cohort.id}-{self.id}", caption, columns, body)

    def _row(self, row: Any) -> list[Cell | str]:
        say = self.say
        word = verdicts.verdict(say, Judgement(Verdict(row.verdict), row.is_confirmed))
        reason = [say(f"single.reason_{row.reason}")] if isinstance(row.reason, str) else []
        phase = [say(f"phase.{row.phase}")] if row.phase != SCORED[0] else []
        notes = [*phase, *([say("single.better_up")] if self._is_better_up(row.outcome) else [])]
        is_known = pd.notna(row.change)
        hidden = [say("single.hidden")] if row.hidden_cells > 0 else []
        return [
            Cell(self._label(row.outcome), notes),
            Cell(word, reason, is_missing=bool(reason)),
            Cell(self._value(row.outcome, row.baseline), self._cases(row, "baseline")) if is_known else "–",
            Cell(self._value(row.outcome, row.scored), [*self._cases(row, "scored"), *hidden]) if is_known else "–",
            self._change(row, "change") if is_known else "–",
            self._change(row, "expected_change"),
            self._rest(row),
            "–" if pd.isna(row.probability_fell_5_points) else say.chance(row.probability_fell_5_points),
        ]

    def _rest(self, row: Any) -> str:
        """The same change in the rest of the country."""
        found = self.rest.get((row.outcome, row.phase))
        return self._change(found, "change", row.outcome) if found is not None else self._others(row)

    def _others(self, row: Any) -> str:
        """The change of those that the main question is held against, for the main question itself."""
        for protocol in self.facts.registry.protocols:
            group = primary(self.facts, protocol)
            if row.outcome == COMPOSITE and self.cohort.id in protocol.cohorts and row.phase == protocol.scored_phase:
                change = group.comparison_now - group.comparison_before if group is not None else float("nan")
                return "–" if pd.isna(change) else self._signed(change)
        return "–"

    def _cases(self, row: Any, side: str) -> list[str]:
        """On how many cases a figure rests; those of an index are of many kinds."""
        n = getattr(row, f"{side}_cases")
        return [] if pd.isna(n) or row.outcome == COMPOSITE else [self.say("single.cases", n=self.say.number(n))]

    def _change(self, row: Any, name: str, outcome: str = "") -> str:
        value, low, high = (getattr(row, each) for each in (name, f"{name}_low", f"{name}_high"))
        if pd.isna(value):
            return "–"
        indicator = self._indicator(outcome or row.outcome)
        decimals = indicator.decimals if indicator else 1
        said = self.say.change(value, indicator) if indicator else self._signed(value)
        return said if pd.isna(low) else f"{said} ({self._to(low, high, decimals)})"

    def _signed(self, points: float) -> str:
        return ("+" if points > 0 else "") + verdicts.points(self.say, "points", points)

    def _to(self, low: float, high: float, decimals: int) -> str:
        return self.say("number.to", low=self.say.number(low, decimals), high=self.say.number(high, decimals))

    def _value(self, outcome: str, value: float) -> str:
        if pd.isna(value):
            return "–"
        indicator = self._indicator(outcome)
        return self.say.value(value, indicator) if indicator else verdicts.points(self.say, "points", value)

    def _label(self, outcome: str) -> str:
        indicator = self._indicator(outcome)
        return self.say.of(indicator.label) if indicator else self.say("effect.composite")

    def _indicator(self, outcome: str) -> Indicator | None:
        return self.facts.registry.indicators.get(outcome)

    def _is_better_up(self, outcome: str) -> bool:
        indicator = self._indicator(outcome)
        return indicator is not None and indicator.direction == "low_is_need"

    def _milestones(self) -> Table:
        say, own = self.say, self._own("result.milestone").sort_values(["indicator_id", "period_start"])
        body = [
            (
                self._label(row.indicator_id), say.period(str(row.period)), self._observed(row),
                self._ahead(row, "expected"), self._ahead(row, "difference"),
            )
            for row in records(own)
        ]  # fmt: skip
        headings = [Column(say("column.indicator")), Column(say("column.period"))]
        numbers = [say("single.observed"), say("single.ahead", level=self.level), say("single.beyond")]
        caption = marked(say, say("single.milestones", name=self.name), self.is_synthetic)
        columns = [*headings, *(Column(each, is_number=True) for each in numbers)]
        return Table(f"milestones-{self.cohort.id}-{self.id}", caption, columns, rows(body))

    def _observed(self, row: Any) -> Cell | str:
        """A value; a hidden count as all it can be."""
        if row.numerator_low < row.numerator_high:
            indicator = self.facts.registry.indicators[row.indicator_id]
            low, high = (each / row.denominator * indicator.per for each in (row.numerator_low, row.numerator_high))
            return Cell(self.say.between(low, high, indicator.decimals), [self.say("single.hidden")])
        return self._value(row.indicator_id, row.value)

    def _ahead(self, row: Any, name: str) -> str:
        value, low, high = (getattr(row, each) for each in (name, f"{name}_low", f"{name}_high"))
        if pd.isna(value):
            return "–"
        decimals = self.facts.registry.indicators[row.indicator_id].decimals
        span = self._to(low, high, decimals)
        if name == "difference" and row.numerator_low < row.numerator_high:
            return span
        return f"{self.say.number(value, decimals)} ({span})"


def _of(facts: Facts, cohort: Cohort, name: str) -> pd.DataFrame:
    table = facts.tables[name]
    return table[table["cohort_id"] == cohort.id]


def _years(part: pd.DataFrame) -> str:
    """The years of a code, from the first to the last; an open end is left open."""
    first, ends = part["valid_from"].min(), part["valid_to"]
    last = "" if ends.isna().any() else str((pd.Timestamp(ends.max()) - pd.Timedelta(days=1)).year)
    return f"{pd.Timestamp(first).year}–{last}"
