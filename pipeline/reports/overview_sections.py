"""The sections of the overview, in reading order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from pipeline.registry.breaks import Break
from pipeline.registry.programme import Cohort
from pipeline.reports import breaks, charts, courses, maps, method, overview_tables, peers
from pipeline.reports.facts import TIERS, Facts, RoundFacts, records
from pipeline.reports.figures import Figure
from pipeline.reports.tables import Table
from pipeline.reports.voice import Voice, sentence

WHOLE = 0.995  # of the children: less is said


@dataclass(frozen=True)
class Section:
    """A section of the page: what the template shows, in this order; nothing is left out of sight but `details`."""

    id: str
    title: str
    warning: str = ""
    lead: str = ""
    points_title: str = ""
    points: Sequence[str] = ()
    tiers: Sequence[tuple[str, str, int]] = ()
    figures: Sequence[Figure] = ()
    filtered: Table | None = None
    tables: Sequence[Table] = ()
    details: Sequence[Table] = ()


def sections(facts: Facts, say: Voice, services_page: str) -> Iterator[Section]:
    """The sections in reading order; services_page: where each service has a part of its own."""
    yield _round(facts, say)
    yield Section(
        "ranking",
        say("page.ranking"),
        lead=say("section.ranking", k=facts.k),
        figures=[charts.ranking(say, facts)],
        filtered=overview_tables.ranking(say, facts, facts.current, services_page),
    )
    yield _dialogue(facts, say)
    drawn = maps.tier_map(say, facts)
    if drawn:
        yield Section("map", say("page.map"), figures=[drawn])
    yield _method(facts, say)
    values = overview_tables.values(say, facts, facts.current)
    yield Section("values", say("page.indicator_values"), details=[values])
    if len(facts.current.peers):
        likeness, *rest = peers.about(say, facts)
        yield Section("peers", say("peers.title"), lead=likeness, points=rest, details=[peers.table(say, facts)])
    yield Section("not_ranked", say("page.not_ranked"), tables=[overview_tables.not_ranked(say, facts, facts.current)])
    came_or_went = overview_tables.came_or_went(say, facts)
    if came_or_went.rows:
        yield Section(
            "came_or_went", say("page.came_or_went"), lead=say("section.came_or_went"), details=[came_or_went]
        )
    if facts.earlier:
        yield _earlier(facts, say)
    yield from (_cohort(facts, say, each) for each in facts.registry.cohorts if len(_path(facts, each)))
    coverage = charts.coverage(say, facts, overview_tables.coverage(say, facts))
    yield Section("coverage", say("page.coverage"), lead=say("section.coverage"), figures=[coverage])
    if facts.registry.breaks:
        table = breaks.table(say, facts.registry)
        yield Section("breaks", say("page.breaks"), lead=say("section.breaks"), details=[table])
    weights = say("section.weights", weights=_weights(facts, say))
    yield Section("indicators", say("page.indicators"), lead=weights, tables=[overview_tables.indicators(say, facts)])
    yield Section("sources", say("page.sources"), details=[overview_tables.sources(say, facts)])


def _round(facts: Facts, say: Voice) -> Section:
    each = facts.current.round
    return Section(
        "round",
        say("page.round", round=say.of(each.label)),
        lead=say.of(each.note),
        points_title=say("page.how_to_read"),
        points=[*_how_to_read(facts, say), *_pooled(facts, say, facts.current)],
        tiers=_tiers(facts, say),
    )


def _dialogue(facts: Facts, say: Voice) -> Section:
    nearly = method.tipping_table(say, facts)
    return Section(
        "dialogue",
        say("page.dialogue"),
        lead=method.dialogue(say, facts),
        points=[say("dialogue.tipping_lead")] if nearly.rows else [],
        details=[method.dialogue_table(say, facts), *([nearly] if nearly.rows else [])],
    )


def _method(facts: Facts, say: Voice) -> Section:
    made = (method.choices_table, method.weights_table, method.model_table)
    return Section(
        "method",
        say("page.method"),
        lead=say("method.lead"),
        points=method.points(say, facts),
        tables=[table for table in (each(say, facts) for each in made) if table.rows],
    )


def _pooled(facts: Facts, say: Voice, each: RoundFacts) -> Iterator[str]:
    """The breaks, to be read with care, that a round adds up across."""
    span = each.round.first_period, each.round.last_period
    yield from _told(say, breaks.pooled(facts.registry, each.indicators, *span))


def _round_tables(facts: Facts, say: Voice, each: RoundFacts) -> Iterator[Table]:
    yield overview_tables.ranking(say, facts, each)
    if len(each.not_ranked):
        yield overview_tables.not_ranked(say, facts, each)


def _earlier(facts: Facts, say: Voice) -> Section:
    return Section(
        "earlier",
        say("page.earlier"),
        lead=say("section.earlier"),
        points=[
            point
            for each in facts.earlier
            for point in (f"{say.of(each.round.label)}: {say.of(each.round.note)}", *_pooled(facts, say, each))
        ],
        details=[table for each in facts.earlier for table in _round_tables(facts, say, each)],
    )


def _how_to_read(facts: Facts, say: Voice) -> list[str]:
    current = facts.current
    level = say.percent(facts.registry.index.interval_level)
    left = len(current.not_ranked)
    counts = {"ranked": say.number(len(current.ranked)), "indicators": len(current.indicators)}
    return [
        say("read.count", **counts, left=left) if left else say("read.count_all", **counts),
        say("read.law"),
        say("read.need"),
        say("read.tiers", k=facts.k),
        say("read.outlook"),
        say("read.interval", level=level, method=say("page.method")),
        say("read.companion"),
        say("read.shrunken", borrowed=say("note.borrowed")),
        say("read.missing"),
        *([say("read.implied")] if current.estimates["is_estimated"].any() else []),
    ]


def _tiers(facts: Facts, say: Voice) -> list[tuple[str, str, int]]:
    """(words, probability, how many) of each tier."""
    counts = facts.current.ranked["tier"].value_counts()
    return [
        (sentence(say.tier(each, facts.k)), say(f"tier.explain_{each}"), int(counts.get(each, 0))) for each in TIERS
    ]


def _weights(facts: Facts, say: Voice) -> str:
    weights = facts.registry.index.dimensions
    total = sum(each.weight for each in weights if each.id in facts.current.round.dimensions)
    return say.list(
        f"{say.of(each.label)} {say.percent(each.weight / total)}"
        for each in weights
        if each.id in facts.current.round.dimensions
    )


def _path(facts: Facts, cohort: Cohort) -> pd.DataFrame:
    path = facts.tables["mart.path"]
    return path[path["cohort_id"] == cohort.id]


def _cohort(facts: Facts, say: Voice, cohort: Cohort) -> Section:
    """The follow-up of a cohort; the warning stands before any number."""
    path, eras = _path(facts, cohort), facts.tables["mart.coverage"]
    services = facts.tables["mart.cohort_service"]
    services = services[services["cohort_id"] == cohort.id]
    is_synthetic = bool(eras.loc[eras["era"] == cohort.era, "is_synthetic"].any() or services["is_synthetic"].any())
    phases = "; ".join(
        f"{say(f'phase.{each.id}')} {say.period(each.first_period)}–{say.period(each.last_period)}"
        for each in cohort.phases
    )
    members = say.list([each.name for each in cohort.members] or services["service_name"])
    start, end = say.date(cohort.start), say.date(cohort.end)
    table = courses.path_table(say, facts, cohort, is_synthetic)
    return Section(
        "follow_up" if cohort == facts.registry.cohorts[0] else cohort.id,
        f"{say('page.follow_up')}: {say.of(cohort.label)}",
        warning=say("section.follow_up"),
        points=[
            say("section.cohort", label=say.of(cohort.label), start=start, end=end, members=members),
            *_larger(facts, say, cohort),
            say("section.phases", phases=phases),
            *_breaks(facts, say, path),
        ],
        figures=[courses.follow_up(say, facts, cohort, path, table, is_synthetic)],
        tables=[courses.change_table(say, facts, cohort, is_synthetic)],
    )


def _larger(facts: Facts, say: Voice, cohort: Cohort) -> Iterator[str]:
    """Which services of today hold children who did not live in a service that was guided."""
    services = facts.tables["mart.cohort_service"]
    wider = services[(services["cohort_id"] == cohort.id) & (services["guided_share"] < WHOLE)]
    named = [
        say("section.wider_one", share=say.percent(row.guided_share), service=row.service_name)
        for row in records(wider.sort_values("guided_share"))
    ]
    if named:
        yield say("section.wider", services="; ".join(named))


def _breaks(facts: Facts, say: Voice, path: pd.DataFrame) -> Iterator[str]:
    """What the strokes in the figure mean, each once."""
    found = {
        each.id: each
        for indicator, rows in path.groupby("indicator_id")
        for each in breaks.drawn(facts.registry, facts.registry.indicators[str(indicator)], sorted(set(rows["period"])))
    }
    yield from _told(say, sorted(found.values(), key=lambda each: each.day))


def _told(say: Voice, found: list[Break]) -> Iterator[str]:
    yield from (say("section.break", text=breaks.told(say, each)) for each in found)
