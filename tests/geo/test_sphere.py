from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkwake.geo import sphere

LON = st.floats(-180, 180)
LAT = st.floats(-90, 90)
POINT = st.tuples(LON, LAT)
QUARTER = math.pi / 2 * sphere.EARTH_RADIUS_M


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ((0, 0), (90, 0), QUARTER),
        ((0, 0), (180, 0), 2 * QUARTER),
        ((12, 90), (-77, 90), 0.0),  # the pole has every longitude
        ((0, 90), (123, -90), 2 * QUARTER),
        ((179.5, 0), (-179.5, 0), sphere.METRES_PER_DEGREE),
        ((125.4, 38.7), (125.4, 39.7), sphere.METRES_PER_DEGREE),
    ],
)
def test_known_distances(a, b, expected):
    assert sphere.distance_m(*a, *b) == pytest.approx(expected, abs=1e-3)


@settings(deadline=None)  # the first example may compile
@given(POINT, POINT)
def test_distance_is_symmetric_and_bounded(a, b):
    there, back = sphere.distance_m(*a, *b), sphere.distance_m(*b, *a)
    assert there == pytest.approx(back, abs=1e-6)
    assert 0 <= there <= 2 * QUARTER + 1e-6


@settings(deadline=None)  # the first example may compile
@given(POINT, POINT, POINT)
def test_triangle_inequality(a, b, c):
    assert sphere.distance_m(*a, *c) <= sphere.distance_m(*a, *b) + sphere.distance_m(*b, *c) + 1.0


@settings(deadline=None)  # the first example may compile
@given(st.tuples(LON, st.floats(-89.9, 89.9)), st.floats(0, 360), st.floats(0, 1.9e7))
def test_destination_lies_at_the_distance_it_was_asked_for(start, bearing, distance):
    lon, lat = sphere.destination(*start, bearing, distance)
    assert -180 <= lon < 180
    assert -90 <= lat <= 90
    assert sphere.distance_m(*start, lon, lat) == pytest.approx(distance, abs=1.0)


@settings(deadline=None)  # the first example may compile
@given(POINT, POINT, st.floats(0, 1))
def test_interpolated_points_lie_on_the_way(a, b, fraction):
    lon, lat = sphere.interpolate(*a, *b, fraction)
    total = sphere.distance_m(*a, *b)
    assert sphere.distance_m(*a, lon, lat) == pytest.approx(fraction * total, abs=2.0)
    if total < 1.9e7:
        assert sphere.distance_m(lon, lat, *b) == pytest.approx((1 - fraction) * total, abs=2.0)


def test_midpoint_across_180():
    lon, lat = sphere.midpoint(179.0, 10.0, -179.0, 10.0)
    assert abs(lon) == pytest.approx(180.0)
    assert lat > 10.0  # the great circle bows towards the pole


def test_cross_and_along_track_beside_a_meridian():
    # a point one degree east of a leg going north, at the equator
    assert sphere.cross_track_m(1, 0, 0, -5, 0, 5) == pytest.approx(sphere.METRES_PER_DEGREE, rel=1e-9)
    assert sphere.cross_track_m(-1, 0, 0, -5, 0, 5) == pytest.approx(-sphere.METRES_PER_DEGREE, rel=1e-9)
    assert sphere.along_track_m(1, 0, 0, -5, 0, 5) == pytest.approx(5 * sphere.METRES_PER_DEGREE, rel=1e-9)


def test_distance_to_a_leg_ends_at_its_ends():
    beyond = sphere.distance_to_leg_m(0, 7, 0, -5, 0, 5)
    assert beyond == pytest.approx(2 * sphere.METRES_PER_DEGREE)
    beside = sphere.distance_to_leg_m(1, 0, 0, -5, 0, 5)
    assert beside == pytest.approx(sphere.METRES_PER_DEGREE)


@settings(deadline=None)  # the first example may compile
@given(st.floats(-1e4, 1e4))
def test_wrapped_longitude_is_the_same_meridian(lon):
    wrapped = sphere.wrap_lon(lon)
    assert -180 <= wrapped < 180
    assert math.cos(math.radians(wrapped)) == pytest.approx(math.cos(math.radians(lon)), abs=1e-9)


def test_array_forms_agree_with_scalars_and_broadcast():
    lons, lats = np.array([[0.0, 170.0], [-170.0, np.nan]]), np.array([[1.0, 2.0], [3.0, 4.0]])
    distances = sphere.distances_m(lons, lats, 125.4, 38.7)
    bearings = sphere.bearings_deg(lons, lats, 125.4, 38.7)
    assert distances.shape == bearings.shape == (2, 2)
    assert distances[1, 0] == sphere.distance_m(-170.0, 3.0, 125.4, 38.7)
    assert bearings[0, 1] == sphere.bearing_deg(170.0, 2.0, 125.4, 38.7)
    assert np.isnan(distances[1, 1])


def test_great_circle_steps():
    lons, lats = sphere.great_circle(170, 50, -170, 50, 100_000)
    steps = sphere.distances_m(lons[:-1], lats[:-1], lons[1:], lats[1:])
    assert steps.max() <= 100_001
    assert (lons[0], lats[0], lons[-1], lats[-1]) == (170, 50, -170, 50)
