"""Times every variant of the ranking: 4 normalisations, 9 drop-outs, 3 means, 5 weights, 512 draws of 360 services.

Usage: python benchmarks/sensitivity.py [n_draws] [n_units]. Figures are drawn here and mean nothing.
"""

import resource
import sys
import time

import numpy as np

from pipeline.methods import composite, normalise
from pipeline.methods.sensitivity import ARITHMETIC, FACTORS, GEOMETRIC_OF_PERFORMANCE, QUADRATIC, Choices, sensitivity

DIMENSION = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3])


def main(n_draws: int = 512, n_units: int = 360) -> None:
    rng = np.random.default_rng(1)
    level = rng.beta(3, 7, (1, n_units, DIMENSION.size))
    draws = np.clip(level + rng.normal(0, 0.05, (n_draws, n_units, DIMENSION.size)), 0, 1)
    choices = Choices(
        normalisations=[
            lambda values: composite.need(values, 0.0, 0.6),
            lambda values: normalise.min_max(values, axis=1),
            lambda values: np.clip(normalise.z_score(values, 50, 15, axis=1), 0, None),
            lambda values: normalise.percentile(values, axis=1),
        ],
        dimension=DIMENSION,
        dropped=[None, 0, 1, 3, 4, 6, 7, 9, 10],
        means=[ARITHMETIC, QUADRATIC, GEOMETRIC_OF_PERFORMANCE],
        weights=np.vstack([np.full(4, 0.25), np.full((4, 4), 0.2) + 0.2 * np.eye(4)]),
    )
    start, start_busy = time.perf_counter(), time.process_time()
    result = sensitivity(draws, choices, 15)
    seconds, busy = time.perf_counter() - start, time.process_time() - start_busy
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    size = f"{result.rank[..., 0].size} variants, {n_draws} draws, {n_units} units"
    print(f"{size}: {seconds:.1f} s ({busy:.1f} s of processor), {memory:.0f} MB at most")
    for name, first, total in zip(FACTORS, result.indices.first_overall, result.indices.total_overall, strict=True):
        print(f"{name}: first {first:.2f}, total {total:.2f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
