from __future__ import annotations

import numpy as np
import pytest

from darkwake.answers.next_door import AnyPort, overlapping
from darkwake.places import Gazetteer, Place
from darkwake.places.model import polygon_place


def circle(code: str, lat: float, radius_m: float = 5_000, **given: str) -> Place:
    return Place(code, f"SIM {code}", "", given.pop("kind", "port"), -140.0, lat, radius_m, "made up", **given)  # type: ignore[arg-type]


def box(code: str, south: float, north: float) -> Place:
    ring = ((-140.1, south), (-139.9, south), (-139.9, north), (-140.1, north))
    return polygon_place(code, f"SIM {code}", ring, country="", kind="port", source="made up")


def test_a_port_by_itself_overlaps_none() -> None:
    berth = circle("XXONE-B", 30.01, 1000, kind="berth", parent="XXONE")
    zone = circle("XXZONE", 30.0, 90_000, kind="zone")
    assert overlapping(Gazetteer([circle("XXONE", 30.0), circle("XXTWO", 30.1), berth, zone]), "XXONE") == ()
    assert overlapping(Gazetteer([circle("XXONE", 30.0), box("XXTWO", 30.05, 30.2)]), "XXONE") == ()


@pytest.mark.parametrize(
    "others",
    [
        [circle("XXTWO", 30.08)],
        [circle("XXTWO", 30.0, 500)],
        [box("XXTWO", 30.03, 30.2)],
        [circle("XXTWO", 30.2), circle("XXTWO-A", 30.06, 3000, kind="anchorage", parent="XXTWO")],
    ],
)
def test_ports_whose_waters_overlap_know_each_other(others: list[Place]) -> None:
    places = Gazetteer([circle("XXONE", 30.0), *others])
    assert overlapping(places, "XXONE") == ("XXTWO",)
    assert overlapping(places, "XXTWO") == ("XXONE",)


def test_any_port_is_where_one_is() -> None:
    berth = circle("XXONE-B", 30.06, 2500, kind="berth", parent="XXONE")
    zone = circle("XXZONE", 40.0, kind="anchorage")  # of no port
    target = AnyPort(Gazetteer([circle("XXONE", 30.0), berth, circle("XXTWO", 31.0), zone]))
    lon, lat = np.full(5, -140.0), np.array([30.0, 30.07, 30.5, 31.0, 40.0])
    found = {code: at.tolist() for code, at in target.inside(lon, lat).items()}
    assert found == {"XXONE": [True, True, False, False, False], "XXTWO": [False, False, False, True, False]}
    assert target.distances_m(lon, lat).tolist() == [0.0] * 5
