"""Rings of a map: which way they run (x = longitude to the right, y = latitude up; a ring ends where it starts).

RFC 7946 has the inside on the left of a ring, so outer rings run counterclockwise; d3, and with it plotly and Vega, has
it on the right, and fills the globe around a polygon whose ring runs as RFC 7946 wants.
"""

Ring = list[list[float]]
Polygon = list[Ring]  # the outer ring, then its holes


def twice_area(ring: Ring) -> float:
    """Twice the area that a ring holds; above 0 when it runs clockwise, 0 when it holds nothing."""
    return sum((x2 - x1) * (y2 + y1) for (x1, y1), (x2, y2) in zip(ring, ring[1:], strict=False))


def clockwise(ring: Ring) -> Ring:
    """The ring, turned so that it runs clockwise."""
    return ring if twice_area(ring) >= 0 else ring[::-1]


def turned(polygons: list[Polygon], decimals: int) -> list[Polygon]:
    """The polygons, rounded, with outer rings clockwise and holes against them.

    A ring that holds nothing once it is rounded is left out: nobody can say which way it runs.
    """
    made = (_on_grid(rings, 10**decimals) for rings in polygons)
    return [rings for rings in made if rings]


def _on_grid(rings: Polygon, scale: int) -> Polygon:
    """A polygon whose numbers are whole times 1 / scale; whole while turned, so that an area of 0 is exactly 0."""
    on_grid: list[Ring] = [[[round(x * scale), round(y * scale)] for x, y, *_ in ring] for ring in rings]
    outer, *holes = on_grid
    if twice_area(outer) == 0:
        return []
    kept = [clockwise(outer), *(clockwise(hole)[::-1] for hole in holes if twice_area(hole) != 0)]
    return [[[x / scale, y / scale] for x, y in ring] for ring in kept]
