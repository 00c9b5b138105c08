"""Two guided services, drawn: one with figures, a hidden count, an alarm and a source that moved; one with too little."""

import pandas as pd

from pipeline.registry.load import Registry

INDICATOR = "deadline_breaches"
HALVES = ["2014H2", "2015H1", "2015H2", "2016H1", "2017H1", "2018H2", "2019H2", "2020H1", "2020H2"]
PHASES = [*["baseline"] * 4, "selection", "start_up", *["during"] * 3]
METHODS = [
    "imputation", "callaway_santanna_never", "peer_group_by_time", "drift_bounds", "logit_scale", "without_each_cohort", "earlier_start",
    "next_in_line",
]  # fmt: skip
PARTS = {"peer_group_by_time": "11 of 12 guided", "drift_bounds": "sign holds to M = 0.25"}
NOWHERE = float("nan")


def guided_tables(registry: Registry) -> dict[str, pd.DataFrame]:
    """The tables of the page that asks whether the guidance helped."""
    cohort = registry.cohorts[0].id
    return {
        "mart.effect": effect(registry),
        "result.effect_by_period": by_period(registry),
        "result.power": power(registry),
        "mart.service_change": changes(cohort),
        **{name: table.assign(cohort_id=cohort) for name, table in _of_services().items()},
        "mart.measure_timeline": pd.DataFrame(
            [
                _measure("everywhere", "Læringsnettverk", None, None),
                _measure("funds", "Midler til nettverk", ["rogaland"], 1_100_000),
            ]
        ),
    }


def effect(registry: Registry) -> pd.DataFrame:
    """The composite, a dimension and a turned indicator in every method; nobody is declared to have declined."""
    outcomes = [("composite", "composite", "points"), ("plans", "dimension", "points"), ("action_plan_in_place", "indicator", "percent")]  # fmt: skip
    rows = [
        _effect(outcome, kind, unit, method, "all_not_guided")
        for outcome, kind, unit in outcomes
        for method in (METHODS if kind == "composite" else METHODS[:1])
    ]
    rows.append(_effect("composite", "composite", "points", "imputation", "declined") | {"reason": "nobody_declared"})
    table = pd.DataFrame(rows).assign(protocol_id=registry.protocols[0].id, level=0.95)
    table["is_primary"] = table["kind"].eq("composite") & table["method"].eq("imputation") & table["reason"].isna()
    blank = table["reason"].notna()
    return table.assign(**{name: table[name].mask(blank) for name in ("estimate", "low", "high", "p_value")})


def _effect(outcome: str, kind: str, unit: str, method: str, comparison: str) -> dict[str, object]:
    reason = {"logit_scale": "no_logit_of_an_index", "without_each_cohort": "one_cohort_only"}.get(method)
    return {
        "outcome_id": outcome, "kind": kind, "unit": unit, "comparison": comparison, "method": method,
        "part": PARTS.get(method), "estimate": -4.0, "low": -10.0, "high": 2.0, "p_value": 0.2,
        "p_holm": 0.6 if kind == "dimension" else NOWHERE, "n_guided": 1, "n_comparison": 200, "guided_before": 27.0,
        "guided_now": 20.0, "comparison_before": 26.0, "comparison_now": 23.0, "smallest_visible": 7.0,
        "verdict": "no_clear_change" if method == "imputation" and kind != "indicator" else None, "reason": reason,
        "is_confirmed": True, "follows_protocol": comparison != "declined", "departures": "comparison_not_declared" if comparison == "declined" else "",
    }  # fmt: skip


def by_period(registry: Registry) -> pd.DataFrame:
    """The composite from eight periods before the start to four after it; without limits in the baseline."""
    since = list(range(-8, 5))
    phases = [*["baseline"] * 4, *["selection"] * 4, *["start_up"] * 2, *["during"] * 3]
    table = pd.DataFrame({"periods_since_start": since, "phase": phases, "estimate": [each / 2 for each in since]})
    limits = {"low": table["estimate"] - 3, "high": table["estimate"] + 3}
    blank = {name: each.mask(table["phase"] == "baseline") for name, each in limits.items()}
    return table.assign(
        protocol_id=registry.protocols[0].id, outcome_id="composite", kind="composite", unit="points", comparison="all_not_guided", **blank
    )  # fmt: skip


def power(registry: Registry) -> pd.DataFrame:
    """What could have been shown of the composite."""
    return pd.DataFrame(
        {
            "protocol_id": registry.protocols[0].id, "outcome_id": "composite", "unit": "points", "odds_ratio": [0.7, 0.5],
            "effect": [-6.0, -11.0], "detected": [0.66, 0.97], "smallest_visible": 7.0, "runs": 300,
            "n_guided": 13,
        }
    )  # fmt: skip


def changes(cohort: str) -> pd.DataFrame:
    """s1 improved with two alarms; of s3 too little is known; nobody's later phases can be told."""
    common = {
        "cohort_id": cohort, "baseline": 30.0, "baseline_cases": 80.0, "scored": 20.0, "scored_cases": 60.0, "hidden_cells": 1.0,
        "change": -10.0, "change_low": -18.0, "change_high": -2.0, "expected_change": -3.0, "expected_change_low": -8.0,
        "expected_change_high": 2.0, "beyond": -7.0, "beyond_low": -16.0, "beyond_high": 3.0,
        "probability_fell_5_points": 0.8, "alarms": 0, "is_confirmed": True, "reason": None,
        "baseline_now": 31.0, "guided_share": 1.0, "office_id": "rogaland",
    }  # fmt: skip
    figures = [
        name
        for name in common
        if name.startswith(("baseline", "scored", "change", "expected", "hidden", "beyond", "prob"))
    ]
    nothing = common | dict.fromkeys(figures, NOWHERE)
    rows = []
    for service, name in (("s1", "Ås"), ("s3", "Ærø")):
        for outcome in ("composite", INDICATOR):
            row = {"service_id": service, "service_name": name, "outcome": outcome}
            if service == "s1":
                told = {"verdict": "improved_more_than_expected", "is_confirmed": False, "alarms": 2}
                rows.append(common | row | told | {"phase": "during"})
            else:
                little = {"verdict": "too_little_data", "reason": "few_cases_baseline", "guided_share": 0.25}
                rows.append(nothing | row | little | {"phase": "during"})
            broken = {"verdict": "cannot_be_told_series_break", "reason": "series_break", "phase": "after"}
            rows.append(nothing | row | broken)
    return pd.DataFrame(rows)


def _of_services() -> dict[str, pd.DataFrame]:
    """The other tables of single services, without the cohort."""
    start = [pd.Timestamp(int(each[:4]), 7 if each.endswith("H2") else 1, 1) for each in HALVES]
    hidden = [each == "2019H2" for each in HALVES]
    points = pd.DataFrame(
        {
            "service_id": "s1", "indicator_id": INDICATOR, "period": HALVES, "period_start": start, "phase": PHASES,
            "value": [30.0, 32.0, 28.0, 30.0, 45.0, 25.0, 10.0, 20.0, 15.0], "is_hidden": hidden, "mean": 30.0,
            "limit_low": 24.0, "limit_high": 36.0, "rule": [None] * 4 + ["outside", None, "outside", "outside", "outside"],
            "side": [None] * 4 + ["worse", None, "better", "better", "better"],
            "funnel": [None] * 4 + ["high 99.8", None, "low 95", "low 95", None],
        }
    )  # fmt: skip
    later = [each in ("start_up", "during") for each in PHASES]
    milestone = points.loc[later, ["service_id", "indicator_id", "period", "period_start", "phase", "value"]].assign(
        numerator=[5.0, 2.0, 4.0, 3.0], numerator_low=[5.0, 1.0, 4.0, 3.0], numerator_high=[5.0, 3.0, 4.0, 3.0],
        denominator=20.0, expected=26.0, expected_low=10.0, expected_high=45.0, difference=[-1.0, -16.0, -6.0, -11.0],
        difference_low=-25.0, difference_high=15.0,
    )  # fmt: skip
    moved = {
        "numerator_low": 24.0,
        "numerator_high": 24.0,
        "baseline_frozen": 30.0,
        "baseline_now": 31.0,
        "has_source_moved": True,
        "cells_hidden_since": 0,
        "frozen_reason": "known_then",
    }
    day = pd.Timestamp("2018-06-01")
    return {
        "result.run_chart": points,
        "result.milestone": milestone,
        "result.run_chart_series": pd.DataFrame(
            [{"service_id": "s1", "indicator_id": INDICATOR, "points": 9, "baseline_points": 4, "is_short": True,
              "false_improvement": 0.24, "false_concern": 0.31, "reason": None}]
        ),
        "result.baseline": pd.DataFrame(
            [{"service_id": "s1", "indicator_id": INDICATOR, "frozen_on": pd.Timestamp("2018-03-15"), **moved}]
        ),
        "result.alarm": pd.DataFrame(
            {"service_id": "s1", "outcome": INDICATOR, "phase": "during", "alarm_id": ["fewer_cases", "two_sources"], "status": "raised"}
        ),
        "result.synthetic_control": pd.DataFrame(
            [{"service_id": "s1", "indicator_id": INDICATOR, "donors": 30.0, "effect": -4.0, "p_value": 0.3,
              "smallest_p_value": 1 / 31, "reason": None}]
        ),
        "core.cohort_timeline": pd.DataFrame(
            [
                _span("Ås (Ås/Vestby)", "0214", "Ås", "2014-07-01", "2020-01-01", "s1"),
                _span("Ås (Ås/Vestby)", "3218", "Ås", "2020-01-01", None, "s1"),
                _span("Ærø", "1104", "Ærø", "2014-07-01", None, "s3"),
            ]
        ),
        "core.guided_measure": pd.DataFrame(
            [
                {"service_id": service, "phase": "during", "measure_id": measure, "kind": "learning_network", "first_day": day, "last_day": day, "days": "exact"}
                for service, measure in (("s1", "everywhere"), ("s3", "everywhere"), ("s3", "funds"))
            ]
        ),
    }  # fmt: skip


def _span(member: str, code: str, name: str, start: str, end: str | None, service: str) -> dict[str, object]:
    return {
        "member_name": member, "municipality_code": code, "municipality_name": name, "valid_from": pd.Timestamp(start),
        "valid_to": pd.Timestamp(end) if end else pd.NaT, "service_id": service, "service_name": f"Tjenesten {name}",
        "host_name": name, "member_names": name, "office_id": "rogaland",
    }  # fmt: skip


def _measure(name: str, label: str, offices: list[str] | None, kroner: int | None) -> dict[str, object]:
    return {
        "measure_id": name, "kind": "learning_network", "first_day": pd.Timestamp("2019-01-01"), "last_day": pd.Timestamp("2020-12-31"),
        "days": "year", "offices": offices, "municipalities": None, "finding": None, "sure": "sourced", "label_nb": label,
        "label_nn": label, "label_en": label, "pot_id": "one" if kroner else None, "amount_kroner": kroner, "pot_year": 2019,
        "pot_deadline": pd.Timestamp("2018-08-01") if kroner else pd.NaT,
    }  # fmt: skip
