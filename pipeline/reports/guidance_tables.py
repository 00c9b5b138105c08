"""The tables of one guided service: the change with its verdict, and each period beside what was expected."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from pipeline.methods.verdict import Judgement, Verdict
from pipeline.registry.model import Indicator
from pipeline.registry.programme import Cohort
from pipeline.reports import reasons, verdicts
from pipeline.reports.facts import Facts, records
from pipeline.reports.figures import Synthetic, marked
from pipeline.reports.guidance_effect import COMPOSITE, primary
from pipeline.reports.tables import Cell, Column, Row, Table, rows
from pipeline.reports.voice import Voice

LEVEL = 0.95  # of the intervals of single services


@dataclass(frozen=True)
class Figures:
    """The figures of a cohort's services in one language.

    rest: (indicator, phase) → the row of result.change of those who were not guided. first: the first scored phase.
    """

    say: Voice
    facts: Facts
    cohort: Cohort
    rest: Mapping[tuple[str, str], Any]
    first: str
    is_synthetic: Synthetic

    @property
    def level(self) -> str:
        """Of the intervals, in words."""
        return self.say.percent(LEVEL)

    def table(self, service_id: str, name: str, shown: pd.DataFrame, baseline: pd.DataFrame) -> Table:
        """One row an outcome and phase; the verdict stands before the numbers. shown: of mart.service_change."""
        say, level = self.say, self.level
        columns = [Column(say("effect.outcome")), Column(say("single.verdict"))]
        columns += [Column(say("single.baseline"), is_number=True), Column(say("single.observed"), is_number=True)]
        columns += [Column(say(f"single.{each}", level=level)) for each in ("change", "expected", "further", "rest")]
        frozen = {row.indicator_id: row for row in records(baseline)}
        body = [Row(self._row(row, frozen.get(row.outcome))) for row in records(shown)]
        phases = say.list(say(f"phase.{each}") for each in shown["phase"].drop_duplicates())
        caption = marked(say, say("single.table", name=name, phase=phases), self.is_synthetic)
        return Table(f"single-{self.cohort.id}-{service_id}", caption, columns, body)

    def _row(self, row: Any, frozen: Any | None) -> list[Cell | str]:
        """frozen: the row of result.baseline, which an index has not."""
        say = self.say
        word = verdicts.verdict(say, Judgement(Verdict(row.verdict), row.is_confirmed))
        reason = [verdicts.untold(say, row.reason)] if isinstance(row.reason, str) else []
        phase = [say(f"phase.{row.phase}")] if row.phase != self.first else []
        notes = [*phase, *([say("single.better_up")] if self._is_better_up(row.outcome) else [])]
        is_known = pd.notna(row.change)
        before, after = (self._cases(row, side) for side in ("baseline", "scored"))
        if row.hidden_cells > 0:
            after = [say("single.hidden")]
        if frozen is not None and frozen.numerator_low < frozen.numerator_high:
            before = [say("single.hidden")]
        if frozen is not None and frozen.has_source_moved:
            before += [say("frozen.moved", now=self.value(row.outcome, row.baseline_now))]
        if frozen is not None and frozen.cells_hidden_since > 0:
            before += [say("frozen.hidden")]
        return [
            Cell(self.label(row.outcome), notes),
            Cell(word, reason, is_missing=bool(reason)),
            Cell(self.value(row.outcome, row.baseline), before) if is_known else "–",
            Cell(self.value(row.outcome, row.scored), after) if is_known else "–",
            self._change(row, "change") if is_known else "–",
            self._change(row, "expected_change"),
            self._change(row, "beyond"),
            self._rest(row),
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
        """On how many cases a share rests; those of an index are of many kinds, and a ratio has none."""
        n, indicator = getattr(row, f"{side}_cases"), self.facts.registry.indicators.get(row.outcome)
        if pd.isna(n) or indicator is None or not reasons.is_share(indicator, self.cohort.era):
            return []
        return [self.say("single.cases", n=self.say.number(n))]

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

    def value(self, outcome: str, value: float) -> str:
        """A value in the unit of its outcome."""
        if pd.isna(value):
            return "–"
        indicator = self._indicator(outcome)
        return self.say.value(value, indicator) if indicator else verdicts.points(self.say, "points", value)

    def label(self, outcome: str) -> str:
        """An outcome in words."""
        indicator = self._indicator(outcome)
        return self.say.of(indicator.label) if indicator else self.say("effect.composite")

    def _indicator(self, outcome: str) -> Indicator | None:
        return self.facts.registry.indicators.get(outcome)

    def _is_better_up(self, outcome: str) -> bool:
        indicator = self._indicator(outcome)
        return indicator is not None and indicator.need_sign < 0

    def milestones(self, service_id: str, name: str, own: pd.DataFrame) -> Table:
        """One row an indicator and period. own: of result.milestone."""
        say, own = self.say, own.sort_values(["indicator_id", "period_start"])
        body = [
            (
                self.label(row.indicator_id), say.period(str(row.period)), self._observed(row),
                self._ahead(row, "expected"), self._ahead(row, "difference"),
            )
            for row in records(own)
        ]  # fmt: skip
        headings = [Column(say("column.indicator")), Column(say("column.period"))]
        numbers = [say("single.observed"), say("single.ahead", level=self.level), say("single.beyond")]
        caption = marked(say, say("single.milestones", name=name), self.is_synthetic)
        columns = [*headings, *(Column(each, is_number=True) for each in numbers)]
        return Table(f"milestones-{self.cohort.id}-{service_id}", caption, columns, rows(body))

    def _observed(self, row: Any) -> Cell | str:
        """A value; a hidden count as all it can be."""
        if row.numerator_low < row.numerator_high:
            indicator = self.facts.registry.indicators[row.indicator_id]
            low, high = (each / row.denominator * indicator.per for each in (row.numerator_low, row.numerator_high))
            return Cell(self.say.between(low, high, indicator.decimals), [self.say("single.hidden")])
        return self.value(row.indicator_id, row.value)

    def _ahead(self, row: Any, name: str) -> str:
        value, low, high = (getattr(row, each) for each in (name, f"{name}_low", f"{name}_high"))
        if pd.isna(value):
            return "–"
        decimals = self.facts.registry.indicators[row.indicator_id].decimals
        span = self._to(low, high, decimals)
        if name == "difference" and row.numerator_low < row.numerator_high:
            return span
        return f"{self.say.number(value, decimals)} ({span})"
