"""Mistakes in what is declared of the programme that no single declaration shows."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from datetime import date
from typing import TYPE_CHECKING

from pipeline.registry.dataset import RecordDataset
from pipeline.registry.programme import Challenge, Cohort
from pipeline.registry.protocol import Protocol, phase_mistakes

if TYPE_CHECKING:
    from pipeline.registry.load import Registry

Mistake = tuple[str, str, str, str]
BEFORE_SCORED = ("baseline", "selection", "start_up")


def mistakes(registry: "Registry") -> Iterator[Mistake]:
    """(file, field, given, allowed): names that point at nothing, things twice, days and orders that do not fit."""
    yield from _programme(registry)
    for cohort in registry.cohorts:
        yield from _cohort(registry, cohort)
    yield from _measures(registry)
    for protocol in registry.protocols:
        yield from _protocol(registry, protocol)
    yield from _alarms(registry)


def _programme(registry: "Registry") -> Iterator[Mistake]:
    programme, file = registry.programme, "programme.toml"
    if programme is None:
        return
    yield from _doubled(file, "steps", (each.id for each in programme.steps))
    yield from _challenged(registry, file, "challenges", programme.challenges)
    named = [each.id for each in registry.cohorts]
    yield from _doubled(file, "unnamed_cohorts", (each.id for each in programme.unnamed_cohorts))
    for each in programme.unnamed_cohorts:
        if each.id in named:
            yield (
                file,
                "unnamed_cohorts.id",
                repr(each.id),
                f"a cohort without a file; programme/{each.id}.toml names it",
            )


def _cohort(registry: "Registry", cohort: Cohort) -> Iterator[Mistake]:
    file = f"programme/{cohort.id}.toml"
    programme = registry.programme
    members = {each.municipality_code for each in cohort.members}
    yield from _doubled(file, "members", (each.municipality_code for each in cohort.members))
    yield from _doubled(file, "asked", (each.municipality_code for each in cohort.asked))
    for one in cohort.asked:
        if one.municipality_code in members:
            yield file, "asked", repr(one.municipality_code), "a municipality that is no member: it was not guided"
    yield from _doubled(file, "phases", (each.id for each in cohort.phases))
    yield from _doubled(file, "gatherings", (f"no. {each.number}" for each in cohort.gatherings))
    last = programme.gatherings if programme else 0
    for each in cohort.gatherings:
        field = f"gatherings no. {each.number}"
        if each.number > last:
            yield file, field, str(each.number), f"1 to {last}, the gatherings of the programme"
        if each.day and not cohort.start <= each.day <= cohort.end:
            yield file, f"{field}.day", str(each.day), f"a day from {cohort.start} to {cohort.end}"
    yield from ((file, *mistake) for mistake in _agreements(registry, cohort))
    if cohort.listed:
        yield from _unknown(file, "listed.finding", [cohort.listed.finding], _findings(registry))
    order = [each.id for each in programme.steps] if programme else []
    for member in cohort.members:
        field = f"members.{member.name}"
        yield from _challenged(registry, file, f"{field}.challenges", member.challenges)
        taken = [each.step for each in member.steps]
        yield from _unknown(file, f"{field}.steps", taken, order)
        if set(taken) <= set(order) and taken != sorted(set(taken), key=order.index):
            yield file, f"{field}.steps", ", ".join(taken), "each once, in the order " + ", ".join(order)


def _agreements(registry: "Registry", cohort: Cohort) -> Iterator[tuple[str, str, str]]:
    """(field, given, allowed) of days of agreement by which a baseline is not over, or a scored phase has begun."""
    place, baseline = registry.jurisdiction, cohort.phase("baseline")
    first = place.end_of(baseline.last_period) if baseline else date.min
    scored = [place.start_of(each.first_period) for each in cohort.phases if each.id not in BEFORE_SCORED]
    last = min(scored, default=date.max)
    days = {"start": cohort.start}
    days |= {f"members.{each.name}.agreement_day": each.agreement_day for each in cohort.members if each.agreement_day}
    if cohort.listed:
        days |= {"listed.first_day": cohort.listed.first_day, "listed.last_day": cohort.listed.last_day}
    for field, day in days.items():
        if day < first:
            yield field, str(day), f"{first} or later, when the baseline is over"
        elif day > last:
            yield field, str(day), f"{last} or earlier, when the first scored phase begins"


def _findings(registry: "Registry") -> set[str]:
    """What an inspection can find, by the dataset of inspections; nothing where none is declared."""
    inspections = registry.datasets.get("inspection")
    columns = inspections.columns if isinstance(inspections, RecordDataset) else ()
    return {word for column in columns if column.field == "finding" for word in column.choices.values()}


def _measures(registry: "Registry") -> Iterator[Mistake]:
    place = registry.jurisdiction
    yield from _doubled("measures", "id", (each.id for each in registry.measures))
    for each in registry.measures:
        yield from _unknown("measures", f"{each.id}.offices", each.offices, [office.id for office in registry.offices])
        yield from _unknown("measures", f"{each.id}.indicators", each.indicators, registry.indicators)
        yield from _doubled("measures", f"{each.id}.pots", (pot.id for pot in each.pots))
        for code in each.municipalities:
            if not place.unit_code.fullmatch(code):
                yield "measures", f"{each.id}.municipalities", repr(code), place.unit_code_hint


def _protocol(registry: "Registry", protocol: Protocol) -> Iterator[Mistake]:
    file = f"protocols/{protocol.id}.toml"
    dimensions = [each.id for each in registry.index.dimensions]
    yield from _unknown(file, "primary.dimensions", protocol.primary.dimensions, dimensions)
    yield from _doubled(file, "primary.dimensions", protocol.primary.dimensions)
    cohorts = {each.id: each for each in registry.cohorts}
    yield from _unknown(file, "cohorts", protocol.cohorts, cohorts)
    chosen = [cohorts[name] for name in protocol.cohorts if name in cohorts]
    yield from ((file, *mistake) for mistake in phase_mistakes(protocol, chosen))
    for cohort in chosen[:1]:
        measured = {
            each.dimension for each in registry.indicators.values() if each.use == "rank" and each.in_era(cohort.era)
        }
        for dimension in set(protocol.primary.dimensions) & set(dimensions) - measured:
            yield file, "primary.dimensions", repr(dimension), f"a dimension with an indicator in {cohort.era}"


def _alarms(registry: "Registry") -> Iterator[Mistake]:
    yield from _doubled("alarms.toml", "id", (each.id for each in registry.alarms))
    for each in registry.alarms:
        yield from _unknown("alarms.toml", f"{each.id}.indicators", each.indicators, registry.indicators)
        yield from _unknown(
            "alarms.toml", f"{each.id}.beside", [each.beside] if each.beside else [], registry.indicators
        )
    for indicator in registry.indicators.values():
        if indicator.counterbalance:
            file, others = f"indicators/{indicator.id}.toml", registry.indicators.keys() - {indicator.id}
            yield from _unknown(file, "counterbalance.indicator", [indicator.counterbalance.indicator], others)


def _challenged(registry: "Registry", file: str, field: str, challenges: Iterable[Challenge]) -> Iterator[Mistake]:
    for each in challenges:
        yield from _unknown(file, f"{field}.indicators", each.indicators, registry.indicators)


def _unknown(file: str, field: str, names: Iterable[str], allowed: Collection[str]) -> Iterator[Mistake]:
    for name in names:
        if name not in allowed:
            yield file, field, repr(name), "one of " + ", ".join(sorted(allowed))


def _doubled(file: str, field: str, names: Iterable[str]) -> Iterator[Mistake]:
    for name, times in Counter(names).items():
        if times > 1:
            yield file, field, f"{name}, {times} times", "each once"
