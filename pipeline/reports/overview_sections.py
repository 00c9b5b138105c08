"""The sections of the overview, in reading order."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pipeline.reports import (
    breaks,
    charts,
    context,
    funnels,
    maps,
    method,
    overview_tables,
    peers,
    reasons,
    refits,
    vintages,
)
from pipeline.reports.facts import TIERS, Facts, RoundFacts
from pipeline.reports.figures import Figure, marked
from pipeline.reports.guidance_effect import short
from pipeline.reports.tables import Table
from pipeline.reports.voice import Voice, sentence


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
    link: tuple[str, str] | None = None  # words, address


def sections(facts: Facts, say: Voice, address: Callable[[str], str]) -> Iterator[Section]:
    """The sections in reading order; address: of a page by its name."""
    yield _round(facts, say)
    yield Section(
        "ranking",
        say("page.ranking"),
        lead=say("section.ranking", k=facts.k),
        figures=[charts.ranking(say, facts)],
        filtered=overview_tables.ranking(say, facts, facts.current, address("services")),
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
    if len(facts.current.adjusted):
        yield Section(
            "context",
            say("context.heading"),
            lead=say("context.lead", conditions=context.conditions(say, facts)),
            points=context.points(say, facts),
            details=[context.table(say, facts)],
        )
    yield Section("not_ranked", say("page.not_ranked"), tables=[overview_tables.not_ranked(say, facts, facts.current)])
    came_or_went = overview_tables.came_or_went(say, facts)
    if came_or_went.rows:
        yield Section(
            "came_or_went", say("page.came_or_went"), lead=say("section.came_or_went"), details=[came_or_went]
        )
    if facts.earlier:
        yield _earlier(facts, say)
    if facts.registry.cohorts:
        yield _guidance(facts, say, address("guidance"))
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
    made = (method.choices_table, refits.table, method.weights_table, method.model_table)
    return Section(
        "method",
        say("page.method"),
        lead=say("method.lead"),
        points=[*method.points(say, facts), funnels.outside(say, facts.current), *vintages.points(say, facts)],
        details=list(vintages.tables(say, facts)),
        tables=[table for table in (each(say, facts) for each in made) if table.rows],
    )


def _pooled(facts: Facts, say: Voice, each: RoundFacts) -> Iterator[str]:
    """The breaks, to be read with care, that a round adds up across."""
    span = each.round.first_period, each.round.last_period
    yield from breaks.sentences(say, breaks.pooled(facts.registry, each.indicators, *span))


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
        say("read.shrunken", borrowed=say("note.borrowed"), limit=say.percent(reasons.BORROWED_BELOW)),
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


def _guidance(facts: Facts, say: Voice, page: str) -> Section:
    """The answer of each protocol in short; the warning stands before any number."""
    cohorts, protocols = facts.registry.cohorts, facts.registry.protocols
    labels = {each.id: say.of(each.label) for each in cohorts}
    answers = {say.list(labels[name] for name in each.cohorts): short(say, facts, each) for each in protocols}
    unplanned = [each for each in cohorts if not any(each.id in protocol.cohorts for protocol in protocols)]
    answers |= {labels[each.id]: say("plan.none") for each in unplanned}
    return Section(
        "guidance",
        say("guidance.title"),
        warning=say("guidance.warning"),
        points=[f"{marked(say, cohort, facts.is_synthetic)}: {told}" for cohort, told in answers.items()],
        link=(say("guidance.link"), page),
    )
