"""Weights: what they come to, what the most favourable ones would be, and what the indicators share.

Weights are chosen by people before the results are known. Nothing here chooses them: it shows how much hangs on them.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

Floats = NDArray[np.float64]


def effective_weights(parts: Floats, score: Floats) -> Floats:
    """The squared correlation of each part with the score: how much of the order a part alone would give.

    parts: shape (n_units, D); score: shape (n_units,). Returns shape (D,), 0..1 each, no sum. A part without spread
    has 0.

    Paruolo, Saisana & Saltelli (2013), J. R. Stat. Soc. A 176:609.
    """
    off, score_off = parts - parts.mean(axis=0), score - score.mean()
    shared = (off * score_off[:, None]).sum(axis=0) ** 2
    spread = (off**2).sum(axis=0) * (score_off**2).sum()
    return np.divide(shared, spread, out=np.zeros_like(shared), where=spread > 0)


def most_favourable_weights(needs: Floats, least: float, most: float) -> Floats:
    """Each unit's own weights that make its mean need smallest, each weight between `least` and `most`, sum 1.

    No weights in the box give a unit less need than these. Its rank among the others' least needs is not its best rank:
    under one set of weights the others may have more. Every weight begins at the least; what is left goes to the
    smallest needs first, which is the optimum of this linear programme.

    needs: shape (..., D); for a power mean give the powered needs. Returns shape (..., D).
    Raises ValueError where no weights in the box sum to 1.

    Cherchye, Moesen, Rogge & Van Puyenbroeck (2007), Soc. Indic. Res. 82:111 (benefit of the doubt).
    """
    number = needs.shape[-1]
    if not 0 <= least <= 1 / number <= most:
        raise ValueError(f"No {number} weights between {least:g} and {most:g} sum to 1.")
    before = np.arange(number) * (most - least)
    by_size = least + np.clip(1 - number * least - before, 0, most - least)
    place = np.argsort(np.argsort(needs, axis=-1, kind="stable"), axis=-1, kind="stable")
    return np.asarray(by_size[place])


def benefit_of_the_doubt(values: Floats, least_share: float = 0.0, most_share: float = 1.0) -> Floats:
    """Each unit's best score when it may choose the weights, provided that nobody scores above 1 with them.

    A linear programme per unit: largest Σ w v, no unit above 1, each weight between `least_share` and `most_share` of
    the sum of the weights. values: shape (n_units, D), at least 0, high is good. Returns shape (n_units,), 0..1.

    Cherchye et al. (2007), Soc. Indic. Res. 82:111; OECD/JRC (2008), Handbook, p. 92.
    """
    number = values.shape[1]
    own, everyone = np.eye(number), np.ones((number, number))
    rows = np.vstack([values, own - most_share * everyone, least_share * everyone - own])
    limits = np.concatenate([np.ones(len(values)), np.zeros(2 * number)])
    return np.array([-optimize.linprog(-unit, A_ub=rows, b_ub=limits).fun for unit in values])


def principal_components(values: Floats) -> tuple[Floats, Floats]:
    """What the indicators have in common: eigenvalues of their correlations, largest first, and the loadings.

    values: shape (n_units, n_indicators), none missing. Returns (n_indicators,) variances, one indicator having 1, and
    (n_indicators, n_components) correlations of indicator and component, each component's largest one positive.
    Descriptive only: such weights "intervene only to correct for overlapping information" (OECD/JRC 2008, p. 89).
    """
    size, direction = np.linalg.eigh(np.corrcoef(values, rowvar=False))
    loadings = direction[:, ::-1] * np.sqrt(np.maximum(size[::-1], 0))
    strongest = np.take_along_axis(loadings, np.abs(loadings).argmax(axis=0)[None, :], axis=0)
    return size[::-1], np.asarray(loadings * np.where(strongest < 0, -1.0, 1.0))
