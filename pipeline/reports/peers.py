"""Similar services, in words: what likeness is, who they are, and what they have beside the service's own figure.

They are context and carry no colour: nothing here says whether a figure is good.
"""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from pipeline.registry.model import Indicator
from pipeline.reports import reasons
from pipeline.reports.facts import Facts, by_indicator, records
from pipeline.reports.figures import marked
from pipeline.reports.sheet import Field
from pipeline.reports.tables import Cell, Column, Table, rows
from pipeline.reports.voice import Voice, sentence


def about(say: Voice, facts: Facts) -> list[str]:
    """What likeness is and in which version, what it is not, and how its median and mean count; nothing without it."""
    peers, word = facts.registry.peers, facts.registry.jurisdiction.peer_group_word
    if peers is None:
        return []
    inside = [say.of(each.short_label) for each in facts.current.indicators if peers.of_indicator(each.id)]
    features = say.list(say.of(each.label) for each in peers.features)
    return [
        say("peers.about", n=peers.number, features=features),
        say("peers.version", version=peers.version, day=say.date(peers.decided_on)),
        say("peers.context"),
        say("peers.counting"),
        *([say("peers.itself", group=say.of(word))] if word else []),
        *([say("peers.inside", indicators=say.list(inside))] if inside else []),
    ]


def _groups(say: Voice, facts: Facts) -> Iterator[tuple[str, str, str]]:
    """(words, start of the columns, column with how many) of each grouping that is declared."""
    word = facts.registry.jurisdiction.peer_group_word
    if facts.registry.peers:
        yield say("peers.short"), "peer", "peers"
    if word:
        yield sentence(say.of(word)), "peer_group", "peer_group_services"


def columns(say: Voice, facts: Facts, estimates: pd.DataFrame, group: str, form: str) -> Iterator[Field]:
    """The columns of a pack that stand beside an indicator: median and mean of each grouping."""
    for words, start, _ in _groups(say, facts):
        yield Field(say("peers.median", group=words), estimates[f"{start}_median"], group, width=14, form=form)
        yield Field(say("peers.mean", group=words), estimates[f"{start}_pooled_mean"], group, width=14, form=form)


def names(say: Voice, facts: Facts, services: pd.DataFrame) -> list[Field]:
    """The sheet of a pack: one row a service and similar service, in the order of the services, the nearest first."""
    listed = services[["service_id"]].merge(facts.current.peers, on="service_id")
    word = facts.registry.jurisdiction.peer_group_word
    fields = [
        Field(say("peers.of"), listed["name"], width=40),
        Field(say("peers.one"), listed["peer_name"], width=60),
        Field(say("peers.distance"), listed["distance"], width=16, form="decimals_2"),
        Field(say("column.children"), listed["peer_child_population"], width=14, form="count"),
        Field(say("peers.municipalities"), listed["peer_municipalities"], width=16, form="count"),
    ]
    return fields + ([Field(say.of(word), listed["peer_peer_group"], width=18)] if word else [])


def table(say: Voice, facts: Facts) -> Table:
    """One row a service: who is like it, and for each indicator its own figure with those of its like below."""
    listed = facts.current.peers
    named = [
        say("peers.children", name=name, n=say.number(children))
        for name, children in zip(listed["peer_name"], listed["peer_child_population"], strict=True)
    ]
    alike = listed.assign(named=named).groupby("service_id")["named"].agg(list)
    services = pd.concat([facts.current.ranked, facts.current.not_ranked])
    services = services[services["service_id"].isin(alike.index)].sort_values(["sort_name", "service_id"])
    estimates = by_indicator(facts.current)
    figures = [_figures(say, facts, each, estimates[each.id], services) for each in facts.current.indicators]
    heads = [Column(say("peers.of")), Column(say("peers.title"), is_wide=True)]
    heads += [Column(say.of(each.short_label)) for each in facts.current.indicators]
    caption = say("peers.caption", round=say.of(facts.current.round.label))
    body = zip(services["name"], [Cell("", each) for each in alike[services["service_id"]]], *figures, strict=True)
    return Table("peers", marked(say, caption, facts.current.is_synthetic), heads, rows(body))


def _figures(
    say: Voice, facts: Facts, indicator: Indicator, estimates: pd.DataFrame, services: pd.DataFrame
) -> list[Cell]:
    found = estimates.reindex(services["service_id"])
    return [_figure(say, facts, indicator, row) for row in records(found)]


def _figure(say: Voice, facts: Facts, indicator: Indicator, row: Any) -> Cell:
    notes = [
        say(
            "peers.figures",
            group=words,
            n=int(getattr(row, size)),
            median=say.number(getattr(row, f"{start}_median"), indicator.decimals),
            mean=say.number(getattr(row, f"{start}_pooled_mean"), indicator.decimals),
        )
        for words, start, size in _groups(say, facts)
        if pd.notna(getattr(row, size))
    ]
    if row.is_observed is not True:
        return Cell(reasons.missing(say, row), notes, is_missing=True)
    return Cell(say.value(row.value, indicator), notes)
