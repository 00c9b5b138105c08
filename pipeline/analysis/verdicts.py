"""What can be said of one indicator of one service: against the law, and against the others. Method: docs/methods.md.

Tables: result.indicator_verdict, result.funnel_limit.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.analysis.companion import Estimate
from pipeline.methods import funnel
from pipeline.methods.shrinkage import BetaPrior, GammaPrior
from pipeline.registry.index import Goalpost

Floats = NDArray[np.float64]

FALSE_ALARMS = 0.10  # of those said to differ from the others, at most this share by chance
FUNNEL = {"95": 0.95, "998": 0.998}  # the share of services like all others that is to lie inside
FUNNEL_POINTS = 60
DUTY_POSTS = (0.0, 100.0)  # a duty is always met: no breach, or all of them done


def verdicts(own: Estimate, cells: pd.DataFrame, post: Goalpost) -> pd.DataFrame:
    """One row a service. cells: of this indicator, one row a member and period, hidden ones with bounds.

    duty: `met` where not one breach is known or hidden, `not_met` where there is at least one, `no_cases`,
    `no_duty` where the law says nothing. others: `more_need`, `less_need`, `like_others`, or `too_little`. chance:
    how likely a share at least as far out is, by the spread among services; the largest within a hidden count's bounds.
    """
    bounds = _bounds(cells, own.table["service_id"])
    low, high = (bounds[name].to_numpy(dtype=float) for name in ("low", "high"))
    size = bounds["denominator"].to_numpy(dtype=float)
    more_is_need = post.at_full > post.at_none
    usual = _others(own)[0] * size
    nearest = np.clip(usual, low, high)  # of the values it may have; both bounds may be far out, on either side
    chance = np.max([_chance(own, count, size) for count in (low, nearest, high)], axis=0)
    is_other = funnel.discoveries(chance, FALSE_ALARMS)
    word = np.where((nearest > usual) == more_is_need, "more_need", "less_need")
    seen = own.table["is_observed"].to_numpy(dtype=bool) & (size > 0)
    breaches = low if more_is_need else size - high
    duty = np.where(breaches > 0, "not_met", np.where((high if more_is_need else size - low) > 0, "unknown", "met"))
    has_duty = own.indicator.unit == "percent" and post.at_none in DUTY_POSTS and bool(own.indicator.duties)
    return pd.DataFrame(
        {
            "service_id": own.table["service_id"],
            "indicator_id": own.indicator.id,
            "numerator_low": low,
            "numerator_high": high,
            "denominator": size,
            "duty": np.where(seen, duty, "no_cases") if has_duty else "no_duty",
            "others": np.where(seen, np.where(is_other, word, "like_others"), "too_little"),
            "chance": np.where(seen, chance, np.nan),
        }
    )


def _bounds(cells: pd.DataFrame, services: "pd.Series[str]") -> pd.DataFrame:
    """Numerators of a service summed, hidden ones at either bound."""
    return (
        cells.assign(
            low=cells["numerator"].fillna(cells["numerator_low"]),
            high=cells["numerator"].fillna(cells["numerator_high"]),
        )
        .groupby("service_id")[["low", "high", "denominator"]]
        .sum()
        .reindex(services)
        .fillna(0)
        .reset_index(drop=True)
    )


def funnel_limits(own: Estimate) -> pd.DataFrame:
    """One row a size, from the smallest service with cases to the largest: where services like all others lie."""
    sizes = own.table.loc[own.table["denominator"] > 0, "denominator"].to_numpy(dtype=float)
    mean, size, law = _others(own)
    at = np.geomspace(sizes.min(), sizes.max(), FUNNEL_POINTS)
    at = np.unique(at.round() if law == "binomial" else at)
    scatter = float(own.table["dispersion"].iloc[0])
    table = pd.DataFrame({"indicator_id": own.indicator.id, "denominator": at, "middle": mean * own.indicator.per})
    for name, level in FUNNEL.items():
        low, high = funnel.chance_limits(at / scatter, mean, size, level, law)
        table[[f"low_{name}", f"high_{name}"]] = np.column_stack([low, high]) * own.indicator.per
    return table


def _chance(own: Estimate, count: Floats, size: Floats) -> Floats:
    """Twice the smaller tail, mid-p, under the prior that is fitted to all services."""
    mean, mass, law = _others(own)
    if law == "binomial":
        return funnel.chance(np.minimum(count, size), size, mean, mass)
    scatter = own.table["dispersion"].to_numpy(dtype=float)
    return funnel.chance(count / scatter, size / scatter, mean, mass, law)


def _others(own: Estimate) -> tuple[float, float, str]:
    """(mean, imaginary cases or exposure, law) of the prior."""
    if isinstance(own.prior, BetaPrior):
        mass = own.prior.alpha + own.prior.beta
        return own.prior.alpha / mass, mass, "binomial"
    assert isinstance(own.prior, GammaPrior)
    return own.prior.shape / own.prior.rate, own.prior.rate, "poisson"
