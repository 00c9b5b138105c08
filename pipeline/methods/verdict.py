"""From numbers to a word: what may be said of a change, and what may not."""

from dataclasses import dataclass
from enum import StrEnum
from math import isfinite, isinf

ALARMS_THAT_DOUBT = 2
MORE_BY_CHANCE = 0.02  # of verdicts on single services where nothing works: benchmarks/README.md, odds ratio 1.0


class Verdict(StrEnum):
    """What may be said of a guided service's or group's change in one figure."""

    IMPROVED_MORE = "improved_more_than_expected"
    IMPROVED_AS_EXPECTED = "improved_as_expected_anyway"
    IMPROVED_LESS = "improved_less_than_expected"
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

    @property
    def says_nothing(self) -> bool:
        """Whether nothing is known, or any number would do: both limits are infinite."""
        return not self.is_known or (isinf(self.low) and isinf(self.high))


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

    Improved more than expected: both the change and what it is beyond the expected lie surely below 0. Less than
    expected: it surely improved, and surely less than expected. As expected anyway: it surely improved, and what it is
    beyond the expected has an interval that holds 0. Too little data: that interval holds every number. Worsened:
    surely, whatever was expected. A figure that stood still while worse was expected has not improved.
    """
    if evidence.has_series_break:
        return Judgement(Verdict.SERIES_BREAK)
    if not (evidence.has_enough_data and evidence.change.is_known):
        return Judgement(Verdict.TOO_LITTLE_DATA)
    if evidence.change.low > 0:
        return Judgement(Verdict.WORSENED)
    if evidence.change.high >= 0:
        return Judgement(Verdict.NO_CLEAR_CHANGE)
    if evidence.beyond.says_nothing:
        return Judgement(Verdict.TOO_LITTLE_DATA)
    is_confirmed = evidence.alarms < ALARMS_THAT_DOUBT
    if evidence.beyond.high < 0:
        return Judgement(Verdict.IMPROVED_MORE, is_confirmed)
    if evidence.beyond.low > 0:
        return Judgement(Verdict.IMPROVED_LESS, is_confirmed)
    return Judgement(Verdict.IMPROVED_AS_EXPECTED, is_confirmed)
