"""The frozen baseline of guided services, and what became of its source since. Table: result.baseline."""

import pandas as pd

from pipeline.analysis.tracked import COUNTS, Tracked
from pipeline.analysis.tracking import summed

KEY = ["cohort_id", "indicator_id", "per", "likelihood", "service_id"]


def baseline(of: Tracked) -> pd.DataFrame:
    """One row a guided service and indicator.

    baseline_frozen: the share or rate of the baseline phase as known on the day of agreement, with its 95 % limits;
    baseline_now: as the newest files have it, beside it and never in it. frozen_on: the day of the newest file used.
    frozen_reason: `known_then`, or `first_vintage` where no file of that day is here, for some period or for all.
    cells_hidden_since: those of which later files hide a part; they are as in the newest files here,
    too, or missing, or the sum would tell the part.
    """
    cells = of.cells[of.cells["is_guided"] & ~of.cells["is_later"]]
    cells = cells[cells["phase"].eq("baseline") & cells["use"].eq("rank")]
    frozen = cells[cells["denominator"] > 0]
    if frozen.empty:
        return pd.DataFrame(columns=["service_id", "indicator_id"])
    now = cells.drop(columns=COUNTS).rename(columns={f"{name}_now": name for name in COUNTS})
    moved = pd.concat([_differs(cells[name], cells[f"{name}_now"]) for name in COUNTS], axis=1).any(axis=1)
    facts = (
        frozen.assign(moved=moved)
        .groupby(KEY)
        .agg(
            periods=("period", "nunique"),
            cells_moved=("moved", "sum"),
            agreement_day=("agreement_day", "first"),
            is_agreement_known=("is_agreement_known", "first"),
            frozen_on=("vintage_then", "max"),
            is_known_then=("is_known_then", "all"),
        )
    )
    then = summed(frozen, KEY).set_index(KEY)
    newest = summed(now[now["denominator"] > 0], KEY).set_index(KEY)
    beside = newest[["numerator", "denominator", "value"]].add_suffix("_now")
    hidden = cells.groupby(KEY)["is_hidden_since"].sum().rename("cells_hidden_since")
    table = then.join([beside, facts, hidden]).reset_index()
    return table.rename(
        columns={
            "value": "baseline_frozen",
            "value_low": "baseline_frozen_low",
            "value_high": "baseline_frozen_high",
            "value_now": "baseline_now",
        }
    ).assign(
        has_source_moved=table["cells_moved"] > 0,
        frozen_on=pd.to_datetime(table["frozen_on"]).dt.tz_localize(None),
        frozen_reason=table["is_known_then"].map({True: "known_then", False: "first_vintage"}),
    )


def _differs(then: "pd.Series[float]", now: "pd.Series[float]") -> "pd.Series[bool]":
    """Where two numbers are not the same; two that are missing are."""
    return ~((then - now).abs() <= 1e-9) & (then.notna() | now.notna())
