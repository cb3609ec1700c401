"""What the ships of the West Sea do: trade, meet at sea, drift, fish. Some switch off; most do not."""

from __future__ import annotations

import numpy as np

from darkwake.sim import geography
from darkwake.sim.fleet import Ship
from darkwake.sim.voyage import AT_ANCHOR, FISHING, MOORED, UNDER_WAY, Voyage, beside

PORT_CODES = tuple(port.code for port in geography.PORTS)
ABROAD = tuple(code for code in PORT_CODES if code != "KPNAM")


def sail_fleet(ships: list[Ship], rng: np.random.Generator, horizon_s: float) -> dict[int, Voyage]:
    """Every ship's voyage up to the horizon, by MMSI."""
    voyages: dict[int, Voyage] = {}
    transfer = [ship for ship in ships if ship.role == "transfer"]
    for one, two in zip(transfer[::2], transfer[1::2], strict=True):
        voyages[one.mmsi], voyages[two.mmsi] = _pair(one, two, rng, horizon_s)
    single = {"trader": _trader, "drifter": _drifter, "fisher": _fisher}
    for ship in ships:
        if ship.role in single:
            voyages[ship.mmsi] = single[ship.role](ship, rng, horizon_s)
    return voyages


def _start(ship: Ship, rng: np.random.Generator, code: str | None = None) -> tuple[Voyage, str]:
    """A ship begins in port, part of its stay already behind it."""
    code = code or str(rng.choice(ABROAD))
    port = geography.port(code)
    voyage = Voyage(ship, rng, *beside(port.lon, port.lat, rng.uniform(10, 120), rng.uniform(0, 360)))
    voyage.stay(rng.uniform(4, 24), MOORED, 3.0)
    return voyage, code


def _call(voyage: Voyage, code: str, rng: np.random.Generator, *, laden_after: bool, quiet: bool) -> None:
    """Enter a port, lie there, load or discharge, and leave. A quiet one is silent from the outer door to it."""
    passed, _ = voyage.enter(code)
    stay = rng.uniform(8, 26)
    voyage.stay(stay * 0.6, MOORED, 3.0)
    voyage.draught_m = voyage.ship.laden_m if laden_after else voyage.ship.light_m
    voyage.stay(stay * 0.4, MOORED, 3.0)
    left = voyage.leave(code)
    if quiet:
        voyage.silent.append((passed - rng.uniform(0, 1200), left + rng.uniform(0, 1800)))


def _trader(ship: Ship, rng: np.random.Generator, horizon_s: float) -> Voyage:
    """Between Nampo and ports abroad; a third of the calls at Nampo are quiet."""
    voyage, here = _start(ship, rng)
    voyage.draught_m = ship.light_m
    voyage.leave(here)
    at_nampo = False
    while voyage.t_s < horizon_s:
        code = str(rng.choice([c for c in ABROAD if c != here])) if at_nampo else "KPNAM"
        if not at_nampo and rng.random() < 0.3:
            code = str(rng.choice([c for c in ABROAD if c != here]))
        if rng.random() < 0.12:  # waits for orders at an anchorage off the coast of departure
            voyage.stay(rng.uniform(3, 7), AT_ANCHOR, 40.0)
        quiet = code == "KPNAM" and rng.random() < 0.33
        _call(voyage, code, rng, laden_after=code == "KPNAM", quiet=quiet)
        at_nampo, here = code == "KPNAM", code
    return voyage


def _pair(one: Ship, two: Ship, rng: np.random.Generator, horizon_s: float) -> tuple[Voyage, Voyage]:
    """Two ships that meet at sea again and again; one brings, the other takes on to Nampo."""
    mother, home = _start(one, rng)
    feeder, _ = _start(two, rng, "KPNAM" if rng.random() < 0.5 else None)
    mother.draught_m, feeder.draught_m = one.laden_m, two.light_m
    mother.leave(home)
    feeder.leave(_at(feeder))
    while min(mother.t_s, feeder.t_s) < horizon_s:
        water = geography.MEETING_WATERS[int(rng.integers(len(geography.MEETING_WATERS)))]
        lon, lat = water[0] + rng.uniform(-0.15, 0.15), water[1] + rng.uniform(-0.12, 0.12)
        mother.sail_to(lon, lat)
        feeder.sail_to(*beside(lon, lat, rng.uniform(12_000, 16_000), rng.uniform(0, 360)))
        begin = max(mother.t_s, feeder.t_s) + rng.uniform(300, 2400)
        for voyage in (mother, feeder):
            voyage.stay((begin - voyage.t_s) / 3600.0, UNDER_WAY, 0.0, drift_knots=rng.uniform(0.2, 0.5))
        feeder.sail([beside(mother.lon, mother.lat, rng.uniform(60, 180), rng.uniform(0, 360))], 6.0)
        mother.stay((feeder.t_s - mother.t_s) / 3600.0, UNDER_WAY, 5.0)
        hours = rng.uniform(2.8, 9.0) if rng.random() < 0.85 else rng.uniform(0.3, 0.8)  # some only talk
        for voyage in (mother, feeder):
            voyage.stay(hours * 0.7, UNDER_WAY, 15.0)
        if hours > 2.0:
            mother.draught_m, feeder.draught_m = one.light_m, two.laden_m
        for voyage in (mother, feeder):
            voyage.stay(hours * 0.3, UNDER_WAY, 15.0)
        if rng.random() < 0.2:  # quiet on the way from the meeting
            feeder.silent.append((feeder.t_s, feeder.t_s + rng.uniform(7, 16) * 3600.0))
        quiet = rng.random() < 0.33
        _call(feeder, "KPNAM", rng, laden_after=False, quiet=quiet)
        _call(mother, str(rng.choice(ABROAD)), rng, laden_after=True, quiet=False)
    return mother, feeder


def _at(voyage: Voyage) -> str:
    return min(geography.PORTS, key=lambda p: geography.leg_m(p.lon, p.lat, voyage.lon, voyage.lat)).code


def _drifter(ship: Ship, rng: np.random.Generator, horizon_s: float) -> Voyage:
    """Waits for orders in open water, now here, now there."""
    voyage, here = _start(ship, rng)
    voyage.leave(here)
    while voyage.t_s < horizon_s:
        water = geography.MEETING_WATERS[int(rng.integers(len(geography.MEETING_WATERS)))]
        voyage.sail_to(water[0] + rng.uniform(-0.3, 0.3), water[1] + rng.uniform(-0.25, 0.25))
        hours = rng.uniform(10, 26) if rng.random() < 0.8 else rng.uniform(2, 6)
        voyage.stay(hours, UNDER_WAY, 0.0, drift_knots=rng.uniform(0.3, 1.1))
        if rng.random() < 0.15:  # the antenna fails, or somebody pulls a fuse: the feed cannot tell
            voyage.silent.append((voyage.t_s, voyage.t_s + rng.uniform(7, 12) * 3600.0))
    return voyage


def _fisher(ship: Ship, rng: np.random.Generator, horizon_s: float) -> Voyage:
    """Back and forth over a ground at trawling speed, a pause, and again."""
    water = geography.MEETING_WATERS[int(rng.integers(len(geography.MEETING_WATERS)))]
    voyage = Voyage(ship, rng, water[0] + rng.uniform(-0.3, 0.3), water[1] + rng.uniform(-0.25, 0.25))
    while voyage.t_s < horizon_s:
        heading = rng.uniform(0, 360)
        for turn in range(int(rng.integers(4, 10))):
            there = beside(voyage.lon, voyage.lat, rng.uniform(4000, 11000), heading + 180 * (turn % 2))
            voyage.sail([there], rng.uniform(2.8, 4.2), FISHING)
        voyage.stay(rng.uniform(1, 4), FISHING, 0.0, drift_knots=rng.uniform(0.2, 0.6))
    return voyage
