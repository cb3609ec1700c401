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


def test_any_port_is_where_one_is_and_next_door_elsewhere() -> None:
    target = AnyPort(Gazetteer([circle("XXONE", 30.0), circle("XXZONE", 40.0, kind="zone")]))
    there, outside, zone = target.distances_m(np.full(3, -140.0), np.array([30.0, 31.0, 40.0]))
    assert there == 0.0
    assert 0.0 < outside < 1.0
    assert 0.0 < zone < 1.0
