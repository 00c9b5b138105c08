"""Offices, the programme and its cohorts: who is responsible for whom, what guidance is, and who was guided when.

Services stand in `services.py`, other measures in `measures.py`, how an effect is looked for in `protocol.py`.
"""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline.registry.model import Declaration, Identifier, Language, Period, Sure, Text, Validity


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

    id: Literal["baseline", "selection", "start_up", "during", "after", "long_after"]
    first_period: Period
    last_period: Period


class Challenge(Declaration):
    """What somebody said is hard, and the indicators that would show it; none where no figure does."""

    words: Text
    said_by: Literal["directorate", "leader", "office"]
    indicators: tuple[Identifier, ...] = ()
    source: str
    sure: Sure


class Step(Declaration):
    """A step of guidance, in the order in which they are taken."""

    id: Identifier
    name: Text


class UnnamedCohort(Declaration):
    """A cohort of which it is public that there was one, but not who was in it.

    When the names are known it becomes a file in `programme/`, and goes from here. `days = "year"` says that only the
    year of the start is known. `size` and `end` are left out where they are not public.
    """

    id: Identifier
    label: Text
    start: date
    days: Literal["exact", "year"] = "exact"
    end: date | None = None
    size: Annotated[int, Field(ge=1)] | None = None
    unknown: Text
    source: str
    sure: Sure


class Programme(Declaration):
    """What guidance consists of, whoever gets it."""

    id: Identifier
    name: Text
    months: Annotated[int, Field(ge=1)]
    gatherings: Annotated[int, Field(ge=0)]
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]
    challenges: tuple[Challenge, ...] = ()
    unnamed_cohorts: tuple[UnnamedCohort, ...] = ()
    source: str


class Gathering(Declaration):
    """One of the gatherings of a cohort; without a day it is still to come, or its day is not public."""

    number: Annotated[int, Field(ge=1)]
    day: date | None = None
    themes: tuple[Text, ...] = ()


class StepTaken(Validity):
    """A step that a member is in or has been through, and what it was about."""

    step: Identifier
    themes: tuple[Text, ...] = ()


class CohortMember(Declaration):
    """The municipality that is party to the agreement, as it was called and coded then: of a joint service, the host.

    Whom the service had as members that day follows from the services. guides: what they are called in the
    programme's own list, never more about them. steps, challenges: as far as they are known.
    """

    name: str
    municipality_code: str
    agreement_day: date | None = None
    guides: tuple[str, ...] = ()
    steps: tuple[StepTaken, ...] = ()
    challenges: tuple[Challenge, ...] = ()


class Asked(Declaration):
    """A municipality that could have been guided and was not: not offered, or declined. Called and coded as then."""

    name: str
    municipality_code: str
    answer: Literal["not_offered", "declined"]


class Guides(Declaration):
    """The guides of a cohort together: how many, in posts of which size (per cent of full time)."""

    number: Annotated[int, Field(ge=1)]
    smallest_post_percent: Annotated[float, Field(gt=0, le=100)]
    largest_post_percent: Annotated[float, Field(gt=0, le=100)]
    source: str


class Listed(Declaration):
    """The members of a cohort as a delivered list of inspections has them: who had a finding within some days.

    Each member's own day, up to which its figures are frozen, is that of its inspection.
    """

    finding: str
    first_day: date
    last_day: date


class Cohort(Declaration):
    """Services that started guidance together; either `members` are named, or they are `listed`.

    size: how many there were when not all of them are named.
    """

    id: Identifier
    label: Text
    start: date
    end: date
    code_date: date
    era: Identifier
    phases: tuple[Phase, ...]
    members: tuple[CohortMember, ...] = ()
    listed: Listed | None = None
    asked: tuple[Asked, ...] = ()
    size: int | None = None
    guides: Guides | None = None
    gatherings: tuple[Gathering, ...] = ()
    source: str

    @model_validator(mode="after")
    def _days_and_numbers_fit(self) -> "Cohort":
        if bool(self.members) == bool(self.listed):
            raise ValueError("declare either members or listed, not both and not neither")
        if self.end <= self.start:
            raise ValueError(f"end {self.end} must be after start {self.start}")
        if self.size is not None and self.size < len(self.members):
            raise ValueError(f"size {self.size} must be at least the {len(self.members)} members named")
        for member in self.members:
            if member.agreement_day and member.agreement_day > self.end:
                raise ValueError(f"agreement_day {member.agreement_day} of {member.name} must not be after {self.end}")
        return self

    def agreed_on(self, member: CohortMember) -> date:
        """The day from which a member's figures may be guided ones: its agreement, or the cohort's start."""
        return member.agreement_day or self.start

    def phase(self, phase_id: str) -> Phase | None:
        """The phase of a name, if the cohort has it."""
        return next((each for each in self.phases if each.id == phase_id), None)
