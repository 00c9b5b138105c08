"""The joint dynamic model of a round: what its services are heading for, from all indicators and periods at once.

Method: docs/methods.md. Table: result.need_model.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from pipeline.methods import dynamic, outlook, rates
from pipeline.methods.sites import Counts
from pipeline.progress import Say, Step, silent
from pipeline.registry.index import Round
from pipeline.registry.model import Indicator, Jurisdiction
from pipeline.registry.programme import Cohort

Floats = NDArray[np.float64]

ROUNDS_A_LINE, SERVICES_A_LINE = 20, 100  # how often a fit and the draws tell where they are
AHEAD = 4  # half-years: the time a programme of two years takes
CELL = ["numerator", "denominator", "hidden_low", "hidden_high", "hidden_cases"]


@dataclass(frozen=True)
class Joint:
    """What the model says of a round.

    draws: indicator → rates of the next four half-years, shape (n_draws, n_services), in the indicator's unit.
    own_share: indicator → how much of what is known of the lasting part is the service's own data, 0..1, shape (S,).
    table: one row an indicator, what is common to all services. counts, dynamics, engine: what the model was asked,
    what it found common to all, and what draws.
    """

    draws: dict[str, Floats]
    own_share: dict[str, Floats]
    table: pd.DataFrame
    counts: Counts
    dynamics: dynamic.Dynamics
    engine: outlook.Draws


def joint(
    seen: Counts,
    indicators: Sequence[Indicator],
    services: NDArray[np.object_],
    draws: int,
    seed: int,
    start: dynamic.Dynamics | None = None,
    rounds: int = 30,
    say: Say = silent,
    what: str = "fitting",
) -> Joint:
    """Fits the model to the counts of a round; at least one indicator.

    seen: as `counts_of` gives them. draws: how many. start: what was found of nearly the same counts. rounds: of the
    last approximation. say: is told how far the fit (`what`) and the draws are.
    """
    at = dynamic.fit(seen, start=start, say=_told(say, what))
    say(
        Step(
            f"{what}, settled after {at.rounds} rounds" if at.rounds < dynamic.ROUNDS else f"{what}, not settled", what
        )
    )
    coming, found = outlook.ahead(at, seen, AHEAD, rounds)
    stacked = np.empty((draws, len(services), len(indicators)))
    engine = outlook.Draws(coming, seen.law, draws, seed)
    for number, rate in enumerate(engine.rates(found, list(services)), 1):
        stacked[:, number - 1] = rate
        if number % SERVICES_A_LINE == 0 or number == len(services):
            say(Step(f"drawing, {number} of {len(services)} services", "drawing", number, len(services)))
    prior = 1 / np.diag(at.lasting)
    share = found.own_precision / (found.own_precision + prior)
    return Joint(
        {e.id: stacked[..., number] * e.per for number, e in enumerate(indicators)},
        {e.id: share[:, number] for number, e in enumerate(indicators)},
        _table(at, coming, seen, indicators),
        seen,
        at,
        engine,
    )


def _told(say: Say, what: str) -> Callable[[int], None]:
    """Tells every few rounds of a fit how many there were; it may settle before the last."""
    return lambda number: say(Step(f"{what}, round {number}", what)) if number % ROUNDS_A_LINE == 0 else None


def half_years(
    cells: Mapping[str, pd.DataFrame], indicators: Sequence[Indicator], place: Jurisdiction
) -> dict[str, int]:
    """The number of the half-year in which each period ends; one more from each half-year to the next."""
    return {p: half_year(place, p) for e in indicators for p in cells[e.id]["period"].unique()}


def counts_of(
    cells: Mapping[str, pd.DataFrame],
    indicators: Sequence[Indicator],
    services: NDArray[np.object_],
    place: Jurisdiction,
    each: Round | Cohort,
) -> Counts:
    """The cells of an era as arrays: members of a service summed, a column a half-year in which a period ends.

    cells: indicator → one row a cell; see `staging.pooled_cell`.
    """
    ends = half_years(cells, indicators, place)
    times = np.array(sorted(set(ends.values())), float)
    arrays = {name: np.zeros((len(services), len(indicators), times.size)) for name in CELL}
    law, scatter = [], []
    for number, indicator in enumerate(indicators):
        series = indicator.in_era(each.era)
        assert series is not None
        own = _summed(cells[indicator.id], services)
        at = np.searchsorted(services, own["service_id"]), number, np.searchsorted(times, own["period"].map(ends))
        for name in CELL:
            arrays[name][at] = own[name]
        law.append(series.likelihood)
        scatter.append(_scatter(own) if series.likelihood == "poisson" else 1.0)
    numerator, denominator, low, high, hidden = arrays.values()
    return Counts(numerator, denominator, low, high, hidden, law, times, scatter)


def _summed(cells: pd.DataFrame, services: NDArray[np.object_]) -> pd.DataFrame:
    """One row a service and period; a member whose count is hidden adds its bounds and its cases."""
    known = cells[np.isin(cells["service_id"], services) & (cells["denominator"] > 0)]
    is_hidden = known["numerator"].isna()
    return (
        known.assign(
            numerator=known["numerator"].fillna(0),
            hidden_low=known["numerator_low"].where(is_hidden, 0),
            hidden_high=known["numerator_high"].where(is_hidden, 0),
            hidden_cases=known["denominator"].where(is_hidden, 0),
        )
        .groupby(["service_id", "period"], as_index=False)[CELL]
        .sum()
    )


def _scatter(own: pd.DataFrame) -> float:
    """How much a ratio's counts scatter beside what passes; hidden counts have no scatter to tell of."""
    seen = own[own["hidden_cases"] == 0]
    return rates.dispersion_beside_drift(seen["numerator"], seen["denominator"], seen["service_id"].factorize()[0])


def half_year(place: Jurisdiction, period: str) -> int:
    """The number of the half-year in which a period ends; one more from each to the next."""
    last_day = place.end_of(period) - timedelta(days=1)
    return last_day.year * 2 + (last_day.month - 1) // 6


def _table(
    at: dynamic.Dynamics, coming: dynamic.Dynamics, seen: Counts, indicators: Sequence[Indicator]
) -> pd.DataFrame:
    is_share = np.array([law == "binomial" for law in seen.law])
    level = coming.level[:, 0]
    return pd.DataFrame(
        {
            "indicator_id": [e.id for e in indicators],
            "level": np.where(is_share, special.expit(level), np.exp(level)) * [e.per for e in indicators],
            "lasting_sd": np.sqrt(np.diag(at.lasting)),
            "passing_sd": np.sqrt(at.passing),
            "memory": at.memory,
            "dispersion": list(seen.dispersion),
            "services": seen.is_known.any(axis=2).sum(axis=0),
            "fit_rounds": at.rounds,
        }
    )
