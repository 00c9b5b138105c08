"""Guards and mixes on drawn figures: two alarms take the certainty from a verdict; a mix is fitted only where it can be."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline.analysis.alarms import alarms
from pipeline.analysis.service_change import judged
from pipeline.analysis.single_control import single_controls
from pipeline.analysis.tracked import Tracked
from pipeline.registry.load import load

REGISTRY = load("norway")
COHORT = REGISTRY.cohorts[0]
PLACE = REGISTRY.jurisdiction
SERVICES = [f"s{number:02}" for number in range(30)]  # the first is guided
PHASE = {"2014H2": "baseline", "2015H1": "baseline", "2015H2": "baseline"} | {
    "2019H2": "during", "2020H1": "during", "2020H2": "during", "2015": "baseline", "2020": "during",
}  # fmt: skip


def cells(indicator: str, periods: list[str], numerator: Any, denominator: Any) -> pd.DataFrame:
    """numerator, denominator: functions of (service, is it after the baseline)."""
    rows = [
        {
            "indicator_id": indicator, "service_id": service, "is_guided": service == "s00", "is_guided_elsewhere": False, "per": 100, "likelihood": "binomial", "period": period,
            "phase": PHASE.get(period), "period_start": pd.Timestamp(PLACE.start_of(period)),
            "numerator": numerator(service, period >= "2018"), "denominator": denominator(service, period >= "2018"),
        }
        for service in SERVICES
        for period in periods
    ]  # fmt: skip
    table = pd.DataFrame(rows).astype({"numerator": float, "denominator": float})
    return table.assign(numerator_low=np.nan, numerator_high=np.nan)


def of(*tables: pd.DataFrame, cohort: Any = COHORT) -> Tracked:
    return Tracked(cohort, pd.concat(tables, ignore_index=True), [], ["s00"], None, {}, {}, {}, {})


def scatter(service: str, is_later: bool) -> float:
    """Some ordinary change from service to service, the same each time."""
    return 1 + (0.02 * (SERVICES.index(service) % 7 - 3) if is_later else 0.0)


def told(cases_left: float, investigated_left: float, better: bool = True) -> pd.DataFrame:
    """The verdict and the alarms where the guided service has this share of its cases left, and of the other source's."""
    halves = [each for each in PHASE if "H" in each]
    left = lambda service, part: part if service == "s00" else 1.0  # noqa: E731
    reported = cells(
        "deadline_breaches", halves, lambda s, after: 20, lambda s, after: 100 * scatter(s, after) * (left(s, cases_left) if after else 1)
    )  # fmt: skip
    investigated = cells(
        "children_investigated", ["2015", "2020"], lambda s, after: 200 * scatter(s, after) * (left(s, investigated_left) if after else 1),
        lambda s, after: 5000,
    )  # fmt: skip
    change = pd.DataFrame([{
        "cohort_id": COHORT.id, "service_id": "s00", "outcome": "deadline_breaches", "phase": "during", "reason": None,
        "change": -10.0 if better else 10.0, "change_low": -15.0 if better else 5.0, "change_high": -5.0 if better else 15.0,
        "beyond": -9.0, "beyond_low": -14.0, "beyond_high": -4.0,
    }])  # fmt: skip
    tracked = of(reported, investigated)
    return judged(change, alarms(tracked, REGISTRY, change), REGISTRY).assign(
        found=[alarms(tracked, REGISTRY, change).set_index("alarm_id")["status"].to_dict()]
    )


def test_an_improvement_without_alarms_is_confirmed() -> None:
    [row] = told(1.0, 1.0).to_dict("records")
    assert (row["verdict"], row["is_confirmed"], row["alarms"]) == ("improved_more_than_expected", True, 0)
    assert row["found"]["fewer_cases"] == "not_raised" and row["found"]["heap_before_deadline"] == "not_public"


def test_fewer_cases_that_the_other_source_still_counts_are_two_alarms() -> None:
    [row] = told(0.5, 1.0).to_dict("records")
    assert (row["verdict"], row["is_confirmed"]) == ("improved_more_than_expected", False)
    assert row["alarm_ids"] == "fewer_cases, two_sources"


def test_a_counterbalance_that_gets_worse_is_an_alarm() -> None:
    [row] = told(0.9, 0.5).to_dict("records")
    assert "counterbalance" in row["alarm_ids"]


def test_where_nothing_improved_there_is_nothing_to_doubt() -> None:
    [row] = told(0.5, 1.0, better=False).to_dict("records")
    assert (row["verdict"], row["alarms"]) == ("worsened", 0) and row["found"]["fewer_cases"] == "not_improved"


def asked(*tables: pd.DataFrame) -> pd.DataFrame:
    """The alarms of an improvement, by their ids."""
    row = {"cohort_id": COHORT.id, "service_id": "s00", "outcome": "deadline_breaches", "phase": "during"}
    change = pd.DataFrame([row | {"reason": None, "change": -10.0}])
    return alarms(of(*tables), REGISTRY, change).set_index("alarm_id")


def test_a_half_year_without_cases_is_a_half_year() -> None:
    """240 cases in three half-years are 80 in each, though all came in the last of them."""
    table = cells("deadline_breaches", list(PHASE)[:6], lambda s, after: 20, lambda s, after: 100 * scatter(s, after))
    own = table["service_id"].eq("s00") & table["phase"].eq("during")
    table.loc[own, "denominator"] = np.where(table.loc[own, "period"] == "2020H2", 240.0, 0.0)
    table.loc[table["denominator"] == 0, "numerator"] = np.nan
    found = asked(table).loc["fewer_cases"]
    assert (found["before"], found["after"]) == (100, 80) and found["departure"] > 0


@pytest.mark.parametrize(("hidden", "status"), [(False, "not_raised"), (True, "too_little")])
def test_a_year_with_a_hidden_part_is_not_held_against_the_other_source(hidden: bool, status: str) -> None:
    """The service has two members; without the hidden one's children it would seem to count more cases than before."""
    reported = cells(
        "deadline_breaches", list(PHASE)[:6], lambda s, after: 20, lambda s, after: 100 * scatter(s, after)
    )
    years = [cells("children_investigated", ["2015", "2020"], lambda s, after: 100, lambda s, after: 5000)] * 2
    beside = pd.concat(years, ignore_index=True)
    if hidden:
        one = beside.query("service_id == 's00' and period == '2020'").index[0]
        beside.loc[one, ["numerator", "numerator_low", "numerator_high"]] = np.nan, 1, 3
    assert asked(reported, beside).loc["two_sources", "status"] == status


# Half-years: so many before the selection window, and three that are scored.
def large(before: int, cases: float = 100, hidden: bool = False, elsewhere: str = "") -> Tracked:
    first = [f"{2016 - (n + 2) // 2}H{2 - (n + 1) % 2}" for n in range(before)]
    periods = sorted(first) + ["2016H2", "2019H2", "2020H1", "2020H2"]
    phases = COHORT.model_copy(update={"phases": tuple(each for each in COHORT.phases if each.id != "after")})
    table = cells("deadline_breaches", periods, lambda s, after: 0, lambda s, after: cases)
    table["is_guided_elsewhere"] = table["service_id"] == elsewhere
    table["phase"] = table["period"].map({"2016H2": "selection"} | PHASE)
    level = 20 + 0.5 * table["service_id"].map(SERVICES.index) % 9 + table["period"].map(periods.index)
    wave = 2 * np.sin(table["service_id"].map(SERVICES.index) * 1.7 + table["period"].map(periods.index) * 2.3)
    fall = 12 * (table["is_guided"] & table["phase"].eq("during"))
    table["numerator"] = ((level + wave - fall) * cases / 100).round()
    if hidden:
        table.loc[table.index[0], "numerator"] = np.nan
    return of(table, cohort=phases)


def test_a_large_service_gets_a_mix_with_the_smallest_p_there_can_be() -> None:
    [row] = [
        each
        for each in single_controls(large(8, elsewhere="s05"), REGISTRY).to_dict("records")
        if pd.isna(each["reason"])
    ]
    assert (row["baseline_half_years"], row["smallest_cases"], row["donors"]) == (8, 100, 28)
    assert row["smallest_p_value"] == pytest.approx(1 / 29) and row["p_value"] >= row["smallest_p_value"]
    assert row["effect"] == pytest.approx(-12, abs=3) and row["p_value"] <= 0.1


@pytest.mark.parametrize(
    ("tracked", "reason"),
    [(large(7), "too_few_half_years"), (large(8, cases=40), "too_few_cases"), (large(8, hidden=True), "hidden_counts")],
)
def test_a_service_that_is_too_small_gets_a_reason(tracked: Tracked, reason: str) -> None:
    found = single_controls(tracked, REGISTRY).set_index("indicator_id")
    assert found.loc["deadline_breaches", "reason"] == reason and found["effect"].isna().all()
