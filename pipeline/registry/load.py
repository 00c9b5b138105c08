"""Reads and checks everything that is declared for a jurisdiction, and tells all mistakes at once."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from pipeline.problems import BadInput, Problem
from pipeline.registry.alarms import Alarm
from pipeline.registry.breaks import Break
from pipeline.registry.calendar import Calendar
from pipeline.registry.calendar import mistakes as rule_mistakes
from pipeline.registry.correction import Correction
from pipeline.registry.dataset import BufdirDataset, Dataset, DatasetBase, MapDataset
from pipeline.registry.experts import Expert
from pipeline.registry.experts import mistakes as expert_mistakes
from pipeline.registry.index import Index, Round
from pipeline.registry.letters import mistakes as letter_mistakes
from pipeline.registry.list_correction import ListCorrection
from pipeline.registry.measures import Measure
from pipeline.registry.model import Indicator, Jurisdiction
from pipeline.registry.peers import Peers, mistakes
from pipeline.registry.programme import Cohort, Office, Programme
from pipeline.registry.programme_checks import mistakes as programme_mistakes
from pipeline.registry.protocol import Protocol
from pipeline.registry.reader import Reader
from pipeline.registry.services import Alone, JointService, Region, SplitPart, SplitWeight

HOME = Path(__file__).parent


@dataclass(frozen=True)
class Registry:
    """All declarations of one jurisdiction."""

    jurisdiction: Jurisdiction
    index: Index
    indicators: dict[str, Indicator]
    datasets: dict[str, DatasetBase]
    corrections: tuple[Correction, ...]
    offices: tuple[Office, ...]
    joint_services: tuple[JointService, ...]
    alone: tuple[Alone, ...]
    regions: tuple[Region, ...]
    list_corrections: tuple[ListCorrection, ...]
    split_weights: tuple[SplitWeight, ...]
    split_parts: tuple[SplitPart, ...]
    programme: Programme | None
    cohorts: tuple[Cohort, ...]
    measures: tuple[Measure, ...]
    protocols: tuple[Protocol, ...]
    alarms: tuple[Alarm, ...]
    breaks: tuple[Break, ...]
    peers: Peers | None
    experts: tuple[Expert, ...]
    calendar: Calendar | None = dataclass_field(repr=False)  # touches no number, so no release is named by it
    waiting: dict[str, Indicator] = dataclass_field(repr=False)  # on an unconfirmed table: neither asked nor built

    @property
    def ranked(self) -> list[Indicator]:
        """The indicators that enter the index, in the order of their dimensions."""
        order = [dimension.id for dimension in self.index.dimensions]
        ranked = [each for each in self.indicators.values() if each.use == "rank"]
        return sorted(
            (each for each in ranked if each.dimension in order),
            key=lambda each: (order.index(each.dimension or ""), each.id),
        )

    def entering(self, each: Round) -> list[Indicator]:
        """The indicators that a round ranks on: published in its era, of a dimension it sees."""
        return [
            indicator
            for indicator in self.ranked
            if indicator.in_era(each.era) is not None and indicator.dimension in each.dimensions
        ]

    def breaks_of(self, indicator_id: str) -> list[Break]:
        """The breaks in the figures of an indicator, by day."""
        return sorted((each for each in self.breaks if each.touches(indicator_id)), key=lambda each: each.day)

    def touched_by(self, each: Break) -> list[Indicator]:
        """The declared indicators whose figures a break parts."""
        return [indicator for indicator in self.indicators.values() if each.touches(indicator.id)]


def jurisdictions(home: Path = HOME) -> list[str]:
    """The jurisdictions that are declared, in alphabetical order."""
    return sorted(path.parent.name for path in home.glob("*/jurisdiction.toml"))


@cache
def load(jurisdiction: str, home: Path = HOME) -> Registry:
    """Everything declared for a jurisdiction.

    Raises BadInput with one problem a mistake: the file, the field, what was given, what is allowed.
    """
    registry, problems = read(jurisdiction, home)
    if registry is None or problems:
        raise BadInput(problems)
    return registry


def read(jurisdiction: str, home: Path = HOME) -> tuple[Registry | None, list[Problem]]:
    """What could be read of a jurisdiction's declarations, and the mistakes; nothing where the core of it is wrong.

    Raises BadInput for a jurisdiction there is not.
    """
    folder = home / jurisdiction
    if not (folder / "jurisdiction.toml").exists():
        known = ", ".join(jurisdictions(home))
        raise BadInput([Problem(str(folder.name), "", "jurisdiction", repr(jurisdiction), f"one of {known}")])
    reader = Reader(folder)
    parts: dict[str, Any] = {
        "jurisdiction": reader.one("jurisdiction.toml", Jurisdiction),
        "index": reader.one("index.toml", Index),
        "indicators": reader.by_id("indicators", Indicator),
        "datasets": reader.by_id("datasets", TypeAdapter(Dataset)),
        "corrections": reader.rows("corrections/*.toml", "correction", Correction),
        "offices": reader.rows("offices.toml", "office", Office),
        "joint_services": reader.rows("services/joint_services.toml", "joint_service", JointService),
        "alone": reader.rows("services/alone.toml", "alone", Alone),
        "regions": reader.rows("regions.toml", "region", Region),
        "list_corrections": reader.rows("services/list_corrections.toml", "correction", ListCorrection),
        "split_weights": reader.rows("services/split_weights.toml", "split_weight", SplitWeight),
        "split_parts": reader.rows("services/split_parts.toml", "split_part", SplitPart),
        "programme": reader.one("programme.toml", Programme) if (folder / "programme.toml").exists() else None,
        "cohorts": tuple(reader.by_id("programme", Cohort).values()),
        "measures": reader.rows("measures/*.toml", "measure", Measure),
        "protocols": tuple(reader.by_id("protocols", Protocol).values()),
        "alarms": reader.rows("alarms.toml", "alarm", Alarm),
        "breaks": reader.rows("breaks.toml", "break", Break),
        "peers": reader.one("peers.toml", Peers) if (folder / "peers.toml").exists() else None,
        "experts": reader.rows("experts.toml", "expert", Expert),
        "calendar": reader.one("calendar.toml", Calendar) if (folder / "calendar.toml").exists() else None,
    }
    if parts["jurisdiction"] is None or parts["index"] is None:
        return None, sorted(reader.problems)
    unsure = {each.id for each in parts["datasets"].values() if each.confirmed == "unconfirmed"}
    parts["waiting"] = {name: each for name, each in parts["indicators"].items() if unsure & each.datasets}
    parts["indicators"] = {name: each for name, each in parts["indicators"].items() if name not in parts["waiting"]}
    registry = Registry(**parts)
    return registry, sorted(reader.problems or _across(registry))


def _across(registry: Registry) -> Iterator[Problem]:
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


Name = tuple[str, str, str, Collection[str]]
Mistake = tuple[str, str, str, str]


def _goalposts(registry: Registry) -> Iterator[Mistake]:
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
        elif (post.at_full > post.at_none) != (known.direction == "high_is_need"):
            said = f"{post.indicator}: at_none {post.at_none:g}, at_full {post.at_full:g}"
            yield "index.toml", "goalposts", said, f"at_full on the side of need ({known.direction})"


def _orders(registry: Registry) -> Iterator[Mistake]:
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


def _crossings(registry: Registry) -> Iterator[Mistake]:
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


def _doubles(registry: Registry) -> Iterator[Mistake]:
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


def _peers(registry: Registry) -> Iterator[Mistake]:
    """Features that point at nothing, or that would let performance choose peers."""
    if registry.peers:
        yield from (("peers.toml", *mistake) for mistake in mistakes(registry.peers, registry.indicators))


def _experts(registry: Registry) -> Iterator[Mistake]:
    """Answers of experts that do not fit the index."""
    yield from (("experts.toml", *mistake) for mistake in expert_mistakes(registry.experts, registry.index))


def _letters(registry: Registry) -> Iterator[Mistake]:
    """Letter codes that mean one workbook to an indicator and another to the monitor."""
    for dataset in registry.datasets.values():
        if isinstance(dataset, BufdirDataset):
            yield from letter_mistakes(dataset, registry.indicators.values())


def _rules(registry: Registry) -> Iterator[Mistake]:
    """Rules that fetch what cannot be fetched, and datasets that no rule fetches."""
    if registry.calendar:
        yield from (("calendar.toml", *mistake) for mistake in rule_mistakes(registry.calendar, registry.datasets))


def _dataset_names(registry: Registry) -> Iterator[Name]:
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


def _dimension_names(registry: Registry) -> Iterator[Name]:
    """(file, field, name, names there are) wherever a declaration names a dimension."""
    dimensions = [each.id for each in registry.index.dimensions]
    for indicator in registry.indicators.values():
        if indicator.use == "rank":
            yield f"indicators/{indicator.id}.toml", "dimension", indicator.dimension or "", dimensions
    for each in registry.index.rounds:
        for dimension in each.dimensions:
            yield "index.toml", f"rounds.{each.id}.dimensions", dimension, dimensions


def _break_names(registry: Registry) -> Iterator[Name]:
    """(file, field, name, names there are) wherever a break names an indicator."""
    for each in registry.breaks:
        for name in each.indicators if each.indicators != "all" else ():
            yield "breaks.toml", f"{each.id}.indicators", name, registry.indicators.keys() | registry.waiting.keys()


def _rule_names(registry: Registry) -> Iterator[Name]:
    """(file, field, name, names there are) wherever a rule of the calendar names a dataset."""
    for each in registry.calendar.rule if registry.calendar else ():
        for name in each.datasets if each.datasets != "all" else ():
            yield "calendar.toml", f"{each.id}.datasets", name, registry.datasets.keys()
