"""What units' lasting levels would lead one to expect given their context, and what of each is beyond that.

Lasting level of unit i: a_i = B'x_i + b_g(i) + u_i, over J indicators at once. The coefficients B are free, the b of
groups are normal with a variance an indicator, and u_i is normal with a covariance. The posterior of a_i under a prior
without context is taken apart into prior and own data, so that a unit with few cases is drawn to what its context leads
one to expect, not to the middle of all: context subtracted from levels drawn to the middle would make small units of a
hard context look good.

Everson & Morris (2000), J. R. Stat. Soc. B 62:399 (two-level normal model); Harville (1977), J. Am. Stat. Assoc. 72:320
(restricted maximum likelihood); Nakagawa & Schielzeth (2013), Methods Ecol. Evol. 4:133 (explained share).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NO_GROUP = -1
ROUNDS, TOLERANCE = 500, 1e-5  # of variances, in those of the prior, from one round to the next
SMALLEST_VARIANCE = 1e-6


@dataclass(frozen=True)
class Context:
    """What context says of the lasting levels, on the scale of the model (logit or log).

    expected: shape (S, J), of units with this context; expected_covariance: shape (S, J, J). own_mean, own_covariance:
    the posterior of what is beyond it, with the coefficients' uncertainty in. spread: covariance of that over units,
    shape (J, J). explained_share: of the variance between units, 0..1, shape (J,). coefficients: shape (P, J), of the
    intercept and the features. group_variance: shape (J,), 0 without groups. rounds: of the fit.
    """

    expected: Floats
    expected_covariance: Floats
    own_mean: Floats
    own_covariance: Floats
    spread: Floats
    explained_share: Floats
    coefficients: Floats
    group_variance: Floats
    rounds: int


def fit(mean: Floats, covariance: Floats, prior: Floats, features: Floats, group: Ints) -> Context:
    """Fits the coefficients by restricted maximum likelihood (EM), and takes the context out.

    mean, covariance: posterior of the lasting levels under N(0, prior), shapes (S, J), (S, J, J); prior: shape (J, J).
    features: shape (S, P), centred, none missing; one that is the same for all is left out by the caller.
    group: shape (S,), numbers from 0, or `NO_GROUP`. The terms of the own data stay as they were found under the prior.
    """
    units, kinds = mean.shape
    outer = np.linalg.inv(covariance)
    precision = outer - np.linalg.inv(prior)  # of the unit's own data
    pull = np.einsum("sjk,sk->sj", outer, mean)
    design = np.hstack([np.ones((units, 1)), features, _indicators(group)])
    free = 1 + features.shape[1]
    spread, between = prior, np.diag(prior) * (0.1 if design.shape[1] > free else 0.0)
    for number in range(1, ROUNDS + 1):  # noqa: B007
        coefficients, around, own, own_covariance, after, groups = _step(precision, pull, design, free, spread, between)
        moved = np.abs([np.diag(after - spread), groups - between]) / np.diag(prior)
        spread, between = after, groups
        if moved.max() < TOLERANCE:
            break
    fixed = design[:, :free] @ coefficients[:free]
    chance = np.diagonal(_around(design[:, :free], around[:free, :, :free]), axis1=1, axis2=2)
    explained = np.maximum(0, fixed.var(axis=0) - chance.mean(axis=0)) + between
    return Context(
        design @ coefficients,
        _around(design, around),
        own,
        own_covariance,
        spread,
        explained / (explained + np.diag(spread)),
        coefficients[:free],
        between,
        number,
    )


def _step(
    precision: Floats, pull: Floats, design: Floats, free: int, spread: Floats, between: Floats
) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats]:
    """Coefficients (P, J) and their covariance, what is beyond (S, J) and its covariance, and both variances anew."""
    size, kinds = design.shape[1], spread.shape[0]
    left = np.linalg.inv(precision + np.linalg.inv(spread))
    share = left @ precision  # of what is beyond the context, how much the own data say
    weight = precision - precision @ share
    seen = pull - np.einsum("sjk,sk->sj", precision @ left, pull)
    blocks = (_pairs(design).T @ weight.reshape(len(weight), -1)).reshape(size, size, kinds, kinds)
    normal = blocks.swapaxes(1, 2).reshape(size * kinds, -1)
    ridge = np.zeros((size, kinds))
    ridge[free:] = 1 / np.maximum(between, SMALLEST_VARIANCE)
    inverse = np.linalg.inv(normal + np.diag(ridge.ravel()))
    coefficients = np.asarray((inverse @ (design.T @ seen).ravel()).reshape(size, kinds), np.float64)
    around = np.asarray(inverse.reshape(size, kinds, size, kinds), np.float64)
    expected = design @ coefficients
    own = np.einsum("sjk,sk->sj", left, pull) - np.einsum("sjk,sk->sj", share, expected)
    own_covariance = left + share @ _around(design, around) @ share.swapaxes(1, 2)
    spread = (own_covariance + own[:, :, None] * own[:, None, :]).mean(axis=0)
    groups = coefficients[free:] ** 2 + np.einsum("pjpj->pj", around[free:, :, free:])
    return coefficients, around, own, own_covariance, spread, groups.mean(axis=0) if size > free else between


def _around(design: Floats, around: Floats) -> Floats:
    """Covariance of what is expected of each unit, shape (S, J, J)."""
    size, kinds = around.shape[:2]
    return (_pairs(design) @ around.swapaxes(1, 2).reshape(size * size, -1)).reshape(-1, kinds, kinds)


def _pairs(design: Floats) -> Floats:
    """Each two columns multiplied, shape (S, P * P)."""
    return np.asarray((design[:, :, None] * design[:, None, :]).reshape(len(design), -1))


def _indicators(group: Ints) -> Floats:
    """One column a group, shape (S, G)."""
    return np.asarray(group[:, None] == np.unique(group[group != NO_GROUP])[None, :], np.float64)
