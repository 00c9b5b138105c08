"""How long a ranking takes: 360 services, 12 indicators, 10 000 joint draws, to the probability of being among the 15.

python benchmarks/need_speed.py      a minute on 2 cores; peak memory is that of the whole process
"""

import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from pipeline.methods import composite, dynamic, outlook, ranking
from pipeline.methods.sites import Counts
from pipeline.simulation.need_country import Country, draw

Floats = NDArray[np.float64]
SERVICES, KINDS, DRAWS, PLACES = 360, 12, 10_000, 15


@contextmanager
def timed(what: str) -> Iterator[Callable[[], float]]:
    """Prints the wall seconds of a block."""
    start = time.perf_counter()
    yield lambda: time.perf_counter() - start
    print(f"{what:<60}{time.perf_counter() - start:8.2f} s")


def score(rates: Floats) -> Floats:
    """Rates of shape (n, J) to points of shape (n,): three indicators a dimension, power mean over four."""
    need = composite.need(rates, 0.0, 0.6)
    return composite.power_mean(need.reshape(len(rates), 4, 3).mean(axis=2), np.ones(4))


def rank(counts: Counts, has_passing: bool) -> tuple[dynamic.Dynamics, Floats]:
    """From counts to the scores of all draws, shape (DRAWS, SERVICES); prints the parts."""
    with timed("  fit"):
        at = dynamic.fit(counts, has_passing)
    with timed("  draws and scores"):
        coming, found = outlook.ahead(at, counts, 4 if has_passing else 1)
        names = [str(number) for number in range(SERVICES)]
        engine = outlook.Draws(coming, counts.law, DRAWS, 1)
        points = np.stack([score(rates) for rates in engine.rates(found, names)], axis=1)
    with timed("  ranks and P(top 15)"):
        ranking.probability_top(ranking.rank_draws(points), PLACES)
    return at, points


def main() -> None:
    """Prints a line a figure."""
    known = draw(Country(services=SERVICES, indicators=KINDS), seed=1).counts
    random = np.random.default_rng(1)
    with timed("numpy: draw as many normals, and sort them by draw") as floor:
        np.sort(random.standard_normal((KINDS, DRAWS, SERVICES)), axis=2)
        least = floor()
    with timed("dynamic model, all of it") as clock:
        at, points = rank(known, has_passing=True)
        print(f"  {clock() / least:.1f} times drawing and sorting the normals")
    with timed("static model, all of it"):
        rank(known, has_passing=False)
    edge = np.partition(points[:, 1:], -PLACES, axis=1)[:, -PLACES]
    with timed("what if: one service with other counts, to its P(top 15)"):
        fewer = known.changed(lambda each: each[:1].copy())
        fewer.numerator[0, 0] //= 2
        coming, found = outlook.ahead(at, fewer, 4)
        [rates] = outlook.Draws(coming, known.law, 4000, 1).rates(found, ["0"])
        (score(rates) > edge[:4000]).mean()
    without = known.changed(lambda each: np.where(np.arange(known.times.size) == 0, 0, each))
    with timed("a refit without one half-year, 512 draws"):
        again = dynamic.fit(without, start=at)
        coming, found = outlook.ahead(again, without, 4, rounds=10)
        list(outlook.Draws(coming, known.law, 512, 1).rates(found, [str(number) for number in range(SERVICES)]))
    with timed("the same fit from the beginning"):
        dynamic.fit(without)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
