"""The primary outcome of one guided service: the index over the protocol's dimensions, from the figures it has.

Rows of result.service_change with outcome `composite`, in points of need. Indicators enter that have figures in both
windows; what is observed, and what is expected to be observed, go through the same index.
"""

import zlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.analysis.score import need
from pipeline.analysis.service_change import A_FALL, expected_draws, interval_of, named, true_draws
from pipeline.analysis.tracked import Tracked
from pipeline.methods import composite
from pipeline.methods.verdict import Interval
from pipeline.methods.without_guidance import probability_fell
from pipeline.registry.load import Registry
from pipeline.registry.model import Series
from pipeline.registry.protocol import Protocol

Floats = NDArray[np.float64]
COMPOSITE = "composite"


def composites(of: Tracked, registry: Registry, change: pd.DataFrame) -> pd.DataFrame:
    """One row a guided service and scored phase of a cohort with a protocol; change: of the indicators.

    reason: `too_few_dimensions` where one of the protocol's has no indicator with figures in both windows.
    """
    rows = []
    for protocol in (each for each in registry.protocols if of.cohort.id in each.cohorts):
        for (service, phase), own in change.groupby(["service_id", "phase"], sort=False):
            known = own[own["reason"].isna() & own["outcome"].map(of.in_model)]
            told = known.assign(
                likelihood=[_series(registry, of, name).likelihood for name in known["outcome"]],
                per=[registry.indicators[name].per for name in known["outcome"]],
            ).set_index("outcome")
            members = _members(registry, protocol, told)
            key = {"cohort_id": of.cohort.id, "service_id": service, "outcome": COMPOSITE, "phase": phase}
            if members is None:
                broken = own["reason"].eq("series_break").any()
                rows.append(key | {"reason": "series_break" if broken else "too_few_dimensions"})
            else:
                figures = _figures(of, registry, protocol, members, told, str(service), str(phase))
                rows.append(key | {"reason": None} | figures)
    return pd.DataFrame(rows)


def _series(registry: Registry, of: Tracked, indicator_id: str) -> Series:
    found = registry.indicators[indicator_id].in_era(of.cohort.era)
    assert found is not None
    return found


def _members(registry: Registry, protocol: Protocol, told: pd.DataFrame) -> dict[str, list[str]] | None:
    """Dimension → its indicators that have figures; nothing where a dimension has none."""
    members = {
        dimension: [each.id for each in registry.ranked if each.dimension == dimension and each.id in told.index]
        for dimension in protocol.primary.dimensions
    }
    return members if all(members.values()) else None


def _figures(
    of: Tracked,
    registry: Registry,
    protocol: Protocol,
    members: dict[str, list[str]],
    told: pd.DataFrame,
    service: str,
    phase: str,
) -> dict[str, Any]:
    """The figures of one service and phase; `points` takes values or draws of each indicator through the index."""
    names = [each for group in members.values() for each in group]
    index, indicators = registry.index, registry.indicators
    weights = np.array([each.weight for each in index.dimensions if each.id in members])
    rng = np.random.default_rng([index.seed, zlib.crc32(f"{of.cohort.id} {service} {phase}".encode())])

    def points(of_one: Callable[[str], Floats]) -> Floats:
        needs = {name: need(of_one(name), indicators[name], index, of.cohort) for name in names}
        means = [np.mean([needs[name] for name in group], axis=0) for group in members.values()]
        return composite.power_mean(np.stack(means, axis=-1), weights, index.power)

    def true(side: str) -> Floats:
        return points(
            lambda name: true_draws(of, service, name, of.window(service, name, "phase", side)) * indicators[name].per
        )

    def by_chance(side: str) -> Floats:
        return points(lambda name: _by_chance(dict(told.xs(name)), side, indicators[name].per, index.draws, rng))

    def ahead(name: str) -> Floats:
        return expected_draws(
            of, dict(told.xs(name)) | {"indicator_id": name}, of.window(service, name, "phase", phase)
        )

    before, after = (float(points(lambda name: np.array([told.xs(name)[side]]))[0]) for side in ("baseline", "scored"))  # noqa: B023
    expected = interval_of(points(ahead))
    limits = interval_of(by_chance("scored") - by_chance("baseline"))
    change = Interval(after - before, min(limits.low, after - before), max(limits.high, after - before))
    return (
        {"baseline": before, "scored": after}
        | {f"{side}_cases": told.loc[names, f"{side}_cases"].sum() for side in ("baseline", "scored")}
        | {"hidden_cells": told.loc[names, "hidden_cells"].sum()}
        | named("change", change)
        | named("expected_change", Interval(expected.value - before, expected.low - before, expected.high - before))
        | named("beyond", Interval(after - expected.value, after - expected.high, after - expected.low))
        | {"probability_fell_5_points": probability_fell(true("baseline"), true(phase), A_FALL)}
    )


def _by_chance(row: Mapping[str, Any], side: str, per: int, n_draws: int, rng: np.random.Generator) -> Floats:
    """Draws of the rate behind an observed one, from its own cases alone (Jeffreys's prior); in its unit."""
    cases = row[f"{side}_cases"]
    count = row[side] / per * cases
    if row["likelihood"] == "binomial":
        return np.asarray(rng.beta(count + 0.5, cases - count + 0.5, n_draws) * per)
    return np.asarray(rng.gamma(count + 0.5, 1 / cases, n_draws) * per)
