"""Which units are most alike: standardised features, a distance that bears gaps, and the nearest by it.

The idea is that of England's statistical neighbours: Benton, Chamberlain, Wilson & Teeman (2007), The Development of
the Children's Services Statistical Neighbour Benchmarking Model, National Foundation for Educational Research.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NOBODY = -1
ROUNDING = 1e-9  # a share of weights that is just enough may come out a hair below


def standardised(features: ArrayLike, is_log: ArrayLike) -> Floats:
    """Each feature in standard deviations from its mean, after its logarithm where that is asked for.

    features: shape (n_units, n_features), NaN where missing. is_log: shape (n_features,), whether to take the log;
    the log of 0 and below is missing. A feature that is the same for all is 0: it tells nobody apart.
    Returns the shape of features, NaN where missing.

    The standard deviation, not the median absolute deviation: that is 0 as soon as half of the units share a value,
    as most services share "one municipality". The log tames the long tails instead.
    """
    values = np.asarray(features, float)
    logs = np.log(np.where(values > 0, values, np.nan))
    known = np.ma.masked_invalid(np.where(np.asarray(is_log, bool), logs, values))
    spread = known.std(axis=0)
    spread[known.max(axis=0) == known.min(axis=0)] = np.inf
    return np.asarray(((known - known.mean(axis=0)) / spread).filled(np.nan), np.float64)


def distances(features: Floats, weights: ArrayLike, least_share: float) -> Floats:
    """How far apart each two units are: the root of the weighted mean of the squared differences.

    Two units are compared on the features that are known of both, as in Gower's coefficient; the weights of those are
    scaled up to the whole, so that a gap brings nobody nearer.
    features: shape (n_units, n_features), in standard deviations, NaN where missing. weights: shape (n_features,), > 0.
    least_share: 0..1, the share of the weight that must be known of both; below it there is no comparison.
    Returns shape (n_units, n_units), symmetric, in standard deviations; NaN where there is no comparison.
    Raises ValueError when a weight is not above 0.

    Gower (1971), Biometrics 27:857.
    """
    weight = np.asarray(weights, float)
    if not (weight > 0).all():
        raise ValueError("The weight of a feature must be above 0; leave the feature out instead.")
    gap = features[:, None, :] - features[None, :, :]
    is_known = ~np.isnan(gap)
    known = (is_known * weight).sum(axis=-1)
    enough = (known > 0) & (known / weight.sum() >= least_share - ROUNDING)
    squares = (np.where(is_known, gap, 0) ** 2 * weight).sum(axis=-1)
    return np.sqrt(np.divide(squares, known, where=enough, out=np.full(known.shape, np.nan)))


def nearest(distance: Floats, k: int) -> Ints:
    """The k units nearest to each, the nearest first; of two equally near, the one that stands first.

    distance: shape (n_units, n_units), NaN where there is no comparison. Nobody is near to itself.
    Returns shape (n_units, k): indices of units, `NOBODY` (-1) behind the last one that can be compared.
    """
    others = np.where(np.isnan(distance) | np.eye(len(distance), dtype=bool), np.inf, distance)
    order = np.argsort(others, axis=1, kind="stable")[:, :k]
    found = np.full((len(distance), k), NOBODY, np.int64)
    found[:, : order.shape[1]] = np.where(np.isinf(np.take_along_axis(others, order, axis=1)), NOBODY, order)
    return found
