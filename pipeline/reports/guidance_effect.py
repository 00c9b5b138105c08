"""What may be said of a group: the answer in sentences, every estimate in a table, and what could have been seen."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from pipeline.methods.verdict import Interval, Judgement, Verdict
from pipeline.registry.protocol import Protocol
from pipeline.reports import reasons, verdicts
from pipeline.reports.facts import Facts, records
from pipeline.reports.figures import Synthetic, marked
from pipeline.reports.tables import Cell, Column, Table, rows
from pipeline.reports.verdicts import Finding
from pipeline.reports.voice import Voice

COMPOSITE = "composite"
KINDS = ("composite", "dimension", "indicator")


@dataclass(frozen=True)
class Answer:
    """lead: what could have been seen, placebos that showed something, the courses, the difference. points: the rest.

    proof: that it is none, the one of the points that is told wherever the lead is.
    """

    lead: list[str]
    points: list[str] = field(default_factory=list)
    proof: str = ""


def label(say: Voice, facts: Facts, protocol: Protocol, row: Any) -> str:
    """An outcome in words; a share that should be high is told as what is lacking, since less is better."""
    if row.kind == "composite":
        return say("effect.composite")
    if row.kind == "dimension":
        return next(say.of(each.label) for each in facts.registry.index.dimensions if each.id == row.outcome_id)
    indicator = facts.registry.indicators[row.outcome_id]
    era = next(each.era for each in facts.registry.cohorts if each.id == protocol.cohorts[0])
    is_turned = indicator.need_sign < 0 and reasons.is_share(indicator, era)
    name = say.of(indicator.label)
    return say("effect.lacking", indicator=name) if is_turned else name


def of(facts: Facts, protocol: Protocol, name: str = "mart.effect") -> pd.DataFrame:
    """The rows of a protocol."""
    table = facts.tables[name]
    return table[table["protocol_id"] == protocol.id]


def primary(facts: Facts, protocol: Protocol) -> Any:
    """The row that the protocol is about; nothing where there is none."""
    return next(records(of(facts, protocol)[of(facts, protocol)["is_primary"]]), None)


def answer(say: Voice, facts: Facts, protocol: Protocol) -> Answer:
    """What could have been seen, what happened to the guided and the others, what the difference fits, the verdict."""
    row = primary(facts, protocol)
    if row is None:
        return Answer([say("answer.unseen")])
    visible = could_show(say, protocol, row)
    if pd.isna(row.estimate):
        return Answer([visible, say("answer.unknown", reason=say(f"effect.reason_{row.reason}"))])
    doubts = list(_placebos_seen(say, facts, protocol, row))
    finding = _finding(protocol, row, is_doubted=bool(doubts))
    proof = _proof(say, finding)
    word = verdicts.verdict(say, Judgement(Verdict(row.verdict), is_confirmed=not doubts))
    fewer = _fewer(say, facts, protocol, row.n_guided)
    return Answer(
        [visible, *doubts, *verdicts.sentences(say, finding)[:3]],
        [*fewer, say("answer.read"), proof, say("answer.verdict", verdict=word)],
        proof,
    )


def short(say: Voice, facts: Facts, protocol: Protocol) -> str:
    """The answer for another page: its lead, and that it is no proof."""
    told = answer(say, facts, protocol)
    return " ".join([*told.lead, told.proof]).strip()


def _fewer(say: Voice, facts: Facts, protocol: Protocol, n_guided: int) -> list[str]:
    """That not all guided services have figures to be in it."""
    services = facts.tables["mart.cohort_service"]
    every = services.loc[services["cohort_id"].isin(protocol.cohorts), "service_id"].nunique()
    return [say("answer.fewer", n=say.number(n_guided), all=say.number(every))] if n_guided < every else []


def could_show(say: Voice, protocol: Protocol, row: Any, key: str = "finding.visible") -> str:
    """What the design would have shown of an outcome, with the power that the protocol wants."""
    if pd.isna(row.smallest_visible):
        return say("answer.unseen")
    return say(key, visible=verdicts.points(say, _unit(row), row.smallest_visible), power=_power(say, protocol))


def _power(say: Voice, protocol: Protocol) -> str:
    return say.percent(protocol.smallest_effect.power_percent / 100)


def _finding(protocol: Protocol, row: Any, is_doubted: bool) -> Finding:
    return Finding(
        row.n_guided,
        row.guided_before,
        row.guided_now,
        row.comparison_before,
        row.comparison_now,
        Interval(row.estimate, row.low, row.high),
        smallest_visible=row.smallest_visible,
        power=protocol.smallest_effect.power_percent / 100,
        level=row.level,
        unit=_unit(row),
        is_doubted=is_doubted,
    )


def _unit(row: Any) -> Literal["percent", "points"]:
    return "percent" if row.unit == "percent" else "points"


def _proof(say: Voice, finding: Finding) -> str:
    """That the figures prove nothing, as far as the interval goes."""
    fits = verdicts.fits(finding)
    told = {each: "answer.no_proof" for each in ("open", "unseen", "doubted")} | {"small": "answer.no_proof_small"}
    return say(told.get(fits, "answer.no_lots"))


def _placebos_seen(say: Voice, facts: Facts, protocol: Protocol, row: Any) -> Iterator[str]:
    """Placebos of the main question that showed something where there should be nothing."""
    own = of(facts, protocol)
    own = own[own["outcome_id"].eq(row.outcome_id) & own["comparison"].eq(row.comparison)]
    for each in records(own[own["method"].isin(protocol.placebos)]):
        if each.low > 0 or each.high < 0:
            yield say(
                "answer.placebo_seen",
                method=say(f"effect.method_{each.method}"),
                estimate=signed(say, each),
                level=say.percent(each.level),
                interval=_between(say, each),
            )


def nobody(say: Voice, facts: Facts, protocol: Protocol) -> Iterator[str]:
    """The comparisons for which nobody is declared."""
    own = of(facts, protocol)
    for each in dict.fromkeys(own.loc[own["reason"].eq("nobody_declared"), "comparison"]):
        yield say("effect.nobody", comparison=say(f"effect.comparison_{each}"))


def table(
    say: Voice, facts: Facts, protocol: Protocol, which: Literal["primary", "other"], is_synthetic: Synthetic
) -> Table:
    """Outcome × comparison × method: the protocol's first, then checks and placebos. The word stands before numbers."""
    own = of(facts, protocol)
    own = own[own["reason"].ne("nobody_declared") & own["outcome_id"].eq(COMPOSITE).eq(which == "primary")]
    methods = ["imputation", *protocol.checks, *protocol.placebos]
    order = own.assign(
        kind_place=own["kind"].map(KINDS.index),
        comparison_place=own["comparison"].map(lambda each: each not in protocol.comparisons),
        method_place=own["method"].map(methods.index),
    ).sort_values(["kind_place", "outcome_id", "comparison_place", "comparison", "method_place", "part"])
    level = say.percent(protocol.inference.level_percent / 100)
    headings = [Column(say(f"effect.{each}")) for each in ("outcome", "against", "how", "role", "word")]
    numbers = [say("effect.estimate", level=level), say("effect.p"), say("effect.p_adjusted")]
    columns = [*headings, *(Column(each, is_number=True) for each in numbers)]
    caption = marked(say, say(f"effect.{which}_table"), is_synthetic)
    body = [_row(say, facts, protocol, row) for row in records(order)]
    return Table(f"effect-{which}-{protocol.id}", caption, columns, rows(body))


def _row(say: Voice, facts: Facts, protocol: Protocol, row: Any) -> list[Cell | str]:
    is_known = pd.notna(row.estimate)
    is_simulated = row.method == "imputation" and pd.notna(row.smallest_visible)
    word = say(f"effect.reason_{row.reason}") if isinstance(row.reason, str) else ""
    if isinstance(row.verdict, str) and not word:
        word = verdicts.verdict(say, Judgement(Verdict(row.verdict), row.is_confirmed))
    return [
        label(say, facts, protocol, row),
        say(f"effect.comparison_{row.comparison}"),
        Cell(say(f"effect.method_{row.method}"), _part(say, facts, row)),
        say(f"effect.role_{_role(protocol, row)}"),
        Cell(word or "–", is_missing=not is_known),
        Cell(
            f"{signed(say, row)} ({_between(say, row)})" if is_known else "–",
            [could_show(say, protocol, row, "effect.visible")] if is_simulated else [],
        ),
        _p(say, row.p_value),
        _p(say, row.p_holm),
    ]


def _part(say: Voice, facts: Facts, row: Any) -> list[str]:
    """Which cohort is left out, how many had somebody like them, how far a sign holds."""
    labels = {each.id: say.of(each.label) for each in facts.registry.cohorts}
    if not isinstance(row.part, str) or row.part in labels:
        return [labels[row.part]] if isinstance(row.part, str) else []
    numbers = re.findall(r"\d+(?:\.\d+)?", row.part)
    values = {name: say.number(float(each), len(each.partition(".")[2])) for name, each in zip("ab", numbers)}  # noqa: B905
    return [say(f"effect.part_{row.method}", **values)]


def _role(protocol: Protocol, row: Any) -> str:
    if row.is_primary:
        return "primary"
    if row.method in protocol.placebos:
        return "placebo"
    if row.method != "imputation":
        return "check"
    return "described" if row.kind == "indicator" else "tested"


def signed(say: Voice, row: Any) -> str:
    """A difference with its sign and unit; on the logit scale it has none."""
    sign = "+" if row.estimate > 0 else ""
    if row.method == "logit_scale":
        return sign + say.number(row.estimate, 2)
    return sign + verdicts.points(say, _unit(row), row.estimate)


def _between(say: Voice, row: Any) -> str:
    """The limits of a row; those that no draw could bound are infinite."""
    decimals = 2 if row.method == "logit_scale" else 1
    return say("number.to", low=say.number(row.low, decimals), high=say.number(row.high, decimals))


def _p(say: Voice, value: float) -> str:
    if pd.isna(value):
        return "–"
    return say("number.under", limit=say.number(0.001, 3)) if value < 0.001 else say.number(value, 3)


def odds(say: Voice, facts: Facts, protocol: Protocol, is_synthetic: Synthetic) -> Table:
    """One row an outcome: the smallest visible difference, and how often given odds ratios would have been seen."""
    own = of(facts, protocol, "result.power")
    ratios = sorted(own["odds_ratio"].unique(), reverse=True)
    effects = of(facts, protocol).drop_duplicates("outcome_id")[["outcome_id", "kind"]]
    own = own.merge(effects, on="outcome_id")
    own = own.assign(place=own["kind"].map(KINDS.index)).sort_values(["place", "outcome_id", "odds_ratio"])
    body = []
    for _, part in own.groupby("outcome_id", sort=False):
        by_ratio = {row.odds_ratio: row for row in records(part)}
        [first, *_] = by_ratio.values()
        cells = [label(say, facts, protocol, first), verdicts.points(say, _unit(first), first.smallest_visible)]
        for ratio in ratios:
            row = by_ratio[ratio]
            cells += [verdicts.points(say, _unit(row), row.effect), say.percent(row.detected)]
        body.append(cells)
    headings = [say("answer.smallest", power=_power(say, protocol))]
    for each in ratios:
        headings += [say("answer.at_odds", ratio=say.number(each, 1)), say("answer.seen_at")]
    columns = [Column(say("effect.outcome"), is_wide=True), *(Column(each, is_number=True) for each in headings)]
    return Table(f"power-{protocol.id}", marked(say, say("answer.odds"), is_synthetic), columns, rows(body))
