"""How far figures move from their first vintage to the newest, beyond what the cases that came later explain."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from pipeline.methods.sites import Law

Floats = NDArray[np.float64]

MIDDLING_VARIANCE = 0.25  # between services, on the scale of the model; limits the weight of the largest


def revision_variance(
    first_numerator: ArrayLike,
    first_denominator: ArrayLike,
    numerator: ArrayLike,
    denominator: ArrayLike,
    law: Law = "binomial",
) -> float:
    """Variance over services of logit (ratios: log) of the newest figure less that of the first; 0 where chance is all.

    All of shape (n_pairs,), whole figures of the same services and periods, denominators above 0; at least two pairs.
    Half a case is added to each count, so that none and all have a logit. The two figures share their cases: only the
    cases that one has beyond the other are new chance, `|1/n₀ − 1/n₁| / (p(1 − p))` (ratios: over the rate), which is
    taken off. A shift common to all is not in it, the country's level takes that up. A pair weighs by what its smaller
    count says, up to a limit: neither one case of nine decides, nor the largest service.

    Method of moments: DerSimonian & Laird (1986), Controlled Clinical Trials 7:177.
    """
    y0, n0, y1, n1 = (np.asarray(a, float) for a in (first_numerator, first_denominator, numerator, denominator))
    rate = (y0 + y1).sum() / (n0 + n1).sum()
    if law == "binomial":
        moved = special.logit((y1 + 0.5) / (n1 + 1)) - special.logit((y0 + 0.5) / (n0 + 1))
        information = max(rate * (1 - rate), 1e-9)
    else:
        moved = np.log((y1 + 0.5) / n1) - np.log((y0 + 0.5) / n0)
        information = max(rate, 1e-9)
    chance = np.abs(1 / n0 - 1 / n1) / information
    weight = 1 / (MIDDLING_VARIANCE + 1 / (np.minimum(n0, n1) * information))
    weight /= weight.sum()
    off = moved - weight @ moved
    return max(float((weight @ off**2 - weight @ (chance * (1 - weight))) / (1 - weight @ weight)), 0.0)
