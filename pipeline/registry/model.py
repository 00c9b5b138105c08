"""The declarations of a jurisdiction, typed and frozen: indicators, their duties and their series.

A field that is not declared here is refused. Datasets stand in `dataset.py`, the index and its rounds in `index.py`,
offices, services and cohorts in `programme.py`, breaks in `breaks.py`.
"""

import re
from datetime import date
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Language = Literal["nb", "nn", "en"]
LANGUAGES: tuple[Language, ...] = ("nb", "nn", "en")
Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Period = Annotated[str, StringConstraints(pattern=r"^\d{4}(H[12])?$")]
Unit = Literal["percent", "per_1000", "ratio"]
Sure = Literal["sourced", "general_knowledge", "inferred"]


class Declaration(BaseModel):
    """Base of all declarations: frozen, and a field nobody declared is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Text(Declaration):
    """The same words for users in bokmål, nynorsk and English."""

    nb: str
    nn: str
    en: str

    def __getitem__(self, language: Language) -> str:
        return {"nb": self.nb, "nn": self.nn, "en": self.en}[language]


class Validity(Declaration):
    """A half-open span of days: valid_from ≤ day < valid_to; nothing means without end."""

    valid_from: date | None = None
    valid_to: date | None = None

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> "Validity":
        if self.valid_from and self.valid_to and self.valid_to <= self.valid_from:
            raise ValueError(f"valid_to {self.valid_to} must be after valid_from {self.valid_from}")
        return self

    def holds(self, day: date) -> bool:
        """Whether the day lies within the span."""
        return (self.valid_from or day) <= day and (self.valid_to is None or day < self.valid_to)


class Alias(Validity):
    """The publisher's own code for an indicator; such codes move, so each has its dates."""

    code: str
    used_by: str


class Duty(Validity):
    """A legal standard, with the section that states it and the days it is in force."""

    act: str
    section: str
    standard: Text
    sure: Sure


def joined(dimensions: dict[str, str]) -> str:
    """Dimension values as tables carry them: `name=code;name=code`, by name."""
    return ";".join(f"{name}={code}" for name, code in sorted(dimensions.items()))


class Part(Declaration):
    """A numerator or a denominator: the sum of some measures of one dataset, at some dimension values."""

    dataset: Identifier
    measures: Annotated[tuple[str, ...], Field(min_length=1)]
    dimensions: dict[str, str] = {}

    @property
    def key(self) -> str:
        """The dimension values as `raw.observation` has them."""
        return joined(self.dimensions)


class Series(Declaration):
    """Where an indicator's numbers come from within one era; two eras are never joined.

    `share` stands where the publisher gives a percentage without its counts: the numerator is then implied
    (share × denominator), and the denominator only says how much the share rests on. Such values are marked estimated.
    """

    era: Identifier
    frequency: Literal["half_year", "year"]
    first_period: Period
    last_period: Period | None = None
    likelihood: Literal["binomial", "poisson"]
    numerator: Part | None = None
    denominator: Part
    share: Part | None = None
    note: Text | None = None

    @model_validator(mode="after")
    def _one_way_to_the_numerator(self) -> "Series":
        if (self.numerator is None) == (self.share is None):
            raise ValueError("declare either numerator or share, not both and not neither")
        if self.share and len(self.share.measures) > 1:
            raise ValueError("share takes one measure: shares are not summed")
        return self

    @property
    def parts(self) -> dict[str, Part]:
        """The declared parts by name."""
        named = {"numerator": self.numerator, "denominator": self.denominator, "share": self.share}
        return {name: part for name, part in named.items() if part is not None}


class Counterbalance(Declaration):
    """What would get worse if an indicator were improved at its cost; never scored, only looked at beside it."""

    indicator: Identifier
    worse: Literal["rises", "falls"]
    reason: Text
    sure: Sure


class Indicator(Declaration):
    """What a number means: its words, its direction, the law behind it, and where it comes from in each era."""

    id: Identifier
    use: Literal["rank", "context"]
    dimension: Identifier | None = None
    direction: Literal["high_is_need", "low_is_need", "neutral"]
    unit: Unit
    decimals: Annotated[int, Field(ge=0, le=3)] = 1
    minimum_denominator: Annotated[float, Field(ge=0)]
    review_date: date
    label: Text
    short_label: Text
    direction_words: Text
    duties: tuple[Duty, ...] = ()
    counterbalance: Counterbalance | None = None
    aliases: tuple[Alias, ...] = ()
    series: Annotated[tuple[Series, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _ranked_indicators_have_a_dimension_and_a_direction(self) -> "Indicator":
        if self.use == "rank" and (self.dimension is None or self.direction == "neutral"):
            raise ValueError("an indicator with use = 'rank' needs a dimension and a direction that is not 'neutral'")
        if len({series.era for series in self.series}) < len(self.series):
            raise ValueError("two series for one era; declare one")
        return self

    @property
    def datasets(self) -> set[str]:
        """All datasets that its series name."""
        return {part.dataset for series in self.series for part in series.parts.values()}

    @property
    def per(self) -> int:
        """What numerator / denominator is multiplied with to reach the unit."""
        return {"percent": 100, "per_1000": 1000, "ratio": 1}[self.unit]

    @property
    def need_sign(self) -> int:
        """1 where more of it is more need, -1 where less is; an indicator without a direction has neither."""
        return {"high_is_need": 1, "low_is_need": -1, "neutral": 0}[self.direction]

    def in_era(self, era: str) -> Series | None:
        """The series of an era, if the indicator is published in it."""
        return next((series for series in self.series if series.era == era), None)


class CarriedMunicipality(Declaration):
    """A unit that publishers send figures of though it stands in no list of municipalities; it is never ranked."""

    code: str
    name: str
    county: str


class Jurisdiction(Declaration):
    """What holds for a whole country: its languages, how codes look, and where a statistical year starts."""

    id: Identifier
    name: Text
    languages: tuple[Language, ...]
    unit_code_pattern: str
    unit_code_hint: str
    county_from: Literal["code_prefix", "column"]
    not_ranked: dict[str, Text] = {}
    carried: tuple[CarriedMunicipality, ...] = ()
    year_starts_month: Annotated[int, Field(ge=1, le=12)] = 1
    year_named_after: Literal["start", "end"] = "start"
    child_population: Part
    unit_word: Text
    office_word: Text
    peer_group_word: Text | None = None

    @cached_property
    def unit_code(self) -> re.Pattern[str]:
        """The shape of a municipality code."""
        return re.compile(self.unit_code_pattern)

    def start_of(self, period: str) -> date:
        """The first day of a period: `2019`, or the half-year `2019H2`."""
        year, half = int(period[:4]), period[4:]
        if half:
            return date(year, 7 if half == "H2" else 1, 1)
        return date(year - (self.year_named_after == "end"), self.year_starts_month, 1)

    def end_of(self, period: str) -> date:
        """The day after a period's last (half-open)."""
        start = self.start_of(period)
        if period.endswith("H1"):
            return date(start.year, 7, 1)
        return date(start.year + 1, 1 if period.endswith("H2") else start.month, 1)
