"""Slow, plain witnesses: each answers the same question as a fast method, in the most obvious way."""

import collections
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


def chance(count: int, probability: Callable[[int], float], most: int) -> float:
    """Two-sided mid-p by adding up what is further out on each side, and half of what is as far out."""
    below = math.fsum(probability(other) for other in range(count))
    above = math.fsum(probability(other) for other in range(count + 1, most + 1))
    here = probability(count) / 2
    return min(1.0, 2 * min(below + here, above + here))


def beta_binomial(count: int, cases: int, mean: float, size: float) -> float:
    """The probability of a count when the share is drawn from a beta distribution first, by integration."""
    alpha, beta = mean * size, (1 - mean) * size

    def both(share: float) -> float:
        ways = math.comb(cases, count) * share ** (count + alpha - 1) * (1 - share) ** (cases - count + beta - 1)
        return ways * math.gamma(size) / (math.gamma(alpha) * math.gamma(beta))

    return _integral(both, 1.0)


def discoveries(p_values: list[float], rate: float) -> list[bool]:
    """Step up: the most p-values that all lie at or below their share of the rate."""
    ordered = sorted(p_values)
    passed = [place + 1 for place, p in enumerate(ordered) if p <= rate * (place + 1) / len(ordered) * (1 + 1e-12)]
    return [p <= ordered[max(passed) - 1] if passed else False for p in p_values]


def z_scores(values: list[float]) -> list[float]:
    """Distance from the mean of the known values in their standard deviations, divisor n - 1."""
    known = [value for value in values if not math.isnan(value)]
    mean = math.fsum(known) / len(known)
    spread = math.sqrt(math.fsum((value - mean) ** 2 for value in known) / (len(known) - 1))
    return [(value - mean) / spread if max(known) > min(known) else 0 * value for value in values]


def best_box_mean(needs: list[float], least: float, most: float) -> float:
    """The smallest weighted mean over the corners of the box of weights that sum to 1."""
    found = []
    for free in range(len(needs)):
        others = [place for place in range(len(needs)) if place != free]
        for corner in itertools.product((least, most), repeat=len(others)):
            rest = 1 - math.fsum(corner)
            if least - 1e-12 <= rest <= most + 1e-12:
                pairs = zip(corner, others, strict=True)
                found.append(rest * needs[free] + math.fsum(weight * needs[place] for weight, place in pairs))
    return min(found)


def above(draws: list[list[float]], one: int, other: int) -> float:
    """The share of the draws in which one unit has more than the other; half of the ties."""
    wins = sum((draw[one] > draw[other]) + (draw[one] == draw[other]) / 2 for draw in draws)
    return wins / len(draws)


def sobol(outcome: Callable[..., float], levels: list[int]) -> tuple[list[float], list[float]]:
    """First- and total-order indices from their definitions, one combination at a time."""
    every = list(itertools.product(*(range(number) for number in levels)))
    value = {point: outcome(*point) for point in every}
    everything = _variance(list(value.values()))
    first, total = [], []
    for factor, number in enumerate(levels):
        at_level = [[value[point] for point in every if point[factor] == level] for level in range(number)]
        first.append(_variance([math.fsum(some) / len(some) for some in at_level]) / everything)
        rest = {point[:factor] + point[factor + 1 :] for point in every}
        within = [
            _variance([value[(*other[:factor], level, *other[factor:])] for level in range(number)]) for other in rest
        ]
        total.append(math.fsum(within) / len(within) / everything)
    return first, total


def _variance(values: list[float]) -> float:
    mean = math.fsum(values) / len(values)
    return math.fsum((value - mean) ** 2 for value in values) / len(values)


def rank_sets(values: list[float], deviations: list[float], critical: float) -> list[tuple[int, int]]:
    """Places left when two units are told apart by more than `critical` standard deviations of their difference."""
    result = []
    for mine, own in zip(values, deviations, strict=True):
        gaps = [(other - mine) / math.hypot(own, error) for other, error in zip(values, deviations, strict=True)]
        best, worst = 1 + sum(gap > critical for gap in gaps), len(values) - sum(gap < -critical for gap in gaps)
        result.append((best, worst))
    return result


def hyperposterior(counts: list[tuple[int, int]]) -> list[tuple[float, float, float]]:
    """(alpha, beta, probability) on a grid, for counts of (cases, denominator) and the prior (alpha + beta) ** -2.5.

    Gelman et al., Bayesian Data Analysis (3rd ed.), section 5.3: even steps of log(alpha / beta) and log(alpha + beta).
    """
    grid = [(odds, size) for odds in np.arange(-2.6, -0.99, 0.04) for size in np.arange(0.5, 5.51, 0.1)]
    points = [(math.exp(size) / (1 + math.exp(-odds)), math.exp(size) / (1 + math.exp(odds))) for odds, size in grid]
    logs = [_log_hyper(alpha, beta, counts) for alpha, beta in points]
    parts = [math.exp(log - max(logs)) for log in logs]
    return [(alpha, beta, part / math.fsum(parts)) for (alpha, beta), part in zip(points, parts, strict=True)]


def _log_hyper(alpha: float, beta: float, counts: list[tuple[int, int]]) -> float:
    """The log of prior times likelihood on the even grid: its steps add alpha times beta to the prior."""
    result = math.log(alpha) + math.log(beta) - 2.5 * math.log(alpha + beta)
    for (y, n), number in collections.Counter(counts).items():
        after = math.lgamma(alpha + y) + math.lgamma(beta + n - y) - math.lgamma(alpha + beta + n)
        result += number * (after - math.lgamma(alpha) - math.lgamma(beta) + math.lgamma(alpha + beta))
    return result


def james_stein_factor(values: list[float], variance: float) -> float:
    """How much of its distance from the mean each value keeps (Efron & Morris 1977, Scientific American 236:119)."""
    mean = math.fsum(values) / len(values)
    return 1 - (len(values) - 3) * variance / math.fsum((value - mean) ** 2 for value in values)


def two_stage_effect(
    outcome: list[list[float]],
    weight: list[list[float]],
    start: list[float],
    baseline: tuple[float, float],
    scored: tuple[float, float],
) -> float:
    """Gardner's two stages with a dummy for each unit and each period, cell by cell; NaN without scored cells."""
    units, periods = len(outcome), len(outcome[0])
    design, value, root = [], [], []
    has_baseline = [False] * units
    for i, t in itertools.product(range(units), range(periods)):
        since = t - start[i]
        is_read = math.isinf(start[i]) or baseline[0] <= since <= baseline[1]
        if is_read and not math.isnan(outcome[i][t]):
            design.append(
                [float(i == unit) for unit in range(units)] + [float(t == period) for period in range(periods)]
            )
            value.append(outcome[i][t])
            root.append(math.sqrt(weight[i][t]))
            has_baseline[i] = True
    matrix, right = np.array(design) * np.array(root)[:, None], np.array(value) * np.array(root)
    coefficient = np.linalg.lstsq(matrix, right, rcond=None)[0]
    found = [
        (weight[i][t], outcome[i][t] - coefficient[i] - coefficient[units + t])
        for i, t in itertools.product(range(units), range(periods))
        if has_baseline[i] and scored[0] <= t - start[i] <= scored[1] and not math.isnan(outcome[i][t])
    ]
    return sum(w * effect for w, effect in found) / sum(w for w, _ in found) if found else math.nan


def run_chart_rules(values: list[float], mean: float, low: float, high: float) -> list[tuple[str, int]]:
    """(rule, side) of each point, by looking at every group of neighbours it belongs to."""
    n = len(values)
    sides = [(value > mean) - (value < mean) for value in values]
    far = [
        low <= value <= high and (value > mean + 2 / 3 * (high - mean) or value < mean - 2 / 3 * (mean - low))
        for value in values
    ]

    def groups(place: int, size: int) -> list[range]:
        return [range(first, first + size) for first in range(place - size + 1, place + 1) if 0 <= first <= n - size]

    def rising(group: range) -> int:
        steps = {
            (values[later] > values[earlier]) - (values[later] < values[earlier])
            for earlier, later in itertools.pairwise(group)
        }
        return steps.pop() if len(steps) == 1 else 0

    found = []
    for place, value in enumerate(values):
        trends = [(group.start, rising(group)) for group in groups(place, 7) if rising(group)]
        pairs = [
            group
            for group in groups(place, 3)
            if sum(far[each] for each in group) >= 2 and abs(sum(sides[each] for each in group)) == 3
        ]
        if not low <= value <= high:
            found.append(("outside", sides[place]))
        elif trends:
            found.append(("trend", max(trends)[1]))
        elif far[place] and pairs:
            found.append(("two_in_three", sides[place]))
        elif any(abs(sum(sides[each] for each in group)) == 7 for group in groups(place, 7)):
            found.append(("shift", sides[place]))
        else:
            found.append(("", 0))
    return found
