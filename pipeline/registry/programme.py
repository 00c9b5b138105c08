"""Offices and cohorts: who is responsible for whom, and who was guided when. Services stand in `services.py`."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from pipeline.registry.model import Declaration, Identifier, Language, Period, Text, Validity


class OfficeCounty(Validity):
    """A county that belongs to an office for some time; `name` where the code says nothing."""

    county: str
    name: str = ""


class FormerName(Validity):
    """What an office was called until some day."""

    name: Text


class Office(Declaration):
    """A county governor's office (or, in England, a region): where a shortlist is sent.

    It lasts as long as its counties. `map_place` is the column and row of its block of tiles, for a country whose
    borders we have no map of.
    """

    id: Identifier
    name: Text
    language: Language
    organisation_number: str | None = None
    map_place: tuple[int, int] | None = None
    counties: Annotated[tuple[OfficeCounty, ...], Field(min_length=1)]
    former_names: tuple[FormerName, ...] = ()

    def holds(self, day: date) -> bool:
        """Whether the office was there on a day."""
        return any(county.holds(day) for county in self.counties)


class Phase(Declaration):
    """A span of periods in a cohort's course, both ends included."""

    id: Literal["baseline", "selection", "start_up", "during", "after"]
    first_period: Period
    last_period: Period


class CohortMember(Declaration):
    """A municipality as it was called and coded when the agreement was signed."""

    name: str
    municipality_code: str


class Cohort(Declaration):
    """Services that started guidance together."""

    id: Identifier
    label: Text
    start: date
    end: date
    code_date: date
    era: Identifier
    phases: tuple[Phase, ...]
    members: Annotated[tuple[CohortMember, ...], Field(min_length=1)]
    source: str
