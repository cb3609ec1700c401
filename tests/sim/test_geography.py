from __future__ import annotations

import itertools

import numpy as np
import pytest

from darkwake.errors import NotFoundError
from darkwake.geo.coast import Coast
from darkwake.sim import geography
from darkwake.sim.geography import LANES, PORTS, SEA, STATIONS

COAST = Coast()


def along(a: geography.Point, b: geography.Point, step_m: float = 100.0) -> tuple[np.ndarray, np.ndarray]:
    count = int(geography.leg_m(a, b) / step_m) + 2
    return np.linspace(a[0], b[0], count), np.linspace(a[1], b[1], count)


def test_no_lane_comes_near_land() -> None:
    for start, others in LANES.items():
        for end in others.split():
            lons, lats = along(geography.position(start), geography.position(end), 300.0)
            assert not COAST.is_land(lons, lats).any(), (start, end)
            assert COAST.distance_to_shore_m(lons, lats).min() > 1500, (start, end)


@pytest.mark.parametrize("code", sorted(PORTS))
def test_approaches_and_berths_lie_in_the_water(code: str) -> None:
    port = PORTS[code]
    for a, b in [*itertools.pairwise(port.approach), *((port.centre, berth) for berth in port.berths)]:
        lons, lats = along(a, b)
        assert not COAST.is_land(lons, lats).any()
        assert COAST.distance_to_shore_m(lons, lats).min() > 60
    inside = geography.port_area(code)
    lons, lats = np.array(port.berths).T
    assert inside(lons, lats).all()
    assert not inside(*np.array([port.approach[0]]).T)[0] or code in ("KPNAM", "CNLYG")  # these have roads far out


def test_waters_of_transfers_lie_off_the_ports_and_off_the_shore() -> None:
    for name, (lon, lat) in SEA.items():
        if name.startswith("STS_"):
            assert COAST.distance_to_shore_m([lon], [lat])[0] > 10 * 1852
            assert geography.harbour_m(np.array([lon]), np.array([lat]))[0] > 20_000


def test_every_port_can_be_reached_from_every_other() -> None:
    for a in PORTS:
        for b in PORTS:
            nodes = geography.route(a, b)
            assert (nodes[0], nodes[-1]) == (a, b)
            assert not set(nodes[1:-1]) & set(PORTS)


def test_unknown_places_are_told_of() -> None:
    with pytest.raises(NotFoundError, match="KPNAM"):
        geography.port_area("XXXXX")


def test_stations_are_marked() -> None:
    assert all(
        name.startswith("SIM-") and len(name) <= 15 for name in [s.name for s in STATIONS] + [*geography.SATELLITES]
    )
