"""Offices, services and cohorts: who is responsible for whom, and who was guided when."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from pipeline.registry.model import Declaration, Identifier, Language, Period, Text, Validity


class OfficeCounty(Validity):
    """A county that belongs to an office for some time."""

    county: str


class Office(Declaration):
    """A county governor's office (or, in England, a region): where a shortlist is sent.

    `map_place` is the column and row of its block of tiles, for a country whose borders we have no map of.
    """

    id: Identifier
    name: Text
    language: Language
    organisation_number: str | None = None
    map_place: tuple[int, int] | None = None
    counties: Annotated[tuple[OfficeCounty, ...], Field(min_length=1)]


class JointService(Declaration):
    """A child-welfare service that several municipalities share; the agreement is signed with the host.

    Codes are those of `code_date`. A municipality in no joint service is a service of its own.
    """

    id: Identifier
    name: str
    host: str
    members: Annotated[tuple[str, ...], Field(min_length=2)]
    code_date: date
    source: str


class SplitWeight(Declaration):
    """How much of a municipality that was split went to each of its successors."""

    old_code: str
    new_code: str
    changed_on: date
    weight: Annotated[float, Field(gt=0, lt=1)]
    basis: str


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
