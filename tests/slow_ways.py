"""Slow, plain witnesses: each answers the same question as a fast method, in the most obvious way."""

import itertools
import math
from collections.abc import Callable

import numpy as np
from scipy import integrate

Cell = tuple[float, float, float, float]


def binomial_weight(hidden: float, denominator: float) -> float:
    """In how many ways `hidden` of `denominator` cases can be chosen."""
    return math.comb(int(denominator), int(hidden))


def poisson_weight(hidden: float, exposure: float) -> float:
    """The Poisson probability at rate 1, without its exponential."""
    return exposure**hidden / math.factorial(int(hidden))


def pool(cells: list[Cell], weight: Callable[[float, float], float]) -> dict[float, float]:
    """Candidate total -> share of the weight, by trying every combination of hidden values.

    cells: (numerator or NaN, denominator, low, high) of one unit.
    """
    choices = [_choices(cell, weight) for cell in cells if cell[1] > 0]
    result: dict[float, float] = {}
    for combination in itertools.product(*choices):
        total = sum(value for value, _ in combination)
        result[total] = result.get(total, 0) + math.prod(part for _, part in combination)
    everything = sum(result.values())
    return {total: part / everything for total, part in result.items()}


def _choices(cell: Cell, weight: Callable[[float, float], float]) -> list[tuple[float, float]]:
    numerator, denominator, low, high = cell
    if not math.isnan(numerator):
        return [(numerator, 1.0)]
    return [
        (value, weight(value, denominator))
        for value in range(int(low), int(high) + 1)
        if weight is poisson_weight or value <= denominator
    ]


def share_likelihood(cells: list[Cell]) -> Callable[[float], float]:
    """The probability of what was seen in one unit, as a function of its share."""

    def likelihood(share: float) -> float:
        return math.prod(
            sum(math.comb(int(n), y) * share**y * (1 - share) ** (n - y) for y in _possible(numerator, low, high))
            for numerator, n, low, high in cells
        )

    return likelihood


def rate_likelihood(cells: list[Cell]) -> Callable[[float], float]:
    """The probability of what was seen in one unit, as a function of its events per exposure."""

    def likelihood(rate: float) -> float:
        return math.prod(
            sum(math.exp(-e * rate) * (e * rate) ** y / math.factorial(y) for y in _possible(numerator, low, high))
            for numerator, e, low, high in cells
        )

    return likelihood


def _possible(numerator: float, low: float, high: float) -> list[int]:
    return list(range(int(low), int(high) + 1)) if math.isnan(numerator) else [int(numerator)]


def integrated_mean(density: Callable[[float], float], highest: float) -> float:
    """The mean of a density known up to a constant, on 0..highest."""
    return _integral(lambda x: x * density(x), highest) / _integral(density, highest)


def integrated_share_below(density: Callable[[float], float], highest: float, x: float) -> float:
    """How much of a density known up to a constant lies below x."""
    return _integral(density, x) / _integral(density, highest)


def _integral(function: Callable[[float], float], highest: float) -> float:
    return float(integrate.quad(function, 0, highest, limit=200, epsabs=0, epsrel=1e-9)[0])


def need_rank(score: list[float]) -> list[int]:
    """One more than the number of units with more need."""
    return [1 + sum(other > mine for other in score) for mine in score]


def rank_interval(draws: list[list[float]], level: float) -> list[tuple[int, int]]:
    """The narrowest ranks that leave out at most the tail's share of the draws at each end."""
    allowed = (1 - level) / 2 * (len(draws) - 1)
    result = []
    for unit in zip(*[need_rank(draw) for draw in draws], strict=True):
        ordered = sorted(unit)
        out = math.floor(allowed + 1e-9)
        result.append((ordered[out], ordered[len(ordered) - 1 - out]))
    return result


def probability_top(draws: list[list[float]], k: int) -> list[float]:
    """The share of places among the first k over all draws and all fair ways to break the ties."""
    places = np.zeros(len(draws[0]))
    for draw in draws:
        orders = [order for order in itertools.permutations(range(len(draw))) if _descends(draw, order)]
        for order in orders:
            places[list(order[:k])] += 1 / len(orders)
    return [float(place) for place in places / len(draws)]


def _descends(draw: list[float], order: tuple[int, ...]) -> bool:
    return all(draw[first] >= draw[second] for first, second in itertools.pairwise(order))


def power_mean(values: list[float], weights: list[float], power: float) -> float:
    """The power mean, one term at a time."""
    powered = sum(w * v**power for v, w in zip(values, weights, strict=True)) / sum(weights)
    return float(powered ** (1 / power))


def marginal_points(values: list[float], weights: list[float]) -> list[float]:
    """Each value times how fast the quadratic mean rises with it (Euler: these add up to the mean)."""
    result = []
    for place, value in enumerate(values):
        step = 1e-4 * value
        above, below = list(values), list(values)
        above[place] += step
        below[place] -= step
        rise = power_mean(above, weights, 2) - power_mean(below, weights, 2)
        result.append(value * rise / (2 * step))
    return result


def times_round(ring: list[list[float]], point: tuple[float, float]) -> int:
    """How many times a ring runs round a point: the angles seen from it, added up; above 0 is counterclockwise."""
    seen = [math.atan2(y - point[1], x - point[0]) for x, y in ring]
    steps = (math.remainder(later - angle, 2 * math.pi) for angle, later in itertools.pairwise(seen))
    return round(sum(steps) / (2 * math.pi))


def in_deviations(values: list[float], is_log: bool) -> list[float]:
    """Each value in standard deviations from the mean of those that are known; NaN where it is not."""
    if is_log:
        values = [math.log(value) if value > 0 else math.nan for value in values]
    known = [value for value in values if not math.isnan(value)]
    if not known:
        return values
    mean = math.fsum(known) / len(known)
    spread = math.sqrt(math.fsum((value - mean) ** 2 for value in known) / len(known))
    is_same_for_all = max(known) == min(known)
    return [value if math.isnan(value) else 0.0 if is_same_for_all else (value - mean) / spread for value in values]


def distance(one: list[float], other: list[float], weights: list[float], least_share: float) -> float:
    """Root of the weighted mean square over what is known of both; NaN where that is too little."""
    pairs = [
        (weight, (a - b) ** 2)
        for a, b, weight in zip(one, other, weights, strict=True)
        if not (math.isnan(a) or math.isnan(b))
    ]
    known = sum(weight for weight, _ in pairs)
    if known == 0 or known < least_share * sum(weights) - 1e-9:
        return math.nan
    return math.sqrt(sum(weight * square for weight, square in pairs) / known)


def nearest(distances: list[list[float]], k: int) -> list[list[int]]:
    """For each unit the others that it can be compared with, nearest first and then as they stand; at most k."""
    result = []
    for unit, row in enumerate(distances):
        others = [(far, other) for other, far in enumerate(row) if other != unit and not math.isnan(far)]
        result.append([other for _, other in sorted(others)][:k])
    return result
