from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from darkwake.geo import cells, sphere

SIZE, WIDTH = 0.05, 5_000.0
POINT = st.tuples(st.floats(-180, 180), st.floats(-90, 90))


def around(cell, size=SIZE, width=WIDTH):
    out = np.empty(cells.MAX_NEIGHBOURS, np.int64)
    return out[: cells.neighbours(cell, size, width, out)].tolist()


@settings(deadline=None)  # the first example may compile
@given(POINT, st.floats(0, 360), st.floats(0, WIDTH))
def test_what_is_near_lies_in_a_neighbour(point, bearing, distance):
    near = sphere.destination(*point, bearing, distance)
    own, other = cells.cell_of(*point, SIZE, WIDTH), cells.cell_of(*near, SIZE, WIDTH)
    assert other in around(own)


@settings(deadline=None)  # the first example may compile
@given(POINT)
def test_neighbours_are_distinct_mutual_and_include_the_cell(point):
    cell = cells.cell_of(*point, SIZE, WIDTH)
    found = around(cell)
    assert cell in found
    assert len(found) == len(set(found)) < cells.MAX_NEIGHBOURS


@settings(deadline=None)  # the first example may compile
@given(POINT, st.sampled_from([(1.0, 50_000.0), (1.0, 1.0), (0.1, 500.0), (5.0, 200_000.0)]))
def test_the_centre_of_a_cell_lies_in_it(point, grid):
    cell = cells.cell_of(*point, *grid)
    assert cells.cell_of(*cells.cell_centre(cell, *grid), *grid) == cell
    assert len(around(cell, *grid)) < cells.MAX_NEIGHBOURS


def test_neighbours_reach_over_180():
    west, east = cells.cell_of(179.99, 10.01, SIZE, WIDTH), cells.cell_of(-179.99, 10.01, SIZE, WIDTH)
    assert east in around(west)
    assert west in around(east)


def test_arrays_mark_missing_positions():
    out = cells.cells_of(np.array([1.0, np.nan]), np.array([2.0, 2.0]), SIZE, WIDTH)
    assert out.tolist() == [cells.cell_of(1.0, 2.0, SIZE, WIDTH), -1]
