"""What must agree inside a delivery, declared with its dataset: shares, sums, totals, and what is said more than once.

A changed digit is a number too; only what the file says twice can tell. Declare only what the publisher keeps.
"""

from typing import Annotated

from pydantic import Field, model_validator

from pipeline.registry.model import Declaration


class Share(Declaration):
    """A ready-made share beside its counts: `share` is `part` of each `per` of `whole`, to this many decimals.

    The share is empty where a count is hidden or missing, unless the part is 0; and may be where the whole is 0.
    """

    share: str
    part: str
    whole: str
    per: int = 100
    decimals: Annotated[int, Field(ge=0, le=6)] = 1
    rounded_to: Annotated[float, Field(ge=0)] = 0  # the counts are rounded to this, the share may be of the exact ones
    where_filled: str | None = None  # asked only of rows with something in this column


class Sum(Declaration):
    """Columns of a row that add up to another, or with `at_least` do not exceed it; asked where all are numbers."""

    whole: str
    parts: Annotated[tuple[str, ...], Field(min_length=1)]
    at_least: bool = False


class Total(Declaration):
    """A unit that is the sum of others, for each period, measure and dimension.

    `units`: a pattern of those others. A hidden number lies within the bounds of the dataset.
    `measures`: those that add up, all when none is given. `slack`: what rounding may move.
    `may_hold_more`: a unit without a figure may still be in the total; where one is missing, more is no mistake.
    """

    unit: str
    units: str
    measures: tuple[str, ...] = ()
    slack: Annotated[float, Field(ge=0)] = 0
    may_hold_more: bool = False


class Span(Declaration):
    """A row for each year of the file on whose first day something was in force, from `start` until `end`, half-open.

    `by`: what it is. An empty `end` means still.
    """

    year: str
    start: str
    end: str
    by: Annotated[tuple[str, ...], Field(min_length=1)]


class Same(Declaration):
    """Rows that agree in the columns `by` agree in the columns `same` too; no `by` means all rows.

    Rows where a column of `by` is empty are not asked.
    """

    by: tuple[str, ...] = ()
    same: Annotated[tuple[str, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _a_column_is_not_on_both_sides(self) -> "Same":
        if set(self.by) & set(self.same):
            raise ValueError(f"a column stands in by or in same, not in both: {sorted(set(self.by) & set(self.same))}")
        return self
