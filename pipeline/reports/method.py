"""How sure the method is, in words: the dialogue list, what other choices give, what the model learned, fairness."""

from typing import Any

import pandas as pd

from pipeline.analysis.variants import WEIGHT_BOX
from pipeline.registry.model import Indicator
from pipeline.reports import reasons
from pipeline.reports.facts import Facts, RoundFacts, records
from pipeline.reports.figures import marked
from pipeline.reports.overview_tables import office_name, office_word, unit_word
from pipeline.reports.tables import Cell, Column, Table, rows
from pipeline.reports.voice import Voice, sentence

HOLDS = 0.9  # of the variants: a service that is on the list whatever is chosen


def dialogue(say: Voice, facts: Facts) -> str:
    """How long the dialogue list is, by which rule, and how many of the truly neediest it is expected to miss."""
    if facts.current.whole.empty:
        return say("dialogue.nobody")
    [row], rule = records(facts.current.whole), facts.registry.index.dialogue
    return say(
        "dialogue.about",
        n=say.number(row.dialogue_services),
        chance=say.percent(rule.probability),
        least=rule.least,
        most=rule.most,
        k=facts.k,
        missed=say.number(row.dialogue_missed, 1),
    )


def dialogue_table(say: Voice, facts: Facts) -> Table:
    """The services to talk about, by tier and name: how likely, and what counts most."""
    listed = facts.current.ranked[facts.current.ranked["is_dialogue"].eq(True)]
    why = reasons.why(say, facts)
    body = [
        (
            row.name,
            say.tier(row.tier, facts.k),
            say.chance(getattr(row, facts.chance)),
            office_name(say, facts, row.office_id),
            why(row.service_id),
        )
        for row in records(listed)
    ]
    columns = [
        Column(unit_word(say, facts)),
        Column(say("column.tier")),
        Column(say("column.chance", k=facts.k), is_number=True),
        Column(office_word(say, facts)),
        Column(say("pack.why"), is_wide=True),
    ]
    caption = say("dialogue.caption", round=say.of(facts.current.round.label), n=say.number(len(body)))
    return Table("dialogue", marked(say, caption, facts.current.is_synthetic), columns, rows(body))


def tipping_table(say: Voice, facts: Facts) -> Table:
    """Services that lack figures and would be among the k if those are bad enough; the nearest first."""
    nearly = facts.current.ranked.dropna(subset=["tipping_shift"]).sort_values("tipping_shift", kind="stable")
    body = [
        (
            row.name,
            say.chance(getattr(row, facts.chance)),
            say("dialogue.shift_value", n=say.number(row.tipping_shift, 1)),
        )
        for row in records(nearly)
    ]
    columns = [
        Column(unit_word(say, facts)),
        Column(say("column.chance", k=facts.k), is_number=True),
        Column(say("dialogue.shift"), is_wide=True),
    ]
    caption = marked(say, say("dialogue.tipping", k=facts.k), facts.current.is_synthetic)
    return Table("tipping", caption, columns, rows(body))


def points(say: Voice, facts: Facts) -> list[str]:
    """What other choices give, that they are kept apart, fairness, and how to draw the same again."""
    said, ranked = [], facts.current.ranked
    if ranked["share_in_top"].notna().any():
        always, ever = (ranked["share_in_top"] >= HOLDS).sum(), (ranked["share_in_top"] > 0).sum()
        counts = {"always": say.number(always), "ever": say.number(ever), "n": say.number(ranked["variants"].max())}
        said.append(say("method.variants", k=facts.k, holds=say.percent(HOLDS), **counts))
        if len(facts.current.dimensions) > 2:  # of two, each must weigh half
            best = ranked.nlargest(facts.k, "score")["is_in_top_at_best_weights"].eq(True).sum()
            low, high = (say.percent(each) for each in WEIGHT_BOX)
            said.append(say("method.best_weights", k=facts.k, n=say.number(best), low=low, high=high))
        said.append(say("method.apart"))
    said += _experts(say, facts)
    for row in records(facts.current.whole):
        shares = {"listed": say.percent(row.small_listed), "expected": say.percent(row.small_expected)}
        said += [
            say("method.fairness", **shares),
            say("method.draws", draws=say.number(row.draws), seed=int(row.seed)),
        ]
    return [*said, *_revision(say, facts.current)]


def _experts(say: Voice, facts: Facts) -> list[str]:
    """In how many experts' weights the most likely services stay among the k; nothing where nobody was asked."""
    asked = facts.current.experts
    if asked.empty:
        return []
    listed = facts.current.ranked.nlargest(facts.k, facts.chance)["service_id"]
    share = asked.loc[asked["service_id"].isin(listed), "share_in_top"]
    always, half = say.number(share.eq(1).sum()), say.number(share.ge(0.5).sum())
    return [say("method.experts", n=say.number(asked["experts"].max()), k=facts.k, always=always, half=half)]


def _revision(say: Voice, facts: RoundFacts) -> list[str]:
    """How far figures move after they were first published, and whether intervals are wider for it; or why unknown."""
    indicators = {each.id: each for each in facts.indicators}
    told = [
        _moved(say, indicators[row.indicator_id], row)
        for row in records(facts.model[facts.model["revision_sd"].notna()])
    ]
    for reason, unknown in facts.model.dropna(subset=["revision_reason"]).groupby("revision_reason"):
        names = say.list(say.of(indicators[each].label).lower() for each in unknown["indicator_id"])
        told.append(say(f"method.revision_{reason}", indicators=names))
    return [say("method.revision", told=" ".join(told))] if told else []


def _moved(say: Voice, indicator: Indicator, row: Any) -> str:
    return say(
        "method.revision_known",
        indicator=say.of(indicator.label),
        level=say.value(row.level, indicator),
        low=say.value(row.revision_low, indicator),
        high=say.value(row.revision_high, indicator),
        n=say.number(row.revision_pairs),
        effect=say("method.revision_enters" if row.revision_enters else "method.revision_settled"),
    )


def choices_table(say: Voice, facts: Facts) -> Table:
    """How much being among the k hangs on each choice; what hangs on the figures last."""
    table = facts.current.choices
    table = table.assign(is_data=table["choice"].eq("draw")).sort_values(
        ["is_data", "total_order"], ascending=[True, False], kind="stable"
    )
    body = [
        (
            Cell(sentence(say(f"method.choice_{row.choice}")), _options(say, facts, row.choice)),
            "–" if row.is_data else say.number(row.levels),
            say.percent(row.first_order),
            say.percent(row.total_order),
        )
        for row in records(table)
    ]
    columns = [
        Column(say("method.choice"), is_wide=True),
        *(Column(say(f"method.{each}"), is_number=True) for each in ("levels", "first_order", "total_order")),
    ]
    caption = marked(say, say("method.choices", k=facts.k), facts.current.is_synthetic)
    return Table("choices", caption, columns, rows(body))


def _options(say: Voice, facts: Facts, choice: str) -> list[str]:
    """What could have been chosen, ours first; nothing for the figures."""
    alternatives = facts.registry.index.alternatives
    options = {
        "normalisation": [say.list(say(f"method.scale_{each}") for each in alternatives.normalisations)],
        "mean": [say.list(say(f"method.mean_{each}") for each in alternatives.means)],
        "dropped": [say("method.dropped_one")],
        "weights": [say("method.heavier", n=f"{alternatives.heavier:g}")],
    }
    return options.get(choice, [])


def weights_table(say: Voice, facts: Facts) -> Table:
    """What each dimension was declared to weigh, and how much of the order it gives in fact."""
    labels = {each.id: say.of(each.label) for each in facts.registry.index.dimensions}
    found = facts.current.dimensions.dropna(subset=["effective_weight"])
    found = found.sort_values("dimension_id", key=lambda ids: ids.map(list(labels).index))
    body = [
        (labels[row.dimension_id], say.percent(row.weight), say.percent(row.effective_weight)) for row in records(found)
    ]
    columns = [
        Column(say("method.dimension"), is_wide=True),
        *(Column(say(f"method.{each}"), is_number=True) for each in ("weight", "effective_weight")),
    ]
    return Table("weights", marked(say, say("method.weights"), facts.current.is_synthetic), columns, rows(body))


def model_table(say: Voice, facts: Facts) -> Table:
    """One row an indicator: the country, how unlike the services are for good and for a while, scatter."""
    indicators = {each.id: each for each in facts.current.indicators}
    body = [_model_row(say, facts.current, indicators[row.indicator_id], row) for row in records(facts.current.model)]
    columns = [
        Column(say("column.indicator"), is_wide=True),
        *(
            Column(say(f"method.{each}"), is_number=True)
            for each in ("level", "lasting", "passing", "memory", "dispersion")
        ),
        Column(say("column.services"), is_number=True),
    ]
    caption = marked(say, say("method.model"), facts.current.is_synthetic)
    return Table("model", caption, columns, rows(body))


def _model_row(say: Voice, facts: RoundFacts, indicator: Any, row: Any) -> tuple[Cell | str, ...]:
    decimals = max(indicator.decimals, 1)
    is_share = reasons.is_share(indicator, facts.round.era)
    return (
        say.of(indicator.label),
        say.value(row.level, indicator),
        _spread(say, row.lasting_low, row.lasting_high, row.lasting_sd, decimals),
        _spread(say, row.passing_low, row.passing_high, row.passing_sd, decimals),
        say.percent(row.memory),
        "–" if is_share or pd.isna(row.dispersion) else say("method.dispersion_value", n=say.number(row.dispersion, 1)),
        say.number(row.services),
    )


def _spread(say: Voice, low: float, high: float, sd: float, decimals: int) -> Cell:
    return Cell(say.between(low, high, decimals), [say("method.spread_sd", sd=say.number(sd, 2))])
