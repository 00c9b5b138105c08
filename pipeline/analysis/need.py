"""The ranking by need: what services are heading for, their ranks, how sure all of it is, and what it hangs on.

Tables: result.indicator_{estimate,verdict}, result.funnel_limit, result.need_…. Method: docs/methods.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.analysis import rank_tables as rows
from pipeline.analysis.companion import Estimate, enough, estimate
from pipeline.analysis.joint import Joint, counts_of, joint
from pipeline.analysis.revised import revised
from pipeline.analysis.score import Score, need
from pipeline.analysis.variants import variant_tables
from pipeline.analysis.verdicts import funnel_limits, verdicts
from pipeline.analysis.what_if import WhatIf
from pipeline.progress import Say, silent
from pipeline.registry.index import Index, Round
from pipeline.registry.load import Registry
from pipeline.registry.model import Indicator

Floats = NDArray[np.float64]

CELLS = """
SELECT service_id, indicator_id, period, numerator, denominator, numerator_low, numerator_high
FROM {cells} WHERE era = ? AND period_start >= ? AND period_end <= ?
ORDER BY ALL
"""
SERVICES = """
SELECT service_id, child_population AS children FROM core.service
WHERE valid_to IS NULL AND not_ranked_reason IS NULL ORDER BY service_id
"""


@dataclass(frozen=True)
class Ranked:
    """A round, ranked. services: the ids that may be ranked, in the order of every array.

    children: of each, NaN where unknown.
    delivered: the indicators there are figures for; without any there is no joint model, and nobody has a rank.
    """

    index: Index
    each: Round
    services: NDArray[np.object_]
    children: Floats
    delivered: list[Indicator]
    cells: Mapping[str, pd.DataFrame]
    estimates: list[Estimate]
    ahead: Joint | None
    needs: Mapping[str, Floats]
    score: Score
    companion: Score

    @cached_property
    def rank(self) -> pd.DataFrame:
        """The rows of `result.need_rank`, without the round."""
        return rows.rank_rows(self.score, self.companion, self.services, self.index)

    @property
    def what_if(self) -> WhatIf:
        """Asks again about one service. Raises ValueError without a joint model."""
        if self.ahead is None:
            raise ValueError(f"{self.each.id}: no figures, so there is nothing to ask.")
        return WhatIf(self.ahead, self.score, self.delivered, list(self.services), self.index, self.each)


def ranked(
    con: duckdb.DuckDBPyConnection,
    registry: Registry,
    each: Round,
    index: Index | None = None,
    without: tuple[str, ...] = (),
    say: Say = silent,
    cells_of: str = "staging.pooled_cell",
) -> Ranked:
    """Ranks the services of a round. index: other choices than the registry's. without: indicators left out.

    cells_of: the table of counts, `staging.first_cell` for those that were published first.
    """
    index, place = index or registry.index, registry.jurisdiction
    known = con.execute(SERVICES).df()
    services, children = known["service_id"].to_numpy(), known["children"].to_numpy(dtype=float)
    span = place.start_of(each.first_period), place.end_of(each.last_period)
    cells = con.execute(CELLS.format(cells=cells_of), [each.era, *span]).df()
    cells = cells[np.isin(cells["service_id"], services)]
    by_indicator = {str(name): group for name, group in cells.groupby("indicator_id") if enough(group)}
    entering = [one for one in registry.entering(each) if one.id not in without]
    delivered = [one for one in entering if one.id in by_indicator]
    estimates = [estimate(one, by_indicator[one.id], services, index, each) for one in delivered]
    ahead = None
    if delivered:
        seen = counts_of(by_indicator, delivered, services, place, each)
        seen, revision = revised(con, seen, by_indicator, delivered, place, each)
        ahead = joint(seen, delivered, services, index.draws, index.seed, say=say, what=f"fitting {each.id}")
        ahead = replace(ahead, table=ahead.table.join(revision))
    observed = {own.indicator.id: own.table["is_observed"].to_numpy(dtype=float) for own in estimates}
    needs = {one.id: need(ahead.draws[one.id], one, index, each) for one in delivered} if ahead else {}
    alone = {own.indicator.id: need(own.draws, own.indicator, index, each) for own in estimates}
    score, companion = (Score(index, each, entering, observed, draws, len(services)) for draws in (needs, alone))
    return Ranked(
        index, each, services, children, delivered, by_indicator, estimates, ahead, needs, score, companion
    )  # fmt: skip


def tables(of: Ranked, refits: Mapping[str, pd.DataFrame] | None = None) -> dict[str, pd.DataFrame]:
    """The result tables of one round; with the right columns also where there is nothing to tell.

    refits: see `refit_tables`; they take longer than all the others, so who only asks for a ranking leaves them out.
    """
    is_ranked, index = of.score.is_ranked, of.index
    rank = of.rank
    found = {"result.need_rank": rank, "result.need_round": rows.round_row(rank, of.services, of.children, index)}
    found |= refits or {}
    estimates = []
    chance = pd.Series(rank[f"probability_top_{index.tier_top}"].to_numpy(), rank["service_id"])
    probability = chance.reindex(of.services).to_numpy(dtype=float)
    tipping = np.full(len(of.services), np.nan)
    if of.ahead is not None:
        posts = {post.indicator: post for post in index.goalposts if post.era == of.each.era}
        estimates = [rows.estimate_rows(own, of.ahead, of.needs, of.score, index) for own in of.estimates]
        limits = [funnel_limits(own) for own in of.estimates]
        verdict = [verdicts(own, of.cells[own.indicator.id], posts[own.indicator.id]) for own in of.estimates]
        chosen = {name: draws[:, is_ranked] for name, draws in of.ahead.draws.items()}
        variant, choice = variant_tables(
            chosen, of.score.dimension_needs[is_ranked], of.delivered, of.services[is_ranked], index, of.each
        )
        if is_ranked.any():
            tipping = of.what_if.tipping(probability)
            found["result.need_exit"] = of.what_if.exits(probability)
            found["result.need_shift"] = of.what_if.shifts(probability)
        found |= {"result.need_variant": variant, "result.need_choice": choice}
        found["result.need_dimension"] = rows.dimension_rows(of.score)
        found |= {"result.need_model": of.ahead.table, "result.indicator_verdict": pd.concat(verdict)}
        found["result.funnel_limit"] = pd.concat(limits)
    if estimates:
        found["result.indicator_estimate"] = pd.concat(estimates)
    found["result.need_score"] = rows.score_rows(of.score, of.companion, of.services, index).assign(
        tipping_shift=tipping
    )
    return {name: rows.shaped(found.get(name), name, index).assign(round_id=of.each.id) for name in rows.COLUMNS}
