"""Verdicts: a table of situations, and what no numbers may bring about."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.methods.verdict import MORE_BY_CHANCE, Evidence, Interval, Judgement, Verdict, judge

NAN = float("nan")
FELL, FELL_MUCH, STILL, ROSE, UNKNOWN = (-6, -9, -3), (-12, -16, -8), (-1, -4, 2), (5, 2, 8), (NAN, NAN, NAN)
ENDLESS, NO_BOTTOM, NO_TOP = (-3, float("-inf"), float("inf")), (-3, float("-inf"), -1), (3, 1, float("inf"))

SITUATIONS: list[tuple[str, Any, Any, dict[str, Any], Verdict, bool]] = [
    ("fell, and surely more than expected", FELL_MUCH, FELL, {}, Verdict.IMPROVED_MORE, True),
    ("fell, and one alarm", FELL_MUCH, FELL, {"alarms": 1}, Verdict.IMPROVED_MORE, True),
    ("fell more than expected, but two alarms", FELL_MUCH, FELL, {"alarms": 2}, Verdict.IMPROVED_MORE, False),
    ("fell as regression to the mean lets expect", FELL, STILL, {}, Verdict.IMPROVED_AS_EXPECTED, True),
    ("fell, but surely less than expected", FELL, ROSE, {}, Verdict.IMPROVED_LESS, True),
    ("fell less than expected, two alarms", FELL, ROSE, {"alarms": 2}, Verdict.IMPROVED_LESS, False),
    ("fell, and perhaps much more than expected", FELL, (-9, -20, 2), {}, Verdict.IMPROVED_AS_EXPECTED, True),
    ("fell, and anything may have been expected", FELL, ENDLESS, {}, Verdict.TOO_LITTLE_DATA, True),
    ("fell, beyond the expected without a lower limit", FELL, NO_BOTTOM, {}, Verdict.IMPROVED_MORE, True),
    ("fell, short of the expected without an upper limit", FELL, NO_TOP, {}, Verdict.IMPROVED_LESS, True),
    ("fell as expected, two alarms", FELL, STILL, {"alarms": 3}, Verdict.IMPROVED_AS_EXPECTED, False),
    ("fell, and what was expected is not known", FELL, UNKNOWN, {}, Verdict.TOO_LITTLE_DATA, True),
    ("the interval holds both", STILL, STILL, {}, Verdict.NO_CLEAR_CHANGE, True),
    ("stood still while others worsened", STILL, FELL, {}, Verdict.NO_CLEAR_CHANGE, True),
    ("the upper limit is 0", (-3, -6, 0), FELL, {}, Verdict.NO_CLEAR_CHANGE, True),
    ("the lower limit is 0", (3, 0, 6), ROSE, {}, Verdict.NO_CLEAR_CHANGE, True),
    ("beyond the expected, the upper limit is 0", FELL, (-3, -6, 0), {}, Verdict.IMPROVED_AS_EXPECTED, True),
    ("beyond the expected, the lower limit is 0", FELL, (3, 0, 6), {}, Verdict.IMPROVED_AS_EXPECTED, True),
    ("rose", ROSE, ROSE, {}, Verdict.WORSENED, True),
    ("rose, as expected", ROSE, STILL, {}, Verdict.WORSENED, True),
    ("rose, and alarms", ROSE, ROSE, {"alarms": 4}, Verdict.WORSENED, True),
    ("an interval without end", ENDLESS, STILL, {}, Verdict.NO_CLEAR_CHANGE, True),
    ("nothing known", UNKNOWN, UNKNOWN, {}, Verdict.TOO_LITTLE_DATA, True),
    ("too few cases", FELL_MUCH, FELL, {"has_enough_data": False}, Verdict.TOO_LITTLE_DATA, True),
    ("a break in the series", FELL_MUCH, FELL, {"has_series_break": True}, Verdict.SERIES_BREAK, True),
    ("a break, and too few cases", FELL, FELL, {"has_series_break": True, "has_enough_data": False}, Verdict.SERIES_BREAK, True),
]  # fmt: skip


@pytest.mark.parametrize(("change", "beyond", "rest", "verdict", "is_confirmed"), [row[1:] for row in SITUATIONS], ids=[row[0] for row in SITUATIONS])  # fmt: skip
def test_situations(change: Any, beyond: Any, rest: Any, verdict: Verdict, is_confirmed: bool) -> None:
    assert judge(Evidence(Interval(*change), Interval(*beyond), **rest)) == Judgement(verdict, is_confirmed)


def test_every_verdict_has_a_situation() -> None:
    assert {row[4] for row in SITUATIONS} == set(Verdict)


numbers = st.floats(-50, 50)
intervals = st.tuples(numbers, numbers, numbers).map(
    lambda three: Interval(*(sorted(three)[place] for place in (1, 0, 2)))
)


@given(intervals, intervals, st.booleans(), st.booleans(), st.integers(0, 5))
def test_no_word_goes_beyond_its_interval(
    change: Interval, beyond: Interval, enough: bool, broken: bool, alarms: int
) -> None:
    found = judge(Evidence(change, beyond, enough, broken, alarms))
    if found.verdict in (Verdict.IMPROVED_MORE, Verdict.IMPROVED_AS_EXPECTED, Verdict.IMPROVED_LESS):
        assert change.high < 0 and enough and not broken
        assert (beyond.high < 0) == (found.verdict is Verdict.IMPROVED_MORE)
        assert (beyond.low > 0) == (found.verdict is Verdict.IMPROVED_LESS)
    if found.verdict is Verdict.WORSENED:
        assert change.low > 0
    assert found.is_confirmed or alarms >= 2


def test_what_chance_gives_is_what_was_measured() -> None:
    page = (Path(__file__).parents[2] / "benchmarks" / "README.md").read_text(encoding="utf-8")
    heading, _, *rows = page.partition("| odds ratio | within forecast")[2].splitlines()
    without_effect = next(each for each in rows if each.startswith("| 1.0 |")).split("|")
    place = heading.split("|").index(" more than expected ") + 2
    assert round(float(without_effect[place]), 2) == MORE_BY_CHANCE


def test_limits_hold_their_number() -> None:
    with pytest.raises(ValueError, match="5 does not lie within 1 to 2"):
        Interval(5, 1, 2)
