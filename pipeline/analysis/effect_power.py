"""What a protocol's programme could show at all, simulated with its own services, cases and scatter: result.power."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.analysis.effect_panel import Panel
from pipeline.methods import dynamic
from pipeline.methods.programme_power import Plan, World, programme_power
from pipeline.progress import Say, counted, silent
from pipeline.registry.load import Registry
from pipeline.registry.protocol import Protocol

Floats = NDArray[np.float64]

ODDS_RATIOS = (0.7, 0.5)
RUNS = 300
FEWEST_PERIODS = 3  # below that a passing deviation cannot be told from a lasting one
POWER = (
    dict.fromkeys(["protocol_id", "outcome_id", "unit"], "str")
    | dict.fromkeys(["odds_ratio", "effect", "detected", "smallest_visible", "sd", "bias"], "float64")
    | dict.fromkeys(["lasting_sd", "passing_sd", "memory", "level", "wanted_power"], "float64")
    | dict.fromkeys(["n_guided", "n_services", "runs", "seed"], "int64")
)


def power_rows(
    of: Panel, registry: Registry, protocol: Protocol, runs: int = RUNS, say: Say = silent
) -> list[dict[str, Any]]:
    """One row an outcome and odds ratio; none where there are too few figures from before the start.

    The scatter is that of the periods before the first start: no outcome of the guidance is read for it. Services that
    were split are left out, as in the primary estimate.
    """
    starts = {name: of.start[name][np.isfinite(of.start[name]) & ~of.is_split] for name in protocol.cohorts}
    cohorts = tuple((int(each.min()), len(each)) for each in starts.values() if len(each))
    first = min((start for start, _ in cohorts), default=0)
    if not of.scale.indicators or first < FEWEST_PERIODS:
        return []
    say("estimating how services differ and wander")
    try:
        at = dynamic.fit(of.counts(first))
    except ValueError:  # an indicator that fewer than three services have counts of
        return []
    names, inference = of.scale.names, protocol.inference
    level, wanted = inference.level_percent / 100, protocol.smallest_effect.power_percent / 100
    [cohort, *_] = [each for each in registry.cohorts if each.id in protocol.cohorts]
    plan = Plan(cohorts, inference.eligible, protocol.windows(cohort))
    found = programme_power(
        _world(of, at, protocol),
        plan,
        lambda rates: _stacked(of, rates),
        ODDS_RATIOS,
        level,
        wanted,
        runs,
        inference.seed,
        lambda numbers: counted(say, "simulating programmes", numbers),
    )
    units = {each.id: each.unit for each in of.scale.indicators}
    own = {each.id: number for number, each in enumerate(of.scale.indicators)}
    return [
        {
            "protocol_id": protocol.id,
            "outcome_id": name,
            "unit": units.get(name, "points"),
            "odds_ratio": ratio,
            "effect": found.effect[place, outcome],
            "detected": found.detected[place, outcome],
            "smallest_visible": found.smallest_visible[outcome],
            "sd": found.sd[outcome],
            "bias": found.bias[outcome],
            "lasting_sd": np.sqrt(at.lasting[own[name], own[name]]) if name in own else np.nan,
            "passing_sd": np.sqrt(at.passing[own[name]]) if name in own else np.nan,
            "memory": at.memory,
            "level": level,
            "wanted_power": wanted,
            "n_guided": sum(places for _, places in cohorts),
            "n_services": int((~of.is_split).sum()),
            "runs": runs,
            "seed": inference.seed,
        }
        for outcome, name in enumerate(names)
        for place, ratio in enumerate(found.odds_ratio)
    ]


def _world(of: Panel, at: dynamic.Dynamics, protocol: Protocol) -> World:
    series = [each.in_era(of.scale.era) for each in of.scale.indicators]
    return World(
        cases=np.stack([of.denominator[each.id][~of.is_split] for each in of.scale.indicators]),
        weight=np.nan_to_num(of.weight(protocol.weight)[~of.is_split]),  # who is of unknown size counts for nothing
        level=at.level.mean(axis=1),
        lasting=at.lasting,
        passing=at.passing,
        memory=at.memory,
        law=[each.likelihood for each in series if each],
        dispersion=[1.0] * len(series),
        worse=np.array([each.need_sign for each in of.scale.indicators], dtype=float),
    )


def _stacked(of: Panel, rates: Floats) -> Floats:
    """Outcomes in the order of their names; the composite, on which units are chosen, is the last."""
    values: Mapping[str, Floats] = {
        each.id: each.per * rates[number] for number, each in enumerate(of.scale.indicators)
    }
    outcomes = of.scale.outcomes(values)
    return np.stack([outcomes[name] for name in of.scale.names])
