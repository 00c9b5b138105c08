"""What a later vintage will still move: from figures that were the newest once, and were published again since.

In table result.need_model. Method: docs/methods.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import duckdb
import numpy as np
import pandas as pd

from pipeline.analysis.joint import half_years
from pipeline.methods.revision import revision_variance
from pipeline.methods.sites import Counts
from pipeline.registry.index import Round
from pipeline.registry.model import Indicator, Jurisdiction

LEAST_PAIRS = 20  # services with both figures; below that a variance would be a guess
PAIRS = """
SELECT indicator_id, first_numerator, first_denominator, numerator, denominator
FROM staging.revised_pair WHERE era = ? ORDER BY ALL
"""
PRELIMINARY = "SELECT indicator_id, period FROM staging.first_figure WHERE era = ? AND NOT is_settled ORDER BY ALL"


def revised(
    con: duckdb.DuckDBPyConnection,
    seen: Counts,
    cells: Mapping[str, pd.DataFrame],
    indicators: Sequence[Indicator],
    place: Jurisdiction,
    each: Round,
) -> tuple[Counts, pd.DataFrame]:
    """The counts with what revision may still move in the newest periods, and one row an indicator.

    revision_sd: on the scale of the logit or log rate, from `revision_pairs`. revision_enters: the newest period stands
    as it was first published, so it is read that much more loosely. revision_reason: why there is no estimate:
    `one_vintage_only` or `too_few_pairs`.
    """
    pairs = {str(name): group for name, group in con.execute(PAIRS, [each.era]).df().groupby("indicator_id")}
    preliminary = set(con.execute(PRELIMINARY, [each.era]).fetchall())
    ends = half_years(cells, indicators, place)
    variance, rows = np.zeros(seen.is_known.shape[1:]), []
    for number, one in enumerate(indicators):
        known = pairs.get(one.id, pd.DataFrame())
        row = {"revision_sd": np.nan, "revision_pairs": len(known), "revision_enters": False, "revision_reason": None}
        if len(known) < LEAST_PAIRS:
            rows.append({**row, "revision_reason": "too_few_pairs" if len(known) else "one_vintage_only"})
            continue
        y0, n0, y1, n1 = known.drop(columns="indicator_id").to_numpy(dtype=float).T
        found = revision_variance(y0, n0, y1, n1, seen.law[number])
        newest = max(cells[one.id]["period"].unique(), key=ends.__getitem__)
        enters = (one.id, newest) in preliminary
        variance[number, seen.times == ends[newest]] = found * enters
        rows.append({**row, "revision_sd": found**0.5, "revision_enters": enters})
    return replace(seen, revision=variance if variance.any() else None), pd.DataFrame(rows)
