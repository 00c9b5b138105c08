"""How good probabilities were, once it is known what happened."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

EDGES = (0.0, 0.1, 0.2, 0.5, 0.8, 1.0)


@dataclass(frozen=True)
class Reliability:
    """What happened among forecasts of about the same probability, one entry per class, each of shape (n_classes,).

    number: forecasts in the class. forecast, happened: their mean probability, and the share that came true; NaN in a
    class without any.
    """

    number: Ints
    forecast: Floats
    happened: Floats


def brier(probability: ArrayLike, happened: ArrayLike) -> float:
    """Mean squared distance between probability and event (0 or 1); 0 is perfect, shapes broadcast.

    Brier (1950), Monthly Weather Review 78:1.
    """
    return float(np.mean((np.asarray(probability, float) - np.asarray(happened, float)) ** 2))


def reliability(probability: ArrayLike, happened: ArrayLike, edges: ArrayLike = EDGES) -> Reliability:
    """Forecasts by class of probability, beside what came of them; a probability on an edge belongs to the class above.

    probability, happened: same shape. edges: ascending, from the lowest to the highest probability; the default are the
    tiers of the shortlist.

    Murphy (1973), J. Appl. Meteorol. 12:595.
    """
    chance, event = np.asarray(probability, float).ravel(), np.asarray(happened, float).ravel()
    inner = np.asarray(edges, float)[1:-1]
    place, classes = np.searchsorted(inner, chance, side="right"), inner.size + 1
    number = np.bincount(place, minlength=classes)
    some = np.where(number > 0, number, np.nan)
    means = (np.bincount(place, part, classes) / some for part in (chance, event))
    return Reliability(number, *means)
