"""How simulated units wander, and how a change comes."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
RAMP = (0.0, 0.5)  # of a change that takes time: nothing in the first period, half in the second


def drift(rng: np.random.Generator, shape: tuple[int, int], sd: float, memory: float) -> Floats:
    """Stationary AR(1) series, shape (n_units, n_periods)."""
    noise = rng.normal(0, sd, shape)
    for period in range(1, shape[1]):
        noise[:, period] = memory * noise[:, period - 1] + np.sqrt(1 - memory**2) * noise[:, period]
    return noise


def reached(since: ArrayLike, ramp: tuple[float, ...] = RAMP) -> Floats:
    """Which part of an effect is reached so many periods after the start: 0 before it, then the ramp, then all."""
    steps = np.array([0.0, *ramp, 1.0])
    return steps[np.clip(np.asarray(since) + 1, 0, len(steps) - 1).astype(int)]
