"""Charts to talk over, of one guided service and indicator at a time; never counted as evidence.

Tables: result.run_chart, result.run_chart_series. Method: docs/methods.md.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from pipeline.analysis.baseline import KEY
from pipeline.analysis.tracked import Tracked
from pipeline.analysis.tracking import summed
from pipeline.methods import funnel
from pipeline.methods.run_chart import alarm_rates, run_chart
from pipeline.registry.load import Registry

Floats = NDArray[np.float64]

SHORT = 13  # points; below it NHSRplotthedots warns
LEAST_BASELINE = 3  # points: two moving ranges
RUNS = 500  # simulated series for a false-alarm rate
LEVELS = {"95": 0.95, "99.8": 0.998}
NODES = 15


def charts(of: Tracked, registry: Registry) -> dict[str, pd.DataFrame]:
    """Points: one row a guided service, indicator that is a share, and period; series: one row a service and indicator.

    The limits are those of the points before the services were chosen, as known on the day of agreement; they are never
    fixed anew. side: `better` or `worse`, by the direction of the indicator. funnel: outside which limits of the
    services that period (`low 95`, `high 99.8`), nothing inside them, or `hidden` where a hidden count could be either.
    """
    cells = of.cells
    chosen = cells[
        cells["is_guided"] & cells["use"].eq("rank") & cells["likelihood"].eq("binomial") & cells["denominator"].gt(0)
    ]
    points, series = [], []
    if len(chosen):
        table = summed(chosen, [*KEY, "period", "period_start", "phase"])
        for (_, indicator, _, _, service), part in table.groupby(KEY, sort=True):
            part = part.sort_values("period_start", ignore_index=True)
            is_bad = registry.indicators[str(indicator)].need_sign > 0
            points.append(_points(of, part, str(indicator), is_bad))
            series.append(_series(of, points[-1], str(service), str(indicator), is_bad))
    return {
        "result.run_chart": pd.concat(points, ignore_index=True) if points else pd.DataFrame(columns=POINT),
        "result.run_chart_series": pd.DataFrame(series, columns=SERIES),
    }


POINT = [
    "cohort_id", "indicator_id", "service_id", "period", "period_start", "phase", "numerator", "denominator", "value",
    "is_hidden", "is_baseline", "mean", "limit_low", "limit_high", "rule", "side", "funnel_low_95", "funnel_high_95",
    "funnel_low_99_8", "funnel_high_99_8", "funnel",
]  # fmt: skip
SERIES = [
    "cohort_id", "indicator_id", "service_id", "points", "baseline_points", "is_short", "mean_cases",
    "false_improvement", "false_concern", "reason",
]  # fmt: skip


def _points(of: Tracked, part: pd.DataFrame, indicator: str, is_bad: bool) -> pd.DataFrame:
    in_baseline = ~(part["phase"].notna() & part["phase"].ne("baseline")).cummax()
    length = int(in_baseline.sum())
    part = part.assign(is_hidden=part["hidden_cells"] > 0, is_baseline=in_baseline, rule=None, side=None)
    if length >= LEAST_BASELINE:
        found = run_chart(part["value"], length)
        better = -1 if is_bad else 1
        part = part.assign(
            mean=float(found.mean),
            limit_low=float(found.low),
            limit_high=float(found.high),
            rule=pd.Series(found.rule, index=part.index, dtype=object).where(found.rule != ""),
            side=pd.Series(found.side * better, index=part.index).map({1: "better", -1: "worse"}),
        )
    return _funnel(of, part, indicator).reindex(columns=POINT)


def _funnel(of: Tracked, part: pd.DataFrame, indicator: str) -> pd.DataFrame:
    """Where the service stood among the others each period: limits by their spread, in the unit of the indicator."""
    if not of.in_model(indicator):
        return part
    per = part["per"].iloc[0]
    limits: dict[str, tuple[Floats, Floats]] = {}
    spread = [_spread(of, indicator, period) for period in part["period"]]
    for name, level in LEVELS.items():
        pairs = [
            funnel.chance_limits(np.array([cases]), mean, size, level)
            for cases, (mean, size) in zip(part["denominator"], spread, strict=True)
        ]
        low, high = (np.array([float(pair[side][0]) * per for pair in pairs]) for side in (0, 1))
        limits[name] = low, high
        word = name.replace(".", "_")
        part = part.assign(**{f"funnel_low_{word}": low, f"funnel_high_{word}": high})
    least, most = (
        funnel.labels(part[f"numerator_{bound}"] / part["denominator"] * per, dict(limits)) for bound in ("low", "high")
    )
    found = pd.Series(np.where(least == most, least, "hidden"), index=part.index, dtype=object)
    return part.assign(funnel=found.where(found != ""))


def _spread(of: Tracked, indicator: str, period: str) -> tuple[float, float]:
    """Mean and imaginary cases of the beta with the moments of the model's logit-normal rates of a period."""
    assert of.at is not None
    place = of.place(indicator)
    spread = np.sqrt(of.at.lasting[place, place] + of.at.passing[place])
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    rates = special.expit(of.at.level[place, of.times[period]] + spread * nodes)
    weights = weights / weights.sum()
    mean = float(rates @ weights)
    variance = float((rates - mean) ** 2 @ weights)
    return mean, mean * (1 - mean) / variance - 1


def _series(of: Tracked, points: pd.DataFrame, service: str, indicator: str, is_bad: bool) -> dict[str, object]:
    """How often such a chart cries wolf: simulated with this length, these cases and the country's ordinary drift."""
    baseline, cases = int(points["is_baseline"].sum()), float(points["denominator"].mean())
    row: dict[str, object] = {
        "cohort_id": of.cohort.id,
        "indicator_id": indicator,
        "service_id": service,
        "points": len(points),
        "baseline_points": baseline,
        "is_short": len(points) < SHORT,
        "mean_cases": cases,
        "false_improvement": np.nan,
        "false_concern": np.nan,
        "reason": "too_few_baseline_points" if baseline < LEAST_BASELINE else None,
    }
    later = len(points) - baseline
    if baseline < LEAST_BASELINE or not later or not of.in_model(indicator):
        return row
    assert of.at is not None
    first = points[points["is_baseline"]]
    share = (first["numerator"].sum() + 0.5) / (first["denominator"].sum() + 1)
    rates = alarm_rates(
        float(share if is_bad else 1 - share),
        cases,
        baseline,
        later,
        float(np.sqrt(of.at.passing[of.place(indicator)])),
        of.at.memory,
        runs=RUNS,
        seed=len(points),
    )
    return row | {"false_improvement": rates.improvement, "false_concern": rates.concern}
