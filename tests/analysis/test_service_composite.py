"""The composite of one guided service on drawn figures: what hidden counts may be, whose weights and alarms are whose."""

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest

from pipeline.analysis.service_change import changes, judged
from pipeline.analysis.service_composite import composites
from pipeline.analysis.tracked import Tracked
from pipeline.analysis.tracking import summed
from pipeline.registry.load import Registry, load

NORWAY = load("norway")
[COHORT], [PROTOCOL] = NORWAY.cohorts, NORWAY.protocols
SERVICE = "one"
COUNTS = {"deadline_breaches": (9, 4), "foster_supervision_missed": (7, 5), "action_plan_in_place": (20, 26)}  # of 30
RATES = {"deadline_breaches": 0.25, "foster_supervision_missed": 0.2, "action_plan_in_place": 0.7}
BY = ["cohort_id", "indicator_id", "per", "likelihood", "service_id"]


def tracked(counts: dict[str, tuple[float, float]]) -> Tracked:
    """One guided service, one half-year on either side; a missing count is hidden, 1 to 3 or 26 to 28 of 30."""
    cells = pd.DataFrame(
        {
            "cohort_id": COHORT.id, "service_id": SERVICE, "indicator_id": name, "per": 100, "likelihood": "binomial",
            "use": "rank", "period": period, "phase": phase, "is_later": phase == "during", "denominator": 30.0,
            "numerator": count, "numerator_low": bounds[0] if np.isnan(count) else np.nan,
            "numerator_high": bounds[1] if np.isnan(count) else np.nan,
        }
        for name, pair in counts.items()
        for period, phase, count in zip(("2015H1", "2020H1"), ("baseline", "during"), pair, strict=True)
        for bounds in [(26.0, 28.0) if name == "action_plan_in_place" else (1.0, 3.0)]
    ).assign(is_guided=True, is_guided_elsewhere=False)  # fmt: skip
    rng = np.random.default_rng(1)
    rates = np.array([RATES[name] for name in counts])[:, None] + rng.uniform(-0.05, 0.05, (4000, 3, 2))
    indicators = [NORWAY.indicators[name] for name in counts]
    times, even = {"2015H1": 0, "2020H1": 1}, dict.fromkeys(counts, 1.0)
    return Tracked(COHORT, cells, indicators, [SERVICE], None, even, times, {SERVICE: rates}, {SERVICE: rates})


def outcomes(of: Tracked, registry: Registry = NORWAY) -> pd.DataFrame:
    """The phase `during` by outcome, the composite among them."""
    frozen = summed(of.cells[of.cells["phase"] == "baseline"], BY).rename(columns={"value": "baseline_frozen"})
    change = changes(of, registry, frozen)
    both = pd.concat([change, composites(of, registry, change)])
    return both[both["phase"] == "during"].set_index("outcome")


def told(counts: dict[str, tuple[float, float]], registry: Registry = NORWAY) -> "pd.Series[float]":
    return outcomes(tracked(counts), registry).loc["composite"]


def planned(**changes_: object) -> Registry:
    return replace(NORWAY, protocols=(PROTOCOL.model_copy(update=changes_),))


def test_the_limits_hold_whatever_the_hidden_counts_are() -> None:
    """Hidden before in one indicator, since in another, on either side where less is more need: each way it may be."""
    hidden = told({
        "deadline_breaches": (9, np.nan), "foster_supervision_missed": (np.nan, 5), "action_plan_in_place": (20, np.nan)
    })  # fmt: skip
    ways = [
        told({"deadline_breaches": (9, a), "foster_supervision_missed": (b, 5), "action_plan_in_place": (20, c)})
        for a, b, c in product((1, 3), (1, 3), (26, 28))
    ]
    for name in ("change", "beyond"):
        assert hidden[f"{name}_low"] == pytest.approx(min(each[f"{name}_low"] for each in ways), abs=1)  # of the draws
        assert hidden[f"{name}_high"] == pytest.approx(max(each[f"{name}_high"] for each in ways), abs=1)
        assert min(each[name] for each in ways) < hidden[name] < max(each[name] for each in ways)


def test_each_dimension_has_its_own_weight_in_whatever_order_it_is_named() -> None:
    heavy = [each.model_copy(update={"weight": 1.0 + 2 * (each.id == "plans")}) for each in NORWAY.index.dimensions]
    weighted = replace(NORWAY, index=NORWAY.index.model_copy(update={"dimensions": tuple(heavy)}))
    turned = PROTOCOL.primary.model_copy(update={"dimensions": PROTOCOL.primary.dimensions[::-1]})
    other = replace(weighted, protocols=planned(primary=turned).protocols)
    names = ["baseline", "scored", "expected_change"]
    assert told(COUNTS, other)[names].tolist() == pytest.approx(told(COUNTS, weighted)[names].tolist())
    assert told(COUNTS, weighted)["baseline"] != pytest.approx(told(COUNTS)["baseline"])


def test_one_sign_in_two_parts_is_one_and_a_sign_in_what_is_no_part_is_none() -> None:
    row = {"cohort_id": COHORT.id, "service_id": SERVICE, "phase": "during"}
    change = pd.DataFrame([row | {"outcome": "composite", "reason": None} | {
        f"{name}{limit}": value for name in ("change", "beyond") for limit, value in (("", -9.0), ("_low", -12.0), ("_high", -6.0))
    }])  # fmt: skip
    signs = [("deadline_breaches", "fewer_cases"), ("action_plan_in_place", "fewer_cases"), ("caseload", "two_sources")]

    def found(*signs: tuple[str, str]) -> tuple[str, bool]:
        raised = pd.DataFrame([row | {"outcome": one, "alarm_id": alarm, "status": "raised"} for one, alarm in signs])
        [verdict] = judged(change, raised, NORWAY).to_dict("records")
        return verdict["alarm_ids"], verdict["is_confirmed"]

    assert found(*signs) == ("fewer_cases", True)
    assert found(*signs, ("deadline_breaches", "two_sources")) == ("fewer_cases, two_sources", False)


def test_nothing_is_said_of_a_service_that_another_cohort_guided_before_the_end() -> None:
    of = tracked(COUNTS)
    assert outcomes(of).loc[[*COUNTS, "composite"], "reason"].isna().all()
    last = of.cells.assign(is_guided_elsewhere=of.cells["period"] == "2020H1")
    assert set(outcomes(replace(of, cells=last)).loc[[*COUNTS, "composite"], "reason"]) == {"guided_elsewhere"}


def test_a_series_that_begins_after_the_baseline_is_told_from_one_without_figures_then() -> None:
    """Turnover is published from 2016 on and caseload from 2015; the baseline ends with 2015, and neither is there."""
    reasons = outcomes(tracked(COUNTS))["reason"]
    assert (reasons["caseworker_turnover"], reasons["caseload"]) == ("series_not_begun", "no_baseline")
