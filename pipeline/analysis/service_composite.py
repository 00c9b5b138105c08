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
SIDES = ("baseline", "scored")


def composites(of: Tracked, registry: Registry, change: pd.DataFrame) -> pd.DataFrame:
    """One row a guided service and scored phase of a cohort with a protocol; change: of the indicators.

    reason: `too_few_dimensions` where one of the protocol's has no indicator with figures in both windows; or what
    keeps its indicators from having any, `series_break` or `guided_elsewhere`.
    """
    rows = []
    for protocol in (each for each in registry.protocols if of.cohort.id in each.cohorts):
        for (service, phase), own in change.groupby(["service_id", "phase"], sort=False):
            known = own[own["reason"].isna() & own["outcome"].map(of.in_model)]
            told = _told(of, registry, known)
            members = _members(registry, protocol, told)
            key = {"cohort_id": of.cohort.id, "service_id": service, "outcome": COMPOSITE, "phase": phase}
            if members is None:
                of_all = (each for each in ("series_break", "guided_elsewhere") if own["reason"].eq(each).any())
                rows.append(key | {"reason": next(of_all, "too_few_dimensions")})
            else:
                figures = _figures(of, registry, protocol, members, told, str(service), str(phase))
                rows.append(key | {"reason": None} | figures)
    return pd.DataFrame(rows)


def _told(of: Tracked, registry: Registry, known: pd.DataFrame) -> pd.DataFrame:
    """The changes by outcome, with the law of each; `_least`, `_most`: values at the least, the most need there may be.

    They differ where counts are hidden.
    """
    names = [str(each) for each in known["outcome"]]
    rows = known.set_index("outcome").assign(
        likelihood=[_series(registry, of, name).likelihood for name in names],
        per=[registry.indicators[name].per for name in names],
        dispersion=[of.dispersion[name] for name in names],
    )
    is_need = np.array([registry.indicators[name].need_sign > 0 for name in names], bool)
    for side in SIDES:
        low, high = rows[f"{side}_low"], rows[f"{side}_high"]
        rows = rows.assign(**{f"{side}_least": low.where(is_need, high), f"{side}_most": high.where(is_need, low)})
    return rows


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
    weight_of = {each.id: each.weight for each in index.dimensions}
    weights = np.array([weight_of[dimension] for dimension in members])

    def points(of_one: Callable[[str], Floats]) -> Floats:
        needs = {name: need(of_one(name), indicators[name], index, of.cohort) for name in names}
        means = [np.mean([needs[name] for name in group], axis=0) for group in members.values()]
        return composite.power_mean(np.stack(means, axis=-1), weights, index.power)

    def value(column: str) -> float:
        return float(points(lambda name: np.array([told.xs(name)[column]]))[0])

    def true(side: str) -> Floats:
        return points(
            lambda name: true_draws(of, service, name, of.window(service, name, "phase", side)) * indicators[name].per
        )

    def moved(scored: str, baseline: str) -> Interval:
        rng = np.random.default_rng([index.seed, zlib.crc32(f"{of.cohort.id} {service} {phase}".encode())])
        now, then = (
            points(lambda name: _by_chance(dict(told.xs(name)), f"{side}{bound}", side, index.draws, rng))  # noqa: B023
            for side, bound in (("scored", scored), ("baseline", baseline))
        )
        return interval_of(now - then)

    def ahead(name: str) -> Floats:
        return expected_draws(
            of, dict(told.xs(name)) | {"indicator_id": name}, of.window(service, name, "phase", phase)
        )

    before, after = value("baseline"), value("scored")
    expected = interval_of(points(ahead))
    low, high = moved("_least", "_most").low, moved("_most", "_least").high
    change = Interval(after - before, min(low, after - before), max(high, after - before))
    beyond = after - expected.value, value("scored_least") - expected.high, value("scored_most") - expected.low
    return (
        {"baseline": before, "scored": after}
        | {f"{side}_cases": told.loc[names, f"{side}_cases"].sum() for side in SIDES}
        | {"hidden_cells": told.loc[names, "hidden_cells"].sum()}
        | named("change", change)
        | named("expected_change", Interval(expected.value - before, expected.low - before, expected.high - before))
        | named("beyond", Interval(*beyond))
        | {"probability_fell_5_points": probability_fell(true("baseline"), true(phase), A_FALL)}
    )


def _by_chance(row: Mapping[str, Any], column: str, side: str, n_draws: int, rng: np.random.Generator) -> Floats:
    """Draws of the rate behind one of a row's values, from its own cases alone (Jeffreys's prior); in its unit."""
    cases, per = row[f"{side}_cases"] / row["dispersion"], row["per"]
    count = row[column] / per * cases
    if row["likelihood"] == "binomial":
        return np.asarray(rng.beta(count + 0.5, cases - count + 0.5, n_draws) * per)
    return np.asarray(rng.gamma(count + 0.5, 1 / cases, n_draws) * per)
