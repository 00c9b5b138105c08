"""How the ranking stands when some of the data that enters is left out, or hidden: the joint model fitted again.

Tables: result.need_refit, result.need_refit_rank. Method: docs/methods.md.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.analysis.joint import Joint, counts_of, half_years, joint
from pipeline.analysis.score import Score, need
from pipeline.methods import composite, ranking
from pipeline.methods.sites import Counts
from pipeline.progress import Say, counted, silent
from pipeline.registry.index import Index, Round
from pipeline.registry.load import Registry
from pipeline.registry.model import Indicator

Floats = NDArray[np.float64]
Cells = Mapping[str, pd.DataFrame]

REFIT = {
    "position": "int64", "refit": "str", "kind": "str", "left_out": "str", "reason": "str", "fit_rounds": "float64",
    "rank_correlation": "float64", "largest_change": "float64",
}  # fmt: skip
REFIT_RANK = {"refit": "str", "service_id": "str", "probability": "float64", "rank_mean": "float64"}
APPROXIMATIONS = 10  # rounds; what is left lies far below what 512 draws can tell
LEAST_SERVICES = 3  # with counts of an indicator, or its spread cannot be told


@dataclass(frozen=True)
class Refit:
    """Data that differs from the round's. kind: `none`, `half_year`, `span` or `suppression`; left_out: in words."""

    id: str
    kind: str
    left_out: str
    counts: Counts


@dataclass(frozen=True)
class Standing:
    """Where the ranked services stand in a refit: P(top `tier_top`) and mean rank of each, and the k most probable."""

    probability: Floats
    rank_mean: Floats
    most_probable: Mapping[int, set[int]]
    fit_rounds: int


def refit_tables(
    ahead: Joint,
    score: Score,
    cells: Cells,
    indicators: Sequence[Indicator],
    services: NDArray[np.object_],
    index: Index,
    each: Round,
    registry: Registry,
    say: Say = silent,
) -> dict[str, pd.DataFrame]:
    """One row a refit, and one row a refit and ranked service; the first refit leaves nothing out.

    Each starts from what the round found, with fewer draws (`alternatives.draws`); random numbers are the same in all,
    so differences are due to the data. The services that are ranked in the round are ranked in each.
    kept_top_k: how many of the k most probable ones of the first refit are among those of this one.
    """
    rows: list[dict[str, object]] = []
    ranks: list[pd.DataFrame] = []
    base: Standing | None = None
    refits = list(_refits(ahead.counts, cells, indicators, services, index, each, registry))
    for position, refit in enumerate(counted(say, f"fitting {each.id} again", refits, lambda one: one.id)):
        row = {"position": position, "refit": refit.id, "kind": refit.kind, "left_out": refit.left_out}
        if (refit.counts.is_known.any(axis=2).sum(axis=0) < LEAST_SERVICES).any():
            rows.append({**row, "reason": "too_few_figures"})
            continue
        now = _standing(refit.counts, ahead, score, indicators, services, index, each)
        base = base or now
        rows.append(
            row
            | {
                "reason": None,
                "fit_rounds": now.fit_rounds,
                "rank_correlation": _spearman(base.rank_mean, now.rank_mean),
                "largest_change": np.abs(now.probability - base.probability).max(),
            }
            | {f"kept_top_{k}": len(base.most_probable[k] & now.most_probable[k]) for k in index.top}
        )
        rank = {"service_id": services[score.is_ranked], "probability": now.probability, "rank_mean": now.rank_mean}
        ranks.append(pd.DataFrame(rank).assign(refit=refit.id))
    return {"result.need_refit": pd.DataFrame(rows), "result.need_refit_rank": pd.concat(ranks)}


def _spearman(one: Floats, other: Floats) -> float:
    """The correlation of ranks; NaN where all are alike."""
    return float(pd.Series(one).rank().corr(pd.Series(other).rank()))


def _standing(
    seen: Counts,
    ahead: Joint,
    score: Score,
    indicators: Sequence[Indicator],
    services: NDArray[np.object_],
    index: Index,
    each: Round,
) -> Standing:
    """The ranked services by the model fitted to other counts."""
    draws, seed = index.alternatives.draws, index.seed
    found = joint(seen, indicators, services, draws, seed, ahead.dynamics, APPROXIMATIONS)
    needs = {one.id: need(found.draws[one.id], one, index, each) for one in indicators}
    points = composite.power_mean(score.by_dimension(needs), score.weights, index.power)[:, score.is_ranked]
    places = ranking.rank_draws(points)
    chance = {k: ranking.probability_top(places, k) for k in index.top}
    most = {k: set(np.lexsort((-points.mean(axis=0), -chance[k]))[:k].tolist()) for k in index.top}
    return Standing(chance[index.tier_top], places.mean(axis=0), most, found.dynamics.rounds)


def _refits(
    seen: Counts,
    cells: Cells,
    indicators: Sequence[Indicator],
    services: NDArray[np.object_],
    index: Index,
    each: Round,
    registry: Registry,
) -> Iterator[Refit]:
    """As it is; without each half-year; without each declared span; with small counts hidden a little higher up."""
    yield Refit("as_it_is", "none", "", seen)
    ends = half_years(cells, indicators, registry.jurisdiction)
    periods = {time: sorted(name for name, end in ends.items() if end == time) for time in seen.times}
    for time, names in periods.items():
        yield Refit("without_" + "_".join(names).lower(), "half_year", ", ".join(names), _without(seen, [time]))
    for span in index.alternatives.left_out:
        place = registry.jurisdiction
        first, last = place.start_of(span.first_period), place.end_of(span.last_period)
        inside = {end for name, end in ends.items() if place.end_of(name) > first and place.start_of(name) < last}
        if inside and len(inside) < len(periods):
            told = ", ".join(name for time in sorted(inside) for name in periods[time])
            yield Refit(f"without_{span.id}", "span", told, _without(seen, inside))
    more = index.alternatives.hidden_more
    hidden = {one.id: _hidden_more(cells[one.id], _limits(one, each, registry), more) for one in indicators}
    if any(not hidden[one.id].equals(cells[one.id]) for one in indicators):
        other = counts_of(hidden, indicators, services, registry.jurisdiction, each)
        yield Refit("hidden_more", "suppression", f"{more} more", replace(other, revision=seen.revision))


def _without(seen: Counts, times: Iterable[float]) -> Counts:
    """The counts with nothing known at some times."""
    return seen.changed(lambda each: np.where(np.isin(seen.times, list(times)), 0, each))


def _limits(one: Indicator, each: Round, registry: Registry) -> tuple[int, int] | None:
    """Between which counts the publisher hides the numerator of an indicator; nothing where it hides none."""
    series = one.in_era(each.era)
    assert series is not None
    hidden = registry.datasets[series.numerator.dataset].hidden if series.numerator else None
    return (hidden.low, hidden.high) if hidden else None


def _hidden_more(cells: pd.DataFrame, limits: tuple[int, int] | None, more: int) -> pd.DataFrame:
    """The cells as if the publisher hid counts up to `more` higher; a sum of hidden parts gets that much for each."""
    if limits is None:
        return cells
    low, high = limits
    small = cells["numerator"].between(high + 1, high + more) & (cells["denominator"] > 0)
    parts = ((cells["numerator_high"] - cells["numerator_low"]) / max(high - low, 1)).round()
    return cells.assign(
        numerator=cells["numerator"].mask(small),
        numerator_low=cells["numerator_low"].mask(small, low),
        numerator_high=(cells["numerator_high"] + more * parts).mask(small, high + more),
    )
