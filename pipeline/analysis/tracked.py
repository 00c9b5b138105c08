"""A cohort's services in the joint dynamic model: with what came after the agreement, and without.

The figures until the agreement are those known then; what the forecast rests on does not move when a source is revised.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.analysis.companion import enough
from pipeline.analysis.joint import counts_of, half_year
from pipeline.methods import dynamic
from pipeline.methods.sites import Counts
from pipeline.methods.without_guidance import rate_draws
from pipeline.registry.load import Registry
from pipeline.registry.model import Indicator
from pipeline.registry.programme import Cohort

Floats = NDArray[np.float64]
Window = tuple[NDArray[np.int_], Floats]  # places on the time line, and the cases there

CELLS = """
SELECT
    cell.*, indicator.per, series.likelihood, indicator.use
FROM staging.cohort_cell AS cell
JOIN registry.indicator AS indicator USING (indicator_id)
JOIN registry.series AS series ON series.indicator_id = cell.indicator_id AND series.era = cell.era
WHERE cell.cohort_id = ? AND cell.service_id IN (
    SELECT service_id FROM core.service WHERE valid_to IS NULL AND not_ranked_reason IS NULL
)
ORDER BY ALL
"""
COUNTS = ["numerator", "numerator_low", "numerator_high", "denominator"]


@dataclass(frozen=True)
class Tracked:
    """A cohort's guided services, and what the model says of each with and without what came after the agreement.

    cells: one row an indicator, municipality and period, of all services, as `staging.cohort_cell`; counts until the
    agreement as known then, later ones as known now. indicators: those of the model, in its order. guided: the
    services, in alphabetical order. at: what is common to all services; nothing where too few have figures to fit it.
    times: period → place on the model's time line. without, known: guided service → draws of its rates, shape
    (n_draws, J, T), per unit of the denominator.
    """

    cohort: Cohort
    cells: pd.DataFrame
    indicators: list[Indicator]
    guided: list[str]
    at: dynamic.Dynamics | None
    dispersion: dict[str, float]
    times: dict[str, int]
    without: Mapping[str, Floats]
    known: Mapping[str, Floats]

    @cached_property
    def ever_guided(self) -> set[str]:
        """The services that are no comparison: those of this cohort, and those guided in another."""
        elsewhere = self.cells.loc[self.cells["is_guided_elsewhere"], "service_id"]
        return {*self.guided, *elsewhere}

    @cached_property
    def _cases(self) -> dict[tuple[str, str], pd.DataFrame]:
        """(guided service, indicator) → its periods with cases, in order: period, phase, is_later, denominator."""
        own = self.cells[self.cells["is_guided"] & (self.cells["denominator"] > 0)]
        key = ["service_id", "indicator_id", "phase", "period", "is_later"]
        sums = own.groupby(key, dropna=False)["denominator"].sum()
        by = sums.reset_index().sort_values("period").groupby(["service_id", "indicator_id"])
        return {(str(service), str(indicator)): part for (service, indicator), part in by}

    def window(self, service: str, indicator_id: str, column: Literal["phase", "period"], name: str) -> Window:
        """A guided service's cases in a phase or a period, and where they stand on the model's time line.

        After the baseline only periods that ended after the agreement, as in what is observed (`service_change`).
        """
        own = self._cases[service, indicator_id]
        own = own[own[column].eq(name) & (own["is_later"] | own["phase"].eq("baseline"))]
        return np.array([self.times[each] for each in own["period"]]), own["denominator"].to_numpy(dtype=float)

    def in_model(self, indicator_id: str) -> bool:
        """Whether the model knows the indicator."""
        return bool(self.without) and indicator_id in [each.id for each in self.indicators]

    def place(self, indicator_id: str) -> int:
        """Where an indicator stands in the model."""
        return [each.id for each in self.indicators].index(indicator_id)


def tracked(con: duckdb.DuckDBPyConnection, registry: Registry, cohort: Cohort) -> Tracked:
    """The cohort in the model."""
    cells = as_known(con.execute(CELLS, [cohort.id]).df())
    ranking = [each for each in registry.ranked if each.in_era(cohort.era)]
    by_indicator = {each.id: cells[cells["indicator_id"] == each.id] for each in ranking}
    indicators = [each for each in ranking if enough(until_agreement(by_indicator[each.id]))]
    services = np.sort(cells["service_id"].unique()).astype(object)
    guided = sorted(cells.loc[cells["is_guided"], "service_id"].unique())

    def counts(without_later: bool) -> Counts:
        chosen = {name: until_agreement(each) if without_later else each for name, each in by_indicator.items()}
        return counts_of(chosen, indicators, services, registry.jurisdiction, cohort)

    nothing = Tracked(cohort, cells, indicators, guided, None, {}, {}, {}, {})
    if not indicators or not guided:
        return nothing
    whole, blanked = counts(without_later=False), counts(without_later=True)
    if not np.array_equal(whole.times, blanked.times):  # a half-year in which nobody but the guided has figures
        return nothing
    at = dynamic.fit(blanked)
    rows = np.searchsorted(services, guided)
    found = [dynamic.posterior(at, each.changed(lambda array: array[rows])) for each in (blanked, whole)]
    draws: list[dict[str, Floats]] = [{}, {}]
    for number, service in enumerate(guided):
        for kept, posterior in zip(draws, found, strict=True):
            seed = [registry.index.seed, zlib.crc32(f"{cohort.id} {service}".encode())]
            rng = np.random.default_rng(seed)
            kept[service] = rate_draws(at, posterior, blanked.law, number, registry.index.draws, rng)
    periods = cells["period"].unique()
    times = {p: int(np.searchsorted(at.times, half_year(registry.jurisdiction, p))) for p in periods}
    dispersion = {each.id: size for each, size in zip(indicators, blanked.dispersion, strict=True)}
    return Tracked(cohort, cells, indicators, guided, at, dispersion, times, *draws)


def until_agreement(cells: pd.DataFrame) -> pd.DataFrame:
    """The cells without the guided services' later ones, and without those of services guided in other cohorts."""
    return cells[~(cells["is_guided"] & cells["is_later"] | cells["is_guided_elsewhere"])]


def as_known(cells: pd.DataFrame) -> pd.DataFrame:
    """Counts until the agreement as known then, and beside them (…_now) as known now."""
    then = ~cells["is_later"]
    now = {f"{name}_now": cells[name] for name in COUNTS}
    chosen = {name: cells[f"{name}_then"].where(then, cells[name]) for name in COUNTS}
    return cells.assign(**now, **chosen).drop(columns=[f"{name}_then" for name in COUNTS])
