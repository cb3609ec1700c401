from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkwake.places import grid
from darkwake.places.gazetteer import Gazetteer
from darkwake.places.model import Place, polygon_place

FIELDS = {"country": "", "source": "test", "kind": "port"}
PLACES = [
    polygon_place("X-BIG", "SIM Big", ((10, 0), (12, 0), (12, 2), (10, 2)), approach_radius_m=300_000.0, **FIELDS),
    polygon_place("X-NOTCH", "SIM Notch", ((20, 0), (22, 0), (22, 2), (21, 0.5), (20, 2)), **FIELDS),
    Place("X-POINT", "SIM Point", lon=11, lat=1, radius_m=5_000, approach_radius_m=50_000, **FIELDS),
    polygon_place("X-EDGE", "SIM Edge", ((179, 50), (-179, 50), (-179, 51), (179, 51)), **FIELDS),
    Place("X-EDGE2", "SIM Edge 2", lon=-179.99, lat=-10, radius_m=40_000, approach_radius_m=400_000, **FIELDS),
    Place("X-POLE", "SIM Pole", lon=0, lat=89.9, radius_m=50_000, **FIELDS),
]
GAZETTEER = Gazetteer(PLACES)
TABLE = GAZETTEER.ports_table()
CODES = [*TABLE["code"].to_pylist(), None]


def code_at(lon, lat):
    return CODES[GAZETTEER.locate([lon], [lat])[0]]


@pytest.mark.parametrize(
    ("lon", "lat", "code"),
    [
        (11.5, 1.5, "X-BIG"), (11.01, 1.01, "X-POINT"), (21, 1.9, None), (20.1, 1.0, "X-NOTCH"),
        (179.5, 50.5, "X-EDGE"), (-179.5, 50.5, "X-EDGE"), (180, 50.5, "X-EDGE"), (0, 50.5, None),
        (179.9, -10, "X-EDGE2"), (-179.9, -10, "X-EDGE2"), (170, 89.95, "X-POLE"), (np.nan, 1, None),
    ],
)  # fmt: skip
def test_where_positions_lie(lon, lat, code):
    assert code_at(lon, lat) == code


@settings(deadline=None, max_examples=300)
@given(st.one_of(
    st.tuples(st.floats(9, 13), st.floats(-1, 3)), st.tuples(st.floats(19, 23), st.floats(-1, 3)),
    st.tuples(st.floats(-180, 180), st.floats(-90, 90)),
))  # fmt: skip
def test_the_kernel_agrees_with_the_gazetteer(position):
    found = GAZETTEER.at(*position, kinds=("port",))
    assert code_at(*position) == (found[0].code if found else None)


def test_approaches():
    arrays = GAZETTEER.ports_grid
    found = grid.locate_approach([11.3, 12.5, -178.0, 178.0, 60.0], [1.0, 1.0, -10.0, -10.0, 0.0], arrays)
    # 33 km from both middles, which are one point: the first of the two in the list of the cell
    assert CODES[found[0]] in {"X-BIG", "X-POINT"}
    assert [CODES[k] for k in found[1:]] == ["X-BIG", "X-EDGE2", "X-EDGE2", None]


def test_distance_to_the_nearest_outline():
    metres = GAZETTEER.distance_to_port_m([13.0, 11.5, 11.0, np.nan, -179.99], [1.0, 1.5, 1.0, 0.0, -11.0])
    assert metres[0] == pytest.approx(111_195, rel=0.001)
    assert metres[1] == metres[2] == 0.0
    assert np.isnan(metres[3])
    assert metres[4] == pytest.approx(111_195 - 40_000, rel=0.001)


def test_no_places_at_all():
    empty = Gazetteer()
    assert empty.locate([1.0], [2.0]).tolist() == [-1]
    assert np.isnan(empty.distance_to_port_m([1.0], [2.0])[0])
