"""The ranking by need: pooled counts, shrunken shares, a weighted score, and how sure all of it is.

Tables: result.indicator_estimate, result.need_score, result.need_rank. Method: docs/methods.md.
"""

import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.methods import composite, counts, ranking, rates, shrinkage
from pipeline.registry.index import Index, Round
from pipeline.registry.load import Registry
from pipeline.registry.model import Indicator

Floats = NDArray[np.float64]

POOL = {"binomial": counts.pool_binomial, "poisson": counts.pool_poisson}
FIT: dict[str, Callable[[counts.PooledCounts], shrinkage.Prior]] = {
    "binomial": shrinkage.fit_beta_binomial,
    "poisson": shrinkage.fit_gamma_poisson,
}

LEAST_SERVICES = 3
ESTIMATE = {"service_id": "str", "indicator_id": "str", "is_observed": "bool"} | dict.fromkeys(
    ["numerator", "denominator", "hidden_cells", "cells", "observed_value", "value", "value_low", "value_high"]
    + ["own_information_share", "dispersion", "need", "contribution_points"],
    "float64",
)

CELLS = """
SELECT service_id, indicator_id, period, numerator, denominator, numerator_low, numerator_high
FROM staging.pooled_cell WHERE era = ? AND period_start >= ? AND period_end <= ?
ORDER BY ALL
"""
SERVICES = """
SELECT service_id FROM core.service
WHERE valid_to IS NULL AND not_ranked_reason IS NULL ORDER BY service_id
"""


@dataclass(frozen=True)
class Estimate:
    """One indicator in one round: a table of services, and draws of shape (n_draws, n_services), in its unit."""

    indicator: Indicator
    table: pd.DataFrame
    draws: Floats


def need_tables(con: duckdb.DuckDBPyConnection, registry: Registry) -> dict[str, pd.DataFrame]:
    """The result tables of all rounds, one below the other."""
    services = con.execute(SERVICES).df()["service_id"].to_numpy()
    rounds = [_rank(con, registry, each, services) for each in registry.index.rounds]
    return {name: pd.concat([tables[name] for tables in rounds], ignore_index=True) for name in rounds[0]}


def _rank(
    con: duckdb.DuckDBPyConnection, registry: Registry, each: Round, services: NDArray[np.object_]
) -> dict[str, pd.DataFrame]:
    start, end = registry.jurisdiction.start_of(each.first_period), registry.jurisdiction.end_of(each.last_period)
    cells = con.execute(CELLS, [each.era, start, end]).df()
    by_indicator = {str(name): rows for name, rows in cells.groupby("indicator_id") if _enough(rows)}
    entering = registry.entering(each)
    estimates = [
        _estimate(indicator, by_indicator[indicator.id], services, registry.index, each)
        for indicator in entering
        if indicator.id in by_indicator
    ]
    needs = {each_one.indicator.id: _need(each_one, registry.index, each) for each_one in estimates}
    score = _Score(registry.index, each, entering, estimates, needs, len(services))
    tables = {
        "result.indicator_estimate": _stacked([_with_points(e, needs, score) for e in estimates]),
        "result.need_score": _score_table(score, services, registry.index),
        "result.need_rank": _rank_table(score, services, registry.index),
    }
    return {name: table.assign(round_id=each.id) for name, table in tables.items()}


def _enough(cells: pd.DataFrame) -> bool:
    """Whether the spread between services can be told at all; below that the indicator is not there."""
    return cells.loc[cells["denominator"] > 0, "service_id"].nunique() >= LEAST_SERVICES


def _estimate(
    indicator: Indicator, cells: pd.DataFrame, services: NDArray[np.object_], index: Index, each: Round
) -> Estimate:
    """Counts pooled over the round, the shrunken value with its interval, and draws."""
    series = indicator.in_era(each.era)
    assert series is not None
    known = cells[np.isin(cells["service_id"], services)]
    unit = np.searchsorted(services, known["service_id"].to_numpy())
    scatter = _dispersion(known) if series.likelihood == "poisson" else 1.0
    pooled = POOL[series.likelihood](
        known["numerator"].to_numpy(dtype=float),
        known["denominator"].to_numpy(dtype=float),
        known["numerator_low"].to_numpy(dtype=float),
        known["numerator_high"].to_numpy(dtype=float),
        unit,
        len(services),
    ).divided_by(scatter)
    prior = FIT[series.likelihood](pooled)
    low, high = shrinkage.posterior_interval(prior, pooled, index.interval_level)
    seed = np.random.SeedSequence([index.seed, zlib.crc32(f"{each.id} {indicator.id}".encode())])
    draws = shrinkage.posterior_draws(prior, pooled, index.draws, np.random.default_rng(seed))
    table = _pooled_table(known, unit, len(services), indicator.per).assign(
        service_id=services,
        indicator_id=indicator.id,
        value=shrinkage.posterior_mean(prior, pooled) * indicator.per,
        value_low=low * indicator.per,
        value_high=high * indicator.per,
        own_information_share=shrinkage.own_information_share(prior, pooled),
        dispersion=scatter,
        is_observed=pooled.exposure > 0,
    )
    return Estimate(indicator, table, draws * indicator.per)


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


def _need(estimate: Estimate, index: Index, each: Round) -> Floats:
    """Draws as need between the goalposts, 0 to 150; higher is more need, whatever the direction of the indicator."""
    post = next(p for p in index.goalposts if (p.indicator, p.era) == (estimate.indicator.id, each.era))
    return composite.need(estimate.draws, post.at_none, post.at_full)


class _Score:
    """Draws of the score: arithmetic mean inside a dimension, power mean across dimensions.

    A dimension that nobody has numbers for leaves everybody unranked, and the score to the others. An indicator that
    enters the round but was not delivered counts as not observed.
    """

    def __init__(
        self,
        index: Index,
        each: Round,
        entering: list[Indicator],
        estimates: list[Estimate],
        needs: dict[str, Floats],
        services: int,
    ) -> None:
        wanted = [d for d in index.dimensions if d.id in each.dimensions]
        self.members = {d.id: [e.indicator.id for e in estimates if e.indicator.dimension == d.id] for d in wanted}
        self.dimensions = [d for d in wanted if self.members[d.id]]
        self.weights = np.array([d.weight for d in self.dimensions])
        by_dimension = self._mean_over_members(needs, (index.draws, services))
        self.draws = (
            composite.power_mean(by_dimension, self.weights, index.power)
            if self.dimensions
            else np.full((index.draws, services), np.nan)
        )
        self.points = self._points(by_dimension, needs, index.power)
        observed = {e.indicator.id: e.table["is_observed"].to_numpy(dtype=float) for e in estimates}
        delivered = {
            d: len(self.members[d]) / count for d, count in Counter(e.dimension for e in entering).items() if d
        }
        seen = self._mean_over_members(observed, (services,)) * np.array([delivered[d.id] for d in self.dimensions])
        self.observed_weight_share = seen @ self.weights / sum(d.weight for d in wanted)
        has_every_dimension = (seen > 0).all(axis=-1) & (len(self.dimensions) == len(wanted))
        self.is_ranked = has_every_dimension & (self.observed_weight_share >= index.minimum_weight_share)

    def _mean_over_members(self, values: dict[str, Floats], shape: tuple[int, ...]) -> Floats:
        """Per dimension the mean over its indicators; shape (*shape, n_dimensions)."""
        means = [np.mean([values[one] for one in self.members[d.id]], axis=0) for d in self.dimensions]
        return np.stack(means, axis=-1) if means else np.empty((*shape, 0))

    def _points(self, by_dimension: Floats, needs: dict[str, Floats], power: float) -> dict[str, Floats]:
        """Points of the score per indicator, mean over the draws; over indicators they add up to the mean score."""
        points = composite.contributions(by_dimension, self.weights, power)
        found = {}
        for place, dimension in enumerate(self.dimensions):
            siblings = np.sum([needs[one] for one in self.members[dimension.id]], axis=0)
            for one in self.members[dimension.id]:
                share = np.divide(needs[one], siblings, where=siblings > 0, out=np.zeros_like(siblings))
                found[one] = (points[..., place] * share).mean(axis=0)
        return found


def _stacked(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """The tables below each other; with the right columns also when there are none."""
    if tables:
        return pd.concat(tables, ignore_index=True)
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in ESTIMATE.items()})


def _with_points(estimate: Estimate, needs: dict[str, Floats], score: _Score) -> pd.DataFrame:
    return estimate.table.assign(
        need=needs[estimate.indicator.id].mean(axis=0), contribution_points=score.points[estimate.indicator.id]
    )


def _score_table(score: _Score, services: NDArray[np.object_], index: Index) -> pd.DataFrame:
    tail = (1 - index.interval_level) / 2
    low, high = np.quantile(score.draws, [tail, 1 - tail], axis=0)
    return pd.DataFrame(
        {
            "service_id": services,
            "score": score.draws.mean(axis=0),
            "score_low": low,
            "score_high": high,
            "observed_weight_share": score.observed_weight_share,
            "is_ranked": score.is_ranked,
            "not_ranked_reason": pd.Series("too_little_reported", index=range(len(services))).mask(score.is_ranked),
        }
    )


def _rank_table(score: _Score, services: NDArray[np.object_], index: Index) -> pd.DataFrame:
    """Ranks among the ranked services only; a service that is not ranked has no row here."""
    if not score.is_ranked.any():
        return _nobody(index)
    draws = score.draws[:, score.is_ranked]
    ranks = ranking.rank_draws(draws)
    best, worst = ranking.rank_interval(draws, index.interval_level)
    probability = {f"probability_top_{k}": ranking.probability_top(ranks, k) for k in index.top}
    return pd.DataFrame(
        {
            "service_id": services[score.is_ranked],
            "rank_best": best,
            "rank_worst": worst,
            **probability,
            "tier": ranking.tier(probability[f"probability_top_{index.tier_top}"]),
        }
    )


def _nobody(index: Index) -> pd.DataFrame:
    """The table of ranks when no service has enough data."""
    columns = {"service_id": "str", "rank_best": "int64", "rank_worst": "int64"}
    columns |= {f"probability_top_{k}": "float64" for k in index.top} | {"tier": "str"}
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in columns.items()})
