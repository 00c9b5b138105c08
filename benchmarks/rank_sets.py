"""Times confidence sets for ranks, simultaneous and marginal, with steps.

Usage: python benchmarks/rank_sets.py [n_units] [replicates]. Figures are drawn here and mean nothing.
"""

import sys
import time

import numpy as np

from pipeline.methods.rank_sets import rank_sets


def main(n_units: int = 360, replicates: int = 1000) -> None:
    rng = np.random.default_rng(1)
    estimate, variance = rng.normal(size=n_units), rng.uniform(0.05, 0.3, n_units)
    for name, is_simultaneous in (("simultaneous", True), ("marginal", False)):
        start, start_busy = time.perf_counter(), time.process_time()
        rank_sets(estimate, variance, rng, is_simultaneous=is_simultaneous, replicates=replicates)
        seconds, busy = time.perf_counter() - start, time.process_time() - start_busy
        print(f"{name}, {n_units} units, {replicates} replicates: {seconds:.1f} s ({busy:.1f} s of processor)")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
