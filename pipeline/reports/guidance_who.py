"""Who was guided and when, what else was done there, and what was decided before anybody looked."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from pipeline.registry.programme import Cohort
from pipeline.registry.protocol import Protocol
from pipeline.reports.facts import Facts, records
from pipeline.reports.guidance_effect import label
from pipeline.reports.tables import Column, Table, rows
from pipeline.reports.voice import Voice, sentence

WHOLE = 0.995  # of the children: less is said
OF_A_PLACE = ("inspection", "leader_change")  # whose absence from the registry is said


def points(say: Voice, facts: Facts, cohort: Cohort) -> Iterator[str]:
    """Members as they were called, guides, steps, gatherings, phases, difficulties; what is not public is said."""
    services = _of(facts.tables["mart.cohort_service"], cohort)
    members = say.list([each.name for each in cohort.members] or services["service_name"])
    start, end = say.date(cohort.start), say.date(cohort.end)
    yield say("section.cohort", label=say.of(cohort.label), start=start, end=end, members=members)
    yield from _larger(say, facts, cohort)
    if cohort.guides:
        sizes = (cohort.guides.smallest_post_percent, cohort.guides.largest_post_percent)
        least, most = (say.percent(each / 100) for each in sizes)
        yield say("guided.guides", n=say.number(cohort.guides.number), least=least, most=most)
    yield from _agreements(say, cohort)
    yield from _programme(say, facts, cohort)
    phases = "; ".join(f"{say(f'phase.{each.id}')} {span(say, cohort, each.id)}" for each in cohort.phases)
    yield say("section.phases", phases=phases)


def _agreements(say: Voice, cohort: Cohort) -> Iterator[str]:
    """Whose day of agreement is known, and who was asked and not guided."""
    known, every = sum(each.agreement_day is not None for each in cohort.members), len(cohort.members)
    day = say.date(cohort.start)
    if known and known < every:
        yield say("guided.agreement_some", n=say.number(known), all=say.number(every), day=day)
    elif known < every:
        yield say("guided.agreement_unknown", day=day)
    for answer in ("declined", "not_offered"):
        if names := [each.name for each in cohort.asked if each.answer == answer]:
            yield say("guided.asked", answer=say(f"guided.answer_{answer}"), names=say.list(names))


def span(say: Voice, cohort: Cohort, phase_id: str) -> str:
    """The periods of a phase, from the first to the last."""
    phase = cohort.phase(phase_id)
    return f"{say.period(phase.first_period)}–{say.period(phase.last_period)}" if phase else "–"


def _larger(say: Voice, facts: Facts, cohort: Cohort) -> Iterator[str]:
    """Which services of today hold children who did not live in a service that was guided."""
    services = facts.tables["mart.cohort_service"]
    wider = services[(services["cohort_id"] == cohort.id) & (services["guided_share"] < WHOLE)]
    named = [
        say("section.wider_one", share=say.percent(row.guided_share), service=row.service_name)
        for row in records(wider.sort_values("guided_share"))
    ]
    if named:
        yield say("section.wider", services="; ".join(named))


def _programme(say: Voice, facts: Facts, cohort: Cohort) -> Iterator[str]:
    """Steps, gatherings and difficulties, as far as they are known."""
    programme = facts.registry.programme
    if programme is None:
        return
    steps = say.list(say.of(each.name).lower() for each in programme.steps)
    yield say("guided.steps", months=programme.months, n=len(programme.steps), steps=steps)
    dated = [each for each in cohort.gatherings if each.day]
    told = [say("guided.gathering", n=each.number, day=say.date(each.day)) for each in dated if each.day]
    if told:
        yield say("guided.gatherings", told=say.list(told))
    elif programme.gatherings:
        yield say("guided.gatherings_unknown", n=programme.gatherings)
    if not any(each.steps for each in cohort.members):
        yield say("guided.steps_unknown")
    if programme.challenges:
        yield say("guided.challenges", told=say.list(say.of(each.words).lower() for each in programme.challenges))


def not_included(say: Voice, facts: Facts) -> Iterator[str]:
    """The cohorts of which it is not public who was in them."""
    for each in facts.registry.programme.unnamed_cohorts if facts.registry.programme else ():
        yield say("guidance.unnamed", label=say.of(each.label), unknown=say.of(each.unknown))


def timeline(say: Voice, facts: Facts, cohort: Cohort) -> Table:
    """One row a member and span of days in which its code, service, host and members stayed the same."""
    table = _of(facts.tables["core.cohort_timeline"], cohort)
    offices = {each.id: say.of(each.name) for each in facts.registry.offices}
    body = [
        (
            row.member_name, _day(say, row.valid_from), _day(say, row.valid_to) or say("column.still"),
            row.municipality_code, row.municipality_name, row.service_name, row.host_name, row.member_names,
            offices.get(row.office_id, "–"),
        )
        for row in records(table)
    ]  # fmt: skip
    keys = ("guided.member", "column.valid_from", "column.valid_to", "column.code", "column.name")
    headings = [*map(say, keys), sentence(say.of(facts.registry.jurisdiction.unit_word)), say("column.host")]
    headings += [say("column.members"), sentence(say.of(facts.registry.jurisdiction.office_word))]
    return Table(f"timeline-{cohort.id}", say("guided.timeline"), [Column(each) for each in headings], rows(body))


def measures(say: Voice, facts: Facts, cohort: Cohort) -> Table:
    """One row a measure that reached a guided service in one of the phases, with what it could be paid with."""
    reached = _of(facts.tables["core.guided_measure"], cohort)
    declared = {key: part for key, part in facts.tables["mart.measure_timeline"].groupby("measure_id", sort=False)}
    names = facts.tables["mart.cohort_service"].set_index("service_id")["service_name"]
    body = []
    for measure, own in reached.groupby("measure_id", sort=False):
        [row, *_] = records(declared[measure])
        order = [each.id for each in cohort.phases if each.id in set(own["phase"])]
        where = say("guided.everybody") if _is_national(row) else say.list(sorted(set(own["service_id"].map(names))))
        what = [getattr(row, f"label_{say.language}"), *_pots(say, declared[measure])]
        if isinstance(row.finding, str):
            what.append(say(f"guided.finding_{row.finding}"))
        phases = say.list(say(f"phase.{each}") for each in order)
        body.append(("; ".join(what), _days(say, row), where, phases, say(f"guided.sure_{row.sure}")))
    keys = ("guided.measure", "guided.when", "guided.reached", "guided.phases", "guided.known")
    columns = [Column(say(each), is_wide=each == "guided.reached") for each in keys]
    return Table(f"measures-{cohort.id}", say("guided.measures"), columns, rows(body))


def not_declared(say: Voice, facts: Facts, cohort: Cohort) -> Iterator[str]:
    """Which kinds of measure nobody has declared for these services; that is not the same as none."""
    kinds = set(_of(facts.tables["core.guided_measure"], cohort)["kind"])
    yield from (say(f"guided.none_{each}") for each in OF_A_PLACE if each not in kinds)


def _is_national(row: Any) -> bool:
    """Whether neither offices nor municipalities are named."""
    return not any(hasattr(each, "__len__") for each in (row.offices, row.municipalities))


def _pots(say: Voice, own: pd.DataFrame) -> Iterator[str]:
    for row in records(own[own["pot_id"].notna()]):
        values = {"kroner": say.number(row.amount_kroner), "year": int(row.pot_year)}
        day = _day(say, row.pot_deadline)
        yield say("guided.pot", **values, day=day) if day else say("guided.pot_open", **values)


def _days(say: Voice, row: Any) -> str:
    """When a measure was; whole years where only those are known."""
    if row.days == "year":
        years = [str(each.year) for each in (row.first_day, row.last_day) if pd.notna(each)]
        return "–".join(dict.fromkeys(years))
    return " – ".join(filter(None, (_day(say, row.first_day), _day(say, row.last_day))))


def _day(say: Voice, day: Any) -> str:
    return "" if pd.isna(day) else say.date(pd.Timestamp(day).date())


def _of(table: pd.DataFrame, cohort: Cohort) -> pd.DataFrame:
    return table[table["cohort_id"] == cohort.id]


def plan(say: Voice, facts: Facts, protocol: Protocol) -> Iterator[str]:
    """The protocol in sentences, and whether it was kept."""
    cohort = next(each for each in facts.registry.cohorts if each.id == protocol.cohorts[0])
    labels = {each.id: say.of(each.label).lower() for each in facts.registry.index.dimensions}
    named = [labels[each] for each in protocol.primary.dimensions]
    note = say.of(protocol.note) if protocol.note else ""
    who = say.of(protocol.decided_by)
    yield say("plan.dated", day=say.date(protocol.decided_on), who=who, note=note).strip()
    yield say("plan.primary", dimensions=say.list(named))
    baseline, scored = (span(say, cohort, each) for each in (protocol.baseline_phase, protocol.scored_phase))
    yield say("plan.windows", baseline=baseline, scored=scored)
    comparisons = say.list(say(f"effect.comparison_{each}") for each in protocol.comparisons)
    yield say("plan.method", comparisons=comparisons, weight=say(f"plan.weight_{protocol.weight}"))
    level = say.percent(protocol.inference.level_percent / 100)
    asked = any(each.asked for each in facts.registry.cohorts if each.id in protocol.cohorts)
    eligible = None if asked else protocol.inference.eligible
    among = "draws" if asked else "draws_all" if eligible is None else "draws_eligible"
    values = {} if eligible is None else {"eligible": say.number(eligible)}
    yield say(f"plan.{among}", level=level, n=say.number(protocol.inference.draws), **values)
    yield say("plan.multiplicity", n=len(named))
    smallest = protocol.smallest_effect
    power = say.percent(smallest.power_percent / 100)
    yield say("plan.smallest", points=say.number(smallest.points, 1), power=power, answer=say("guidance.answer"))
    for each in protocol.amendments:
        when = "plan.amended_late" if each.after_outcomes_were_read else "plan.amended"
        yield say(when, day=say.date(each.day), what=say.of(each.what), why=say.of(each.why))
    yield from _kept(say, facts, protocol)


def _kept(say: Voice, facts: Facts, protocol: Protocol) -> Iterator[str]:
    """Departures of the declared comparisons, one sentence an outcome that has any; those nobody is declared for."""
    table = facts.tables["mart.effect"]
    own = table[table["protocol_id"].eq(protocol.id) & table["method"].eq("imputation")]
    own = own[own["comparison"].isin(protocol.comparisons)]
    nobody = list(dict.fromkeys(own.loc[own["reason"].eq("nobody_declared"), "comparison"]))
    for each in nobody:
        yield say("plan.nobody", comparison=say(f"effect.comparison_{each}"))
    departed = own[~own["follows_protocol"]]
    for row in records(departed):
        words = say.list(say(f"departure.{each}") for each in row.departures.split())
        yield say("plan.departed", outcome=label(say, facts, protocol, row), departures=words)
    if departed.empty and not nobody and set(own["comparison"]) == set(protocol.comparisons):
        yield say("plan.kept")
