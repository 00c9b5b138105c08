"""The true effects: how much worse each service is than the nation, for good and for the moment."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize, special

from pipeline.registry.load import Registry
from pipeline.simulation.parameters import Parameters, stream
from pipeline.simulation.places import Places, Successors

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class TrueEffects:
    """Effects of services, positive = greater need; logit scale for shares, log scale for ratios and rates.

    services: the ids, in the order of the rows.
    persistent: indicator id → shape (n_services,).
    total: indicator id → shape (n_services, n_half_years), persistent plus transient plus selection shift.
    """

    services: list[str]
    persistent: dict[str, Floats]
    total: dict[str, Floats]

    def of_half_years(self, indicator: str, service: pd.Series, half_year: pd.Series) -> Floats:
        """The total effect for each pair of service id and number of the half-year (0 is the first)."""
        place = {each: number for number, each in enumerate(self.services)}
        return self.total[indicator][service.map(place).to_numpy(), half_year.to_numpy()]

    def of_years(self, indicator: str, service: pd.Series, year: pd.Series) -> Floats:
        """The mean of a year's two half-years, for each pair of service id and number of the year."""
        pairs = [self.of_half_years(indicator, service, 2 * year + half) for half in (0, 1)]
        return np.mean(pairs, axis=0)

    @property
    def need(self) -> pd.Series:
        """Mean persistent effect over indicators in standard deviations; index is the service id."""
        scaled = [each / max(float(each.std()), 1e-12) for each in self.persistent.values()]
        return pd.Series(np.mean(scaled, axis=0), index=self.services)


def draw_effects(
    registry: Registry, parameters: Parameters, places: Places, selected: set[str], seed: int
) -> TrueEffects:
    """Draws all true effects; `selected` are the service ids that a cohort chose."""
    services = sorted(places.units["service_id"].unique())
    indicators = [each.id for each in registry.ranked]
    z = stream(seed, "persistent").multivariate_normal(
        np.zeros(len(indicators)), correlation(registry, parameters), size=len(services)
    )
    shift = _selection_shift(registry, parameters, services, selected)
    persistent, total = {}, {}
    for number, indicator in enumerate(indicators):
        spread = parameters.indicators[indicator]
        persistent[indicator] = spread.sd * z[:, number]
        noise = stream(seed, f"transient {indicator}").standard_normal((len(services), shift.shape[1]))
        transient = autoregressive(noise, parameters.effects.transient_memory) + shift
        total[indicator] = persistent[indicator][:, None] + spread.transient_sd * transient
    return TrueEffects(services, persistent, total)


def correlation(registry: Registry, parameters: Parameters) -> Floats:
    """Correlation of the persistent effects; shape (n_indicators, n_indicators), as registry.ranked."""
    dimensions = np.array([each.dimension for each in registry.ranked])
    same = dimensions[:, None] == dimensions[None, :]
    effects = parameters.effects
    matrix = np.where(same, effects.correlation_inside_dimension, effects.correlation_between_dimensions)
    np.fill_diagonal(matrix, 1.0)
    return matrix


def autoregressive(noise: Floats, memory: float) -> Floats:
    """A stationary AR(1) with variance 1 along the last axis, from standard normal noise of the same shape."""
    path = np.empty_like(noise)
    path[:, 0] = noise[:, 0]
    for step in range(1, noise.shape[1]):
        path[:, step] = memory * path[:, step - 1] + np.sqrt(1 - memory**2) * noise[:, step]
    return path


def selected_services(registry: Registry, places: Places, successors: Successors, parameters: Parameters) -> set[str]:
    """The services that the members of all cohorts belong to."""
    until = pd.Timestamp(parameters.last_year, 1, 1).date()
    service = dict(zip(places.units["current_code"], places.units["service_id"], strict=True))
    return {
        service[successors.current(member.municipality_code, cohort.code_date, until)]
        for cohort in registry.cohorts
        for member in cohort.members
    }


def _selection_shift(registry: Registry, parameters: Parameters, services: list[str], selected: set[str]) -> Floats:
    """In transient standard deviations, shape (n_services, n_half_years): not 0 only where a cohort was chosen."""
    in_window = np.zeros(len(parameters.periods), dtype=bool)
    for cohort in registry.cohorts:
        for phase in (each for each in cohort.phases if each.id == "selection"):
            in_window |= [phase.first_period <= period <= phase.last_period for period in parameters.periods]
    is_selected = np.array([service in selected for service in services])
    return parameters.effects.selection_shift * np.outer(is_selected, in_window)


def share_at_level(logit_effect: Floats, weight: Floats, level: float) -> Floats:
    """Shares expit(alpha + effect) whose weighted mean is `level` (0 to 1); shape as the effects."""

    def gap(alpha: float) -> float:
        return float(np.average(special.expit(alpha + logit_effect), weights=weight)) - level

    return special.expit(optimize.brentq(gap, -20, 20, xtol=1e-12) + logit_effect)
