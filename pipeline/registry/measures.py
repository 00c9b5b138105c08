"""What else was done: measures beside the guidance, so that their effect is not taken for its, or counted twice."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline.registry.model import Declaration, Identifier, Sure, Text

Kind = Literal[
    "learning_network",
    "dialogue_meeting",
    "further_education",
    "service_support_programme",
    "inspection",
    "leader_change",
]
OF_A_PLACE = ("inspection", "leader_change")


class Pot(Declaration):
    """A sum that can be applied for."""

    id: Identifier
    amount_kroner: Annotated[int, Field(ge=1)]
    year: int
    deadline: date | None = None
    report_due: date | None = None
    purpose: Text | None = None


class Measure(Declaration):
    """Something that was done, where and when; without offices and municipalities it is for the whole country.

    first_day, last_day: both included; `days = "year"` says that only the years are known. indicators: those it would
    move. finding: what an inspection found; left out where it is not public. `sure` is about all of it.
    """

    id: Identifier
    kind: Kind
    label: Text
    first_day: date
    last_day: date | None = None
    days: Literal["exact", "year"] = "exact"
    offices: tuple[Identifier, ...] = ()
    municipalities: tuple[str, ...] = ()
    indicators: tuple[Identifier, ...] = ()
    pots: tuple[Pot, ...] = ()
    finding: Literal["breach", "no_breach"] | None = None
    note: Text | None = None
    source: str
    sure: Sure

    @model_validator(mode="after")
    def _fits_its_kind(self) -> "Measure":
        if self.last_day and self.last_day < self.first_day:
            raise ValueError(f"last_day {self.last_day} must not be before first_day {self.first_day}")
        if self.days == "year" and (self.first_day.month, self.first_day.day) != (1, 1):
            raise ValueError('first_day is 1 January where days = "year"')
        if self.pots and self.kind != "learning_network":
            raise ValueError("pots belong to kind = 'learning_network'")
        if self.finding and self.kind != "inspection":
            raise ValueError("finding belongs to kind = 'inspection'")
        if self.kind in OF_A_PLACE and not self.municipalities:
            raise ValueError(f"kind = {self.kind!r} needs municipalities")
        return self
