"""What every dataset says: who publishes it, and what the publisher's signs for a missing number mean."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pipeline.registry.agreement import Total
from pipeline.registry.drop import Drop
from pipeline.registry.model import Declaration, Identifier, Text

Status = Literal[
    "ok",
    "suppressed_source",
    "suppressed_here",
    "not_reported",
    "not_applicable",
    "unit_absent",
    "zero_denominator",
    "estimated_split",
    "incomplete_merger",
    "not_published",
    "corrected",
    "series_break",
]


class Hidden(Declaration):
    """Between which counts a suppressed number lies, both included."""

    low: Annotated[int, Field(ge=0)]
    high: Annotated[int, Field(ge=1)]

    @model_validator(mode="after")
    def _in_order(self) -> "Hidden":
        if self.low > self.high:
            raise ValueError(f"low {self.low} must not be above high {self.high}")
        return self


class DatasetBase(Declaration):
    """What every dataset says, whatever its format."""

    id: Identifier
    title: str
    publisher: str
    licence: str
    address: str
    confirmed: Literal["live", "code", "unconfirmed"]
    revision: Literal["kostra", "none"] = "none"
    borders: Literal["year_of_data", "publication"] = "year_of_data"
    symbols: dict[str, Status] = {}
    hidden: Hidden | None = None
    aggregate_pattern: str | None = None
    first_year: int | None = None  # no figure is of an earlier one
    decimals: Annotated[int, Field(ge=0, le=6)] | None = None  # no figure has more; PxWeb says so itself
    totals: tuple[Total, ...] = ()
    country_code: str | None = None  # of the row that is the whole country, where files have one
    drop: Drop | None = None  # where people may put files of it into the watched folder
    note: Text | None = None

    @model_validator(mode="after")
    def _hidden_bounds_where_something_is_hidden(self) -> "DatasetBase":
        if "suppressed_source" in self.symbols.values() and self.hidden is None:
            raise ValueError("a symbol means 'suppressed_source', so declare hidden = { low, high }")
        return self

    def on(self, day: date) -> Self:
        """The declaration as it holds for a file that was published on a day. Raises BadInput where none does."""
        return self
