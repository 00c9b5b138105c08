"""The second view: what is beyond what a service's conditions lead one to expect. It is never the ranking.

Tables: result.need_adjusted, result.indicator_context, result.context_model, result.adjusted_round. The conditions are
declared under `[adjustment]` in peers.toml. Method: docs/methods.md.
"""

from dataclasses import replace

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special, stats

from pipeline.analysis import peers
from pipeline.analysis.joint import AHEAD, Joint
from pipeline.analysis.need import Ranked
from pipeline.analysis.rank_tables import interval
from pipeline.analysis.score import Score, need
from pipeline.methods import context, outlook, ranking
from pipeline.methods.dynamic import Posterior
from pipeline.methods.peers import standardised
from pipeline.registry.index import Round
from pipeline.registry.load import Registry
from pipeline.registry.model import Indicator

Floats = NDArray[np.float64]

SURE = 0.9  # from which probability it is said that there is more, or less, than the conditions explain
GROUPS = (
    "SELECT service_id, peer_group FROM core.service WHERE valid_to IS NULL AND not_ranked_reason IS NULL ORDER BY ALL"
)

ADJUSTED = {"service_id": "str", "score": "float64", "score_low": "float64", "score_high": "float64"}
ADJUSTED |= {"context_points": "float64", "rank_best": "int64", "rank_worst": "int64", "probability_top": "float64"}
INDICATOR = {"service_id": "str", "indicator_id": "str", "context_value": "float64", "context_low": "float64"}
INDICATOR |= {
    "context_high": "float64",
    "probability_more_need": "float64",
    "beyond": "str",
    "context_is_known": "bool",
}
MODEL = {"indicator_id": "str", "lasting_sd": "float64", "explained_share": "float64", "fit_rounds": "float64"}
ROUND = {"services": "int64", "narrower_share": "float64", "rank_correlation": "float64", "kept_top": "float64"}
COLUMNS = {
    "result.need_adjusted": ADJUSTED,
    "result.indicator_context": INDICATOR,
    "result.context_model": MODEL,
    "result.adjusted_round": ROUND,
}


def conditions(
    con: duckdb.DuckDBPyConnection, registry: Registry, each: Round, services: NDArray[np.object_]
) -> tuple[Floats, NDArray[np.int64], NDArray[np.bool_]]:
    """Features in standard deviations, shape (S, P), groups, and whether all is known; what is not is average."""
    assert registry.peers is not None and registry.peers.adjustment is not None
    declared, known = registry.peers.adjusted_for, con.execute(peers.SERVICES).df()
    assert list(known["service_id"]) == list(services)
    raw = np.column_stack([peers.feature_values(con, registry, one, each, known) for one in declared])
    features = standardised(raw, [one.transform == "log" for one in declared])
    is_known = np.asarray(np.isfinite(features).all(axis=1))
    features = np.nan_to_num(features)
    group = np.full(len(services), context.NO_GROUP)
    if registry.peers.adjustment.peer_group:
        group = con.execute(GROUPS).df()["peer_group"].factorize()[0]
    return features[:, features.any(axis=0)], group.astype(np.int64), is_known


def context_tables(con: duckdb.DuckDBPyConnection, registry: Registry, of: Ranked) -> dict[str, pd.DataFrame]:
    """The tables of a round; without rows where no conditions are declared, or nobody is ranked."""
    found: dict[str, pd.DataFrame] = {}
    if of.ahead is not None and of.score.is_ranked.any() and registry.peers and registry.peers.adjustment:
        features, groups, is_known = conditions(con, registry, of.each, of.services)
        coming, posterior = outlook.ahead(of.ahead.dynamics, of.ahead.counts, AHEAD)
        prior = of.ahead.dynamics.lasting
        taken = context.fit(posterior.lasting_mean, posterior.lasting_covariance, prior, features, groups)
        found = _scores(of, _adjusted(of, of.ahead, posterior, taken)) | {
            "result.indicator_context": pd.concat(
                [_indicator(of, taken, n, e, coming.level[n, 0], is_known) for n, e in enumerate(of.delivered)]
            ),
            "result.context_model": pd.DataFrame(
                {
                    "indicator_id": [e.id for e in of.delivered],
                    "lasting_sd": np.sqrt(np.diag(taken.spread)),
                    "explained_share": taken.explained_share,
                    "fit_rounds": taken.rounds,
                }
            ),
        }
    return {name: _shaped(found.get(name), kinds).assign(round_id=of.each.id) for name, kinds in COLUMNS.items()}


def _adjusted(of: Ranked, ahead: Joint, posterior: Posterior, taken: context.Context) -> Floats:
    """Draws of the score as it would be in usual conditions: what the context gives is taken out of each rate."""
    usual = taken.expected.mean(axis=0)
    beyond = replace(
        posterior,
        lasting_mean=usual + taken.own_mean,
        lasting_covariance=taken.own_covariance,
        passing_own=posterior.passing_own - posterior.passing_pull * (taken.expected - usual)[..., None],
    )
    rates = np.stack(list(ahead.engine.rates(beyond, list(of.services))), axis=1)
    needs = {e.id: need(rates[..., n] * e.per, e, of.index, of.each) for n, e in enumerate(of.delivered)}
    observed = {e.id: np.ones(len(of.services)) for e in of.delivered}
    return Score(of.index, of.each, of.delivered, observed, needs, len(of.services)).draws


def _scores(of: Ranked, adjusted: Floats) -> dict[str, pd.DataFrame]:
    """One row a ranked service, ranked anew among the same; and one row of what it comes to for all."""
    seen, index, k = of.score.is_ranked, of.index, of.index.tier_top
    before, after = of.score.draws[:, seen], adjusted[:, seen]
    ranks = ranking.rank_draws(after)
    chance = ranking.probability_top(ranks, k)
    was = ranking.probability_top(ranking.rank_draws(before), k)
    best, worst = ranking.rank_interval(after, index.interval_level)
    low, high = interval(after, index)
    rows = pd.DataFrame(
        {
            "service_id": of.services[seen],
            "score": after.mean(axis=0),
            "score_low": low,
            "score_high": high,
            "context_points": before.mean(axis=0) - after.mean(axis=0),
            "rank_best": best,
            "rank_worst": worst,
            "probability_top": chance,
        }
    )
    narrower = 1 - after.var(axis=1).mean() / before.var(axis=1).mean() if seen.sum() > 1 else np.nan
    likely = [set(np.argsort(-each, kind="stable")[:k]) for each in (was, chance)]
    whole = {
        "services": [seen.sum()],
        "narrower_share": [narrower],
        "rank_correlation": [stats.spearmanr(before.mean(axis=0), after.mean(axis=0)).statistic],
        "kept_top": [len(likely[0] & likely[1])],
    }
    return {"result.need_adjusted": rows, "result.adjusted_round": pd.DataFrame(whole)}


def _indicator(
    of: Ranked, taken: context.Context, place: int, indicator: Indicator, level: float, is_known: NDArray[np.bool_]
) -> pd.DataFrame:
    """One row a service: the rate of a usual service of its conditions, and whether its own lasting level is beyond."""
    series = indicator.in_era(of.each.era)
    assert series is not None
    unscaled = special.expit if series.likelihood == "binomial" else np.exp
    middle = level + taken.expected[:, place]
    half = stats.norm.ppf((1 + of.index.interval_level) / 2) * np.sqrt(taken.expected_covariance[:, place, place])
    sd = np.sqrt(taken.own_covariance[:, place, place])
    more = stats.norm.cdf(indicator.need_sign * taken.own_mean[:, place] / sd)
    return pd.DataFrame(
        {
            "service_id": of.services,
            "indicator_id": indicator.id,
            "context_value": unscaled(middle) * indicator.per,
            "context_low": unscaled(middle - half) * indicator.per,
            "context_high": unscaled(middle + half) * indicator.per,
            "probability_more_need": more,
            "beyond": np.where(more >= SURE, "more_need", np.where(more <= 1 - SURE, "less_need", "as_expected")),
            "context_is_known": is_known,
        }
    )


def _shaped(table: pd.DataFrame | None, kinds: dict[str, str]) -> pd.DataFrame:
    if table is None:
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})
    return table[list(kinds)].astype({c: k for c, k in kinds.items() if k != "str"}).reset_index(drop=True)
