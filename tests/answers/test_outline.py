"""A place is its outline and all that belongs to it; what lies in the circle around it only may have been there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from darkwake.answers.evaluate import Verdict, evaluate
from darkwake.answers.outline import outline_of
from darkwake.answers.query import Present, Where
from darkwake.errors import NotFoundError
from darkwake.places import Gazetteer, Place
from darkwake.places.model import polygon_place
from darkwake.times import Interval
from made_up import MMSI, data, hour, track

PORT = Place("XXSIM", "SIM PORT", "", "port", -140.0, 30.0, 5000.0, "made up", accuracy_m=500.0)
ROADS = Place("XXSIM-A", "SIM ROADS", "", "anchorage", -140.0, 30.2, 3000.0, "made up", parent="XXSIM")
BERTH = Place("XXSIM-B", "SIM BUOY", "", "berth", -140.0, 30.4, 300.0, "made up", parent="XXSIM-A")
RING = ((-141.0, 29.0), (-139.0, 29.0), (-139.0, 29.01), (-141.0, 29.01))
CANAL = polygon_place("XXCAN", "SIM CANAL", RING, country="", kind="zone", source="made up")


def there(at: tuple[float, float], code: str, *places: Place, **given: Any) -> Verdict:
    known = Gazetteer(places or (PORT, ROADS, BERTH, CANAL))
    where = Where(f"mmsi:{MMSI}", code, hour(0), hour(24))
    heard = track([k / 2 for k in range(-48, 96)], at)
    return evaluate(Present(where), data([], heard, outline_of(code, known, where.since, where.until), **given))


def test_beside_a_narrow_strip_is_not_there_but_cannot_be_excluded() -> None:
    beside = there((-140.0, 29.5), "XXCAN")
    assert (beside.outcome, beside.lower, beside.upper) == ("not_enough_data", 0, 1)
    assert there((-140.0, 29.005), "XXCAN").outcome == "supported"
    assert there((-140.0, 31.0), "XXCAN").outcome == "contradicted"


def test_what_belongs_to_a_port_is_the_port_and_not_the_other_way_round() -> None:
    assert [there((-140.0, lat), "XXSIM").outcome for lat in (30.0, 30.2, 30.4)] == ["supported"] * 3
    assert there((-140.0, 30.0), "XXSIM-A").outcome == "contradicted"


def test_a_distance_is_never_overstated() -> None:
    area = outline_of("XXSIM", Gazetteer([PORT, ROADS]), None, None)
    lon, lat = np.array([-140.0, -140.0, -140.0]), np.array([30.0, 30.04946, 30.25])
    assert area.distances_m(lon, lat) == pytest.approx([0.0, 0.0, 2560.0], abs=20.0)
    assert area.holds(lon, lat, np.full(3, hour(0))).tolist() == [True, False, False]  # 5,499 m: within the accuracy


@pytest.mark.parametrize(
    ("valid", "outcome"),
    [
        (Interval(hour(24), None), "contradicted"),
        (Interval(None, hour(0)), "contradicted"),
        (Interval(hour(12), None), "supported"),
        (Interval(hour(23.8), None), "not_enough_data"),  # between the last report of the day and its end
    ],
)
def test_a_place_counts_only_while_in_use(valid: Interval, outcome: str) -> None:
    port = Place("XXSIM", "SIM PORT", "", "port", -140.0, 30.0, 5000.0, "made up", valid=valid)
    found = there((-140.0, 30.0), "XXSIM", port)
    assert found.outcome == outcome
    assert all(stay.start >= (valid.start or 0) for stay in found.stays)


def test_places_that_belong_to_each_other_end() -> None:
    one = Place("XX-1", "SIM ONE", "", "port", -140.0, 30.0, 500.0, "made up", parent="XX-2")
    two = Place("XX-2", "SIM TWO", "", "port", -141.0, 30.0, 500.0, "made up", parent="XX-1")
    area = outline_of("XX-1", Gazetteer([one, two]), None, None)
    assert area.holds(np.array([-140.0, -141.0]), np.array([30.0, 30.0]), np.zeros(2, np.int64)).all()
    with pytest.raises(NotFoundError):
        outline_of("XX-3", Gazetteer([one]), None, None)
