"""Signs that a guided service's figure moved otherwise than by better work. Table: result.alarm.

Each sign is a change from the baseline that is held against the same change in the services that were not guided.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy import special

from pipeline.analysis.tracked import Tracked
from pipeline.analysis.tracking import summed
from pipeline.methods.alarms import departures, log_ratio
from pipeline.registry.alarms import Alarm
from pipeline.registry.load import Registry
from pipeline.registry.model import Indicator

FALSE_ALARMS = 0.05  # of services that are like those not guided, this share has each alarm by chance, at the most
ALARM = ["cohort_id", "service_id", "outcome", "phase", "alarm_id", "status", "before", "after", "departure"]
SIDES = ["baseline", "scored"]


def alarms(of: Tracked, registry: Registry, change: pd.DataFrame) -> pd.DataFrame:
    """One row a guided service, indicator with a duty, scored phase and declared alarm. change: of `service_change`.

    status: `raised`; `not_raised`; `not_improved`, so there is nothing to doubt; `too_little` to tell; `not_public`.
    before, after: cases a period, the rate of the counterbalance, or the ratio of the two counts; departure: how far
    the change is from that of services not guided, in standard deviations, above 0 towards what would be a sign.
    """
    duties = [each.id for each in registry.ranked if each.duties]
    parts = []
    for (outcome, phase), rows in change[change["outcome"].isin(duties)].groupby(["outcome", "phase"], sort=False):
        indicator = registry.indicators[str(outcome)]
        rows = rows[rows["reason"].isna()]
        if rows.empty:
            continue
        better = (rows["change"] < 0) == (indicator.need_sign > 0)
        for alarm in registry.alarms:
            if alarm.indicators and indicator.id not in alarm.indicators:
                continue
            found = rows[["cohort_id", "service_id", "outcome", "phase"]].assign(alarm_id=alarm.id)
            moved = _moved(of, registry, indicator, alarm, str(phase))
            found = found.join(moved, on="service_id") if moved is not None else found.assign(status="not_public")
            if moved is not None:
                found["status"] = np.select(
                    [found["departure"].isna(), ~better.to_numpy(), found["departure"] > -special.ndtri(FALSE_ALARMS)],
                    ["too_little", "not_improved", "raised"],
                    "not_raised",
                )
            parts.append(found)
    return pd.concat(parts, ignore_index=True).reindex(columns=ALARM) if parts else pd.DataFrame(columns=ALARM)


def _moved(of: Tracked, registry: Registry, indicator: Indicator, alarm: Alarm, phase: str) -> pd.DataFrame | None:
    """Service → before, after, departure; nothing for an alarm that public figures do not carry."""
    ask: dict[str, Callable[[], pd.DataFrame]] = {
        "fewer_cases": lambda: _fewer_cases(of, indicator, phase),
        "counterbalance": lambda: _counterbalance(of, registry, indicator, phase),
        "two_sources": lambda: _two_sources(of, registry, indicator, alarm, phase),
    }
    return ask[alarm.kind]() if alarm.kind in ask else None


def _fewer_cases(of: Tracked, indicator: Indicator, phase: str) -> pd.DataFrame:
    """Cases a period that was delivered, with none in it or some: the fewer, the farther."""
    own = _windows(of, indicator.id, phase)
    counts = own.groupby(["service_id", "side"]).agg(count=("denominator", "sum"), exposure=("period", "nunique"))
    return _against_others(of, counts, -1)


def _counterbalance(of: Tracked, registry: Registry, indicator: Indicator, phase: str) -> pd.DataFrame:
    """The rate of the declared counterbalance; hidden counts stand in with their expectation."""
    other = indicator.counterbalance
    if other is None or registry.indicators[other.indicator].in_era(of.cohort.era) is None:
        return pd.DataFrame(columns=["before", "after", "departure"], dtype=float)
    own = _windows(of, other.indicator, phase).query("denominator > 0")
    sums = summed(own, ["service_id", "side", "per", "likelihood"])
    counts = sums.set_index(["service_id", "side"])[["numerator", "denominator"]]
    counts = counts.set_axis(["count", "exposure"], axis=1)
    return _against_others(of, counts, 1 if other.worse == "rises" else -1)


def _two_sources(of: Tracked, registry: Registry, indicator: Indicator, alarm: Alarm, phase: str) -> pd.DataFrame:
    """Cases of the indicator over the other source's count of them, in the years that both have whole and known."""
    assert alarm.beside is not None
    cells = of.cells
    cases = cells[cells["indicator_id"].eq(indicator.id)].assign(year=lambda each: each["period"].str[:4])
    year = cases.groupby(["service_id", "year"]).agg(cases=("denominator", "sum"), halves=("period", "nunique"))
    whole = year[year["halves"] == (2 if cases["period"].str.contains("H").any() else 1)]
    beside = _windows(of, alarm.beside, phase).query("denominator > 0").rename(columns={"period": "year"})
    yearly = beside.groupby(["service_id", "side", "year"]).agg(
        numerator=("numerator", lambda each: each.sum(skipna=False))
    )
    both = yearly.dropna().reset_index().merge(whole.reset_index(), on=["service_id", "year"])
    counts = both.groupby(["service_id", "side"]).agg(count=("cases", "sum"), exposure=("numerator", "sum"))
    return _against_others(of, counts, -1, is_count=True)


def _windows(of: Tracked, indicator_id: str, phase: str) -> pd.DataFrame:
    """Delivered cells of the baseline and of the scored phase, of all services; without cases, too."""
    cells = of.cells
    side = cells["phase"].map({"baseline": "baseline", phase: "scored"})
    return cells.assign(side=side)[cells["indicator_id"].eq(indicator_id) & side.notna() & cells["denominator"].notna()]


def _against_others(of: Tracked, counts: pd.DataFrame, towards: int, is_count: bool = False) -> pd.DataFrame:
    """counts: (service, side) → count and exposure. is_count: the exposure is a count too, with chance of its own."""
    sides = [counts[counts.index.get_level_values("side") == side].droplevel("side") for side in SIDES]
    services = sides[0].index.union(sides[1].index)
    before, after = (side.reindex(services).astype(float) for side in sides)
    n0, n1 = (np.asarray(side["exposure"], float) for side in (before, after))
    change, variance = log_ratio(after["count"], before["count"], n1, n0)
    if is_count:
        variance = variance + 1 / n1 + 1 / n0
    departure = departures(change, variance, ~services.isin(of.ever_guided))
    return pd.DataFrame(
        {"before": before["count"] / n0, "after": after["count"] / n1, "departure": towards * departure}, index=services
    )
