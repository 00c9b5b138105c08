"""What makes two services alike: declared, versioned, and never a measure of how well a service does."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline.registry.model import Declaration, Identifier, Indicator, Text


class Feature(Declaration):
    """One thing services are alike in: a column of `core.service`, or an indicator pooled over the round.

    `although_ranked` says why an indicator that is ranked on may be a feature all the same.
    """

    column: Literal["child_population", "municipalities"] | None = None
    indicator: Identifier | None = None
    weight: Annotated[float, Field(gt=0)]
    transform: Literal["log", "none"]
    label: Text
    although_ranked: str | None = None

    @property
    def id(self) -> str:
        """The name of the column or of the indicator."""
        return self.column or self.indicator or ""

    @model_validator(mode="after")
    def _one_source(self) -> "Feature":
        if (self.column is None) == (self.indicator is None):
            raise ValueError("declare either column or indicator, not both and not neither")
        return self


class Adjustment(Declaration):
    """The context of the second view beside the ranking: features by their ids, and whether the peer group counts."""

    decided_on: date
    features: Annotated[tuple[str, ...], Field(min_length=1)]
    peer_group: bool
    reason: str


class Peers(Declaration):
    """How the similar services of a service are found, versioned: another choice is another version."""

    version: str
    decided_on: date
    number: Annotated[int, Field(ge=1)]
    minimum_weight_share: Annotated[float, Field(gt=0, le=1)]
    features: Annotated[tuple[Feature, ...], Field(min_length=1)]
    adjustment: Adjustment | None = None

    @property
    def adjusted_for(self) -> list[Feature]:
        """The features of the second view; none where it is not declared."""
        return [each for each in self.features if self.adjustment and each.id in self.adjustment.features]

    @model_validator(mode="after")
    def _known_features(self) -> "Peers":
        known = {each.id for each in self.features}
        unknown = set(self.adjustment.features) - known if self.adjustment else set()
        if unknown:
            raise ValueError(f"adjustment.features: {sorted(unknown)}; allowed: some of {sorted(known)}")
        return self

    def of_indicator(self, indicator: str) -> Feature | None:
        """The feature that an indicator is, if it is one."""
        return next((each for each in self.features if each.indicator == indicator), None)


def mistakes(peers: Peers, indicators: dict[str, Indicator]) -> Iterator[tuple[str, str, str]]:
    """(field, given, allowed) wherever a feature names no indicator, or one that would let performance choose peers."""
    for feature in peers.features:
        if feature.indicator is None:
            continue
        field, indicator = f"features.{feature.id}", indicators.get(feature.indicator)
        if indicator is None:
            yield f"{field}.indicator", repr(feature.indicator), "one of " + ", ".join(sorted(indicators))
        elif indicator.duties:
            yield f"{field}.indicator", repr(feature.indicator), "an indicator without a legal duty"
        elif indicator.use == "rank" and feature.although_ranked is None:
            yield f"{field}.although_ranked", "nothing", "why an indicator that is ranked on may be a feature"
