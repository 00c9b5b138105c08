"""The whole synthetic country: places, true effects, counts, and what fails to reach the publishers."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from pipeline.registry.load import Registry
from pipeline.simulation.counts import half_yearly, yearly
from pipeline.simulation.effects import TrueEffects, draw_effects, selected_services
from pipeline.simulation.parameters import Parameters, read_parameters, stream
from pipeline.simulation.places import Places, Successors, read_places

KOSTRA = ("ssb_12275", "ssb_12286", "ssb_12305", "ssb_12615", "ssb_12870")


@dataclass(frozen=True)
class World:
    """Known truth, before anything is hidden.

    years: one row per municipality and year; not_reported_<table> marks tables its numbers are missing from.
    half_years: one row per municipality and half-year; not_reported_khr marks missing forms.
    unrevised: as years, but as it was known in March after the last year: late numbers too low, more missing.
    """

    registry: Registry
    parameters: Parameters
    seed: int
    places: Places
    effects: TrueEffects
    years: pd.DataFrame
    half_years: pd.DataFrame
    unrevised: pd.DataFrame


def build_world(
    registry: Registry,
    codes: pd.DataFrame,
    changes: pd.DataFrame,
    population: pd.DataFrame,
    seed: int | None = None,
) -> World:
    """Draws the country; the seed is the declared one unless another is given."""
    parameters = read_parameters(registry)
    seed = parameters.seed if seed is None else seed
    places = read_places(registry, parameters, codes, changes, population)
    selected = selected_services(registry, places, Successors(changes, parameters), parameters)
    effects = draw_effects(registry, parameters, places, selected, seed)
    years = _with_derived(yearly(places, parameters, effects, seed))
    half_years = half_yearly(years, parameters, effects, seed)
    years = years.join(_breaches(half_years), on=["year", "code"])
    missing = parameters.missing
    for table in KOSTRA:
        years[f"not_reported_{table}"] = _some(table, seed, len(years), missing.kostra_not_reported)
    for letter, share in {"3A": missing.register_not_reported, "3M": missing.turnover_not_reported}.items():
        years[f"not_reported_{letter}"] = _some(letter, seed, len(years), share)
    half_years["not_reported_khr"] = _missing_forms(half_years, effects, parameters, seed)
    unrevised = _before_revision(years, parameters, seed)
    return World(registry, parameters, seed, places, effects, years, half_years, unrevised)


def half_away(value: NDArray[np.float64] | pd.Series, decimals: int) -> NDArray[np.float64]:
    """Rounds half away from zero, as SSB does; for values that are not negative."""
    factor = 10.0**decimals
    return np.floor(np.asarray(value, dtype=float) * factor + 0.5 + 1e-9) / factor


def _some(source: str, seed: int, size: int, share: float) -> NDArray[np.bool_]:
    return stream(seed, f"missing {source}").random(size) < share


def _breaches(half_years: pd.DataFrame) -> pd.DataFrame:
    """A year's breaches and concluded investigations, by year and code: its two half-years together."""
    columns = {"deadline_breaches_numerator": "breaches", "deadline_breaches_denominator": "concluded"}
    return half_years.groupby(["year", "code"])[list(columns)].sum().rename(columns=columns)


def _with_derived(frame: pd.DataFrame) -> pd.DataFrame:
    """Adds the published columns that are sums of the drawn ones, and the one published rate."""
    measures = frame["only_measures"] + frame["both"]
    placed_all = frame["placed"] + frame["placed_18_22"]
    measures_all = measures + frame["measures_18_22"]
    either = measures + frame["only_investigated"]
    per_1000 = frame["qualified"] / frame["children"].where(frame["children"] > 0) * 1000
    return frame.assign(
        measures=measures,
        at_home=measures - frame["placed"],
        measures_0_22=measures_all,
        placed_0_22=placed_all,
        at_home_0_22=measures_all - placed_all,
        investigated=frame["only_investigated"] + frame["both"],
        either=either,
        either_0_22=either + frame["measures_18_22"],
        qualified_per_1000=half_away(per_1000, 1),
    )


def _missing_forms(
    half_years: pd.DataFrame, effects: TrueEffects, parameters: Parameters, seed: int
) -> NDArray[np.bool_]:
    """Which half-yearly forms are missing: more often where need is high; never where an error is planted."""
    missing = parameters.missing
    need = half_years["service_id"].map(effects.need).to_numpy()
    log_odds = special.logit(missing.khr_not_reported) + missing.khr_need_slope * need
    chance = special.expit(log_odds - missing.khr_need_slope**2 * need.var() / 2)
    drawn = stream(seed, "missing forms").random(len(half_years)) < chance
    for error in parameters.planted_errors:
        is_planted = (half_years["code"] == error.municipality_code) & (half_years["period"] == error.period)
        drawn &= ~is_planted.to_numpy()
    return drawn


def _before_revision(years: pd.DataFrame, parameters: Parameters, seed: int) -> pd.DataFrame:
    """The last year as first published: late reporters lack some children, and others are missing."""
    missing, generator = parameters.missing, stream(seed, "late")
    frame = years.copy()
    last = (frame["year"] == parameters.last_year).to_numpy()
    late = last & (generator.random(len(frame)) < missing.late_reporters)
    kept = np.where(late, 1 - missing.late_shortfall * generator.uniform(0.3, 1, len(frame)), 1.0)
    frame["at_home_18_22"] = frame["measures_18_22"] - frame["placed_18_22"]
    lacking = ("at_home", "placed", "at_home_18_22", "placed_18_22", "both", "only_investigated", "children_reported")
    for column in lacking:  # no published count is higher than after the revision
        frame[column] = generator.binomial(frame[column].to_numpy(), kept)
    measures = frame["at_home"] + frame["placed"]
    frame["both"] = frame["both"].clip(upper=measures)
    frame["only_measures"] = measures - frame["both"]
    frame["measures_18_22"] = frame["at_home_18_22"] + frame["placed_18_22"]
    frame["positions"] = (frame["positions"] * kept).round(1)
    frame["qualified"] = (frame["qualified"] * kept).round(1).clip(upper=frame["positions"])
    for table in KOSTRA:
        late = last & (generator.random(len(frame)) < missing.unrevised_not_reported)
        frame[f"not_reported_{table}"] |= late
    return _with_derived(frame)
