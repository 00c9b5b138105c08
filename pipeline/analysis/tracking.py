"""The path of guided services and of the rest of the country, and their change by phase, indicator by indicator.

Tables: result.cohort_path, result.change. This alone proves nothing: services chosen because they were worst improve
by chance (docs/methods.md); `service_change` says what may be said of one service.
"""

import duckdb
import numpy as np
import pandas as pd

from pipeline.methods.change import share_difference_interval
from pipeline.methods.rates import byar_interval, expected_totals, wilson_interval
from pipeline.registry.load import Registry

LEVEL = 0.95

# One row per cohort, indicator, period and municipality; services outside the cohort are the rest of the country.
CELLS = """
WITH guided AS (SELECT DISTINCT cohort_id, service_id FROM staging.guided)
SELECT
    cohort.cohort_id,
    cell.indicator_id,
    indicator.per,
    series.likelihood,
    member.service_id,
    CASE WHEN guided.service_id IS NULL THEN 'rest' ELSE 'guided' END AS group_name,
    cell.period,
    cell.period_start,
    phase.phase,
    cell.numerator,
    cell.numerator_low,
    cell.numerator_high,
    cell.denominator
FROM (SELECT DISTINCT cohort_id, era FROM staging.cohort_member) AS cohort
JOIN core.indicator_value AS cell ON cell.era = cohort.era AND cell.unit_kind = 'municipality' AND cell.is_newest
JOIN staging.member AS member ON member.municipality_code = cell.unit_code
ANTI JOIN core.period_apart AS apart
    ON apart.indicator_id = cell.indicator_id AND apart.service_id = member.service_id AND apart.period = cell.period
JOIN registry.indicator AS indicator ON indicator.indicator_id = cell.indicator_id AND indicator.use = 'rank'
JOIN registry.series AS series ON series.indicator_id = cell.indicator_id AND series.era = cell.era
LEFT JOIN registry.not_ranked AS not_ranked ON not_ranked.municipality_code = member.municipality_code
LEFT JOIN guided ON guided.cohort_id = cohort.cohort_id AND guided.service_id = member.service_id
LEFT JOIN registry.phase AS phase
    ON phase.cohort_id = cohort.cohort_id
    AND cell.period_start >= CAST(phase.phase_start AS DATE) AND cell.period_end <= CAST(phase.phase_end AS DATE)
WHERE not_ranked.municipality_code IS NULL AND cell.denominator > 0
    AND (cell.numerator IS NOT NULL OR cell.numerator_low IS NOT NULL)
ORDER BY ALL
"""
# The guided alone, in the borders of the day: whoever belonged to a member's service when a period started.
CELLS_THEN = """
SELECT DISTINCT
    timeline.cohort_id,
    cell.indicator_id,
    indicator.per,
    series.likelihood,
    guided.service_id,
    'guided' AS group_name,
    cell.unit_code,
    phase.phase,
    cell.period,
    cell.numerator,
    cell.numerator_low,
    cell.numerator_high,
    cell.denominator
FROM core.cohort_timeline AS timeline
JOIN staging.guided AS guided USING (cohort_id, member_name)
JOIN core.service_member AS member ON member.service_id = timeline.service_id
JOIN core.indicator_value_then AS cell
    ON cell.era = guided.era AND cell.unit_kind = 'municipality' AND cell.unit_code = member.municipality_code
    AND cell.is_newest
    AND timeline.valid_from <= cell.period_start
    AND coalesce(timeline.valid_to, DATE '9999-12-31') > cell.period_start
    AND member.valid_from <= cell.period_start AND coalesce(member.valid_to, DATE '9999-12-31') > cell.period_start
ANTI JOIN core.period_apart AS apart
    ON apart.indicator_id = cell.indicator_id AND apart.service_id = guided.service_id AND apart.period = cell.period
JOIN registry.indicator AS indicator ON indicator.indicator_id = cell.indicator_id AND indicator.use = 'rank'
JOIN registry.series AS series ON series.indicator_id = cell.indicator_id AND series.era = cell.era
JOIN registry.phase AS phase
    ON phase.cohort_id = timeline.cohort_id
    AND cell.period_start >= CAST(phase.phase_start AS DATE) AND cell.period_end <= CAST(phase.phase_end AS DATE)
WHERE cell.denominator > 0 AND (cell.numerator IS NOT NULL OR cell.numerator_low IS NOT NULL)
ORDER BY ALL
"""
GROUP = ["cohort_id", "indicator_id", "per", "likelihood", "group_name"]


def tracking_tables(con: duckdb.DuckDBPyConnection, registry: Registry) -> dict[str, pd.DataFrame]:
    """Path (group × indicator × period) and change (service or group × indicator × phase), from summed counts.

    borders: `as_of`, services as they are today, so that phases compare; `period`, of the guided also as they were in
    each half-year, so that it is plain whom the figures then told of. service_id is today's in both.
    """
    cells = con.execute(CELLS).df()
    path = summed(cells, [*GROUP, "period", "period_start", "phase"])
    groups = summed(cells, [*GROUP, "phase"]).assign(service_id=None)
    services = summed(cells[cells["group_name"] == "guided"], [*GROUP, "service_id", "phase"])
    then = con.execute(CELLS_THEN).df()
    then_services = summed(then, [*GROUP, "service_id", "phase"])
    then_groups = summed(then, [*GROUP, "phase"]).assign(service_id=None)
    parts = {"as_of": (groups, services), "period": (then_groups, then_services)}
    change = pd.concat([t.assign(borders=name) for name, both in parts.items() for t in both], ignore_index=True)
    change = change[change["phase"].notna()].reset_index(drop=True)
    return {
        "result.cohort_path": path.drop(columns=["per", "likelihood"]),
        "result.change": _against_baseline(change).drop(columns=["per", "likelihood"]),
    }


def summed(cells: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Counts summed, the share computed from the sums, with its 95 % limits (Wilson for shares, Byar for rates).

    Hidden counts stand in with their expectation; numerator_low and numerator_high bound the sum, whatever they are.
    """
    known = cells["numerator"]
    bounded = cells.assign(
        numerator_low=known.fillna(cells["numerator_low"]),
        numerator_high=known.fillna(cells["numerator_high"]),
        hidden_cells=known.isna(),
    )
    sums = bounded.groupby(by, dropna=False, sort=True).agg(
        denominator=("denominator", "sum"),
        services=("service_id", "nunique"),
        hidden_cells=("hidden_cells", "sum"),
        numerator_low=("numerator_low", "sum"),
        numerator_high=("numerator_high", "sum"),
    )
    table = sums.reset_index()
    table.insert(len(by), "numerator", _totals(cells, by, len(table)))
    y, n = table["numerator"].to_numpy(dtype=float), table["denominator"].to_numpy(dtype=float)
    share, rate = wilson_interval(y, n, LEVEL), byar_interval(y, n, LEVEL)
    per, is_share = table["per"].to_numpy(dtype=float), (table["likelihood"] == "binomial").to_numpy()
    table["value"] = y / n * per
    table["value_low"] = np.where(is_share, share[0], rate[0]) * per
    table["value_high"] = np.where(is_share, share[1], rate[1]) * per
    return table


def _totals(cells: pd.DataFrame, by: list[str], groups: int) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """The sum of the numerators of each group, in the order of the groups."""
    group = cells.groupby(by, dropna=False, sort=True).ngroup().to_numpy()
    totals = np.zeros(groups)
    for law, rows in cells.assign(group=group).groupby("likelihood"):
        totals += expected_totals(
            rows["numerator"],
            rows["denominator"],
            rows["numerator_low"],
            rows["numerator_high"],
            rows["group"],
            groups,
            str(law),
        )
    return totals


def _against_baseline(change: pd.DataFrame) -> pd.DataFrame:
    """Adds the baseline's value and the change from it; limits by Newcombe's method for shares."""
    key = ["cohort_id", "indicator_id", "group_name", "service_id", "borders"]
    baseline = change.loc[change["phase"] == "baseline", [*key, "numerator", "denominator", "value"]]
    joined = change.merge(baseline, on=key, how="left", suffixes=("", "_baseline"))
    low, high = share_difference_interval(
        joined["numerator"], joined["denominator"], joined["numerator_baseline"], joined["denominator_baseline"], LEVEL
    )
    is_share = (joined["likelihood"] == "binomial") & (joined["phase"] != "baseline")
    joined["change"] = (joined["value"] - joined["value_baseline"]).where(joined["phase"] != "baseline")
    joined["change_low"] = (pd.Series(low) * joined["per"]).where(is_share)
    joined["change_high"] = (pd.Series(high) * joined["per"]).where(is_share)
    return joined.drop(columns=["numerator_baseline", "denominator_baseline"])
