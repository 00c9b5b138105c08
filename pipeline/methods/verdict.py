"""From numbers to a word: what may be said of a change, and what may not."""

from dataclasses import dataclass
from enum import StrEnum
from math import isfinite

ALARMS_THAT_DOUBT = 2


class Verdict(StrEnum):
    """What may be said of a guided service's or group's change in one figure."""

    IMPROVED_MORE = "improved_more_than_expected"
    IMPROVED_AS_EXPECTED = "improved_as_expected_anyway"
    NO_CLEAR_CHANGE = "no_clear_change"
    WORSENED = "worsened"
    TOO_LITTLE_DATA = "too_little_data"
    SERIES_BREAK = "cannot_be_told_series_break"


@dataclass(frozen=True)
class Interval:
    """A number and its limits; NaN where it is not known."""

    value: float
    low: float
    high: float

    def __post_init__(self) -> None:
        if self.is_known and not self.low <= self.value <= self.high:
            raise ValueError(f"{self.value} does not lie within {self.low} to {self.high}")

    @property
    def is_known(self) -> bool:
        """Whether there is a number with both limits; a limit may be infinite."""
        return isfinite(self.value) and self.low == self.low and self.high == self.high

    def less(self, expected: "Interval") -> "Interval":
        """The difference from what was expected, as if the two errors were independent."""
        below = ((self.value - self.low) ** 2 + (expected.high - expected.value) ** 2) ** 0.5
        above = ((self.high - self.value) ** 2 + (expected.value - expected.low) ** 2) ** 0.5
        value = self.value - expected.value
        return Interval(value, value - below, value + above)


@dataclass(frozen=True)
class Evidence:
    """What a verdict rests on; in need, so that negative is better, whichever way the figure itself runs.

    change: from baseline to the scored periods. beyond: the change less what was expected without guidance: less the
    forecast, in which the regression to the mean lies, or less the comparison's change. alarms: signs that the
    figures themselves moved otherwise than by better work (docs/methods.md).
    """

    change: Interval
    beyond: Interval
    has_enough_data: bool = True
    has_series_break: bool = False
    alarms: int = 0


@dataclass(frozen=True)
class Judgement:
    """A verdict; an improvement with two alarms or more is not confirmed."""

    verdict: Verdict
    is_confirmed: bool = True


def judge(evidence: Evidence) -> Judgement:
    """The word for a change. What was not measured is said first, and nothing is said that an interval does not hold.

    Improved more than expected: both the change and what it is beyond the expected lie surely below 0. As expected
    anyway: it surely improved, but not surely more (and perhaps less) than expected. Worsened: surely, whatever was
    expected. A figure that stood still while worse was expected has not improved.
    """
    if evidence.has_series_break:
        return Judgement(Verdict.SERIES_BREAK)
    if not (evidence.has_enough_data and evidence.change.is_known):
        return Judgement(Verdict.TOO_LITTLE_DATA)
    if evidence.change.low > 0:
        return Judgement(Verdict.WORSENED)
    if evidence.change.high >= 0:
        return Judgement(Verdict.NO_CLEAR_CHANGE)
    if not evidence.beyond.is_known:
        return Judgement(Verdict.TOO_LITTLE_DATA)
    is_confirmed = evidence.alarms < ALARMS_THAT_DOUBT
    if evidence.beyond.high < 0:
        return Judgement(Verdict.IMPROVED_MORE, is_confirmed)
    return Judgement(Verdict.IMPROVED_AS_EXPECTED, is_confirmed)
