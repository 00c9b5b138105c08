"""The index: dimensions and weights, goalposts, and the rounds in which services are ranked."""

from collections.abc import Mapping
from datetime import date
from math import inf
from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline.problems import bad_input
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


class Dialogue(Declaration):
    """Who is talked about with the county governors: all from a probability on, at least and at most so many."""

    probability: Annotated[float, Field(gt=0, lt=1)]
    least: Annotated[int, Field(ge=1)]
    most: Annotated[int, Field(ge=1)]

    @model_validator(mode="after")
    def _in_order(self) -> "Dialogue":
        if self.least > self.most:
            raise ValueError(f"least {self.least} must not be above most {self.most}")
        return self


class LeftOut(Declaration):
    """A span of periods without which the ranking is made once more, all periods that touch it included.

    label: what pages say after "without".
    """

    id: Identifier
    first_period: Period
    last_period: Period
    label: Text
    reason: str


class Alternatives(Declaration):
    """What could have been chosen otherwise; every combination is computed. The first of each list is the choice made.

    heavier: how many times its weight each dimension gets in turn, besides the declared weights; each indicator is left
    out once, too. draws: of each variant, and of each refit.
    The joint model is fitted again without each half-year, without each span of `left_out`, and as if publishers hid
    counts `hidden_more` higher than they do.
    missing_shifts: how many standard deviations worse what a service did not report is thought to be, each in turn.
    """

    normalisations: Annotated[tuple[Literal["goalposts", "min_max", "z_score", "rank"], ...], Field(min_length=1)]
    means: Annotated[tuple[Literal["power", "arithmetic", "geometric_of_performance"], ...], Field(min_length=1)]
    heavier: Annotated[float, Field(gt=1)]
    draws: Annotated[int, Field(ge=64)]
    hidden_more: Annotated[int, Field(ge=1)]
    missing_shifts: tuple[Annotated[float, Field(gt=0)], ...]
    left_out: tuple[LeftOut, ...] = ()


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
    dialogue: Dialogue
    alternatives: Alternatives

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
        if self.alternatives.draws > self.draws:
            raise ValueError(f"alternatives.draws {self.alternatives.draws} must not be above draws {self.draws}")
        return self

    def otherwise(self, weights: Mapping[str, float], top: int | None) -> "Index":
        """The index with other weights of dimensions, and the probability of being among another number.

        Raises BadInput for a dimension there is not, a weight that is not above 0, and a number below 1.
        """
        known = [each.id for each in self.dimensions]
        for name, weight in weights.items():
            if name not in known:
                raise bad_input("rank", "", "weight", name, "one of " + ", ".join(known))
            if not 0 < weight < inf:
                raise bad_input("rank", name, "weight", f"{weight:g}", "a number above 0; leave indicators out instead")
        if top is not None and top < 1:
            raise bad_input("rank", "", "top", str(top), "a number of places, 1 or more")
        dimensions = tuple(d.model_copy(update={"weight": weights.get(d.id, d.weight)}) for d in self.dimensions)
        places = {"tier_top": top or self.tier_top, "top": tuple(sorted({*self.top, top or self.tier_top}))}
        return self.model_copy(update={"dimensions": dimensions, **places})
