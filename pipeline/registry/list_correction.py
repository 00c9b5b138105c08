"""Corrections of a published list of joint services: an entry that is wrong, and what should stand in its cells."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline.registry.model import Declaration, Identifier, Text

ListColumn = Literal["member_names", "member_codes"]


class ListCell(Declaration):
    """A text that some rows have in a column, and the right one; rows are named by their municipality's code."""

    rows: Annotated[tuple[str, ...], Field(min_length=1)]
    column: ListColumn
    expected_value: str
    right_value: str

    @model_validator(mode="after")
    def _something_changes(self) -> "ListCell":
        if self.expected_value == self.right_value:
            raise ValueError("right_value must differ from expected_value")
        return self


class ListCorrection(Declaration):
    """A known error of the list, with reason; it touches a cell only while the cell holds `expected_value`.

    `reported` is the day the data owner was told; left out while that has not been done.
    """

    id: Identifier
    reason: Text
    reported: date | None = None
    cells: Annotated[tuple[ListCell, ...], Field(min_length=1)]
