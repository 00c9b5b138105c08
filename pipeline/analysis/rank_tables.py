"""The rows of the ranking's tables, from draws."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.analysis.companion import Estimate
from pipeline.analysis.experts import EXPERT
from pipeline.analysis.joint import Joint
from pipeline.analysis.refits import REFIT, REFIT_RANK
from pipeline.analysis.score import Score
from pipeline.analysis.variants import CHOICE, VARIANT
from pipeline.analysis.what_if import EXIT, SHIFT
from pipeline.methods import ranking, weighting
from pipeline.registry.index import Index

Floats = NDArray[np.float64]


def _floats(names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), "float64")


COLUMNS: dict[str, dict[str, str]] = {
    "result.indicator_estimate": {"service_id": "str", "indicator_id": "str", "is_observed": "bool"}
    | _floats(
        "numerator denominator hidden_cells cells observed_value value value_low value_high own_information_share"
    )
    | _floats("dispersion expected_value expected_low expected_high own_share need contribution_points"),
    "result.indicator_verdict": {"service_id": "str", "indicator_id": "str", "duty": "str", "others": "str"}
    | _floats("numerator_low numerator_high denominator chance"),
    "result.funnel_limit": {"indicator_id": "str"} | _floats("denominator middle low_95 high_95 low_998 high_998"),
    "result.need_model": {"indicator_id": "str"}
    | _floats("level lasting_sd passing_sd memory dispersion services fit_rounds revision_sd revision_pairs")
    | {"revision_enters": "bool", "revision_reason": "str"},
    "result.need_score": {"service_id": "str", "is_ranked": "bool", "not_ranked_reason": "str"}
    | _floats("score score_low score_high companion_score companion_low companion_high observed_weight_share")
    | _floats("tipping_shift"),
    "result.need_rank": {"service_id": "str", "rank_best": "int64", "rank_worst": "int64", "tier": "str"}
    | {"alike": "int64", "is_dialogue": "bool"},
    "result.need_round": _floats("services dialogue_services dialogue_missed small_listed small_expected draws seed"),
    "result.need_variant": VARIANT,
    "result.need_choice": CHOICE,
    "result.need_exit": EXIT,
    "result.need_shift": SHIFT,
    "result.need_dimension": {"dimension_id": "str"} | _floats("weight effective_weight"),
    "result.need_expert": EXPERT,
    "result.need_refit": REFIT,
    "result.need_refit_rank": REFIT_RANK,
}


def shaped(table: pd.DataFrame | None, name: str, index: Index) -> pd.DataFrame:
    """A table with its columns in their kinds; without rows where there is none."""
    kinds = dict(COLUMNS[name])
    if name == "result.need_rank":
        kinds |= _floats(" ".join(f"probability_top_{k}" for k in index.top))
        kinds |= _floats(f"companion_probability_top_{index.tier_top}")
    if name == "result.need_refit":
        kinds |= _floats(" ".join(f"kept_top_{k}" for k in index.top))
    if table is None or table.empty:
        return pd.DataFrame({column: pd.Series(dtype=kind) for column, kind in kinds.items()})
    return table[list(kinds)].astype({c: k for c, k in kinds.items() if k != "str"}).reset_index(drop=True)


def estimate_rows(own: Estimate, ahead: Joint, needs: Mapping[str, Floats], score: Score, index: Index) -> pd.DataFrame:
    """The companion's row of each service, with what the joint model expects and what that adds to the score."""
    one = own.indicator.id
    low, high = interval(ahead.draws[one], index)
    return own.table.assign(
        expected_value=ahead.draws[one].mean(axis=0),
        expected_low=low,
        expected_high=high,
        own_share=ahead.own_share[one],
        need=needs[one].mean(axis=0),
        contribution_points=score.points[one],
    )


def interval(draws: Floats, index: Index) -> tuple[Floats, Floats]:
    """The middle of the draws of each service, as wide as the index says."""
    tail = (1 - index.interval_level) / 2
    low, high = np.quantile(draws, [tail, 1 - tail], axis=0)
    return low, high


def score_rows(score: Score, companion: Score, services: NDArray[np.object_], index: Index) -> pd.DataFrame:
    """One row a service that may be ranked, whether it is or not."""
    low, high = interval(score.draws, index)
    companion_low, companion_high = interval(companion.draws, index)
    return pd.DataFrame(
        {
            "service_id": services,
            "score": score.draws.mean(axis=0),
            "score_low": low,
            "score_high": high,
            "companion_score": companion.draws.mean(axis=0),
            "companion_low": companion_low,
            "companion_high": companion_high,
            "observed_weight_share": score.observed_weight_share,
            "is_ranked": score.is_ranked,
            "not_ranked_reason": pd.Series("too_little_reported", index=range(len(services))).mask(score.is_ranked),
        }
    )


def dimension_rows(score: Score) -> pd.DataFrame:
    """One row a dimension: its declared weight, and how much of the order of the ranked it alone would give."""
    seen = score.is_ranked
    effective = np.full(len(score.dimensions), np.nan)
    if seen.sum() > 1:
        effective = weighting.effective_weights(score.dimension_needs[seen], score.draws[:, seen].mean(axis=0))
    return pd.DataFrame(
        {
            "dimension_id": [dimension.id for dimension in score.dimensions],
            "weight": score.weights / score.weights.sum(),
            "effective_weight": effective,
        }
    )


def rank_rows(score: Score, companion: Score, services: NDArray[np.object_], index: Index) -> pd.DataFrame:
    """One row a ranked service. alike: how many others it cannot be told from, with a certainty of nine in ten.

    is_dialogue: on the list to talk about, by the declared probability, length at least and length at most.
    """
    draws = score.draws[:, score.is_ranked]
    if not score.is_ranked.any():
        return shaped(None, "result.need_rank", index)
    ranks = ranking.rank_draws(draws)
    best, worst = ranking.rank_interval(draws, index.interval_level)
    probability = {f"probability_top_{k}": ranking.probability_top(ranks, k) for k in index.top}
    chance = probability[f"probability_top_{index.tier_top}"]
    alone = ranking.rank_draws(companion.draws[:, score.is_ranked])
    return pd.DataFrame(
        {
            "service_id": services[score.is_ranked],
            "rank_best": best,
            "rank_worst": worst,
            **probability,
            f"companion_probability_top_{index.tier_top}": ranking.probability_top(alone, index.tier_top),
            "tier": ranking.tier(chance),
            "alike": ranking.cannot_be_told_apart(ranking.probability_above(draws)).sum(axis=1),
            "is_dialogue": _is_dialogue(chance, draws.mean(axis=0), index),
        }
    )


def _is_dialogue(chance: Floats, score: Floats, index: Index) -> NDArray[np.bool_]:
    """By probability, then by score: all from the declared probability on, but not fewer and not more than declared."""
    place = np.empty(chance.size, int)
    place[np.lexsort((-score, -chance))] = np.arange(chance.size)
    wanted = int(np.clip((chance >= index.dialogue.probability).sum(), index.dialogue.least, index.dialogue.most))
    return place < wanted


def round_row(rank: pd.DataFrame, services: NDArray[np.object_], children: Floats, index: Index) -> pd.DataFrame:
    """One row: how long the dialogue list is, how many of the truly worst it is expected to miss, and its fairness.

    small_listed: the share of the smaller half of the services on the list; small_expected: by their probabilities.
    Those whose number of children is unknown are left out of both.
    """
    if rank.empty:
        return shaped(None, "result.need_round", index)
    chance = rank[f"probability_top_{index.tier_top}"].to_numpy(dtype=float)
    on = rank["is_dialogue"].to_numpy(dtype=bool)
    size = pd.Series(children, services).reindex(rank["service_id"])
    known = size.notna().to_numpy()
    listed, expected = ranking.share_listed(chance[known], on[known], (size <= size.median()).to_numpy()[known])
    return pd.DataFrame(
        {
            "services": [len(rank)],
            "dialogue_services": [on.sum()],
            "dialogue_missed": [chance[~on].sum()],
            "small_listed": [listed],
            "small_expected": [expected],
            "draws": [index.draws],
            "seed": [index.seed],
        }
    )
