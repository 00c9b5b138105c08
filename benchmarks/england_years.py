"""England's real figures ranked for each year, three years together: how much the list moves, and how much is noise.

python benchmarks/england_years.py      after `veiviser build --jurisdiction england`; two minutes
"""

import numpy as np
import pandas as pd

from pipeline.analysis.need import Ranked, ranked
from pipeline.api import open_release
from pipeline.methods import ranking

YEARS = range(2018, 2026)


def noise_share(of: Ranked) -> float:
    """The share of the variance of ranks, over services and draws, that lies within the draws of one service."""
    ranks = ranking.rank_draws(of.score.draws[:, of.score.is_ranked]).astype(float)
    return float(ranks.var(axis=0).mean() / ranks.var())


def main() -> None:
    """Prints a line a year."""
    release = open_release("england")
    current = release.registry.index.current_round
    before, listed_before = pd.Series(dtype=float), set[str]()
    rows = []
    for year in YEARS:
        span = {"id": f"round_{year}", "first_period": str(year - 2), "last_period": str(year)}
        found = ranked(release.con, release.registry, current.model_copy(update=span))
        seen = found.score.is_ranked
        chance = ranking.probability_top(ranking.rank_draws(found.score.draws[:, seen]), 15)
        score = pd.Series(found.score.draws[:, seen].mean(axis=0), found.services[seen])
        listed = set(pd.Series(chance, score.index).nlargest(15).index)
        both = score.index.intersection(before.index)
        rows.append(
            {
                "year": year,
                "services": int(seen.sum()),
                "indicators": len(found.delivered),
                "rank_correlation_with_year_before": score[both].corr(before[both], method="spearman"),
                "of_15_still_listed": len(listed & listed_before) if listed_before else np.nan,
                "noise_share_of_rank_variance": noise_share(found),
                "sure_80_percent": int((chance >= 0.8).sum()),
                "memory": found.ahead.dynamics.memory if found.ahead else np.nan,
            }
        )
        before, listed_before = score, listed
    print(pd.DataFrame(rows).round(2).to_string(index=False))


if __name__ == "__main__":
    main()
