"""Two rankings of a round beside each other: who moved, and what of theirs had changed."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from pipeline.analysis.need import Ranked

CELL = ["service_id", "indicator_id", "period"]
FIGURES = ["numerator", "denominator", "numerator_low", "numerator_high"]


@dataclass(frozen=True)
class Comparison:
    """What came of holding a ranking against an earlier one.

    services: one row a service that is ranked in either: tier, tier_before, probability, probability_before, moved_by,
    why. rank_correlation: Spearman's, of the scores of those ranked in both. dialogue_kept: how many of the earlier
    dialogue list are on the new one; dialogue_before: how many were on it.
    """

    services: pd.DataFrame
    rank_correlation: float
    dialogue_kept: int
    dialogue_before: int


def compare(now: Ranked, before: Ranked, members: Mapping[str, str], members_before: Mapping[str, str]) -> Comparison:
    """Holds two rankings against each other. members: service → its municipalities, as one text.

    why: what changed of the service itself (geography, new data, revision), then what changed for all (method);
    `others` where nothing did, and only the others moved.
    """
    new, old = (chances(each).set_index("service_id") for each in (now, before))
    both = new.merge(old, how="outer", left_index=True, right_index=True, suffixes=("", "_before"))
    reasons = _reasons(now, before, members, members_before)
    method = ["method"] if _method(now) != _method(before) else []
    both["moved_by"] = both["probability"] - both["probability_before"]
    both["why"] = [", ".join(reasons.get(service, []) + method) or "others" for service in both.index]
    shared = both.dropna(subset=["score", "score_before"])
    was = both["is_dialogue_before"].fillna(False).astype(bool)
    kept = was & both["is_dialogue"].fillna(False).astype(bool)
    columns = ["tier", "tier_before", "probability", "probability_before", "moved_by", "why"]
    services = both[columns].sort_values("moved_by", key=lambda moved: -moved.abs(), kind="stable").reset_index()
    correlation = shared["score"].corr(shared["score_before"], method="spearman")
    return Comparison(services, float(correlation), int(kept.sum()), int(was.sum()))


def chances(of: Ranked) -> pd.DataFrame:
    """One row a ranked service: its tier, its probability of being among the k, its score, is_dialogue."""
    rank = of.rank
    score = pd.Series(of.score.draws.mean(axis=0), of.services).reindex(rank["service_id"]).to_numpy()
    table = rank.assign(probability=rank[f"probability_top_{of.index.tier_top}"], score=score)
    return table[["service_id", "tier", "probability", "score", "is_dialogue"]]


def _method(of: Ranked) -> tuple[object, ...]:
    """Everything but the figures and the places: what was chosen."""
    chosen = of.index.model_dump(exclude={"rounds", "seed"})
    return repr(chosen), tuple(one.id for one in of.delivered)


def _reasons(
    now: Ranked, before: Ranked, members: Mapping[str, str], members_before: Mapping[str, str]
) -> dict[str, list[str]]:
    """What changed of each service itself."""
    new, old = _cells(now), _cells(before)
    cells = new.merge(old, how="outer", left_index=True, right_index=True, suffixes=("", "_before"))
    is_new = cells["denominator_before"].isna() & cells["denominator"].notna()
    is_gone = cells["denominator"].isna() & cells["denominator_before"].notna()
    differs = pd.Series(False, index=cells.index)
    for name in FIGURES:
        one, two = cells[name], cells[f"{name}_before"]
        differs |= (one != two) & ~(one.isna() & two.isna())
    revised = (differs | is_gone) & ~is_new
    service = cells.index.get_level_values("service_id")
    found: dict[str, list[str]] = {}
    for each in sorted(set(members) | set(members_before)):
        if members.get(each) != members_before.get(each):
            found.setdefault(each, []).append("geography")
    for word, which in (("new data", is_new), ("revision", revised)):
        for each in sorted(set(service[which])):
            found.setdefault(each, []).append(word)
    return found


def _cells(of: Ranked) -> pd.DataFrame:
    if not of.cells:
        return pd.DataFrame(columns=[*CELL, *FIGURES]).set_index(CELL)
    return pd.concat(of.cells.values()).groupby(CELL)[FIGURES].sum(min_count=1)
