"""Orders by pairwise comparison, indicator by indicator: no compensation, and no distances either.

A check of the ranking from the other end. OECD/JRC (2008), Handbook, p. 112 (Condorcet, Copeland, Kemeny).
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, sparse

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def outranking(values: Floats, weights: ArrayLike, tie: float = 0.5) -> Floats:
    """The weight of the indicators on which one unit stands above another; both get `tie` of a tied indicator's.

    values: shape (n_units, D), a high value stands above; weights: shape (D,), summing to anything.
    Returns shape (n_units, n_units): row above column, with 0 on the diagonal.
    """
    share = np.asarray(weights, float) / np.sum(weights)
    one, other = values[:, None, :], values[None, :, :]
    result = np.where(one == other, tie, one > other) @ share
    np.fill_diagonal(result, 0.0)
    return np.asarray(result)


def copeland(matrix: Floats) -> Ints:
    """Contests won less contests lost, of each unit against every other; shape (n_units,).

    Copeland (1951), University of Michigan seminar; Saari & Merlin (1996), Econ. Theory 8:51.
    """
    return np.sign(np.round(matrix - matrix.T, 12)).sum(axis=1).astype(np.int64)


def support(matrix: Floats, order: ArrayLike) -> float:
    """How much weight, over all pairs, agrees with an order (unit numbers, first to last)."""
    sequence = np.asarray(order)
    return float(np.triu(matrix[np.ix_(sequence, sequence)], 1).sum())


def kemeny(matrix: Floats) -> Ints:
    """The order of the units with the most support, unit numbers first to last; one of them where several are equal.

    Solved exactly: one 0/1 unknown per pair, and no circle among any three (about 0.1 s for 23 units; the number of
    conditions grows with the third power of the units).

    Kemeny (1959), Daedalus 88:577; Young & Levenglick (1978), SIAM J. Appl. Math. 35:285.
    """
    number = len(matrix)
    first, second = np.triu_indices(number, 1)
    if not first.size:
        return np.arange(number)
    position = np.zeros((number, number), int)
    position[first, second] = np.arange(first.size)
    triples = np.array([(i, j, k) for i in range(number) for j in range(i + 1, number) for k in range(j + 1, number)])
    constraints = []
    if triples.size:
        i, j, k = triples.T
        columns = np.stack([position[i, j], position[j, k], position[i, k]], axis=1).ravel()
        rows = np.repeat(np.arange(len(triples)), 3)
        circle = sparse.csr_array((np.tile([1.0, 1.0, -1.0], len(triples)), (rows, columns)))
        constraints = [optimize.LinearConstraint(circle, 0, 1)]
    gain = matrix[first, second] - matrix[second, first]
    found = optimize.milp(-gain, integrality=1, bounds=optimize.Bounds(0, 1), constraints=constraints)
    above = np.zeros((number, number))
    above[first, second] = np.round(found.x)
    above[second, first] = 1 - np.round(found.x)
    return np.argsort(-above.sum(axis=1), kind="stable").astype(np.int64)
