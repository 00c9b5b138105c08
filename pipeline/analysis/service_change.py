"""Did a guided service improve, and more than it would have done anyway? Method: docs/methods.md.

Tables: result.milestone, result.service_change. A cohort's phases are counted from its declared windows.
"""

import zlib
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.analysis.baseline import KEY
from pipeline.analysis.tracked import Tracked, Window
from pipeline.analysis.tracking import LEVEL, summed
from pipeline.methods.change import rate_difference_interval, share_difference_interval
from pipeline.methods.verdict import Evidence, Interval, judge
from pipeline.methods.without_guidance import count_draws, pooled, probability_fell
from pipeline.registry.load import Registry
from pipeline.registry.model import Indicator
from pipeline.registry.programme import Phase

Floats = NDArray[np.float64]

SCORED = ("during", "after", "long_after")
CHANGE_KEY = ["cohort_id", "service_id", "outcome", "phase", "reason"]
A_FALL = 5  # percentage points
UNKNOWN = Interval(np.nan, np.nan, np.nan)


def milestones(of: Tracked) -> pd.DataFrame:
    """One row a guided service, indicator and period from the agreement on.

    value: as observed. expected: the forecast without guidance, of figures with the chance of small numbers in them,
    with 95 % limits. difference: the observed less the expected, with the limits that follow.
    """
    later = _later(of, [*KEY, "period", "period_start", "phase"])
    rows = []
    for row in _records(later):
        window = of.window(row["service_id"], row["indicator_id"], "period", row["period"])
        expected = interval_of(expected_draws(of, row, window))
        rows.append(row | named("expected", expected) | named("difference", _beyond(row, expected)))
    return pd.DataFrame(rows)


def changes(of: Tracked, registry: Registry, baseline: pd.DataFrame) -> pd.DataFrame:
    """One row a guided service, indicator and scored phase; the verdict is still to come (`judged`).

    reason: why nothing can be said, where nothing can. `guided_elsewhere`: by the end of the phase another cohort's
    guidance had begun, so the figures tell of both.
    """
    twice = of.cells[of.cells["is_guided"] & of.cells["is_guided_elsewhere"]]
    elsewhere = {*zip(twice["service_id"], twice["phase"], strict=True)}
    scored = _later(of, [*KEY, "phase"]).set_index(["service_id", "indicator_id", "phase"])
    frozen = baseline.set_index(["service_id", "indicator_id"])
    rows = []
    for service in of.guided:
        for indicator in registry.ranked:
            if indicator.in_era(of.cohort.era) is None:
                continue
            for phase in (each for each in of.cohort.phases if each.id in SCORED):
                key = {"cohort_id": of.cohort.id, "service_id": service, "outcome": indicator.id, "phase": phase.id}
                before = _row(frozen, (service, indicator.id))
                after = _row(scored, (service, indicator.id, phase.id))
                reason = _reason(of, registry, indicator, phase, before, after)
                if reason is None and (service, phase.id) in elsewhere:
                    reason = "guided_elsewhere"
                rows.append(key | {"reason": reason} | _told(of, indicator, phase, before, after))
    return pd.DataFrame(rows) if rows else pd.DataFrame(columns=CHANGE_KEY)  # a listed cohort may have nobody in it


def judged(change: pd.DataFrame, alarms: pd.DataFrame, registry: Registry) -> pd.DataFrame:
    """The changes with their alarms and verdicts; one alarm of two parts of a composite is one. alarms: their table."""
    raised = alarms[alarms["status"] == "raised"]
    rows = []
    for row in _records(change):
        own = raised[raised["service_id"].eq(row["service_id"]) & raised["phase"].eq(row["phase"])]
        found = sorted({*own.loc[own["outcome"].isin(_parts(registry, row)), "alarm_id"]})
        indicator = registry.indicators.get(row["outcome"])
        sign = indicator.need_sign if indicator else 1
        judgement = judge(
            Evidence(
                _in_need(row, "change", sign),
                _in_need(row, "beyond", sign),
                has_enough_data=pd.isna(row["reason"]),
                has_series_break=row["reason"] == "series_break",
                alarms=len(found),
            )
        )
        told = {"alarms": len(found), "alarm_ids": ", ".join(found) or None}
        rows.append(row | told | {"verdict": str(judgement.verdict), "is_confirmed": judgement.is_confirmed})
    return pd.DataFrame(rows)


def _parts(registry: Registry, row: dict[str, Any]) -> list[str]:
    """The indicators that an outcome is made of: itself, or those of the dimensions of the cohort's protocol."""
    if row["outcome"] in registry.indicators:
        return [row["outcome"]]
    dimensions = {d for p in registry.protocols if row["cohort_id"] in p.cohorts for d in p.primary.dimensions}
    return [each.id for each in registry.ranked if each.dimension in dimensions]


def _later(of: Tracked, by: list[str]) -> pd.DataFrame:
    """Counts of the guided services' later cells, summed."""
    cells = of.cells
    chosen = cells[cells["is_guided"] & cells["is_later"] & cells["use"].eq("rank") & (cells["denominator"] > 0)]
    return summed(chosen, by) if len(chosen) else pd.DataFrame(columns=[*by, "numerator", "denominator", "value"])


def _told(
    of: Tracked, indicator: Indicator, phase: Phase, before: dict[str, Any] | None, after: dict[str, Any] | None
) -> dict[str, Any]:
    """The figures of a change, as far as there are any."""
    change = expected = beyond = UNKNOWN
    fell = np.nan
    if before and after:
        change = _change(before, after, of.dispersion.get(indicator.id, 1.0))
        window = of.window(after["service_id"], indicator.id, "phase", phase.id)
        ahead = interval_of(expected_draws(of, after, window))
        beyond = _beyond(after, ahead)
        base = before["baseline_frozen"]
        expected = Interval(ahead.value - base, ahead.low - base, ahead.high - base)
        fell = _fell(of, indicator, after["service_id"], window)
    return (
        {
            "baseline": before and before["baseline_frozen"],
            "baseline_cases": before and before["denominator"],
            "scored": after and after["value"],
            "scored_cases": after and after["denominator"],
            "hidden_cells": after and after["hidden_cells"],
        }
        | _bounds("baseline", before)
        | _bounds("scored", after)
        | named("change", change)
        | named("expected_change", expected)
        | named("beyond", beyond)
        | {"probability_fell_5_points": fell}
    )


def _bounds(side: str, row: dict[str, Any] | None) -> dict[str, float]:
    """The lowest and the highest that a value may be, whatever its hidden counts are."""
    return {
        f"{side}_{bound}": row[f"numerator_{bound}"] / row["denominator"] * row["per"] if row else np.nan
        for bound in ("low", "high")
    }


def _change(before: dict[str, Any], after: dict[str, Any], dispersion: float) -> Interval:
    """The change from the frozen baseline; where counts are hidden, its limits hold for whatever they are.

    dispersion: of a ratio's counts; they are read as so many fewer, as in the forecast (docs/decisions.md 10).
    """
    interval = share_difference_interval if after["likelihood"] == "binomial" else rate_difference_interval
    (low1, high1, n1), (low0, high0, n0) = (
        [row[name] / dispersion for name in ("numerator_low", "numerator_high", "denominator")]
        for row in (after, before)
    )
    low, _ = interval(low1, n1, high0, n0, LEVEL)
    _, high = interval(high1, n1, low0, n0, LEVEL)
    per = after["per"]
    return Interval(after["value"] - before["baseline_frozen"], float(low) * per, float(high) * per)


def expected_draws(of: Tracked, row: dict[str, Any], window: Window) -> Floats:
    """Draws of what would be observed over a window without guidance, in the unit of the indicator; none if unknown."""
    if not of.in_model(row["indicator_id"]):
        return np.array([])
    at, size = window
    rates = of.without[row["service_id"]][:, of.place(row["indicator_id"]), at]
    rng = np.random.default_rng(zlib.crc32(f"{row['service_id']} {row['indicator_id']} {at}".encode()))
    counts = count_draws(rates, size, row["likelihood"], rng, of.dispersion[row["indicator_id"]])
    return np.asarray(counts.sum(axis=1) / size.sum() * row["per"])


def true_draws(of: Tracked, service: str, indicator_id: str, window: Window) -> Floats:
    """Draws of the true rate over a window, from all figures of all periods, per unit of the denominator."""
    at, size = window
    return pooled(of.known[service][:, of.place(indicator_id), at], size)


def _beyond(row: dict[str, Any], expected: Interval) -> Interval:
    """The observed less the expected; where counts are hidden, the limits hold for whatever they are."""
    size = row["denominator"] / row["per"]
    low, high = row["numerator_low"] / size, row["numerator_high"] / size
    return Interval(row["value"] - expected.value, low - expected.high, high - expected.low)


def _fell(of: Tracked, indicator: Indicator, service: str, window: Window) -> float:
    """How probable it is that the true need fell by five percentage points, from all the figures of all periods."""
    if not of.in_model(indicator.id) or indicator.unit != "percent":
        return float("nan")
    sign = indicator.need_sign
    before = true_draws(of, service, indicator.id, of.window(service, indicator.id, "phase", "baseline"))
    return probability_fell(sign * before, sign * true_draws(of, service, indicator.id, window), A_FALL / 100)


def _reason(
    of: Tracked,
    registry: Registry,
    indicator: Indicator,
    phase: Phase,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
) -> str | None:
    """Why nothing can be said: the series broke, ended or began late, or there is too little on one side."""
    place, own, baseline = registry.jurisdiction, indicator.in_era(of.cohort.era), of.cohort.phase("baseline")
    assert own is not None
    start = place.start_of(phase.first_period)
    if own.last_period and start >= place.end_of(own.last_period):
        follows = any(each.era != own.era and place.start_of(each.first_period) <= start for each in indicator.series)
        return "series_break" if follows else "series_ended"
    if baseline and before is None and place.end_of(own.first_period) > place.end_of(baseline.last_period):
        return "series_not_begun"
    for side, row in (("baseline", before), ("scored", after)):
        if row is None:
            return f"no_{side}"
        if row["denominator"] < indicator.minimum_denominator:
            return f"few_cases_{side}"
    return None if of.in_model(indicator.id) else "no_forecast"


def _row(table: pd.DataFrame, key: tuple[str, ...]) -> dict[str, Any] | None:
    """A row with its key, if it is there."""
    if key not in table.index:
        return None
    row = table.xs(key)
    return dict(zip((*map(str, row.index), *map(str, table.index.names)), (*row, *key), strict=True))


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [dict(zip(table.columns, row, strict=True)) for row in table.itertuples(index=False)]


def interval_of(draws: Floats) -> Interval:
    """Mean of the draws with 95 % limits."""
    if not draws.size:
        return UNKNOWN
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    middle = float(draws.mean())
    return Interval(middle, min(float(low), middle), max(float(high), middle))


def _in_need(row: dict[str, Any], name: str, sign: int) -> Interval:
    """An interval of a row in need: less is better."""
    value, low, high = (sign * row[each] for each in _names(name))
    return Interval(value, min(low, high), max(low, high))


def _names(name: str) -> tuple[str, str, str]:
    return name, f"{name}_low", f"{name}_high"


def named(name: str, interval: Interval) -> dict[str, float]:
    """An interval as three columns."""
    return dict(zip(_names(name), (interval.value, interval.low, interval.high), strict=True))
