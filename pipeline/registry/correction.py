"""Corrections: known errors of a publisher, cell by cell."""

from datetime import date
from typing import Literal

from pydantic import model_validator

from pipeline.registry.model import Declaration, Identifier, Text


class Correction(Declaration):
    """A known error of a publisher, with reason; it touches a cell only while the cell holds `expected_value`."""

    dataset: Identifier
    unit_code: str
    period: str
    measure: str
    dimensions: dict[str, str] = {}
    action: Literal["hide", "replace"]
    replacement: float | None = None
    expected_value: float
    reason: Text
    reported: date

    @model_validator(mode="after")
    def _a_replacement_is_given_when_it_is_used(self) -> "Correction":
        if (self.action == "replace") != (self.replacement is not None):
            raise ValueError("replacement is given exactly when action = 'replace'")
        return self
