"""Cells in words: the count behind a value, the reason for a blank, the path over the years, why on the list."""

from collections.abc import Callable
from itertools import groupby
from typing import Any, get_args

import pandas as pd

from pipeline.registry.dataset import Status
from pipeline.registry.load import Registry
from pipeline.registry.model import Duty, Indicator
from pipeline.reports.facts import Facts, RoundFacts, records
from pipeline.reports.voice import Voice, sentence

STATUSES: tuple[Status, ...] = get_args(Status)
BORROWED_BELOW = 0.30  # below this share of own information a value is mostly read from all services
REASONS = 2  # how many contributions the text "why on the list" names


def is_share(indicator: Indicator, era: str) -> bool:
    """Whether the numerator is a part of the denominator, so that "3 of 20" can be said."""
    series = indicator.in_era(era)
    return series is not None and series.likelihood == "binomial"


def counted(say: Voice, indicator: Indicator, era: str, row: Any) -> str:
    """The pooled count behind a value: "3 of 20", "about 3 of 20", "at least 3 of 20"."""
    count = say.count(row.numerator, row.is_estimated)
    if row.hidden_cells > 0:
        count = say("number.at_least", count=count)
    return say(
        "number.of" if is_share(indicator, era) else "number.spread", count=count, all=say.count(row.denominator)
    )


def cell(say: Voice, indicator: Indicator, era: str, row: Any) -> str:
    """One period of one unit: its count, or the reason why there is none. A true zero is "0 of 12"."""
    reason = say(f"status.{row.status}")
    if row.status in ("ok", "incomplete_merger") and pd.notna(row.numerator) and row.denominator > 0:
        key = "number.of" if is_share(indicator, era) else "number.spread"
        said = say(key, count=say.count(row.numerator, bool(row.is_estimated)), all=say.count(row.denominator))
        return said if row.status == "ok" else f"{said} ({reason})"
    if pd.notna(row.numerator_low) and pd.notna(row.numerator_high):
        bounds = {"status": reason, "low": say.count(row.numerator_low), "high": say.count(row.numerator_high)}
        if pd.notna(row.denominator):
            return say("number.hidden_of", **bounds, all=say.count(row.denominator))
        return say("number.hidden", **bounds)
    return reason


def paths(say: Voice, facts: RoundFacts) -> dict[tuple[str, str], str]:
    """(indicator, service) → its periods in words: "2023: 3 of 20; 2024: not reported"."""
    indicators = {each.id: each for each in facts.indicators}
    rows = records(facts.cells)
    return {
        key: "; ".join(
            f"{say.period(str(row.period))}: {cell(say, indicators[key[0]], facts.round.era, row)}" for row in periods
        )
        for key, periods in groupby(rows, key=lambda row: (str(row.indicator_id), str(row.service_id)))
    }


def gaps(say: Voice, row: Any) -> list[str]:
    """The periods that say nothing, each with its reason: "2023: not reported"."""
    named = row.gaps.split(";") if isinstance(row.gaps, str) else []
    return [
        say("note.newest", period=say.period(period), status=say(f"status.{status}"))
        for period, status in (gap.split(" ") for gap in named)
    ]


def missing(say: Voice, row: Any) -> str:
    """Why an indicator has no counts of its own for a service in the whole round."""
    if pd.isna(row.newest_status):
        return say("status.unknown")
    newest = say("note.newest", period=say.period(str(row.newest_period)), status=say(f"status.{row.newest_status}"))
    return "; ".join(gaps(say, row)) or newest


def notes(say: Voice, row: Any) -> list[str]:
    """What a reader must know about a value: periods that are missing, counts that are hidden, few cases, borrowing."""
    said = gaps(say, row)
    if row.hidden_cells == 1:
        said.append(say("note.hidden_cell"))
    elif row.hidden_cells > 1:
        said.append(say("note.hidden_cells", n=say.number(row.hidden_cells)))
    if row.own_information_share < BORROWED_BELOW:
        said.append(say("note.borrowed"))
    elif row.is_small:
        said.append(say("note.small"))
    return said


def not_ranked(say: Voice, registry: Registry, row: Any) -> str:
    """Why a service is not ranked."""
    if row.not_ranked_reason != "declared":
        needed = say.percent(registry.index.minimum_weight_share)
        share = say.percent(0.0 if pd.isna(row.observed_weight_share) else row.observed_weight_share)
        return say(f"not_ranked.{row.not_ranked_reason}", share=share, needed=needed)
    declared = registry.jurisdiction.not_ranked.get(str(row.host))
    return say.of(declared) + "." if declared else str(row.not_ranked_words)


def current_duty(indicator: Indicator, facts: Facts) -> Duty | None:
    """The duty that is in force on the as-of date."""
    return next((each for each in indicator.duties if each.holds(facts.as_of)), None)


def why(say: Voice, facts: Facts) -> Callable[[str], str]:
    """A function from a service to the text that tells which indicators weigh most, and in which direction.

    Only what is worse than in the country is a reason. The legal duty is named first where there is one.
    """
    table = facts.current.estimates
    worse = {each.id: each.need_sign for each in facts.current.indicators}
    table = table[(table["value"] - table["country_median"]) * table["indicator_id"].map(worse) > 0]
    top = table.sort_values(["service_id", "contribution_points"], ascending=[True, False], kind="stable")
    top = top[top["contribution_points"] > 0].groupby("service_id").head(REASONS)
    order = {each.id: (place, each) for place, each in enumerate(facts.current.indicators)}
    rows: dict[str, list[Any]] = {}
    for row in records(top):
        rows.setdefault(str(row.service_id), []).append(row)

    def text(service: str) -> str:
        ordered = sorted(rows.get(service, []), key=lambda row: order[row.indicator_id][0])
        said = " ".join(_contribution(say, facts, order[row.indicator_id][1], row) for row in ordered)
        return said or say("pack.nothing_stands_out")

    return text


def _contribution(say: Voice, facts: Facts, indicator: Indicator, row: Any) -> str:
    said = say(
        "pack.contribution",
        indicator=say.of(indicator.label),
        value=say.value(row.value, indicator),
        low=say.number(row.value_low, indicator.decimals),
        high=say.number(row.value_high, indicator.decimals),
        country=say.value(row.country_median, indicator),
        direction=say.of(indicator.direction_words),
    )
    duty = current_duty(indicator, facts)
    if duty:
        said += " " + say("pack.duty", standard=say.of(duty.standard), act=duty.act, section=duty.section)
    if row.own_information_share < BORROWED_BELOW:
        said += " " + say("pack.borrowed")
    return sentence(said)
