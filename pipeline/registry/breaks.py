"""Breaks in series: the day from which a figure means something else, why, and whether it may still be compared."""

from datetime import date
from typing import Literal

from pydantic import model_validator

from pipeline.registry.model import LANGUAGES, Declaration, Identifier, Sure, Text

LONGEST_WORD = 22  # letters that stand beside a line in a figure on a narrow screen


class ServiceDay(Declaration):
    """A service that crossed the break on another day than the others."""

    service: str
    day: date
    source: str


class Break(Declaration):
    """A day that parts a series: periods that end on or before it lie before, those that start then or later lie after.

    A period that holds the day within it lies on neither side. `sure` is about the day and what changed; the effect is
    our own judgement. `indicators = []` is a break of something we do not hold; `concerns` then says of what.
    """

    id: Identifier
    day: date
    kind: Literal["legal", "technical", "method"]
    effect: Literal["not_comparable", "with_care"]
    indicators: Literal["all"] | tuple[Identifier, ...]
    concerns: Text | None = None
    word: Text
    reason: Text
    source: str
    sure: Sure
    services: tuple[ServiceDay, ...] = ()

    @model_validator(mode="after")
    def _touches_something_and_has_a_short_word(self) -> "Break":
        if (self.indicators == ()) != (self.concerns is not None):
            raise ValueError("concerns is given exactly when indicators = []")
        if any(len(self.word[language]) > LONGEST_WORD for language in LANGUAGES):
            raise ValueError(f"word has at most {LONGEST_WORD} letters in each language")
        return self

    def touches(self, indicator_id: str) -> bool:
        """Whether the figures of an indicator change their meaning."""
        return self.indicators == "all" or indicator_id in self.indicators

    def parts(self, start: date, end: date) -> bool:
        """Whether a span of days, half-open, goes on across the day of the country."""
        return start < self.day < end
