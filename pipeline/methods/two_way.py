"""Two-way fixed effects by regression: Sun and Abraham's event study, and the plain one that shows the difference."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.methods.imputation import known, since_start

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A mean effect in units of the outcome, with the standard error clustered on units."""

    effect: float
    standard_error: float


def two_way_effect(outcome: ArrayLike, weight: ArrayLike, start: ArrayLike) -> Estimate:
    """One coefficient for all periods since the start; where effects differ by group or time its sign can be wrong.

    outcome: shape (n_units, n_periods), NaN where unknown; weight broadcasts; start: infinite for never guided.

    Goodman-Bacon (2021), J. Econometrics 225:254.
    """
    y, w = known(outcome, weight)
    is_on = since_start(start, y.shape[1]) >= 0
    [estimate] = _regressed(y, w, [is_on.astype(float)], [np.ones(1)])
    return estimate


def sun_abraham(
    outcome: ArrayLike, weight: ArrayLike, start: ArrayLike, scored: tuple[float, float] = (0, np.inf)
) -> tuple[Estimate, dict[int, Estimate]]:
    """(mean effect of the scored cells, effect by periods since the start): saturated in group and period.

    Each group has a coefficient for each number of periods since its start; the one before the start is the
    reference. They are averaged by the weight of their cells. scored: first and last number of periods since the start.
    Other arguments as for `two_way_effect`; there must be units never guided. Raises ValueError without a scored cell.

    Sun & Abraham (2021), J. Econometrics 225:175.
    """
    y, w = known(outcome, weight)
    first = np.asarray(start, float)
    since = since_start(first, y.shape[1])
    cells, keys = [], []
    for group in np.unique(first[np.isfinite(first)]):
        for event in np.unique(since[first == group]):
            cell = (first[:, None] == group) & (since == event)
            if event != -1 and w[cell].any():
                cells.append(cell.astype(float))
                keys.append(event)
    mass = np.array([(w * cell).sum() for cell in cells])
    event = np.array(keys)
    is_scored = (event >= scored[0]) & (event <= scored[1])
    if not is_scored.any():
        raise ValueError("no scored cell has a figure")
    events = sorted(set(keys))
    mixes = [np.where(is_scored, mass, 0.0), *(np.where(event == each, mass, 0.0) for each in events)]
    overall, *each_event = _regressed(y, w, cells, [each / each.sum() for each in mixes])
    return overall, {int(name): each for name, each in zip(events, each_event, strict=True)}


def _regressed(y: Floats, w: Floats, columns: list[Floats], mixes: list[Floats]) -> list[Estimate]:
    """Mixes of the coefficients of some columns beside unit and period effects, by weighted least squares.

    Errors are clustered on units, with the small-sample factor of R's fixest: unit effects are nested in the clusters
    and not counted among the parameters.
    """
    units, periods = y.shape
    design = np.stack([*columns, *(np.broadcast_to(np.eye(periods)[t], y.shape) for t in range(1, periods))], axis=-1)
    total = np.maximum(w.sum(1), np.finfo(float).tiny)
    x = design - ((w[..., None] * design).sum(1) / total[:, None])[:, None, :]
    left = y - ((w * y).sum(1) / total)[:, None]
    bread = np.linalg.pinv(np.einsum("it,itj,itk->jk", w, x, x), hermitian=True)
    beta = bread @ np.einsum("it,itj,it->j", w, x, left)
    scores = np.einsum("it,itj,it->ij", w, x, left - x @ beta)
    observed, clusters = int((w > 0).sum()), int((w > 0).any(1).sum())
    factor = clusters / (clusters - 1) * (observed - 1) / (observed - design.shape[-1] - 1)
    weights = [np.append(mix, np.zeros(periods - 1)) for mix in mixes]
    return [
        Estimate(float(beta @ each), float(np.sqrt(factor) * np.linalg.norm(scores @ bread @ each))) for each in weights
    ]
