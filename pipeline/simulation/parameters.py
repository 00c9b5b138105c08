"""What the synthetic country assumes: `simulation.toml` of the jurisdiction, typed and frozen."""

import tomllib
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, ValidationError

from pipeline.problems import BadInput, Problem
from pipeline.registry.load import HOME, Registry
from pipeline.registry.model import Declaration, Identifier, Period

Share = Annotated[float, Field(ge=0, le=1)]
Spread = Annotated[float, Field(ge=0)]
Levels = Annotated[dict[int, float], Field(min_length=1)]


class Effects(Declaration):
    """How true effects are spread over services and half-years."""

    correlation_inside_dimension: Share
    correlation_between_dimensions: Share
    transient_memory: Annotated[float, Field(ge=0, lt=1)]
    guidance_effect: Annotated[float, Field(ge=0, le=0)]
    selection_shift: float


class IndicatorTruth(Declaration):
    """Spread of an indicator's effects, and its national level in per cent where it is a share of its own."""

    sd: Spread
    transient_sd: Spread
    level: Levels | None = None


class Totals(Declaration):
    """National counts by year."""

    investigations_concluded: Levels
    children_investigated: Levels
    children_with_measures: Levels
    children_reported: Levels
    positions: Levels
    foster_children_supervised: Levels
    foster_children_followed_up: Levels
    children_in_assistance: Levels
    emergency_decisions: Levels


class Composition(Declaration):
    """How totals fall into parts, and how places differ in them."""

    first_half_share: Share
    share_0_17: Share
    both_share: Share
    placed_share: Share
    continuous_share: Share
    qualified_share: Share
    group_sd: Spread
    placed_sd: Spread
    qualified_sd: Spread
    location_sd: Spread
    position_noise: Annotated[float, Field(gt=0)]


class Missing(Declaration):
    """Shares of cells that are not reported, or too low before the revision."""

    khr_not_reported: Share
    khr_need_slope: float
    kostra_not_reported: Share
    register_not_reported: Share
    turnover_not_reported: Share
    late_reporters: Share
    late_shortfall: Share
    unrevised_not_reported: Share


class PopulationFill(Declaration):
    """How municipalities that the population file lacks get theirs."""

    from_code: str
    from_year: int
    shares: dict[str, Share]


class Published(Declaration):
    """When each delivery was published."""

    khr: datetime
    khr_supervision: datetime
    monitor: datetime
    kostra_unrevised: datetime
    kostra_revised: datetime
    population: datetime


class PlantedError(Declaration):
    """A wrong numerator in one delivery: the true one times `factor`."""

    indicator: Identifier
    municipality_code: str
    period: Period
    factor: Annotated[int, Field(gt=1)]


class Drawn(Declaration):
    """A workbook that rests on no count: level by year in the unit, and spread over municipalities."""

    unit: Literal["percent", "kroner"]
    decimals: Annotated[int, Field(ge=0, le=2)]
    level: Levels
    sd: Spread


class Monitor(Declaration):
    """What the monitor's ZIP assumes."""

    minor_splits: tuple[str, ...]
    turnover_first_year: int
    turnover_last_year: int
    register_first_year: int
    stems: dict[str, str]
    drawn: dict[str, Drawn]
    counties: dict[str, str]


class Parameters(Declaration):
    """Everything the synthetic country assumes."""

    seed: int
    first_year: int
    last_year: int
    khr_last_year: int
    kostra_first_year: int
    effects: Effects
    indicators: dict[Identifier, IndicatorTruth]
    totals: Totals
    composition: Composition
    missing: Missing
    population_fill: PopulationFill
    main_successor: dict[str, str]
    published: Published
    planted_errors: tuple[PlantedError, ...]
    monitor: Monitor

    @property
    def years(self) -> list[int]:
        """All simulated years, in order."""
        return list(range(self.first_year, self.last_year + 1))

    @property
    def periods(self) -> list[str]:
        """All simulated half-years, in order."""
        return [f"{year}H{half}" for year in self.years for half in (1, 2)]


def level_at(levels: Levels, year: int) -> float:
    """The level of a year: linear between declared years, held outside them."""
    known = sorted(levels)
    return float(np.interp(year, known, [levels[each] for each in known]))


def read_parameters(registry: Registry, home: Path = HOME) -> Parameters:
    """The jurisdiction's `simulation.toml`, checked against the registry.

    Raises BadInput with one problem a mistake.
    """
    path = home / registry.jurisdiction.id / "simulation.toml"
    name = path.relative_to(home).as_posix()
    try:
        parameters = Parameters.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        raise BadInput(
            Problem(name, "", ".".join(map(str, each["loc"])), repr(each["input"])[:200], each["msg"])
            for each in error.errors()
        ) from error
    ranked = {each.id for each in registry.ranked}
    if set(parameters.indicators) != ranked:
        given, allowed = (", ".join(sorted(each)) for each in (parameters.indicators, ranked))
        raise BadInput([Problem(name, "", "indicators", given, f"exactly the ranked indicators: {allowed}")])
    return parameters


def stream(seed: int, part: str) -> np.random.Generator:
    """A random generator of its own for each named part, so that a new part does not move the others."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=tuple(part.encode())))
