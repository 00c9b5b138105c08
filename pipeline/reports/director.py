"""The method in two pages that a director can follow; every figure comes from the release."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pandas as pd

from pipeline.registry.load import Registry
from pipeline.reports import context, funnels, method, pages, reasons
from pipeline.reports.charts import tier_counts
from pipeline.reports.facts import SHARED_TABLES, Facts, Tables, gather, records
from pipeline.reports.voice import Voice

NAME = "method"
TABLES = SHARED_TABLES
LEAST_CASES = 5  # of the example


@dataclass(frozen=True)
class Part:
    """A heading with its paragraphs, and a list below them."""

    id: str
    title: str
    paragraphs: list[str]
    points: list[str] = field(default_factory=list)


def render(tables: Tables, registry: Registry) -> dict[str, bytes]:
    """The pages by file name; the first language of the jurisdiction without its letters."""
    facts = gather(tables, registry)
    return pages.in_all_languages(registry, NAME, lambda say: _page(facts, say))


def _page(facts: Facts, say: Voice) -> dict[str, object]:
    return {
        "round": say.of(facts.current.round.label),
        "note": say.of(facts.current.round.note),
        "as_of": say("revisions.as_of", day=say.date(facts.as_of)),
        "is_synthetic": facts.is_synthetic,
        "parts": list(_parts(facts, say)),
    }


def _parts(facts: Facts, say: Voice) -> Iterator[Part]:
    current, index = facts.current, facts.registry.index
    counts = {"ranked": say.number(len(current.ranked)), "left": say.number(len(current.not_ranked))}
    yield _part(say, "what", **counts)
    yield _part(say, "question")
    if len(current.ranked):
        yield _part(say, "counted", **_counted(facts, say))
        small = [say("director.small_text", limit=say.percent(reasons.BORROWED_BELOW)), *_example(facts, say)]
        [whole] = records(current.whole)
        shares = {"listed": say.percent(whole.small_listed), "expected": say.percent(whole.small_expected)}
        yield Part("small", say("director.small"), [*small, say("director.small_share", **shares)])
        yield _part(say, "missing", needed=say.percent(index.minimum_weight_share))
        yield _interval(facts, say)
        words = [say("director.list_text", k=facts.k), method.dialogue(say, facts)]
        yield Part("list", say("director.list"), words)
        yield _choices(facts, say)
        beside = [say("director.beside_text"), funnels.outside(say, current)]
        if len(current.adjusted):
            beside += [say("context.lead", conditions=context.conditions(say, facts)), *context.points(say, facts)]
        yield Part("beside", say("director.beside"), beside)
    yield Part("cannot", say("director.cannot"), [], list(_cannot(facts, say)))
    yield _part(say, "after")


def _part(say: Voice, name: str, **values: object) -> Part:
    return Part(name, say(f"director.{name}"), [say(f"director.{name}_text", **values)])


def _counted(facts: Facts, say: Voice) -> dict[str, str]:
    entering = [each for each in facts.registry.index.dimensions if each.id in facts.current.round.dimensions]
    total = sum(each.weight for each in entering)
    return {
        "n": say.number(len(facts.current.indicators)),
        "dimensions": say.list(say.of(each.label).lower() for each in entering),
        "indicators": say.list(say.of(each.label).lower() for each in facts.current.indicators),
        "weights": say.list(f"{say.of(each.label).lower()} {say.percent(each.weight / total)}" for each in entering),
    }


def _example(facts: Facts, say: Voice) -> Iterator[str]:
    """The smallest service with five cases or more, none hidden, of a duty if there is one; without its name."""
    shares = {each.id: each for each in facts.current.indicators if reasons.is_share(each, facts.current.round.era)}
    seen = facts.current.estimates
    seen = seen[seen["indicator_id"].isin(shares) & seen["hidden_cells"].eq(0)]
    seen = seen[seen["numerator"].gt(0) & seen["denominator"].ge(LEAST_CASES)]
    place = seen["indicator_id"].map(list(shares).index)
    for row in records(seen.assign(place=place).sort_values(["place", "denominator", "service_id"]).head(1)):
        indicator = shares[str(row.indicator_id)]
        yield say(
            "director.small_example",
            count=reasons.counted(say, indicator, facts.current.round.era, row),
            indicator=say.of(indicator.label).lower(),
            observed=say.value(row.observed_value, indicator),
            borrowed=say.number(row.borrowed_cases),
            value=say.value(row.value, indicator),
            low=say.value(row.value_low, indicator),
            high=say.value(row.value_high, indicator),
        )


def _interval(facts: Facts, say: Voice) -> Part:
    ranked, [whole] = facts.current.ranked, records(facts.current.whole)
    text = say(
        "director.interval_text",
        draws=say.number(whole.draws),
        k=facts.k,
        level=say.percent(facts.registry.index.interval_level),
        width=say.number((ranked["rank_worst"] - ranked["rank_best"] + 1).median()),
        alike=say.number(ranked["alike"].median()),
    )
    tiers = say("director.tiers_text", tiers=tier_counts(say, ranked["tier"], facts.k))
    return Part("interval", say("director.interval"), [text, tiers])


def _choices(facts: Facts, say: Voice) -> Part:
    share: pd.Series = facts.current.ranked["share_in_top"]
    return _part(
        say,
        "choices",
        n=say.number(facts.current.ranked["variants"].max()),
        holds=say.percent(method.HOLDS),
        always=say.number((share >= method.HOLDS).sum()),
        ever=say.number((share > 0).sum()),
        k=facts.k,
    )


def _cannot(facts: Facts, say: Voice) -> Iterator[str]:
    yield from (say(f"director.cannot_{each}") for each in ("why", "new", "good", "benefit", "wrong"))
    index = facts.registry.index
    unseen = [say.of(each.label).lower() for each in index.dimensions if each.id not in facts.current.round.dimensions]
    if unseen:
        yield say("director.cannot_unseen", dimensions=say.list(unseen))
    if facts.is_synthetic:
        yield say("director.cannot_synthetic")
