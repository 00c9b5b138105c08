"""The explainable companion of the ranking: each indicator by itself, counts pooled over the round and shrunken.

"Your 3 of 9 are read together with so many imaginary cases at the mean of the services." Always shown beside the joint
model, which ranks. Method: docs/methods.md.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.methods import counts, rates, shrinkage
from pipeline.registry.index import Index, Round
from pipeline.registry.model import Indicator

Floats = NDArray[np.float64]

LEAST_SERVICES = 3
POOL = {"binomial": counts.pool_binomial, "poisson": counts.pool_poisson}
FIT: dict[str, Callable[[counts.PooledCounts], shrinkage.Prior]] = {
    "binomial": shrinkage.fit_beta_binomial,
    "poisson": shrinkage.fit_gamma_poisson,
}


@dataclass(frozen=True)
class Estimate:
    """One indicator in one round: a table of services, draws of shape (n_draws, n_services) in its unit, the prior."""

    indicator: Indicator
    table: pd.DataFrame
    draws: Floats
    prior: shrinkage.Prior


def enough(cells: pd.DataFrame) -> bool:
    """Whether the spread between services can be told at all; below that the indicator is not there."""
    return cells.loc[cells["denominator"] > 0, "service_id"].nunique() >= LEAST_SERVICES


def estimate(
    indicator: Indicator, cells: pd.DataFrame, services: NDArray[np.object_], index: Index, each: Round
) -> Estimate:
    """Counts pooled over the round, the shrunken value with its interval, and draws."""
    series = indicator.in_era(each.era)
    assert series is not None
    unit = np.searchsorted(services, cells["service_id"].to_numpy())
    scatter = _dispersion(cells) if series.likelihood == "poisson" else 1.0
    pooled = POOL[series.likelihood](
        cells["numerator"].to_numpy(dtype=float),
        cells["denominator"].to_numpy(dtype=float),
        cells["numerator_low"].to_numpy(dtype=float),
        cells["numerator_high"].to_numpy(dtype=float),
        unit,
        len(services),
    ).divided_by(scatter)
    prior = FIT[series.likelihood](pooled)
    low, high = shrinkage.posterior_interval(prior, pooled, index.interval_level)
    seed = np.random.SeedSequence([index.seed, zlib.crc32(f"{each.id} {indicator.id}".encode())])
    draws = shrinkage.posterior_draws(prior, pooled, index.draws, np.random.default_rng(seed))
    table = _pooled_table(cells, unit, len(services), indicator.per).assign(
        service_id=services,
        indicator_id=indicator.id,
        value=shrinkage.posterior_mean(prior, pooled) * indicator.per,
        value_low=low * indicator.per,
        value_high=high * indicator.per,
        own_information_share=shrinkage.own_information_share(prior, pooled),
        dispersion=scatter,
        is_observed=pooled.exposure > 0,
    )
    return Estimate(indicator, table, draws * indicator.per, prior)


def _dispersion(cells: pd.DataFrame) -> float:
    """Scatter of a ratio from year to year, in services; hidden counts have no scatter to tell of."""
    seen = cells[cells["numerator"].notna()].groupby(["service_id", "period"])[["numerator", "denominator"]].sum()
    service = seen.index.get_level_values("service_id").factorize()[0]
    return rates.dispersion(seen["numerator"], seen["denominator"], service)


def _pooled_table(cells: pd.DataFrame, unit: NDArray[np.int64], services: int, per: int) -> pd.DataFrame:
    """One row a service: counts summed over its cells, those with a hidden numerator counted apart."""
    seen = cells["numerator"].notna().to_numpy()
    denominator = cells["denominator"].to_numpy(dtype=float)
    numerator = np.bincount(unit[seen], cells["numerator"].to_numpy(dtype=float)[seen], services)
    own = np.bincount(unit[seen], denominator[seen], services)
    total = np.bincount(unit, denominator, services)
    return pd.DataFrame(
        {
            "numerator": np.where(total > 0, numerator, np.nan),
            "denominator": total,
            "hidden_cells": np.bincount(unit[~seen], minlength=services),
            "cells": np.bincount(unit, minlength=services),
            "observed_value": np.divide(numerator, own, where=own > 0, out=np.full(services, np.nan)) * per,
        }
    )
