"""Which way rings run, against a witness that adds up angles instead of areas."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.methods.rings import clockwise, turned, twice_area
from tests.slow_ways import times_round

EAST_FIRST = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.0, 0.0]]  # counterclockwise, as RFC 7946 wants it
INSIDE = (0.5, 0.5)


def small(ring: list[list[float]]) -> list[list[float]]:
    """The ring at half its size, around the middle of the square."""
    return [[0.25 + x / 2, 0.25 + y / 2] for x, y in ring]


def test_a_square_by_hand() -> None:
    assert twice_area(EAST_FIRST) == -2 and times_round(EAST_FIRST, INSIDE) == 1
    assert clockwise(EAST_FIRST) == [[0, 0], [0, 1], [1, 1], [1, 0], [0, 0]] == EAST_FIRST[::-1]
    assert clockwise(EAST_FIRST[::-1]) == EAST_FIRST[::-1]


@given(st.lists(st.tuples(st.floats(0, 0.4), st.floats(0.1, 1)), min_size=3, max_size=12), st.booleans())
def test_any_ring_around_a_point_runs_round_it_once_clockwise(
    spokes: list[tuple[float, float]], is_reversed: bool
) -> None:
    """Stars around the origin, each spoke in a sector of its own, and so less than a half-turn from the next."""
    turns = [((sector + late) / len(spokes) * 2 * math.pi, length) for sector, (late, length) in enumerate(spokes)]
    star = [[length * math.cos(turn), length * math.sin(turn)] for turn, length in turns]
    ring = [*star, star[0]][:: -1 if is_reversed else 1]
    assert times_round(ring, (0, 0)) == (-1 if is_reversed else 1)
    assert times_round(clockwise(ring), (0, 0)) == -1


@pytest.mark.parametrize("outer", [EAST_FIRST, EAST_FIRST[::-1]])
@pytest.mark.parametrize("hole", [small(EAST_FIRST), small(EAST_FIRST)[::-1]])
def test_the_outer_ring_runs_clockwise_and_a_hole_against_it(outer: list[list[float]], hole: list[list[float]]) -> None:
    [rings] = turned([[outer, hole]], 2)
    assert [times_round(ring, INSIDE) for ring in rings] == [-1, 1]
    assert [sorted(ring) for ring in rings] == [sorted(outer), sorted(hole)]


def test_positions_are_rounded_and_lose_their_height() -> None:
    ring = [[10.12344, 59.1, 250.0], [10.12346, 59.9, 250.0], [10.9, 59.9, 250.0], [10.12344, 59.1, 250.0]]
    assert turned([[ring]], 4) == [[[[10.1234, 59.1], [10.1235, 59.9], [10.9, 59.9], [10.1234, 59.1]]]]


def test_a_ring_that_rounding_leaves_nothing_of_is_left_out() -> None:
    flat = [[5.0, 60.0], [5.0004, 60.0004], [5.0004, 60.0], [5.0, 60.0]]
    line = [[0.1, 0.1], [0.2, 0.2], [0.3, 0.3], [0.1, 0.1]]  # its area in floating point is not 0
    assert twice_area(line) != 0
    assert turned([[EAST_FIRST, flat, line], [flat]], 3) == [[EAST_FIRST[::-1]]]
    assert len(turned([[flat]], 4)) == 1
