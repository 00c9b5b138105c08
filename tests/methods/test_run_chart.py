"""Run charts: the NHS's limits and flags, a slow twin of the rules, and how often they cry wolf."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.methods.run_chart import alarm_rates, run_chart
from tests.slow_ways import run_chart_rules

LETTERS = {
    ("outside", 1): "O", ("outside", -1): "o", ("trend", 1): "D", ("trend", -1): "d", ("two_in_three", 1): "T",
    ("two_in_three", -1): "t", ("shift", 1): "S", ("shift", -1): "s", ("", 0): ".",
}  # fmt: skip


@pytest.mark.parametrize(
    ("what", "signals", "limits", "is_screened"),
    [
        ("breaches", "breaches_signals", "breaches_{}", True),
        ("breaches", "breaches_signals_unscreened", "breaches_{}_unscreened", False),
        ("share", "share_signals", "share_{}", True),
    ],
)
def test_limits_and_flags_of_130_trusts(golden: Any, what: str, signals: str, limits: str, is_screened: bool) -> None:
    table = golden("spc.csv")
    count = {name: np.array([row.split() for row in table[name]], float) for name in ("attendances", "breaches")}
    values = count["breaches"] if what == "breaches" else 1 - count["breaches"] / count["attendances"]
    chart = run_chart(values, is_screened=is_screened)
    np.testing.assert_allclose(chart.mean, table[f"{what}_mean"], rtol=1e-12)
    np.testing.assert_allclose(chart.low, table[limits.format("low")], rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(chart.high, table[limits.format("high")], rtol=1e-12)
    flags = [
        "".join(LETTERS[each] for each in zip(*row, strict=True)) for row in zip(chart.rule, chart.side, strict=True)
    ]
    assert flags == table[signals].tolist()


@given(st.lists(st.integers(0, 9), min_size=3, max_size=24), st.integers(3, 24))
@settings(max_examples=200, deadline=None)
def test_agrees_with_the_rules_point_by_point(values: list[int], baseline: int) -> None:
    chart = run_chart(values, baseline)
    slow = run_chart_rules([float(each) for each in values], float(chart.mean), float(chart.low), float(chart.high))
    assert list(zip(chart.rule.tolist(), chart.side.tolist(), strict=True)) == slow


def test_later_points_do_not_move_the_limits() -> None:
    values = np.arange(20.0) % 5
    moved = values.copy()
    moved[12:] += 40
    assert run_chart(values, 12).high == run_chart(moved, 12).high
    assert (run_chart(moved, 12).rule[12:] == "outside").all()


def test_false_alarms_and_found_changes_are_those_simulated_before(golden: Any) -> None:
    """Another simulator's table, 1,500 to 4,000 series a row: some signal in eight half-years, 25 per cent, no change or one."""
    for row in golden("spc_alarms.csv").itertuples():
        found = alarm_rates(
            0.25, row.cases, row.baseline, 8, row.transient_sd, odds_ratio=row.odds_ratio, runs=4000, seed=1
        )
        assert found.improvement == pytest.approx(row.improvement, abs=0.035), row
        assert found.concern == pytest.approx(row.concern, abs=0.035), row


def test_the_same_seed_gives_the_same_alarms_and_drift_gives_more() -> None:
    calm, drifting = (alarm_rates(0.25, 50, 8, 8, sd, seed=2) for sd in (0.0, 0.35))
    assert calm == alarm_rates(0.25, 50, 8, 8, 0.0, seed=2)
    assert drifting.improvement > calm.improvement and drifting.concern > calm.concern
