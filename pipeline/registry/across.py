"""Mistakes in what a jurisdiction declares that no single declaration shows."""

from collections import Counter
from collections.abc import Collection, Iterator
from datetime import date
from typing import TYPE_CHECKING

from pipeline.problems import Problem
from pipeline.registry.calendar import mistakes as rule_mistakes
from pipeline.registry.dataset import BufdirDataset, MapDataset
from pipeline.registry.experts import mistakes as expert_mistakes
from pipeline.registry.letters import mistakes as letter_mistakes
from pipeline.registry.peers import mistakes
from pipeline.registry.programme_checks import mistakes as programme_mistakes

if TYPE_CHECKING:
    from pipeline.registry.load import Registry

Name = tuple[str, str, str, Collection[str]]
Mistake = tuple[str, str, str, str]


def across(registry: "Registry") -> Iterator[Problem]:
    """Mistakes that no single declaration shows."""
    home = registry.jurisdiction.id
    for file, field, given, allowed in [
        *_dataset_names(registry),
        *_dimension_names(registry),
        *_break_names(registry),
        *_rule_names(registry),
    ]:
        if given not in allowed:
            yield Problem(f"{home}/{file}", "", field, repr(given), "one of " + ", ".join(sorted(allowed)))
    for file, field, given, allowed in [
        *_goalposts(registry),
        *_orders(registry),
        *_doubles(registry),
        *_crossings(registry),
        *_peers(registry),
        *_experts(registry),
        *_letters(registry),
        *programme_mistakes(registry),
        *_rules(registry),
    ]:
        yield Problem(f"{home}/{file}", "", field, given, allowed)


def _goalposts(registry: "Registry") -> Iterator[Mistake]:
    """Goalposts that are missing, or that stand against the direction of their indicator."""
    declared = {(post.indicator, post.era) for post in registry.index.goalposts}
    for each in registry.index.rounds:
        for indicator in registry.entering(each):
            if (indicator.id, each.era) not in declared:
                yield "index.toml", "goalposts", "nothing", f"one for {indicator.id} in {each.era}"
    for post in registry.index.goalposts:
        known = registry.indicators.get(post.indicator)
        if known is None or known.in_era(post.era) is None:
            yield "index.toml", "goalposts", f"{post.indicator} in {post.era}", "an indicator, and an era it has"
        elif (post.at_full > post.at_none) != (known.need_sign > 0):
            said = f"{post.indicator}: at_none {post.at_none:g}, at_full {post.at_full:g}"
            yield "index.toml", "goalposts", said, f"at_full on the side of need ({known.direction})"


def _orders(registry: "Registry") -> Iterator[Mistake]:
    """Spans that end before they start."""
    start = registry.jurisdiction.start_of
    spans = [("index.toml", f"rounds.{each.id}", each.first_period, each.last_period) for each in registry.index.rounds]
    for cohort in registry.cohorts:
        spans += [
            (f"programme/{cohort.id}.toml", f"phases.{p.id}", p.first_period, p.last_period) for p in cohort.phases
        ]
    for indicator in registry.indicators.values():
        spans += [
            (f"indicators/{indicator.id}.toml", f"series.{each.era}", each.first_period, each.last_period)
            for each in indicator.series
            if each.last_period
        ]
    for file, field, first, last in spans:
        if start(first) > start(last):
            yield file, field, f"{first} to {last}", "a first period that is not after the last"


def _crossings(registry: "Registry") -> Iterator[Mistake]:
    """Series that go on across a break after which nothing may be compared: one era has one meaning.

    So neither a round nor a cohort, which each read one era, can pool or compare across one.
    """
    place = registry.jurisdiction
    for indicator in registry.indicators.values():
        for series in indicator.series:
            start = place.start_of(series.first_period)
            end = place.end_of(series.last_period) if series.last_period else date.max
            for each in registry.breaks_of(indicator.id):
                if each.effect == "not_comparable" and each.parts(start, end):
                    said = f"{series.first_period} to {series.last_period or 'now'}, across {each.id} of {each.day}"
                    allowed = "a series that ends before the break or starts after it"
                    yield f"indicators/{indicator.id}.toml", f"series.{series.era}", said, allowed


def _doubles(registry: "Registry") -> Iterator[Mistake]:
    """Things that are declared twice."""
    maps = [each for each in registry.datasets.values() if isinstance(each, MapDataset)]
    drops = [name for each in registry.datasets.values() if each.drop for name in (each.id, *each.drop.names)]
    named = [
        ("index.toml", "goalposts", [f"{each.indicator} in {each.era}" for each in registry.index.goalposts]),
        ("index.toml", "rounds", [each.id for each in registry.index.rounds]),
        ("index.toml", "dimensions", [each.id for each in registry.index.dimensions]),
        ("index.toml", "top", [str(each) for each in registry.index.top]),
        ("datasets", "drop.names", drops),
        ("datasets", "border_date", [f"a map of {each.border_date.year}" for each in maps]),
        ("offices.toml", "id", [each.id for each in registry.offices]),
        ("services/list_corrections.toml", "id", [each.id for each in registry.list_corrections]),
        ("breaks.toml", "id", [each.id for each in registry.breaks]),
        *(("breaks.toml", f"{b.id}.services", [each.service for each in b.services]) for b in registry.breaks),
        ("calendar.toml", "id", [each.id for each in registry.calendar.rule] if registry.calendar else []),
        ("experts.toml", "id", [each.id for each in registry.experts]),
        ("peers.toml", "features", [each.id for each in registry.peers.features] if registry.peers else []),
        (
            "corrections",
            "cell",
            [f"{c.dataset} {c.unit_code} {c.period} {c.measure} {c.dimensions}" for c in registry.corrections],
        ),
    ]
    for file, field, names in named:
        for name, times in Counter(names).items():
            if times > 1:
                yield file, field, f"{name}, {times} times", "each once"


def _peers(registry: "Registry") -> Iterator[Mistake]:
    """Features that point at nothing, or that would let performance choose peers."""
    if registry.peers:
        yield from (("peers.toml", *mistake) for mistake in mistakes(registry.peers, registry.indicators))


def _experts(registry: "Registry") -> Iterator[Mistake]:
    """Answers of experts that do not fit the index."""
    yield from (("experts.toml", *mistake) for mistake in expert_mistakes(registry.experts, registry.index))


def _letters(registry: "Registry") -> Iterator[Mistake]:
    """Letter codes that mean one workbook to an indicator and another to the monitor."""
    for dataset in registry.datasets.values():
        if isinstance(dataset, BufdirDataset):
            yield from letter_mistakes(dataset, registry.indicators.values())


def _rules(registry: "Registry") -> Iterator[Mistake]:
    """Rules that fetch what cannot be fetched, and datasets that no rule fetches."""
    if registry.calendar:
        yield from (("calendar.toml", *mistake) for mistake in rule_mistakes(registry.calendar, registry.datasets))


def _dataset_names(registry: "Registry") -> Iterator[Name]:
    """(file, field, name, names there are) wherever a declaration names a dataset."""
    place, datasets = registry.jurisdiction, registry.datasets.keys()
    yield "jurisdiction.toml", "child_population.dataset", place.child_population.dataset, datasets
    for each in place.carried:
        yield "jurisdiction.toml", "carried: a reason not to rank it", each.code, place.not_ranked.keys()
    for correction in registry.corrections:
        yield "corrections", "dataset", correction.dataset, datasets
    for indicator in (*registry.indicators.values(), *registry.waiting.values()):
        for series in indicator.series:
            for name, part in series.parts.items():
                field = f"series.{series.era}.{name}.dataset"
                yield f"indicators/{indicator.id}.toml", field, part.dataset, datasets


def _dimension_names(registry: "Registry") -> Iterator[Name]:
    """(file, field, name, names there are) wherever a declaration names a dimension."""
    dimensions = [each.id for each in registry.index.dimensions]
    for indicator in registry.indicators.values():
        if indicator.use == "rank":
            yield f"indicators/{indicator.id}.toml", "dimension", indicator.dimension or "", dimensions
    for each in registry.index.rounds:
        for dimension in each.dimensions:
            yield "index.toml", f"rounds.{each.id}.dimensions", dimension, dimensions


def _break_names(registry: "Registry") -> Iterator[Name]:
    """(file, field, name, names there are) wherever a break names an indicator."""
    for each in registry.breaks:
        for name in each.indicators if each.indicators != "all" else ():
            yield "breaks.toml", f"{each.id}.indicators", name, registry.indicators.keys() | registry.waiting.keys()


def _rule_names(registry: "Registry") -> Iterator[Name]:
    """(file, field, name, names there are) wherever a rule of the calendar names a dataset."""
    for each in registry.calendar.rule if registry.calendar else ():
        for name in each.datasets if each.datasets != "all" else ():
            yield "calendar.toml", f"{each.id}.datasets", name, registry.datasets.keys()
