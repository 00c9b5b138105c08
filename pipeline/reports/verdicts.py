"""What was found of a cohort, in sentences that promise no more than the interval holds."""

from dataclasses import dataclass
from datetime import date
from math import isfinite
from typing import Literal

from pipeline.methods.verdict import Interval, Judgement
from pipeline.reports.voice import Voice, sentence


@dataclass(frozen=True)
class Finding:
    """A group's shares in per cent (or need in points) before and now, those of its comparison, and the difference.

    is_high_need: whether a higher share means more need.
    smallest_visible: in points, what the design would have shown in `power` (0..1) of cases; nothing or NaN where it is
    not known.
    is_doubted: whether a placebo showed something, so that the interval is no ground for a claim.
    """

    services: int
    before: float
    now: float
    others_before: float
    others_now: float
    difference: Interval
    is_high_need: bool = True
    smallest_visible: float | None = None
    power: float = 0.8
    level: float = 0.95
    unit: Literal["percent", "points"] = "percent"
    is_doubted: bool = False

    @property
    def visible(self) -> float | None:
        """The smallest visible difference; nothing where it is not known."""
        known = self.smallest_visible
        return known if known is not None and isfinite(known) else None


def verdict(say: Voice, judgement: Judgement) -> str:
    """The word for a change; an improvement that the figures' own quality throws doubt on says so."""
    word = say(f"verdict.{judgement.verdict}")
    return word if judgement.is_confirmed else say("verdict.not_confirmed", verdict=word)


def untold(say: Voice, reason: str) -> str:
    """Why nothing is said of a service: the `reason` of its result tables."""
    return say(f"untold.{reason}")


def baseline_words(say: Voice, reason: str, day: date, now: str | None) -> str:
    """As of when a baseline is frozen, and that its source has moved where it has; now: what that says, in words."""
    frozen = sentence(say(f"frozen.{reason}", day=say.date(day)))
    return f"{frozen}." if now is None else f"{frozen}. {say('frozen.moved', now=now)}"


def sentences(say: Voice, finding: Finding) -> list[str]:
    """What the guided did, what the others did, what the difference fits, and what could have been seen at all."""
    told = [
        _course(say, "guided", finding.unit, finding.before, finding.now, n=finding.services),
        _course(say, "others", finding.unit, finding.others_before, finding.others_now),
    ]
    if not finding.difference.is_known:
        return told
    visible = {} if finding.visible is None else {"visible": points(say, finding.unit, finding.visible)}
    sign = "+" if finding.difference.value > 0 else ""
    told.append(
        say(
            f"finding.{fits(finding)}",
            difference=sign + points(say, finding.unit, finding.difference.value),
            level=say.percent(finding.level),
            interval=say.between(finding.difference.low, finding.difference.high),
            **visible,
        )
    )
    return told + ([say("finding.visible", **visible, power=say.percent(finding.power))] if visible else [])


def fits(finding: Finding) -> str:
    """Which sentence is allowed: better, worse, small (no effect, none that could be seen), open, unseen or doubted.

    Unseen: it holds no effect, and what could be seen is not known, so that nothing can be called considerable.
    """
    if finding.is_doubted:
        return "doubted"
    difference = finding.difference
    low, high = (difference.low, difference.high) if finding.is_high_need else (-difference.high, -difference.low)
    if high < 0:
        return "better"
    if low > 0:
        return "worse"
    if finding.visible is None:
        return "unseen"
    return "small" if low > -finding.visible else "open"


def _course(say: Voice, who: str, unit: str, before: float, now: float, **values: object) -> str:
    """A path from before to now, by the figures as they are printed."""
    words = [say(f"number.{unit}", value=say.number(each, 1)) for each in (before, now)]
    values |= {"what": say(f"finding.what_{unit}")} if who == "guided" else {"it": say(f"finding.it_{unit}")}
    if words[0] == words[1]:
        return say(f"finding.{who}_stood", now=words[1], **values)
    return say(f"finding.{who}_{'fell' if now < before else 'rose'}", before=words[0], now=words[1], **values)


def points(say: Voice, unit: str, value: float) -> str:
    """A difference between shares in per cent, or between points of need."""
    return say("number.percent_points" if unit == "percent" else "number.points", value=say.number(value, 1))
