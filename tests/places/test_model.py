from __future__ import annotations

import pytest

from darkwake.errors import UsageError
from darkwake.geo.sphere import METRES_PER_DEGREE
from darkwake.places.model import Place, polygon_place

FIELDS = {"country": "", "kind": "zone", "source": "test"}


def test_a_polygon_knows_middle_radius_area_and_inside():
    place = polygon_place("X-A", "SIM Bay", ((10, 0), (11, 0), (11, 1), (10, 1), (10, 0)), **FIELDS)
    assert (place.lon, place.lat) == (10.5, 0.5)
    assert place.area_m2 == pytest.approx(METRES_PER_DEGREE**2, rel=0.001)
    assert place.radius_m == pytest.approx(METRES_PER_DEGREE * 0.7071, rel=0.001)
    assert place.contains(10.9, 0.9)
    assert not place.contains(11.1, 0.5)


def test_a_polygon_across_180():
    place = polygon_place("X-B", "SIM Strait", ((179, -1), (-179, -1), (-179, 1), (179, 1)), **FIELDS)
    assert abs(place.lon) == 180
    assert place.contains(179.5, 0)
    assert place.contains(-179.5, 0)
    assert not place.contains(178.5, 0)
    assert not place.contains(0, 0)


@pytest.mark.parametrize(
    "change",
    [{"kind": "harbour"}, {"lat": 91.0}, {"radius_m": 0.0}, {"radius_m": float("nan")}, {"code": ""},
     {"polygon": ((1.0, 1.0), (2.0, 2.0), (1.0, 1.0))}],
)  # fmt: skip
def test_a_place_that_makes_no_sense_is_refused(change):
    good = {"code": "X-C", "name": "SIM", "lon": 1.0, "lat": 2.0, "radius_m": 5.0, **FIELDS}
    assert Place(**good).contains(1.0, 2.0)
    with pytest.raises(UsageError):
        Place(**{**good, **change})


@pytest.mark.parametrize(
    "change",
    [
        {"radius_m": 1e300}, {"radius_m": 2e6}, {"radius_m": float("nan")}, {"approach_radius_m": 2e7},
        {"approach_radius_m": -1.0}, {"approach_radius_m": float("nan")}, {"accuracy_m": -4.0},
    ],
)  # fmt: skip
def test_a_place_as_wide_as_the_world_is_refused_where_it_is_made(change):
    sound = {"code": "X-A", "name": "SIM Bay", "lon": 10.0, "lat": 0.0, "radius_m": 1e6, **FIELDS}
    Place(**sound)
    with pytest.raises(UsageError, match=next(iter(change)).split("_")[0]):
        Place(**{**sound, **change})
