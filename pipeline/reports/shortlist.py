"""The pack of each office: one workbook to answer in, in the office's language."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from pipeline.registry.load import Registry
from pipeline.registry.model import Indicator
from pipeline.registry.programme import Office
from pipeline.reports import context, guidance_sheet, overview_tables, peers, reasons
from pipeline.reports.facts import SHARED_TABLES, Facts, Tables, by_indicator, gather, records
from pipeline.reports.figures import marked
from pipeline.reports.sheet import Field, Sheet, workbook
from pipeline.reports.voice import Voice, sentence

NAME = "shortlist"
TABLES = (*SHARED_TABLES, *guidance_sheet.TABLES)
LISTED = ("A", "B", "C", "D")  # a chance of 10 % or more; the others have a sheet of their own
CHOICES = ("agree", "replace", "add", "no")


def render(tables: Tables, registry: Registry) -> dict[str, bytes]:
    """`shortlists/<office>.xlsx` for every office that has services."""
    facts = gather(tables, registry)
    languages = sorted({office.language for office in registry.offices})
    paths = {each: reasons.paths(Voice(each), facts.current) for each in languages}
    return {
        f"shortlists/{office.id}.xlsx": _pack(facts, office, paths[office.language])
        for office in sorted(registry.offices, key=lambda each: each.id)
        if _mine(facts.current.ranked, office).size or _mine(facts.current.not_ranked, office).size
    }


def _mine(services: pd.DataFrame, office: Office) -> pd.DataFrame:
    return services[services["office_id"] == office.id].reset_index(drop=True)


def _pack(facts: Facts, office: Office, paths: dict[tuple[str, str], str]) -> bytes:
    say = Voice(office.language)
    mine = _mine(facts.current.ranked, office)
    is_listed = mine["tier"].isin(LISTED)
    sheets = [
        _list(say, facts, office, paths, mine[is_listed], "pack.list"),
        _list(say, facts, office, paths, mine[~is_listed], "pack.others"),
        _not_ranked(say, facts, office),
        *([_peers(say, facts, office, mine)] if facts.registry.peers else []),
        *guidance_sheet.sheets(say, facts, office, _head(say, facts, office)),
        _explanation(say, facts, office),
    ]
    return workbook(sheets, title=sheets[0].head[0], created=facts.as_of)


def _head(say: Voice, facts: Facts, office: Office) -> list[str]:
    """Office, round, what is known when, and whether the numbers are synthetic."""
    synthetic = f"{say('synthetic.word')}. {say('synthetic.banner')}" if facts.is_synthetic else say("synthetic.real")
    return [
        marked(say, say("pack.title", office=say.of(office.name)), facts.is_synthetic),
        say("pack.facts", round=say.of(facts.current.round.label), day=say.date(facts.as_of), release=facts.release)
        + " "
        + overview_tables.vintage(say, facts),
        synthetic,
    ]


def _list(
    say: Voice, facts: Facts, office: Office, paths: dict[tuple[str, str], str], mine: pd.DataFrame, name: str
) -> Sheet:
    """The listed services of an office, or the others: who, why, room for the answer, then the figures."""
    mine = mine.reset_index(drop=True)
    fields = [*_identity(say, facts, mine), *_answers(say, len(mine))]
    printed = len(fields)
    estimates = by_indicator(facts.current)
    for indicator in facts.current.indicators:
        table = estimates[indicator.id].reindex(mine["service_id"]).reset_index()
        fields += _numbers(say, facts, indicator, table, paths)
    fields += context.fields(say, facts, mine)
    about = say(f"{name}_about", k=facts.k)
    head = [*_head(say, facts, office), say.of(facts.current.round.note), about, say("pack.how")]
    return Sheet(say(name), head, fields, printed_columns=printed, has_filter=True)


def _identity(say: Voice, facts: Facts, mine: pd.DataFrame) -> list[Field]:
    """Who the service is, how probable, and why: the columns to the left of the answers."""
    level = say.percent(facts.registry.index.interval_level)
    fields = [
        Field(overview_tables.unit_word(say, facts), mine["name"], width=22),
        Field(say("column.tier"), [sentence(say.tier(each, facts.k)) for each in mine["tier"]], width=18),
        Field(say("column.chance", k=facts.k), mine[facts.chance], width=11, form="share"),
        Field(
            say("column.rank_interval", level=level),
            list(map(say.rank, mine["rank_best"], mine["rank_worst"])),
            width=18,
        ),
        Field(say("page.dialogue"), [say("dialogue.on") if each else "" for each in mine["is_dialogue"]], width=12),
        Field(say("pack.variants", k=facts.k), mine["share_in_top"], width=13, form="part"),
        Field(say("pack.own_share"), mine["own_share"], width=10, form="part"),
    ]
    if facts.municipal_word == "municipality":
        fields.append(Field(say("column.host"), mine["host_name"], width=14))
        fields.append(Field(say("column.members"), mine["member_names"], width=22))
    word = facts.registry.jurisdiction.peer_group_word
    if word:
        fields.append(Field(say.of(word), mine["peer_group"], width=10))
    fields.append(Field(say("column.children"), mine["child_population"], width=10, form="count"))
    if facts.registry.cohorts:
        names = [overview_tables.cohort_names(say, facts, each) for each in mine["cohorts"]]
        fields.append(Field(say("column.cohorts"), names, width=14))
    why = reasons.why(say, facts)
    fields.append(Field(say("pack.why"), [why(each) for each in mine["service_id"]], width=52))
    return fields


def _answers(say: Voice, size: int) -> list[Field]:
    """What the office fills in."""
    choices = [say(f"pack.{each}") for each in CHOICES]
    blank = [""] * size
    return [
        Field(
            say("pack.assessment"),
            blank,
            width=14,
            choices=choices,
            is_answer=True,
            hint=say("pack.choose", choices=say.list(choices)),
        ),
        Field(say("pack.reason"), blank, width=25, is_answer=True),
        Field(say("pack.knowledge"), blank, width=25, is_answer=True),
    ]


def _numbers(
    say: Voice, facts: Facts, indicator: Indicator, table: pd.DataFrame, paths: dict[tuple[str, str], str]
) -> Iterator[Field]:
    """One indicator, in its unit: pooled count, value with interval, country and its like, gaps, and the path."""
    top, seen = sentence(say.of(indicator.short_label)), table["is_observed"].eq(True)
    unit = say(f"number.{indicator.unit}", value="").strip() or say("column.value").split(" ")[0].lower()
    form = f"decimals_{indicator.decimals}"
    count = table["numerator"].where(~table["is_estimated"].eq(True), table["numerator"].round())
    yield Field(say("pack.count"), count.where(seen), top, width=9, form="about")
    yield Field(say("pack.of"), table["denominator"].where(seen), top, width=9, form="about")
    yield Field(say("pack.estimated", unit=unit), table["value"].where(seen), top, width=9, form=form)
    yield Field(say("pack.low"), table["value_low"].where(seen), top, width=8, form=form)
    yield Field(say("pack.high"), table["value_high"].where(seen), top, width=8, form=form)
    yield Field(say("pack.country"), table["country_median"], top, width=10, form=form)
    yield from peers.columns(say, facts, table, top, form)
    yield Field(say("pack.note"), [_note(say, indicator, row) for row in records(table)], top, width=36)
    path = [paths.get((indicator.id, service), "") for service in table["service_id"]]
    yield Field(say("pack.path"), path, top, width=44)


def _note(say: Voice, indicator: Indicator, row: Any) -> str:
    """What the model expects, the verdicts that say something, and what is missing, hidden or worked out."""
    if pd.isna(row.is_observed):
        return say("status.unknown")
    numbers = (say.number(each, indicator.decimals) for each in (row.expected_low, row.expected_high))
    low, high = numbers
    said = [say("pack.expected", value=say.value(row.expected_value, indicator), low=low, high=high)]
    if row.is_observed is not True:
        return sentence("; ".join([reasons.missing(say, row), *said]))
    if row.duty in ("met", "not_met"):
        said.append(say(f"verdict.duty_{row.duty}"))
    if row.others in ("more_need", "less_need"):
        said.append(say(f"verdict.others_{row.others}"))
    about = [say("note.implied")] if row.is_estimated is True else []
    return sentence("; ".join([*said, *about, *reasons.notes(say, row)]))


def _not_ranked(say: Voice, facts: Facts, office: Office) -> Sheet:
    mine = _mine(facts.current.not_ranked, office)
    reason = [reasons.not_ranked(say, facts.registry, row) for row in records(mine)]
    fields = [
        Field(overview_tables.unit_word(say, facts), mine["name"], width=30),
        Field(say("column.host"), mine["host_name"], width=22),
        Field(say("column.members"), mine["member_names"], width=30),
        Field(say("column.reason"), reason, width=70),
    ]
    head = [
        *_head(say, facts, office),
        say("table.not_ranked", round=say.of(facts.current.round.label)) if len(mine) else say("pack.no_others"),
    ]
    return Sheet(say("pack.not_ranked"), head, fields, printed_columns=len(fields))


def _peers(say: Voice, facts: Facts, office: Office, mine: pd.DataFrame) -> Sheet:
    """Who is like each ranked service of the office."""
    fields = peers.names(say, facts, mine)
    head = [*_head(say, facts, office), *peers.about(say, facts)]
    return Sheet(say("peers.title"), head, fields, printed_columns=len(fields), has_filter=True)


def _explanation(say: Voice, facts: Facts, office: Office) -> Sheet:
    """How to read, what each indicator means, and where the figures come from."""
    level, index = say.percent(facts.registry.index.interval_level), facts.registry.index
    limit = say.percent(reasons.BORROWED_BELOW)
    lines = [
        (say("pack.how_to_read"), say("pack.what_not")),
        ("", say("read.need")),
        ("", say("read.law")),
        ("", say("read.tiers", k=facts.k)),
        *((sentence(say.tier(each, facts.k)), say(f"tier.explain_{each}")) for each in "ABCDE"),
        ("", say("read.outlook")),
        ("", say("read.interval", level=level, method=say("page.method"))),
        ("", say("read.companion")),
        (say("page.dialogue"), say("pack.explain_dialogue", k=facts.k)),
        (say("pack.variants", k=facts.k), say("pack.explain_variants", k=facts.k)),
        (say("pack.own_share"), say("pack.explain_own_share", limit=limit)),
        ("", say("read.shrunken", borrowed=say("note.borrowed"), limit=limit)),
        ("", say("read.missing")),
        ("", say("read.implied")),
        *(("" if place else say("peers.title"), line) for place, line in enumerate(peers.about(say, facts))),
        *((say(f"pack.{each}"), say(f"pack.explain_{each}")) for each in CHOICES),
    ]
    for each in sorted(facts.current.indicators, key=lambda one: not one.duties):
        unit = say(f"number.{each.unit}", value="").strip()
        words = [say.of(each.direction_words), *(overview_tables.duty_words(say, duty) for duty in each.duties)]
        series = each.in_era(facts.current.round.era)
        words += [say.of(series.note)] if series and series.note else []
        named = say.of(each.label)
        lines.append(
            (
                f"{named} ({unit})" if unit and unit not in named else named,
                ". ".join(w.rstrip(".") for w in words) + ".",
            )
        )
    for row in records(facts.tables["mart.source"].sort_values(["title", "file_id"])):
        kind = say("synthetic.yes" if row.is_synthetic else "synthetic.no")
        what = say.list(
            [row.publisher, row.licence, overview_tables.published(say, row), say(f"revision.{row.revision}"), kind]
        )
        lines.append((row.title, what))
    headings = [say("pack.explanation"), f"{say('page.indicators')}, {say('page.sources').lower()} ({index.version})"]
    fields = [
        Field(heading, [line[place] for line in lines], width=(44, 110)[place])
        for place, heading in enumerate(headings)
    ]
    return Sheet(say("pack.explanation"), _head(say, facts, office), fields, printed_columns=2)
