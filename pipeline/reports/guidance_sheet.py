"""The sheet of an office's pack on its guided services: the verdicts of the page, with what they rest on."""

from collections.abc import Iterator, Sequence

from pipeline.registry.programme import Cohort, Office
from pipeline.reports import guidance_effect, guidance_services
from pipeline.reports.facts import Facts
from pipeline.reports.overview_tables import unit_word
from pipeline.reports.sheet import Field, Sheet
from pipeline.reports.tables import Cell
from pipeline.reports.voice import Voice

TABLES = ("mart.cohort_service", "mart.effect", "mart.service_change", "result.baseline", "result.change")
WIDTHS = (36, 28, 22, 22, 26, 26, 26, 28)


def sheets(say: Voice, facts: Facts, office: Office, head: Sequence[str]) -> Iterator[Sheet]:
    """One sheet, where the office has services that were guided; cohorts of a made-up list are left out."""
    listed = facts.tables["mart.cohort_service"]
    made_up = set(listed.loc[listed["is_synthetic"].eq(True), "cohort_id"])
    named = [
        (name, table)
        for cohort in facts.registry.cohorts
        if cohort.id not in made_up
        for name, table in guidance_services.tables(say, facts, cohort, office.id)
    ]
    if not named:
        return
    columns = named[0][1].columns
    lines = [[name, *map(_text, row.cells)] for name, table in named for row in table.rows]
    headings = [unit_word(say, facts), *(each.heading for each in columns)]
    fields = [
        Field(heading, [line[place] for line in lines], width=width)
        for place, (heading, width) in enumerate(zip(headings, (24, *WIDTHS), strict=True))
    ]
    told = [*head, say("guidance.warning"), say("single.lead")]
    for cohort in facts.registry.cohorts:
        if cohort.id not in made_up:
            told += [*guidance_services.by_chance(say, facts, cohort), *_could_show(say, facts, cohort)]
    yield Sheet(say("guidance.sheet"), told, fields, printed_columns=len(fields), has_filter=True)


def _could_show(say: Voice, facts: Facts, cohort: Cohort) -> Iterator[str]:
    """What the design would have shown of the cohort as a group, by the protocols that it is in."""
    for protocol in facts.registry.protocols:
        row = guidance_effect.primary(facts, protocol)
        if cohort.id in protocol.cohorts and row is not None:
            yield say("single.group", visible=guidance_effect.could_show(say, protocol, row))


def _text(cell: Cell | str) -> str:
    return cell if isinstance(cell, str) else "; ".join([cell.text, *cell.notes])
