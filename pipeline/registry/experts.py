"""What experts would weigh: 100 points over the dimensions, filled in before they saw a result (budget allocation).

OECD/JRC (2008), Handbook on Constructing Composite Indicators, p. 96: not more than about ten things to weigh.
"""

from collections.abc import Iterator
from datetime import date
from typing import Annotated

from pydantic import Field, model_validator

from pipeline.registry.index import Index
from pipeline.registry.model import Declaration, Identifier

POINTS = 100.0
MOST_DIMENSIONS = 10


class Expert(Declaration):
    """One answer. role: who, by office and not by name. is_blind: given before a result was seen; only those count."""

    id: Identifier
    role: Annotated[str, Field(min_length=1)]
    filled_in_on: date
    is_blind: bool
    points: dict[Identifier, Annotated[float, Field(ge=0)]]

    @model_validator(mode="after")
    def _all_points_given(self) -> "Expert":
        total = sum(self.points.values())
        if abs(total - POINTS) > 1e-6:
            raise ValueError(f"points add up to {total:g}, not to {POINTS:g}")
        return self


def mistakes(experts: tuple[Expert, ...], index: Index) -> Iterator[tuple[str, str, str]]:
    """(field, given, allowed): an answer that names other dimensions, or says nothing about those of a round."""
    known = [each.id for each in index.dimensions]
    if experts and len(known) > MOST_DIMENSIONS:
        yield "expert", f"{len(known)} dimensions", f"at most {MOST_DIMENSIONS} to weigh"
    for each in experts:
        if set(each.points) != set(known):
            yield (
                f"{each.id}.points",
                ", ".join(each.points),
                "points for each of " + ", ".join(known) + "; 0 is allowed",
            )
            continue
        for one in index.rounds:
            if not any(each.points[name] for name in one.dimensions):
                told = "0 for " + ", ".join(one.dimensions)
                yield f"{each.id}.points", told, f"points for at least one of the dimensions of {one.id}"
