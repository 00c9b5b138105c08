"""A mix of other services beside one guided one, where it is large enough. Table: result.synthetic_control.

Only with eight half-years before the selection window and fifty cases in each of them (docs/methods.md): below that the
mix fits chance. Donors are as large and were never guided, in this cohort or another.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.analysis.tracked import Tracked
from pipeline.methods.synthetic_control import placebo_ratios, synthetic_control
from pipeline.registry.load import Registry
from pipeline.registry.model import Indicator

LEAST_HALF_YEARS = 8
LEAST_CASES = 50
LEAST_DONORS = 2
CONTROL = [
    "cohort_id", "service_id", "indicator_id", "baseline_half_years", "smallest_cases", "donors", "effect", "p_value",
    "smallest_p_value", "reason",
]  # fmt: skip


def single_controls(of: Tracked, registry: Registry) -> pd.DataFrame:
    """One row a guided service and indicator published each half-year.

    effect: mean gap to the mix in the phase `during`, in the unit of the indicator. p_value: the share of the service
    and its donors whose gap grew as much; it cannot be below smallest_p_value. reason: why there is none:
    `too_few_half_years`, `too_few_cases`, `hidden_counts`, `too_few_donors`, `no_scored_figures`.
    """
    rows = []
    for indicator in registry.ranked:
        series = indicator.in_era(of.cohort.era)
        if series is None or series.frequency != "half_year" or series.likelihood != "binomial":
            continue
        counts = _counts(of, indicator)
        rows += [_row(of, indicator, counts, service) for service in of.guided]
    return pd.DataFrame(rows, columns=CONTROL)


def _counts(of: Tracked, indicator: Indicator) -> dict[str, pd.DataFrame]:
    """Numerators and denominators, services × half-years; a half-year with a hidden or missing part is missing."""
    selection = of.cohort.phase("selection")
    cells = of.cells[of.cells["indicator_id"].eq(indicator.id)]
    edge = cells.loc[cells["phase"].eq("selection" if selection else "start_up"), "period_start"].min()
    cells = cells[(cells["period_start"] < edge) | cells["phase"].eq("during")]
    cells = cells.assign(is_before=cells["period_start"] < edge)
    by = ["service_id", "is_before", "period"]
    parts = cells.groupby(by).agg(
        numerator=("numerator", lambda each: each.sum(skipna=False)), denominator=("denominator", "sum")
    )
    return {
        name: parts[name]
        .unstack(["is_before", "period"])
        .sort_index(axis=1, level=["is_before", "period"], ascending=[False, True])
        for name in ("numerator", "denominator")
    }


def _row(of: Tracked, indicator: Indicator, counts: dict[str, pd.DataFrame], service: str) -> dict[str, object]:
    cases = counts["denominator"]
    before = cases.columns.get_level_values("is_before").to_numpy(dtype=bool)
    own = cases.reindex([service]).to_numpy(dtype=float)[0]
    row: dict[str, object] = {
        "cohort_id": of.cohort.id,
        "service_id": service,
        "indicator_id": indicator.id,
        "baseline_half_years": int((own[before] > 0).sum()),
        "smallest_cases": float(np.nan_to_num(own[before]).min(initial=np.inf)),
    }
    fits = cases.ge(LEAST_CASES).all(axis=1) & counts["numerator"].notna().all(axis=1)
    donors = [each for each in cases.index[fits] if each not in of.ever_guided]
    row |= {"donors": len(donors), "smallest_p_value": 1 / (len(donors) + 1)}
    reason = _reason(own, before, counts["numerator"], service, len(donors))
    if reason is None:
        rates = (counts["numerator"] / cases).loc[[service, *donors]].to_numpy() * indicator.per
        length = int(before.sum())
        row["effect"] = synthetic_control(rates, 0, length).effect
        row["p_value"] = _p_value(rates, length)
    return row | {"reason": reason}


def _p_value(rates: NDArray[np.float64], length: int) -> float:
    return placebo_ratios(rates, 0, length)[1]


def _reason(
    own: NDArray[np.float64], before: NDArray[np.bool_], numerator: pd.DataFrame, service: str, donors: int
) -> str | None:
    if (own[before] > 0).sum() < LEAST_HALF_YEARS:
        return "too_few_half_years"
    if not (own >= LEAST_CASES).all():
        return "too_few_cases"
    if before.all():
        return "no_scored_figures"
    if numerator.loc[service].isna().any():
        return "hidden_counts"
    return "too_few_donors" if donors < LEAST_DONORS else None
