"""What can be said of each guided service, cohort by cohort. Method: docs/methods.md."""

import duckdb
import pandas as pd

from pipeline.analysis.alarms import alarms
from pipeline.analysis.baseline import baseline
from pipeline.analysis.run_charts import charts
from pipeline.analysis.service_change import changes, judged, milestones
from pipeline.analysis.service_composite import composites
from pipeline.analysis.single_control import single_controls
from pipeline.analysis.tracked import tracked
from pipeline.registry.load import Registry
from pipeline.registry.programme import Cohort


def service_tables(con: duckdb.DuckDBPyConnection, registry: Registry) -> dict[str, pd.DataFrame]:
    """The result tables of all cohorts, one below the other; without rows where there is no cohort."""
    found = [_of_cohort(con, registry, cohort) for cohort in registry.cohorts]
    return {name: shaped(pd.concat([each[name] for each in found]) if found else None, name) for name in COLUMNS}


def _of_cohort(con: duckdb.DuckDBPyConnection, registry: Registry, cohort: Cohort) -> dict[str, pd.DataFrame]:
    of = tracked(con, registry, cohort)
    frozen = baseline(of)
    change = changes(of, registry, frozen)
    raised = alarms(of, registry, change)
    change = pd.concat([change, composites(of, registry, change)], ignore_index=True)
    return {
        "result.baseline": frozen,
        "result.milestone": milestones(of),
        "result.service_change": judged(change, raised, registry),
        "result.alarm": raised,
        "result.synthetic_control": single_controls(of, registry),
        **charts(of, registry),
    }


def shaped(table: pd.DataFrame | None, name: str) -> pd.DataFrame:
    """A table with its columns in their kinds; without rows where there is none."""
    kinds = COLUMNS[name]
    if table is None or table.empty:
        return pd.DataFrame({column: pd.Series(dtype=kind) for column, kind in kinds.items()})
    return table[list(kinds)].astype({c: k for c, k in kinds.items() if k != "str"}).reset_index(drop=True)


def _of(kind: str, names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), kind)


DAY = "datetime64[us]"
COLUMNS: dict[str, dict[str, str]] = {
    "result.baseline": _of("str", "cohort_id service_id indicator_id")
    | {"periods": "int64"}
    | _of("float64", "numerator numerator_low numerator_high denominator")
    | _of("float64", "baseline_frozen baseline_frozen_low baseline_frozen_high")
    | _of("float64", "numerator_now denominator_now baseline_now")
    | {"has_source_moved": "bool", "cells_moved": "int64", "cells_hidden_since": "int64"}
    | {"agreement_day": DAY, "is_agreement_known": "bool"}
    | {"frozen_on": DAY, "frozen_reason": "str"},
    "result.milestone": _of("str", "cohort_id service_id indicator_id period")
    | {"period_start": DAY, "phase": "str"}
    | _of("float64", "numerator numerator_low numerator_high denominator value expected expected_low expected_high")
    | _of("float64", "difference difference_low difference_high"),
    "result.service_change": _of("str", "cohort_id service_id outcome phase")
    | _of("float64", "baseline baseline_cases scored scored_cases hidden_cells change change_low change_high")
    | _of("float64", "expected_change expected_change_low expected_change_high beyond beyond_low beyond_high")
    | _of("float64", "probability_fell_5_points")
    | {"alarms": "int64", "alarm_ids": "str", "verdict": "str", "is_confirmed": "bool", "reason": "str"},
    "result.alarm": _of("str", "cohort_id service_id outcome phase alarm_id status")
    | _of("float64", "before after departure"),
    "result.synthetic_control": _of("str", "cohort_id service_id indicator_id")
    | _of("float64", "baseline_half_years smallest_cases donors effect p_value smallest_p_value")
    | {"reason": "str"},
    "result.run_chart": _of("str", "cohort_id service_id indicator_id period")
    | {"period_start": DAY, "phase": "str"}
    | _of("float64", "numerator denominator value")
    | {"is_hidden": "bool", "is_baseline": "bool"}
    | _of("float64", "mean limit_low limit_high")
    | _of("str", "rule side")
    | _of("float64", "funnel_low_95 funnel_high_95 funnel_low_99_8 funnel_high_99_8")
    | {"funnel": "str"},
    "result.run_chart_series": _of("str", "cohort_id service_id indicator_id")
    | {"points": "int64", "baseline_points": "int64", "is_short": "bool"}
    | _of("float64", "mean_cases false_improvement false_concern")
    | {"reason": "str"},
}
