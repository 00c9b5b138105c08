"""The second view in words: what is beyond what a service's conditions lead one to expect. It is never the ranking."""

from typing import Any

import pandas as pd

from pipeline.registry.model import Indicator
from pipeline.reports.facts import Facts, records
from pipeline.reports.figures import marked
from pipeline.reports.overview_tables import score, unit_word
from pipeline.reports.sheet import Field
from pipeline.reports.tables import Cell, Column, Table, rows
from pipeline.reports.voice import Voice

NOTHING = 0.005  # of a share: less is said as nothing


def conditions(say: Voice, facts: Facts) -> str:
    """The declared conditions, in a row."""
    peers, word = facts.registry.peers, facts.registry.jurisdiction.peer_group_word
    named = [say.of(each.label) for each in peers.adjusted_for] if peers else []
    has_group = peers is not None and peers.adjustment is not None and peers.adjustment.peer_group
    return say.list([*named, *([say.of(word)] if word and has_group else [])])


def points(say: Voice, facts: Facts) -> list[str]:
    """That a duty is the same everywhere, how much the conditions explain, and what the view changes."""
    [row] = records(facts.current.adjusted_round)
    labels = {each.id: say.of(each.short_label) for each in facts.current.indicators}
    explained = facts.current.context_model.set_index("indicator_id")["explained_share"]
    told = say.list(f"{words} {say.percent(explained[each])}" for each, words in labels.items() if each in explained)
    narrower = "narrower" if row.narrower_share > NOTHING else "not_narrower"
    share = {"share": say.percent(row.narrower_share)} if narrower == "narrower" else {}
    return [
        say("context.law"),
        say("context.explained", shares=told),
        say(f"context.{narrower}", **share),
        say("context.kept", k=facts.k, kept=say.number(row.kept_top), n=say.number(row.services)),
        say("context.talk"),
    ]


def table(say: Voice, facts: Facts) -> Table:
    """One row a ranked service, alphabetically: the ranking's words beside those of the second view."""
    both = _both(facts).sort_values(["sort_name", "service_id"])
    level = say.percent(facts.registry.index.interval_level)
    body = [
        (
            row.name,
            say.chance(getattr(row, facts.chance)),
            say.chance(row.probability_top),
            score(say, row.score, row.score_low, row.score_high),
            score(say, row.score_adjusted, row.score_low_adjusted, row.score_high_adjusted),
            _signed(say, row.context_points),
            say.rank(row.rank_best_adjusted, row.rank_worst_adjusted),
        )
        for row in records(both)
    ]
    columns = [
        Column(unit_word(say, facts)),
        Column(say("context.chance_ranking", k=facts.k), is_number=True),
        Column(say("context.chance", k=facts.k), is_number=True),
        Column(say("column.score_interval", level=level), is_number=True, is_whole=True),
        Column(say("context.score", level=level), is_number=True, is_whole=True),
        Column(say("context.points"), is_number=True),
        Column(say("context.rank", level=level), is_whole=True),
    ]
    caption = say("context.caption", round=say.of(facts.current.round.label))
    return Table("context", marked(say, caption, facts.current.is_synthetic), columns, rows(body))


def of_service(say: Voice, facts: Facts, row: Any, adjusted: Any) -> list[str]:
    """Where a service would stand in usual conditions, and what that does not mean."""
    points = say.number(abs(adjusted.context_points), 1)
    more = "context.harder" if adjusted.context_points > 0 else "context.easier"
    told = say(
        "context.service",
        conditions=conditions(say, facts),
        score=say.number(adjusted.score, 1),
        span=say.between(adjusted.score_low, adjusted.score_high, 0),
        before=say.number(row.score, 1),
        k=facts.k,
        chance=say.chance(adjusted.probability_top),
        chance_before=say.chance(getattr(row, facts.chance)),
        rank=say.rank(adjusted.rank_best, adjusted.rank_worst),
    )
    difference = say("context.same") if points == say.number(0, 1) else say(more, points=points)
    return [told, difference, say("context.law")]


def cell(say: Voice, indicator: Indicator, row: Any) -> Cell:
    """What a usual service of these conditions would have, and whether this one is beyond it."""
    if pd.isna(row.context_value):
        return Cell("–")
    value = say.value(row.context_value, indicator)
    span = say.between(row.context_low, row.context_high, indicator.decimals)
    notes = [say(f"context.beyond_{row.beyond}", chance=say.chance(_certainty(row)))]
    return Cell(f"{value} ({span})", notes if row.context_is_known is True else [*notes, say("context.unknown")])


def fields(say: Voice, facts: Facts, services: pd.DataFrame) -> list[Field]:
    """The columns of a pack: what the second view says of each service; none where it is not declared."""
    if facts.current.adjusted.empty:
        return []
    found = facts.current.adjusted.set_index("service_id").reindex(services["service_id"])
    group = say("context.title")
    return [
        Field(say("context.chance", k=facts.k), found["probability_top"], group, width=14, form="share"),
        Field(say("context.score_short"), found["score"], group, width=14, form="decimals_1"),
        Field(say("context.points"), found["context_points"], group, width=14, form="decimals_1"),
    ]


def _both(facts: Facts) -> pd.DataFrame:
    return facts.current.ranked.merge(
        facts.current.adjusted.drop(columns="round_id"), on="service_id", suffixes=("", "_adjusted")
    )


def _certainty(row: Any) -> float:
    """How sure the word is: of more need, or of less; of neither, how likely more is."""
    return float(1 - row.probability_more_need if row.beyond == "less_need" else row.probability_more_need)


def _signed(say: Voice, points: float) -> str:
    said = say.number(points, 1)
    return f"+{said}" if points > 0 and said != say.number(0, 1) else said
