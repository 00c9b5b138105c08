"""The ranking on first-published figures against the newest, in words: how much revision alone moves."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from pipeline.analysis.vintages import LISTS
from pipeline.reports.facts import Facts, RoundFacts, records
from pipeline.reports.figures import marked
from pipeline.reports.overview_tables import unit_word
from pipeline.reports.tables import Column, Table, rows
from pipeline.reports.voice import Voice

MOVED = 0.05  # a change of the probability that is worth a row


def points(say: Voice, facts: Facts) -> list[str]:
    """One sentence a round; that nothing was published twice is said too."""
    return [_point(say, each, row) for each in _rounds(facts) for row in records(each.vintage_round)]


def _point(say: Voice, each: RoundFacts, told: Any) -> str:
    label = say.of(each.round.label)
    if not told.indicators_twice:
        return say("vintages.once", round=label)
    kept = say.list(say("vintages.kept", kept=say.number(getattr(told, f"kept_{k}")), k=k) for k in LISTS)
    points = say(
        "vintages.twice",
        change=say("number.percent_points", value=say.number(100 * MOVED)),
        round=label,
        twice=say.number(told.indicators_twice),
        revised=say.number(told.indicators_revised),
        n=say.number(told.indicators),
        correlation=say.number(told.rank_correlation, 4),
        kept=kept,
        moved=say.number(each.vintages["moved_by"].abs().ge(MOVED).sum()),
    )
    came = each.vintages["probability_first"].isna() & each.vintages["probability"].notna()
    left = each.vintages["probability"].isna() & each.vintages["probability_first"].notna()
    if came.any() or left.any():
        points += " " + say("vintages.one_only", came=say.number(came.sum()), left=say.number(left.sum()))
    return points


def tables(say: Voice, facts: Facts) -> Iterator[Table]:
    """One table a round in which somebody moved: who, from where to where, and why."""
    names = facts.current.ranked.set_index("service_id")["name"]
    for each in _rounds(facts):
        names = names.combine_first(each.ranked.set_index("service_id")["name"])
        moved = each.vintages[~(each.vintages["moved_by"].abs() < MOVED)]
        body = [
            (
                names.get(row.service_id, row.service_id),
                _chance(say, row.probability_first),
                _chance(say, row.probability),
                _tier(say, row.tier_first, facts.k),
                _tier(say, row.tier, facts.k),
                say.list(say(f"vintages.why_{word.replace(' ', '_')}") for word in row.why.split(", ")),
            )
            for row in records(moved)
        ]
        if body:
            heads = ("probability_first", "probability", "tier_first", "tier", "why")
            columns = [Column(unit_word(say, facts))]
            columns += [Column(say(f"vintages.{head}", k=facts.k), is_number=n < 2) for n, head in enumerate(heads)]
            caption = say("vintages.caption", round=say.of(each.round.label))
            yield Table(f"vintages-{each.round.id}", marked(say, caption, each.is_synthetic), columns, rows(body))


def _chance(say: Voice, probability: float) -> str:
    """A probability; none where the service was not ranked on those figures."""
    return "–" if pd.isna(probability) else say.chance(probability)


def _tier(say: Voice, letter: Any, k: int) -> str:
    return say.tier(letter if isinstance(letter, str) else None, k)


def _rounds(facts: Facts) -> list[RoundFacts]:
    return [facts.current, *facts.earlier]
