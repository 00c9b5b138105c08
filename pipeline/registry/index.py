"""The index: dimensions and weights, goalposts, and the rounds in which services are ranked."""

from datetime import date
from typing import Annotated

from pydantic import Field, model_validator

from pipeline.registry.model import Declaration, Identifier, Period, Text


class Dimension(Declaration):
    """A group of indicators of one kind of duty; inside it the arithmetic mean, across dimensions the power mean."""

    id: Identifier
    weight: Annotated[float, Field(gt=0)]
    label: Text
    reason: str


class Goalpost(Declaration):
    """The values of an indicator, in its own unit, that mean need 0 and need 100.

    Frozen, so that a service moves only when its own numbers do: the law, or the 5th and 95th percentile of a base
    period (docs/methods.md).
    """

    indicator: Identifier
    era: Identifier
    at_none: float
    at_full: float
    basis: str

    @model_validator(mode="after")
    def _apart(self) -> "Goalpost":
        if self.at_none == self.at_full:
            raise ValueError("at_none and at_full must differ")
        return self


class Round(Declaration):
    """A ranking: one era, the periods that are pooled, the dimensions it can see."""

    id: Identifier
    label: Text
    era: Identifier
    first_period: Period
    last_period: Period
    dimensions: Annotated[tuple[Identifier, ...], Field(min_length=1)]
    is_current: bool
    note: Text


class Index(Declaration):
    """All choices behind the ranking, versioned."""

    version: str
    decided_on: date
    power: Annotated[float, Field(ge=1)]
    draws: Annotated[int, Field(ge=500)]
    seed: int
    interval_level: Annotated[float, Field(gt=0.5, lt=1)]
    top: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)]
    tier_top: int
    minimum_weight_share: Annotated[float, Field(gt=0, le=1)]
    dimensions: Annotated[tuple[Dimension, ...], Field(min_length=1)]
    goalposts: tuple[Goalpost, ...]
    rounds: Annotated[tuple[Round, ...], Field(min_length=1)]

    @property
    def current_round(self) -> Round:
        """The round that pages and packs are made from."""
        return next(each for each in self.rounds if each.is_current)

    @model_validator(mode="after")
    def _one_current_round_and_a_tier_that_is_computed(self) -> "Index":
        if sum(each.is_current for each in self.rounds) != 1:
            raise ValueError("exactly one round has is_current = true")
        if self.tier_top not in self.top:
            raise ValueError(f"tier_top {self.tier_top} must be one of top {list(self.top)}")
        return self
