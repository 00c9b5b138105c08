"""Service by service: the frozen baseline, what came, what was expected anyway, the verdict and what may lie behind."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from pipeline.methods.verdict import MORE_BY_CHANCE, Judgement, Verdict
from pipeline.registry.programme import Cohort
from pipeline.reports import run_charts, verdicts
from pipeline.reports.facts import Facts, records
from pipeline.reports.figures import Synthetic
from pipeline.reports.guidance_effect import COMPOSITE
from pipeline.reports.guidance_tables import Figures
from pipeline.reports.tables import Table
from pipeline.reports.voice import Voice, alphabetical, sentence

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


def entries(say: Voice, facts: Facts, cohort: Cohort, is_synthetic: Synthetic) -> Iterator[Entry]:
    """The services of a cohort, in alphabetical order."""
    yield from (each.entry() for each in _services(say, facts, cohort, is_synthetic))


def tables(say: Voice, facts: Facts, cohort: Cohort, office_id: str) -> Iterator[tuple[str, Table]]:
    """(service, its table) of an office's services in a cohort, in alphabetical order."""
    yield from ((each.name, each.table()) for each in _services(say, facts, cohort, facts.is_synthetic, office_id))


def _services(
    say: Voice, facts: Facts, cohort: Cohort, is_synthetic: Synthetic, office_id: str | None = None
) -> Iterator["_Service"]:
    changes = _of(facts, cohort, "mart.service_change")
    if office_id is not None:
        changes = changes[changes["office_id"] == office_id]
    named = changes.drop_duplicates("service_id")[["service_id", "service_name"]]
    figures = Figures(say, facts, cohort, _rest_of_country(facts, cohort), SCORED[0], is_synthetic)
    for row in sorted(records(named), key=lambda each: alphabetical(each.service_name)):
        yield _Service(figures, row)


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
    yield from by_chance(say, facts, cohort)
    controls = _of(facts, cohort, "result.synthetic_control")
    if len(controls) and controls["reason"].notna().all():
        counts = controls["reason"].value_counts()
        reasons = say.list(
            say("single.control_reason", reason=verdicts.untold(say, str(each)), n=n) for each, n in counts.items()
        )
        yield say("single.control_none", reasons=reasons)


def by_chance(say: Voice, facts: Facts, cohort: Cohort) -> Iterator[str]:
    """How many of the cohort's verdicts on single outcomes would be more than expected if nothing worked."""
    n = int(_of(facts, cohort, "mart.service_change")["reason"].isna().sum())
    if n:
        yield say(
            "single.chance",
            expected=say.number(n * MORE_BY_CHANCE, 0 if n * MORE_BY_CHANCE >= 1 else 1),
            n=say.number(n),
            share=say.percent(MORE_BY_CHANCE),
            verdict=verdicts.verdict(say, Judgement(Verdict.IMPROVED_MORE)),
        )


class _Service:
    """One service of a cohort in one language."""

    def __init__(self, figures: Figures, row: Any) -> None:
        self.figures, self.say, self.facts, self.cohort = figures, figures.say, figures.facts, figures.cohort
        self.id, self.name = str(row.service_id), str(row.service_name)

    def entry(self) -> Entry:
        charts = run_charts.charts(
            self.say,
            self.facts,
            self._own("result.run_chart"),
            self._own("result.run_chart_series"),
            self.figures.is_synthetic,
        )
        return Entry(
            f"{self.cohort.id}-{self.id}",
            self.name,
            list(self._facts()),
            list(self._points()),
            self.table(),
            list(charts),
            self.figures.milestones(self.id, self.name, self._own("result.milestone")),
        )

    def table(self) -> Table:
        """What changed, with the verdict on each outcome."""
        return self.figures.table(self.id, self.name, self.shown, self._own("result.baseline"))

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
        """As of which files the baseline is frozen, and of which indicators."""
        for (day, reason), part in self._own("result.baseline").groupby(["frozen_on", "frozen_reason"], sort=True):
            words = verdicts.baseline_words(self.say, str(reason), pd.Timestamp(str(day)).date(), None)
            outcomes = self.say.list(self.figures.label(each).lower() for each in part["indicator_id"])
            yield f"{self.say('single.baseline')} ({outcomes}): {words[:1].lower()}{words[1:]}"

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
            outcomes = self.say.list(self.figures.label(each).lower() for each in dict.fromkeys(part["outcome"]))
            yield self.say("single.alarm", alarm=labels[str(alarm)], outcomes=outcomes)

    def _controls(self) -> Iterator[str]:
        own = self._own("result.synthetic_control")
        for row in records(own[own["reason"].isna()]):
            indicator = self.facts.registry.indicators[row.indicator_id]
            yield self.say(
                "single.control",
                donors=self.say.number(row.donors),
                indicator=self.figures.label(row.indicator_id).lower(),
                effect=self.say.change(row.effect, indicator),
                p=self.say.number(row.p_value, 3),
                least=self.say.number(row.smallest_p_value, 3),
            )

    def _silent(self) -> Iterator[str]:
        """The later phases of which nothing can be said, with the reason."""
        rest = self.changes[self.changes["reason"].notna() & self.changes["phase"].ne(SCORED[0])]
        phases: dict[tuple[str, str], list[str]] = {}
        for (_, phase, reason), part in rest.groupby(["phase_place", "phase", "reason"]):
            outcomes = self.say.list(self.figures.label(each).lower() for each in part["outcome"])
            phases.setdefault((str(reason), outcomes), []).append(self.say(f"phase.{phase}"))
        for (reason, outcomes), named in phases.items():
            words = {"phase": sentence(self.say.list(named)), "reason": verdicts.untold(self.say, reason)}
            yield self.say("single.silent", **words, outcomes=outcomes)


def _of(facts: Facts, cohort: Cohort, name: str) -> pd.DataFrame:
    table = facts.tables[name]
    return table[table["cohort_id"] == cohort.id]


def _years(part: pd.DataFrame) -> str:
    """The years of a code, from the first to the last; an open end is left open."""
    first, ends = part["valid_from"].min(), part["valid_to"]
    last = "" if ends.isna().any() else str((pd.Timestamp(ends.max()) - pd.Timedelta(days=1)).year)
    return f"{pd.Timestamp(first).year}–{last}"
